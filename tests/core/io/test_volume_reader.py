"""Cases whose files hold whole volumes, as the program sees them: canonical, real, labelled."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.role import Role
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from tests.core.io.making import AFFINE, SHAPE, assert_sentence, blob, nifti, voxels

RAS = np.array([[2.0, 0, 0, -10], [0, 3.0, 0, -20], [0, 0, 4.0, -30], [0, 0, 0, 1]])


def brats(root: Path, affine=RAS, dtype=np.int16, **masks) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(("t1n", "t1c", "t2w", "t2f")):
        nifti(root / f"A-{kind}.nii.gz", voxels(dtype=dtype, seed=number), affine)
    for name, values in masks.items():
        nifti(root / f"A-{name}.nii.gz", values, affine)
    return root


def only(root: Path) -> LoadedCase:
    return read_case(scan(root).cases[0])


def test_channels_are_named_by_role_and_lie_in_canonical_order(tmp_path: Path) -> None:
    loaded = only(brats(tmp_path, seg=blob()))
    volume = loaded.volume
    assert volume.channels == ("T1", "T1c", "T2", "FLAIR")
    assert volume.roles == (Role.T1, Role.T1C, Role.T2, Role.FLAIR)
    assert volume.geometry.orientation == "LPS"
    assert volume.geometry.spacing_mm == (4.0, 3.0, 2.0)
    # Stored from right to left and posterior to anterior: both run backwards.
    assert np.array_equal(volume.pixels[3], voxels(seed=3)[:, ::-1, ::-1])
    assert np.array_equal(loaded.turn.undo(volume.pixels[3]), voxels(seed=3))
    assert volume.slice_numbers == (1, 2, 3, 4)


def test_label_values_are_kept_and_any_of_them_is_lesion(tmp_path: Path) -> None:
    loaded = only(brats(tmp_path, seg=blob()))
    turned = blob()[:, ::-1, ::-1]
    assert loaded.labels is not None
    assert np.array_equal(loaded.labels, turned)
    assert np.array_equal(loaded.require_ground_truth(), turned > 0)
    assert loaded.label_set is not None
    assert [label.name for label in loaded.label_set.labels][2] == "Enhancing tumour"


def test_the_region_a_case_names_is_its_ground_truth(tmp_path: Path) -> None:
    case = scan(brats(tmp_path, seg=blob())).cases[0]
    core = read_case(replace(case, region="Tumour core")).require_ground_truth()
    assert np.array_equal(core, np.isin(blob()[:, ::-1, ::-1], (1, 3)))
    with pytest.raises(DataError, match=r"expected a region of Whole tumour, .*found another"):
        read_case(replace(case, region="Cyst"))


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (np.array([-5, 7], np.int32), np.int16),
        (np.array([0, 40000], np.float64), np.uint16),
        (np.array([0, 255], np.uint32), np.uint8),
        (np.array([0.5, 7], np.float64), np.float32),
        (np.array([0, 70000], np.int32), np.float32),
        (np.array([0, 2**24 + 1], np.int32), np.float64),
    ],
)
def test_values_take_the_smallest_type_that_loses_nothing(
    tmp_path: Path, stored: np.ndarray, kind: type
) -> None:
    pixels = np.resize(stored, SHAPE)
    nifti(tmp_path / "a.nii.gz", pixels, AFFINE)
    volume = only(tmp_path).volume
    assert volume.pixels.dtype == kind
    assert np.array_equal(volume.pixels[0], pixels)


def test_channels_of_several_types_share_one_that_holds_all(tmp_path: Path) -> None:
    nifti(tmp_path / "a_t1.nii", np.resize(np.array([0, 60000], np.uint16), SHAPE), AFFINE)
    nifti(tmp_path / "a_t2.nii", np.resize(np.array([-3, 9], np.int16), SHAPE), AFFINE)
    pixels = only(tmp_path).volume.pixels
    assert pixels.dtype == np.float32
    assert sorted(np.unique(pixels).tolist()) == [-3, 0, 9, 60000]


def test_slope_and_intercept_give_real_values(tmp_path: Path) -> None:
    def scale(header) -> None:
        header["scl_slope"], header["scl_inter"] = 0.5, -10

    nifti(tmp_path / "a.nii.gz", np.resize(np.array([0, 3], np.int16), SHAPE), AFFINE, scale)
    assert np.unique(only(tmp_path).volume.pixels).tolist() == [-10, -8.5]


def test_voxels_without_a_number_are_zero_and_told(tmp_path: Path) -> None:
    pixels = voxels(dtype=np.float32)
    pixels[0, 0, 0], pixels[1, 1, 1] = np.nan, np.inf
    nifti(tmp_path / "a.nii.gz", pixels, AFFINE)
    loaded = only(tmp_path)
    assert np.isfinite(loaded.volume.pixels).all()
    (notice,) = [said for said in loaded.notices if "NaN" in said]
    assert_sentence(notice)


def test_a_case_without_a_mask_has_no_truth(tmp_path: Path) -> None:
    loaded = only(brats(tmp_path))
    assert not loaded.case.has_ground_truth
    assert loaded.ground_truth is None
    with pytest.raises(DataError, match="A: expected ground truth, found no mask"):
        loaded.require_ground_truth()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:60]), "cut off"),
        (lambda path: nifti(path, blob()[1:], RAS), "5×6 voxels"),
        (lambda path: nifti(path, voxels(dtype=np.float32), RAS), "whole numbers"),
    ],
)
def test_a_mask_that_cannot_be_used_is_told_and_the_image_shown(
    tmp_path: Path, spoil, words: str
) -> None:
    brats(tmp_path, seg=blob())
    spoil(tmp_path / "A-seg.nii.gz")
    loaded = only(tmp_path)
    assert loaded.ground_truth is None
    (damaged,) = loaded.damaged_masks
    assert_sentence(damaged)
    assert words in damaged
    with pytest.raises(DataError, match="A-seg"):
        loaded.require_ground_truth()


def test_a_channel_on_another_grid_is_refused(tmp_path: Path) -> None:
    brats(tmp_path)
    nifti(tmp_path / "A-t2f.nii.gz", voxels(), AFFINE)
    with pytest.raises(DataError, match=r"A-t2f\.nii\.gz: expected the grid of A-t1n"):
        only(tmp_path)


def test_two_channels_of_one_role_keep_their_own_names(tmp_path: Path) -> None:
    anat = tmp_path / "sub-1" / "anat"
    anat.mkdir(parents=True)
    for name in ("run-1_T1w", "run-2_T1w", "FLAIR"):
        nifti(anat / f"sub-1_{name}.nii.gz")
    channels = only(tmp_path).volume.channels
    assert channels == ("run-1_T1w", "run-2_T1w", "FLAIR")
