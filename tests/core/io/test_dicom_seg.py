import highdicom
import numpy as np
import pytest
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from core.domain.placement import placement
from core.io.readers import read
from tests.core.io.dicom_making import SAGITTAL, save, series
from tests.core.io.making import blob, refused, told, voxels

SHAPE = (5, 16, 20)
LABELS = np.zeros(SHAPE, np.uint8)
LABELS[1, 3:6, 4:9] = 1
LABELS[3, 8:10, 2:5] = 2


def described(count):
    return [
        SegmentDescription(
            n, f"Part {n}", codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Lesion, "MANUAL"
        )
        for n in range(1, count + 1)
    ]


def segmentation(items, pixels, kind="BINARY", **options):
    count = pixels.shape[-1] if pixels.ndim == 4 else max(int(np.ceil(pixels.max())), 1)
    return Segmentation(
        items, pixels, kind, described(count), generate_uid(), 9, generate_uid(), 1,
        "Maker", "Model", "1", "0", **options,
    )  # fmt: skip


@pytest.fixture
def items():
    return series(voxels(SHAPE, np.uint16) % 4000, orientation=SAGITTAL)


def write(folder, item):
    item.save_as(folder / "seg.dcm")
    return folder / "seg.dcm"


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_empty_frames_left_out_or_not_give_the_same_place(tmp_path, items, empty, kind):
    if kind == "FRACTIONAL":
        pixels = np.stack([LABELS == 1, LABELS == 2], -1).astype(float)
    else:
        pixels = LABELS
    path = write(tmp_path, segmentation(items, pixels, kind, omit_empty_frames=empty))
    image, found = read(save(tmp_path / "s", items)), read(path)
    assert placement(found.grid, image.grid).apply(found.pixels[0]).tolist() == LABELS.tolist()
    assert found.grid.shape[0] == (3 if empty else 5)
    assert [label.name for label in found.labels.labels] == ["Part 1", "Part 2"]
    assert found.labels.label(1).code.meaning == "Lesion"


def test_planes_turned_against_the_series_come_to_their_place(tmp_path, items):
    seg = segmentation(items, LABELS)
    shared = seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    row, column = np.array(SAGITTAL)
    shared.ImageOrientationPatient = [*-row, *column]
    for frame in seg.PerFrameFunctionalGroupsSequence:
        place = frame.PlanePositionSequence[0]
        place.ImagePositionPatient = list(
            np.array(place.ImagePositionPatient, float) + row * 1.5 * (SHAPE[2] - 1)
        )
    found = read(write(tmp_path, seg))
    image = read(save(tmp_path / "s", items))
    placed = placement(found.grid, image.grid).apply(found.pixels[0])
    assert np.array_equal(placed, LABELS[:, :, ::-1])
    assert not found.grid.same_grid(image.grid)


def test_overlap_and_fractions_are_told(tmp_path, items):
    both = np.stack([LABELS > 0, LABELS == 2], -1).astype(np.uint8)
    found = read(write(tmp_path, segmentation(items, both)))
    told(found, f"{(LABELS == 2).sum()} voxels")
    labels = found.labels
    for name, wanted in (("Part 1", LABELS > 0), ("Part 2", LABELS == 2)):
        inside = labels.mask(found.pixels[0], labels.region(name))
        assert np.count_nonzero(inside) == np.count_nonzero(wanted)
    assert [label.name for label in labels.labels] == ["Part 1", "Part 2", "Part 1 + Part 2"]
    part = np.where(LABELS == 1, 0.7, np.where(LABELS == 2, 0.2, 0))
    found = read(write(tmp_path, segmentation(items, part, "FRACTIONAL")))
    told(found, "one half")
    assert np.count_nonzero(found.pixels) == (LABELS == 1).sum()


def test_what_cannot_be_placed_is_refused(tmp_path, items):
    seg = segmentation(items, LABELS)
    del seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    refused(write(tmp_path, seg), "say where they lie")
    seg = segmentation(items, LABELS, omit_empty_frames=False)
    place = seg.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence[0]
    place.ImagePositionPatient = np.add(place.ImagePositionPatient, (1.2, 0, 0)).tolist()
    refused(write(tmp_path, seg), "beside its place")
    seg = segmentation(items, LABELS)
    seg.PixelData = seg.PixelData[:10]
    refused(write(tmp_path, seg), "cut off")
    seg = segmentation(items, LABELS)
    seg.SegmentSequence[1].SegmentNumber = 7
    refused(write(tmp_path, seg), "segment 2")


def test_a_folder_of_segmentations_alone_is_no_series(tmp_path, items):
    path = write(tmp_path, segmentation(items, LABELS))
    assert read(tmp_path).passport.format == "DICOM SEG"
    assert highdicom.seg.segread(path).segment_numbers == [1, 2]
    assert blob().max() == 3
