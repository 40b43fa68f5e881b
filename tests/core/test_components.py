"""Connected components and disagreements, against scikit-image, SciPy and hand-made masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from medpy.filter.binary import largest_connected_component
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

from core.domain.components import (
    bounding_box,
    box_slices,
    disagreements,
    fill_holes,
    large_components,
    largest_component,
    plain_errors,
    voxels_of,
)

Bool = NDArray[np.bool_]

masks = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=8))


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[Bool, Bool]:
    """Draw two random masks of one shape."""
    truth = draw(masks)
    return truth, draw(arrays(np.bool_, truth.shape))


def empty(*shape: int) -> NDArray[np.uint8]:
    """Return a mask without foreground."""
    return np.zeros(shape, np.uint8)


def sizes(mask: Bool | NDArray[np.uint8]) -> list[int]:
    """Return the voxels of each component, the largest first."""
    regions = measure.regionprops(measure.label(mask > 0, connectivity=1))
    return sorted((int(each.area) for each in regions), reverse=True)


@given(masks)
def test_largest_component_equals_medpy(mask: Bool) -> None:
    kept = largest_component(mask)
    assert kept.dtype == np.uint8
    if mask.any():
        np.testing.assert_array_equal(kept, largest_connected_component(mask))
    else:
        assert not kept.any()


@given(masks, st.floats(0, 1))
def test_large_components_are_those_with_a_share_of_the_largest(mask: Bool, share: float) -> None:
    kept = large_components(mask, share)
    found = sizes(mask)
    assert sizes(kept) == [size for size in found if size >= share * found[0]]
    assert not (kept.astype(bool) & ~mask.astype(bool)).any()


def test_largest_component_joins_by_faces_only() -> None:
    mask = empty(2, 3, 3)
    mask[0, 0, :2] = 255
    mask[1, 1, 2] = 255
    np.testing.assert_array_equal(np.argwhere(largest_component(mask)), [[0, 0, 0], [0, 0, 1]])


def test_first_of_equal_components_is_kept() -> None:
    mask = empty(1, 1, 5)
    mask[0, 0, [1, 3]] = 1
    np.testing.assert_array_equal(largest_component(mask), [[[0, 1, 0, 0, 0]]])


@given(masks)
def test_fill_holes_equals_scipy_slice_by_slice(mask: Bool) -> None:
    expected = np.stack([ndimage.binary_fill_holes(plane) for plane in mask])
    np.testing.assert_array_equal(fill_holes(mask), expected)


def test_fill_holes_leaves_the_mask_given_alone() -> None:
    mask = empty(1, 5, 5)
    mask[0, 1:4, 1:4] = 1
    mask[0, 2, 2] = 0
    filled = fill_holes(mask)
    assert (filled[0, 2, 2], mask[0, 2, 2]) == (1, 0)


@given(masks)
def test_bounding_box_is_tight(mask: Bool) -> None:
    box = bounding_box(mask)
    if box is None:
        assert not mask.any()
        return
    inside = mask[box_slices(box)]
    assert inside.sum() == mask.sum()
    for axis in range(3):
        plane = np.moveaxis(inside, axis, 0)
        assert plane[0].any()
        assert plane[-1].any()


@given(mask_pairs())
def test_disagreements_equal_scikit_image(pair: tuple[Bool, Bool]) -> None:
    truth, prediction = pair
    expected = [
        (kind, int(region.area), *region.bbox)
        for kind, wrong in (
            ("false_positive", prediction & ~truth),
            ("false_negative", truth & ~prediction),
        )
        for region in measure.regionprops(measure.label(wrong, connectivity=3))
    ]
    found = disagreements(truth, prediction)
    listed = [(each.kind, each.voxels, *each.box[0::2], *each.box[1::2]) for each in found]
    assert sorted(listed) == sorted(expected)
    assert [each.voxels for each in found] == sorted((e.voxels for e in found), reverse=True)


@given(mask_pairs())
def test_centre_slice_holds_part_of_the_error(pair: tuple[Bool, Bool]) -> None:
    truth, prediction = pair
    for error in disagreements(truth, prediction):
        assert error.first_slice <= error.centre_slice <= error.last_slice
        assert (truth ^ prediction)[error.centre_slice].any()


def test_disagreements_of_a_missed_an_invented_and_an_outlined_lesion() -> None:
    truth, prediction = empty(8, 20, 20), empty(8, 20, 20)
    truth[1:4, 2:5, 2:5] = 1
    prediction[5:7, 15:18, 15:18] = 1
    prediction[5, 18, 15] = 1
    truth[2, 10:14, 10:14] = prediction[2, 10:14, 10:14] = 1
    prediction[2, 10:14, 14] = 1
    missed, invented, outline = disagreements(truth, prediction)
    assert (missed.kind, missed.voxels, missed.on_border) == ("false_negative", 27, False)
    assert (missed.first_slice, missed.last_slice) == (1, 3)
    assert (invented.kind, invented.voxels, invented.on_border) == ("false_positive", 19, False)
    assert (invented.box, invented.centre_slice) == ((5, 7, 15, 19, 15, 18), 5)
    assert (outline.kind, outline.voxels, outline.on_border) == ("false_positive", 4, True)


def test_equal_masks_have_no_disagreement() -> None:
    mask = empty(3, 4, 4)
    mask[1, 1, 1] = 1
    assert disagreements(mask, mask * 255) == []
    assert disagreements(empty(3, 4, 4), empty(3, 4, 4)) == []


def test_disagreements_refuse_different_shapes() -> None:
    with pytest.raises(ValueError, match="truth is"):
        disagreements(empty(1, 2, 2), empty(2, 2, 2))


@given(mask_pairs())
def test_the_pieces_of_all_disagreements_make_up_the_difference(pair: tuple[Bool, Bool]) -> None:
    truth, prediction = pair
    covered = np.zeros(truth.shape, int)
    for error in disagreements(truth, prediction):
        piece = voxels_of(error, truth, prediction)
        assert piece.sum() == error.voxels
        covered[box_slices(error.box)] += piece
        covered_at_seed = covered[error.seed]
        assert covered_at_seed == 1
    np.testing.assert_array_equal(covered, truth ^ prediction)


@given(mask_pairs())
def test_keys_of_disagreements_tell_them_apart(pair: tuple[Bool, Bool]) -> None:
    found = disagreements(*pair)
    assert len({error.key for error in found}) == len(found)
    assert [error.key for error in disagreements(*pair)] == [error.key for error in found]


def test_a_disagreement_names_its_error_its_extent_and_its_volume() -> None:
    truth, prediction = empty(8, 20, 20), empty(8, 20, 20)
    truth[1:4, 2:4, 2:8] = 1
    (missed,) = disagreements(truth, prediction)
    assert (missed.error, missed.centre) == ("false_negative_lesion", (1, 2, 4))
    assert (missed.largest_extent(), missed.largest_extent((5.0, 1.0, 0.5))) == (6, 15.0)
    assert missed.volume_ml(0.5) == 18.0
    (invented,) = disagreements(prediction, truth)
    assert invented.error == "false_positive_lesion"
    prediction[1:3, 2:4, 2:8] = 1
    (rim,) = disagreements(truth, prediction)
    assert (rim.error, rim.first_slice) == ("boundary", 3)


def test_plain_errors_leave_the_rim_out_and_keep_every_lesion() -> None:
    truth, mask = np.zeros((12, 30, 30), np.uint8), np.zeros((12, 30, 30), np.uint8)
    truth[2:10, 5:20, 5:20] = 1
    mask[3:10, 6:20, 5:20] = 1  # a rim one voxel wide is missing
    mask[4:9, 10:16, 20:25] = 1  # a thick part too many
    mask[11, 29, 29] = 1  # a lesion of one voxel, all by itself
    invented, missed = plain_errors(mask, truth), plain_errors(truth, mask)
    assert not missed.any()
    assert invented[11, 29, 29]
    assert invented[6, 13, 22]
    assert not (invented & (truth > 0)).any()
    assert plain_errors(truth, truth).sum() == 0


@given(st.integers(0, 2**31), st.floats(0.3, 0.95))
def test_plain_errors_open_as_scipy_does(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    mask = (random.random((7, 9, 8)) < share).astype(np.uint8)
    other = np.zeros_like(mask)
    other[3, 4, 4] = 1
    error = (mask > 0) & (other == 0)
    labelled, _ = ndimage.label(error, np.ones((3, 3, 3)))
    both = ndimage.binary_dilation((mask > 0) & (other > 0), np.ones((3, 3, 3)))
    touching = np.isin(labelled, np.unique(labelled[both & error]))
    expected = np.where(touching, ndimage.binary_opening(error), error)
    assert (plain_errors(mask, other) == expected).all()
