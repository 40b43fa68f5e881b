"""Every series and volume of the shared folder gives what its README says; skipped without it."""

import os
from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.domain.errors import FileError
from core.io.labels.label_values import label_map
from core.io.readers import read
from tests.core.io.making import told

SHARED = Path(
    os.environ.get("OVERREAD_SHARED", Path(__file__).resolve().parents[3].parent / "shared")
)
FORMATS = SHARED / "data" / "formats"
DICOM = FORMATS / "dicom"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not FORMATS.is_dir(), reason="no shared formats here: set OVERREAD_SHARED to their folder"
    ),
]


def oracle(name):
    """Return the converter's voxels in canonical order and their grid."""
    stored = read(DICOM / f"{name}_ground_truth.nii.gz")
    grid, turn = stored.grid.canonical()
    return turn.apply(stored.real()), grid


@pytest.mark.parametrize(
    "name",
    [
        "generic/anatomical/001", "generic/anatomical/002_non_isotropic", "generic/compressed/001",
        "generic/compressed_j2k/001", "generic/compressed_jpeg/001",
        "generic/compressed_jpegls/001", "generic/compressed_rle/001", "siemens/anatomical/001",
        "hyperfine/anatomical/001", "failing/slicecount/001",
    ],
)  # fmt: skip
def test_series_has_the_voxels_and_the_place_of_the_converter(name):
    stored = read(DICOM / name)
    grid, turn = stored.grid.canonical()
    expected, expected_grid = oracle(name)
    assert grid.same_grid(expected_grid)
    assert np.allclose(turn.apply(stored.real()), expected, rtol=1e-6)


def test_five_compressions_of_one_series_give_the_same():
    """The plain series beside them has the same grid and, as its converted file, other voxels."""
    names = (
        "compressed",
        "compressed_j2k",
        "compressed_jpeg",
        "compressed_jpegls",
        "compressed_rle",
    )
    first, *others = [read(DICOM / "generic" / name / "001") for name in names]
    for other in others:
        assert np.array_equal(other.pixels, first.pixels)
    assert first.grid.same_grid(read(DICOM / "generic/anatomical/001").grid)


def test_thin_and_uneven_spacing_is_kept():
    told(read(DICOM / "failing/slicecount/001"), "two planes")
    spacing = read(DICOM / "generic/anatomical/002_non_isotropic").grid.spacing_mm
    assert spacing == pytest.approx((0.5, 4.0, 6.4), abs=1e-3)


def test_colour_is_opened_as_colour_and_told():
    found = read(DICOM / "generic/rgb/001")
    told(found, "colour")
    grid, turn = found.grid.canonical()
    image = nibabel.load(DICOM / "generic/rgb/001_ground_truth.nii.gz")
    other = np.asarray(image.dataobj)
    expected = np.stack([other[name].T for name in "RGB"])
    their_grid, back = type(found.grid)(expected.shape[1:], image.affine).canonical()
    assert grid.same_grid(their_grid)
    assert np.array_equal(turn.apply(found.pixels), back.apply(expected))


def test_gantry_tilt_is_told():
    found = read(DICOM / "failing/gantrytilting/001")
    told(found, "14°", "gantry")
    assert found.grid.shear_degrees == pytest.approx(14, abs=0.05)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("notavolume/001", ("no volume",)),
        ("sliceincrement/001", ("10 mm", "IM-0001-0009-0001.dcm", "IM-0001-0010-0001.dcm")),
        ("sliceincrement/002", ("IM-0001-0003.dcm", "IM-0001-0005.dcm", "missing")),
        ("sliceorientation/001", ("2 volumes",)),
    ],
)
def test_what_is_no_volume_is_told(name, words):
    with pytest.raises(FileError) as caught:
        read(DICOM / "failing" / name)
    assert all(word in str(caught.value) for word in words)


def test_two_orientations_can_be_chosen():
    chosen = [read(DICOM / "failing/sliceorientation/001", point=n) for n in range(2)]
    assert {c.grid.plane for c in chosen} == {"sagittal", "axial"}


@pytest.mark.parametrize("name", ["t1n", "t1c", "t2f", "t2w", "seg"])
def test_brats_volumes_are_what_nibabel_reads(name):
    path = FORMATS / "brats" / f"{name}.nii.gz"
    found, image = read(path), nibabel.load(path)
    assert np.array_equal(found.real()[0], np.asarray(image.dataobj).T)
    assert np.array_equal(found.grid.affine, image.affine)
    assert found.grid.orientation == "LPS"
    assert found.passport.notices == ()
    if name == "seg":
        assert label_map(found).labels.values == (1, 2, 3)
