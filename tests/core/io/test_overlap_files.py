"""Segments that overlap are read whole, and written again voxel for voxel."""

import subprocess
import sys
from pathlib import Path

import highdicom
import nrrd
import numpy as np
import pydicom
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.io.readers import read
from core.io.writers import labelled, write
from tests.core.io.dicom_making import SAGITTAL, save, series
from tests.core.io.making import told, voxels
from tests.core.io.test_dicom_seg import segmentation
from tests.core.io.test_nrrd import DIRECTIONS, NONE
from tests.core.io.test_nrrd import segmentation as nrrd_segmentation
from tests.core.io.test_nrrd import write as nrrd_image

SHAPE = (3, 6, 5)
NAMES = ("Core", "Rim", "Bleeding")


def segments(seed=0):
    return np.random.default_rng(seed).random((3, *SHAPE)) < 0.4


def parts_of(stored):
    labels = stored.labels
    return {each.name: labels.mask(stored.pixels[0], labels.spread(each)) > 0
            for each in labels.segments}  # fmt: skip


def slicer_file(path, masks):
    """As 3D Slicer saves segments that overlap: the value 1 in a layer of its own each."""
    return nrrd_segmentation(
        path, np.moveaxis(masks, 0, -1).astype(np.uint8),
        [(name, 1, layer) for layer, name in enumerate(NAMES)],
        kinds=["list", "domain", "domain", "domain"],
        **{"space directions": np.array([NONE, *DIRECTIONS])},
    )  # fmt: skip


def nrrd_segments(path):
    """Return the segments by name as pynrrd finds them, (Z, Y, X)."""
    data, header = nrrd.read(str(path), index_order="C")
    layers = data[..., np.newaxis] if data.ndim == 3 else data
    found = {}
    for number in range(sum(key.endswith("_Name") for key in header)):
        tell = lambda what, n=number: header[f"Segment{n}_{what}"]  # noqa: E731
        found[tell("Name")] = layers[..., int(tell("Layer"))] == int(tell("LabelValue"))
    return found


def test_layers_of_a_seg_nrrd_come_back_as_pynrrd_reads_them(tmp_path):
    masks = segments()
    path = slicer_file(tmp_path / "a.seg.nrrd", masks)
    stored = read(path)
    told(stored, "a label of its own")
    for name, mask in zip(NAMES, masks, strict=True):
        assert np.array_equal(parts_of(stored)[name], mask)
    image = read(nrrd_image(tmp_path / "image.nrrd", voxels(SHAPE)))
    write(tmp_path / "b.seg.nrrd", labelled(image, stored.pixels[0], stored.labels))
    again = nrrd_segments(tmp_path / "b.seg.nrrd")
    assert list(again) == list(NAMES)
    for name, mask in nrrd_segments(path).items():
        assert np.array_equal(again[name], mask)
    assert np.array_equal(read(tmp_path / "b.seg.nrrd").pixels, stored.pixels)


def test_segments_that_share_nothing_share_a_layer(tmp_path):
    masks = np.zeros((3, *SHAPE), bool)
    masks[0, 0], masks[1, 0, :2], masks[2, 1] = True, True, True
    stored = read(slicer_file(tmp_path / "a.seg.nrrd", masks))
    image = read(nrrd_image(tmp_path / "image.nrrd", voxels(SHAPE)))
    write(tmp_path / "b.seg.nrrd", labelled(image, stored.pixels[0], stored.labels))
    data, header = nrrd.read(str(tmp_path / "b.seg.nrrd"), index_order="C")
    assert data.shape == (*SHAPE, 2)
    assert [header[f"Segment{n}_Layer"] for n in range(3)] == ["0", "1", "0"]


def test_overlapping_dicom_segments_come_back_as_highdicom_reads_them(tmp_path):
    items = series(voxels(SHAPE, np.uint16) % 4000, orientation=SAGITTAL)
    masks = segments(1)
    pixels = np.moveaxis(masks, 0, -1).astype(np.uint8)
    segmentation(items, pixels, omit_empty_frames=False).save_as(tmp_path / "a.dcm")
    stored = read(tmp_path / "a.dcm")
    told(stored, "a label of its own")
    image = read(save(tmp_path / "s", items))
    write(tmp_path / "b.dcm", labelled(image, stored.pixels[0], stored.labels))
    one, other = (
        highdicom.seg.segread(tmp_path / name).get_volume(combine_segments=False)
        for name in ("a.dcm", "b.dcm")
    )
    assert np.array_equal(one.array, other.array)
    assert np.array_equal(one.affine, other.affine)
    assert [label.name for label in read(tmp_path / "b.dcm").labels.segments] == [
        "Part 1", "Part 2", "Part 3",
    ]  # fmt: skip


def test_overlapping_dicom_segments_lie_in_frames_of_their_own_for_pydicom(tmp_path):
    items = series(voxels(SHAPE, np.uint16) % 4000, orientation=SAGITTAL)
    masks = segments(3)
    image = read(save(tmp_path / "s", items))
    segmentation(items, np.moveaxis(masks, 0, -1).astype(np.uint8)).save_as(tmp_path / "a.dcm")
    stored = read(tmp_path / "a.dcm")
    write(tmp_path / "b.dcm", labelled(image, stored.pixels[0], stored.labels))
    said = pydicom.dcmread(tmp_path / "b.dcm")
    assert [item.SegmentLabel for item in said.SegmentSequence] == ["Part 1", "Part 2", "Part 3"]
    places = {tuple(map(float, each.ImagePositionPatient)): z for z, each in enumerate(items)}
    found = np.zeros_like(masks)
    for frame, about in zip(said.pixel_array, said.PerFrameFunctionalGroupsSequence, strict=True):
        number = about.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        at = tuple(map(float, about.PlanePositionSequence[0].ImagePositionPatient))
        found[number - 1, places[at]] = frame > 0
    assert np.array_equal(found, masks)


def test_overlapping_segments_lie_in_layers_of_their_own_for_simpleitk(tmp_path):
    masks = segments(4)
    stored = read(slicer_file(tmp_path / "a.seg.nrrd", masks))
    image = read(nrrd_image(tmp_path / "image.nrrd", voxels(SHAPE)))
    write(tmp_path / "b.seg.nrrd", labelled(image, stored.pixels[0], stored.labels))
    said = SimpleITK.ReadImage(str(tmp_path / "b.seg.nrrd"))
    plain = SimpleITK.ReadImage(str(tmp_path / "image.nrrd"))
    assert (said.GetSpacing(), said.GetOrigin()) == (plain.GetSpacing(), plain.GetOrigin())
    layers = SimpleITK.GetArrayFromImage(said)
    for number, (name, mask) in enumerate(zip(NAMES, masks, strict=True)):
        tell = lambda what, n=number: said.GetMetaData(f"Segment{n}_{what}")  # noqa: E731
        assert tell("Name") == name
        layer = layers[..., int(tell("Layer"))] == int(tell("LabelValue"))
        assert np.array_equal(layer, mask)


def test_overlapping_dicom_segments_are_read_by_dcmqi(tmp_path):
    items = series(voxels(SHAPE, np.uint16) % 4000, orientation=SAGITTAL)
    masks = segments(2)
    image = read(save(tmp_path / "s", items))
    segmentation(items, np.moveaxis(masks, 0, -1).astype(np.uint8)).save_as(tmp_path / "a.dcm")
    stored = read(tmp_path / "a.dcm")
    write(tmp_path / "b.dcm", labelled(image, stored.pixels[0], stored.labels))
    (tmp_path / "out").mkdir()
    subprocess.run(
        [str(Path(sys.executable).with_name("segimage2itkimage")), "-t", "nii", "-p", "s",
         "--inputDICOM", str(tmp_path / "b.dcm"), "--outputDirectory", str(tmp_path / "out")],
        check=True, capture_output=True,
    )  # fmt: skip
    grid, turn = image.grid.canonical()
    for number, mask in enumerate(parts_of(stored).values(), start=1):
        found = read(next((tmp_path / "out").glob(f"s-{number}.nii*")))
        other, back = found.grid.canonical()
        assert other.same_grid(grid)
        assert np.array_equal(back.apply(found.pixels[0]) > 0, turn.apply(mask))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 10).flatmap(lambda n: arrays(bool, (n, *SHAPE))))
def test_any_segments_come_back_from_a_seg_nrrd(tmp_path, masks):
    image = read(nrrd_image(tmp_path / "image.nrrd", voxels(SHAPE)))
    fields = [(f"S{n}", 1, n) for n in range(len(masks))]
    path = nrrd_segmentation(
        tmp_path / "a.seg.nrrd", np.moveaxis(masks, 0, -1).astype(np.uint8), fields,
        kinds=["list", "domain", "domain", "domain"],
        **{"space directions": np.array([NONE, *DIRECTIONS])},
    )  # fmt: skip
    stored = read(path)
    target = tmp_path / "b.seg.nrrd"
    write(target, labelled(image, stored.pixels[0], stored.labels), overwrite=True)
    for found in (parts_of(read(target)), nrrd_segments(target)):
        for (name, *_), mask in zip(fields, masks, strict=True):
            assert np.array_equal(found[name], mask)
