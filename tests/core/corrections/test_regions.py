"""Fill, components and slices taken from elsewhere, against scikit-image and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import flood

from core.annotation import regions
from tests.core.corrections.acting import SHAPE, put, start_mask

_voxel = st.tuples(*(st.integers(0, side - 1) for side in SHAPE))
_seed = st.integers(0, 50)


@given(_voxel, st.integers(0, 40), st.booleans(), st.integers(0, 1))
def test_flood_fill_is_scikit_images(at, tolerance, volumetric, value):
    pixels = _soft_noise(7)
    mask = start_mask()
    filled = put(
        mask,
        regions.flood_fill(
            mask, pixels, at, tolerance=tolerance, value=value, volumetric=volumetric
        ),
    )
    expected = mask.copy()
    if volumetric:
        expected[flood(pixels.astype(int), at, connectivity=1, tolerance=tolerance)] = value
    else:
        plane = flood(pixels[at[0]].astype(int), at[1:], connectivity=1, tolerance=tolerance)
        expected[at[0]][plane] = value
    assert np.array_equal(filled, expected)


@given(_seed, _voxel, st.booleans())
def test_lesions_are_kept_deleted_and_added_as_scikit_image_labels_them(seed, at, volumetric):
    mask, other = _blobs(seed), _blobs(seed + 1)
    for source, tool in ((mask, "keep"), (mask, "delete"), (other, "add")):
        piece = _piece(source, at, volumetric)
        if tool == "add":
            patch = regions.add_lesion(mask, other, at, volumetric=volumetric)
            expected = mask | piece
        elif tool == "delete":
            patch = regions.delete_lesion(mask, at, volumetric=volumetric)
            expected = mask & (1 - piece)
        else:
            patch = regions.keep_lesion(mask, at, volumetric=volumetric)
            expected = mask.copy()
            if piece.any():
                frame = slice(None) if volumetric else slice(at[0], at[0] + 1)
                expected[frame] &= piece[frame]
        assert np.array_equal(put(mask, patch), expected), tool


@given(_seed, st.one_of(st.none(), st.integers(0, SHAPE[0] - 1)))
def test_holes_are_filled_as_scipy_fills_them(seed, z):
    mask = _blobs(seed)
    expected = mask.copy()
    for index in range(SHAPE[0]) if z is None else [z]:
        expected[index] = ndimage.binary_fill_holes(mask[index])
    assert np.array_equal(put(mask, regions.fill_holes(mask, z=z)), expected)


@given(_seed, st.one_of(st.none(), st.integers(0, SHAPE[0] - 1)))
def test_a_slice_or_all_is_taken_from_another_mask_or_cleared(seed, z):
    mask, other = _blobs(seed), _blobs(seed + 1)
    taken, cleared = mask.copy(), mask.copy()
    where = slice(None) if z is None else z
    taken[where], cleared[where] = other[where], 0
    assert np.array_equal(put(mask, regions.replace(mask, other, z=z)), taken)
    assert np.array_equal(put(mask, regions.clear(mask, z=z)), cleared)


def test_a_slice_is_copied_to_its_neighbour():
    mask = _blobs(1)
    copied = put(mask, regions.copy_slice(mask, source=2, target=3))
    assert np.array_equal(copied[3], mask[2])
    assert np.array_equal(np.delete(copied, 3, axis=0), np.delete(mask, 3, axis=0))


@pytest.mark.parametrize(("source", "target"), [(-1, 0), (SHAPE[0], 1), (0, SHAPE[0]), (0, -1)])
def test_beyond_the_case_there_is_no_slice_to_copy(source, target):
    assert regions.copy_slice(_blobs(1), source=source, target=target) is None


@pytest.mark.parametrize("at", [(-1, 3, 3), (0, SHAPE[1], 0), (0, 0, -2)])
def test_a_press_beyond_the_case_does_nothing(at):
    mask = _blobs(1)
    assert regions.flood_fill(mask, mask, at, tolerance=300) is None
    assert regions.delete_lesion(mask, at) is None
    assert regions.add_lesion(mask, mask, at) is None


def _soft_noise(seed):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(0, 1, SHAPE), 1.5)
    return np.clip(128 + 300 * noise, 0, 255).astype(np.uint8)


def _blobs(seed):
    return (_soft_noise(seed) > 140).astype(np.uint8)


def _piece(source, at, volumetric):
    """Return the voxels of the piece of `source` under `at`, none on background."""
    piece = np.zeros_like(source)
    if not source[at]:
        return piece
    if volumetric:
        labels = label(source, connectivity=3)
        return (labels == labels[at]).astype(np.uint8)
    labels = label(source[at[0]], connectivity=2)
    piece[at[0]] = labels == labels[at[1:]]
    return piece


@given(_seed, st.dictionaries(st.integers(1, 5), st.integers(0, 5), max_size=3))
def test_labels_become_others_everywhere_at_once(seed, become):
    label_map = _labels(seed)
    expected = label_map.copy()
    for value, into in become.items():
        expected[label_map == value] = into
    assert np.array_equal(put(label_map, regions.merged(label_map, become)), expected)


@given(_seed, st.integers(1, 5), st.booleans())
def test_a_mask_has_the_labels_of_the_truth_where_that_has_any(seed, fills, has_truth):
    mask, truth = (_labels(seed + 1) > 2).view(np.uint8), _labels(seed)
    told = regions.told_apart(mask, fills, truth if has_truth else None)
    inside = np.where(truth > 0, truth, fills) if has_truth else fills
    assert np.array_equal(told, np.where(mask > 0, inside, 0))


def _labels(seed):
    """Labels 0 to 4 in a corner: most of the map is background."""
    label_map = np.zeros(SHAPE, np.uint8)
    corner = label_map[:, : SHAPE[1] // 2, : SHAPE[2] // 2]
    corner[:] = np.random.default_rng(seed).integers(0, 5, corner.shape)
    return label_map
