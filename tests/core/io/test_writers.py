import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK

from core.domain.errors import AppError
from core.domain.grid import Grid
from core.domain.label_set import Code, Label, LabelSet
from core.io.labels.label_values import label_map
from core.io.readers import read
from core.io.writers import Maker, labelled, plain_volume, suffix_like, write, writer_of
from tests.core.io.dicom_making import NAME, SAGITTAL, multiframe, save, series
from tests.core.io.making import AFFINE, blob, nifti, voxels
from tests.core.io.test_nrrd import write as nrrd_image

SET = LabelSet(
    (
        Label(1, "Necrosis", (255, 0, 0), Code("SCT", "6574001", "Necrosis")),
        Label(2, "Oedema", (0, 255, 0)),
        Label(4, "Enhancing", (0, 0, 255)),
    )
)
SHAPE = (4, 16, 20)
LABELS = blob(SHAPE, (1, 2, 4))


def metaimage(path):
    image = SimpleITK.GetImageFromArray(voxels(SHAPE))
    image.SetSpacing((2, 3, 4))
    image.SetOrigin((10, 20, 30))
    image.SetDirection((0, 1, 0, -1, 0, 0, 0, 0, 1))
    SimpleITK.WriteImage(image, str(path))
    return path


SOURCES = {
    "nii": lambda folder: nifti(folder / "a.nii", voxels(SHAPE)),
    "nii.gz": lambda folder: nifti(folder / "a.nii.gz", voxels(SHAPE)),
    "nrrd": lambda folder: nrrd_image(folder / "a.nrrd", voxels(SHAPE)),
    "mha": lambda folder: metaimage(folder / "a.mha"),
    "dicom": lambda folder: save(folder / "a", series(voxels(SHAPE), orientation=SAGITTAL)),
    "multi-frame": lambda folder: saved(folder, multiframe(voxels(SHAPE, np.uint16) % 4000)),
}


def saved(folder, item):
    save(folder, [item], ["a.dcm"])
    return folder / "a.dcm"


@pytest.fixture(params=sorted(SOURCES))
def source(request, tmp_path):
    return read(SOURCES[request.param](tmp_path))


@pytest.mark.parametrize("name", ["m.nii", "m.nii.gz", "m.nrrd", "m.seg.nrrd", "m.mha", "m.dcm"])
def test_masks_come_back_to_the_same_voxels(tmp_path, source, name):
    if name == "m.dcm" and not source.passport.reader.startswith("dicom"):
        pytest.skip("a DICOM segmentation refers to a DICOM series")
    write(tmp_path / name, labelled(source, LABELS, SET))
    found = read(tmp_path / name)
    assert np.array_equal(label_map(found).values, LABELS)
    assert found.grid.same_grid(source.grid, tolerance=1e-3)
    assert not any("sform" in notice for notice in found.passport.notices)


def in_order(places):
    return sorted(map(tuple, places.round(3) + 0.0))


def test_canonical_masks_go_back_to_the_stored_grid(tmp_path, source):
    canonical, turn = source.grid.canonical()
    drawn = np.zeros(canonical.shape, np.uint8)
    drawn[1, 2, 3] = drawn[0, 0, 1] = 1
    write(tmp_path / "m.nii.gz", labelled(source, turn.undo(drawn), SET))
    found = read(tmp_path / "m.nii.gz")
    again, back = found.grid.canonical()
    assert np.array_equal(back.apply(found.pixels[0]), drawn)
    assert again.same_grid(canonical, tolerance=1e-3)


def test_nifti_masks_are_uint8_without_slope_and_keep_both_forms(tmp_path):
    def forms(header):
        header.set_slope_inter(2, 5)
        header.set_qform(AFFINE, 2)
        header.set_sform(AFFINE, 4)
        header["descrip"] = b"kept"
        header["db_name"] = b"Secret"

    path = nifti(tmp_path / "a.nii.gz", voxels(SHAPE), change=forms)
    write(tmp_path / "m.nii.gz", labelled(read(path), LABELS, SET))
    before, after = nibabel.load(path).header, nibabel.load(tmp_path / "m.nii.gz").header
    assert after.get_data_dtype() == np.uint8
    assert after.get_slope_inter() in ((1.0, 0.0), (None, None))
    for name in ("qform_code", "sform_code", "quatern_b", "srow_x", "pixdim", "descrip"):
        assert np.array_equal(before[name], after[name]), name
    assert bytes(after["db_name"]).strip(b"\0") == b""
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "m.nii.gz").dataobj).T, LABELS)


def test_unknown_stays_unknown(tmp_path):
    for spacing in (None, (4.0, 3.0, 2.0)):
        stored = plain_volume(Grid(SHAPE, None, spacing), LABELS, SET)
        for name in ("m.nii.gz", "m.seg.nrrd", "m.mha", "m.tif"):
            write(tmp_path / name, stored, overwrite=True)
            found = read(tmp_path / name)
            assert not found.grid.is_known
            assert found.grid.spacing_mm == (None if name == "m.tif" else spacing)
            assert np.array_equal(label_map(found).values, LABELS)


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz", "v.nrrd", "v.mha"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_images_come_back_with_their_values(tmp_path, name, dtype):
    affine = np.array([[0.1, -2, 0, 4], [1.9, 0.2, 0, 5], [0, 0, 3.3, 6], [0, 0, 0, 1]])
    stored = plain_volume(Grid(SHAPE, affine), voxels(SHAPE, dtype))
    write(tmp_path / name, stored)
    found = read(tmp_path / name)
    assert found.pixels.dtype == dtype
    assert np.array_equal(found.pixels, stored.pixels)
    scaled = replace(stored, slope=0.5, intercept=-3.0)
    write(tmp_path / name, scaled, overwrite=True)
    assert np.allclose(read(tmp_path / name).real(), scaled.real())


@pytest.mark.parametrize("name", ["v.nii.gz", "v.nrrd", "v.mha", "v.tif"])
def test_colour_comes_back(tmp_path, name):
    rgb = voxels((3, *SHAPE), np.uint8)
    affine = None if name == "v.tif" else AFFINE
    stored = replace(plain_volume(Grid(SHAPE, affine), rgb[0]), pixels=rgb)
    write(tmp_path / name, stored)
    assert np.array_equal(read(tmp_path / name).pixels, rgb)


def test_shear_is_kept(tmp_path):
    affine = AFFINE.copy()
    affine[1, 2] = 0.8
    for name in ("m.nii.gz", "m.nrrd", "m.mha"):
        write(tmp_path / name, plain_volume(Grid(SHAPE, affine), LABELS, SET))
        assert np.allclose(read(tmp_path / name).grid.affine, affine, atol=1e-5)


def test_names_colours_and_codes_come_back(tmp_path):
    source = read(SOURCES["dicom"](tmp_path))
    for name in ("m.seg.nrrd", "m.dcm"):
        write(tmp_path / name, labelled(source, LABELS, SET))
        labels = read(tmp_path / name).labels
        assert [(lb.value, lb.name) for lb in labels.labels] == [
            (1, "Necrosis"), (2, "Oedema"), (4, "Enhancing"),
        ]  # fmt: skip
        assert labels.label(1).code == Code("SCT", "6574001", "Necrosis")
        assert np.abs(np.array(labels.label(4).colour) - (0, 0, 255)).max() <= 2


@pytest.mark.parametrize("kind", ["dicom", "multi-frame"])
def test_dicom_segmentation_is_read_by_highdicom_to_the_same_voxels(tmp_path, kind):
    source = read(SOURCES[kind](tmp_path))
    made = Maker("FLAIR U-Net", "2", "Reader^One")
    write(tmp_path / "m.dcm", labelled(source, LABELS, SET), provenance=made)
    seg = highdicom.seg.segread(tmp_path / "m.dcm")
    volume = seg.get_volume(combine_segments=True)
    numbers = np.zeros(5, np.uint8)
    numbers[[1, 2, 4]] = 1, 2, 3
    affine = np.diag([-1, -1, 1, 1]) @ volume.affine  # of (slice, row, column) to RAS
    for value in (1, 2, 4):
        indices = np.argwhere(volume.array == numbers[value])
        theirs = indices @ affine[:3, :3].T + affine[:3, 3]
        ours = source.grid.to_patient(np.argwhere(value == LABELS))
        assert np.allclose(in_order(theirs), in_order(ours))
    segment = seg.SegmentSequence[0]
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentAlgorithmName == "FLAIR U-Net"
    assert seg.ContentCreatorName == "Reader^One"
    planes = {plane.uid for plane in source.header.planes}
    assert {item.ReferencedSOPInstanceUID for ref in seg.ReferencedSeriesSequence
            for item in ref.ReferencedInstanceSequence} == planes  # fmt: skip


def test_dicom_segmentation_is_read_by_dcmqi_to_the_same_voxels(tmp_path):
    source = read(SOURCES["dicom"](tmp_path))
    write(tmp_path / "m.dcm", labelled(source, LABELS, SET))
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(
        [str(Path(sys.executable).with_name("segimage2itkimage")), "-t", "nii", "-p", "s",
         "--inputDICOM", str(tmp_path / "m.dcm"), "--outputDirectory", str(out)],
        check=True, capture_output=True,
    )  # fmt: skip
    grid, turn = source.grid.canonical()
    for number, value in enumerate((1, 2, 4), start=1):
        found = read(next(out.glob(f"s-{number}.nii*")))
        other, back = found.grid.canonical()
        assert other.same_grid(grid)
        assert np.array_equal(back.apply(found.pixels[0]) > 0, turn.apply(LABELS) == value)
    meta = json.loads(next(out.glob("*.json")).read_text())
    assert "Enhancing" in json.dumps(meta)


def test_the_name_of_a_patient_is_written_only_when_asked(tmp_path):
    source = read(SOURCES["dicom"](tmp_path))
    write(tmp_path / "m.dcm", labelled(source, LABELS, SET))
    assert NAME.split("^")[0].encode() not in (tmp_path / "m.dcm").read_bytes()
    asked = Maker(patient_name=True)
    write(tmp_path / "n.dcm", labelled(source, LABELS, SET), provenance=asked)
    assert pydicom.dcmread(tmp_path / "n.dcm").PatientName == NAME


def test_a_series_without_frame_of_reference_can_be_segmented(tmp_path):
    items = series(voxels(SHAPE), FrameOfReferenceUID=None, PatientSex=None, StudyID=None)
    source = read(save(tmp_path / "s", items))
    write(tmp_path / "m.dcm", labelled(source, LABELS, SET))
    assert np.array_equal(read(tmp_path / "m.dcm").pixels[0], LABELS)


def test_a_part_of_a_multiframe_file_can_be_segmented(tmp_path):
    save(tmp_path, [multiframe(voxels(SHAPE, np.uint16) % 400, echoes=(5.0, 9.0))], ["a.dcm"])
    source = read(tmp_path / "a.dcm", point=1)
    write(tmp_path / "m.dcm", labelled(source, LABELS, SET))
    found = read(tmp_path / "m.dcm")
    assert np.array_equal(found.pixels[0], LABELS)
    assert found.grid.same_grid(source.grid)


def test_existing_files_and_failures_change_nothing(tmp_path):
    stored = plain_volume(Grid(SHAPE, AFFINE), LABELS, SET)
    (tmp_path / "m.nii.gz").write_text("mine")
    with pytest.raises(AppError, match="another name"):
        write(tmp_path / "m.nii.gz", stored)
    with pytest.raises(AppError, match="DICOM series"):
        write(tmp_path / "m.dcm", stored)
    with pytest.raises(AppError, match="expected a format"):
        write(tmp_path / "m.xyz", stored)
    with pytest.raises(AppError, match="on its grid"):
        labelled(stored, LABELS[:2], SET)
    assert [p.name for p in tmp_path.iterdir()] == ["m.nii.gz"]
    assert (tmp_path / "m.nii.gz").read_text() == "mine"


def test_what_would_move_a_voxel_is_refused(tmp_path):
    far = AFFINE.copy()
    far[0, 3] = 1e9  # single precision of a NIfTI header cannot hold it
    with pytest.raises(AppError, match="when it was read back"):
        write(tmp_path / "m.nii", plain_volume(Grid(SHAPE, far + 0.25), LABELS, SET))
    wide = plain_volume(Grid(SHAPE, AFFINE), voxels(SHAPE))
    two = replace(wide, pixels=np.concatenate([wide.pixels, wide.pixels]))
    with pytest.raises(AppError, match="channels"):
        write(tmp_path / "m.nii", two)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("nii", ".nii"), ("nii.gz", ".nii.gz"), ("nrrd", ".nrrd"), ("mha", ".mha"), ("dicom", ".dcm")],
)
def test_a_mask_gets_the_format_of_its_image(tmp_path, kind, suffix):
    stored = read(SOURCES[kind](tmp_path))
    assert suffix_like(stored) == suffix
    assert writer_of(Path(f"x{suffix}")).name
