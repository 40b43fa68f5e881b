"""The reference space, against the protocol written out with scikit-image and medpy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from medpy.filter.binary import largest_connected_component
from medpy.metric.binary import dc
from numpy.typing import NDArray
from skimage.exposure import rescale_intensity
from skimage.transform import resize

from core.domain.errors import DataError
from core.domain.mask import Mask, binarise
from core.domain.volume import Pixels
from core.studies.reference_protocol import (
    SIZE,
    ReferenceGrid,
    from_reference,
    reference_dsc,
    reference_space,
    reference_space_dsc,
    to_reference_image,
    to_reference_mask,
)

RESIZE = {"mode": "constant", "cval": 0, "anti_aliasing": False}


def head(shape: tuple[int, int, int], seed: int = 0, dtype: type = np.uint8) -> Pixels:
    """Return a noisy volume (3, Z, Y, X) with an off-centre head and a dim background."""
    random = np.random.default_rng(seed)
    z, y, x = (np.linspace(-1, 1, size) for size in shape)
    radius = (z[:, None, None] * 0.9) ** 2 + ((y[:, None] + 0.2) / 0.7) ** 2 + (x / 0.5) ** 2
    top = np.iinfo(dtype).max
    values = random.integers(top // 4, top, (3, *shape)) * (radius < 1)
    return np.maximum(values, random.integers(0, top // 20, (3, *shape))).astype(dtype)


def lesion(shape: tuple[int, int, int]) -> Mask:
    """Return a mask with a large piece and a small one apart from it."""
    mask = np.zeros(shape, np.uint8)
    depth, height, width = shape
    middle, row, column = depth // 2, height // 3, width // 2
    mask[middle - 1 : middle + 2, row : row + height // 5, column : column + width // 8] = 255
    mask[middle, row - 3 : row - 1, column] = 255
    return mask


def written_out(pixels: Pixels, mask: Mask) -> tuple[NDArray[np.float64], Mask]:
    """Follow the protocol step by step, channels last and resized in one piece."""
    volume: NDArray[Any] = np.moveaxis(pixels, 0, -1)[1:-1].copy()
    truth: NDArray[Any] = mask[1:-1]
    volume[volume < float(volume.max()) * 0.1] = 0
    inside = tuple(
        slice(int(hit.min()), int(hit.max()) + 1) for hit in np.nonzero(volume.max(axis=-1))
    )
    volume, truth = volume[inside], truth[inside]
    _, height, width, channels = volume.shape
    missing = abs(height - width) / 2
    pad = (int(np.floor(missing)), int(np.ceil(missing)))
    pads = ((0, 0), (0, 0), pad) if height > width else ((0, 0), pad, (0, 0))
    volume, truth = np.pad(volume, (*pads, (0, 0))), np.pad(truth, pads)
    volume = resize(volume, (len(volume), SIZE, SIZE, channels), order=2, **RESIZE)
    truth = resize(truth, (len(truth), SIZE, SIZE), order=0, **RESIZE)
    low, high = np.percentile(volume, 10), np.percentile(volume, 99)
    volume = rescale_intensity(volume, in_range=(low, high))
    volume = (volume - volume.mean(axis=(0, 1, 2))) / volume.std(axis=(0, 1, 2))
    return np.moveaxis(volume, -1, 0), binarise(truth)


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((6, 48, 61), np.uint8), ((5, 70, 33), np.uint16), ((4, 300, 280), np.uint8)],
)
def test_image_and_mask_equal_the_protocol_written_out(
    shape: tuple[int, int, int], dtype: type
) -> None:
    pixels, mask = head(shape, dtype=dtype), lesion(shape)
    image, truth = written_out(pixels, mask)
    grid = reference_space(pixels)
    np.testing.assert_allclose(to_reference_image(pixels, grid), image, atol=1e-5)
    np.testing.assert_array_equal(to_reference_mask(mask, grid), truth)
    assert to_reference_image(pixels, grid).dtype == np.float32


def test_image_without_background_equals_the_protocol_written_out() -> None:
    pixels = np.random.default_rng(1).integers(120, 256, (2, 4, 20, 20)).astype(np.uint8)
    image, _ = written_out(pixels, np.zeros(pixels.shape[1:], np.uint8))
    found = to_reference_image(pixels, reference_space(pixels))
    np.testing.assert_allclose(found, image, atol=1e-5)


def test_image_is_normalised_over_the_volume() -> None:
    pixels = head((6, 40, 40))
    image = to_reference_image(pixels, reference_space(pixels))
    np.testing.assert_allclose(image.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(image.std(axis=(1, 2, 3)), 1, atol=1e-5)


def test_missing_channel_becomes_zero() -> None:
    pixels = head((5, 40, 40))
    pixels[2] = 0
    image = to_reference_image(pixels, reference_space(pixels))
    assert not image[2].any()
    assert image[:2].any()


def test_grid_keeps_the_slice_indices_and_the_pads() -> None:
    pixels = np.zeros((1, 9, 30, 40), np.uint8)
    pixels[0, 0] = 255
    pixels[0, 3:6, 4:11, 6:26] = 200
    pixels[0, 7, 0, 0] = 19
    grid = reference_space(pixels)
    assert grid == ReferenceGrid(
        native_shape=(9, 30, 40),
        box=(3, 6, 4, 11, 6, 26),
        pad_before=(6, 0),
        side=20,
        threshold=20.0,
    )
    assert (list(grid.slices), grid.shape) == ([3, 4, 5], (3, SIZE, SIZE))


def test_volume_without_signal_is_told_in_a_sentence() -> None:
    with pytest.raises(DataError, match=r"only zeros\. Check"):
        reference_space(np.zeros((3, 5, 8, 8), np.uint8))


def test_two_slices_are_too_few() -> None:
    with pytest.raises(DataError, match=r"at least 3 slices, found 2\."):
        reference_space(np.ones((3, 2, 8, 8), np.uint8))


@given(st.integers(3, 6), st.integers(4, 90), st.integers(4, 90), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_mask_survives_the_round_trip_inside_the_box(
    depth: int, height: int, width: int, seed: int
) -> None:
    pixels = head((depth, height, width), seed)
    pixels[:, 1, height // 2, width // 2] = 255
    grid = reference_space(pixels)
    mask = np.random.default_rng(seed).integers(0, 2, pixels.shape[1:]).astype(np.uint8)
    inside = np.zeros_like(mask)
    z0, z1, y0, y1, x0, x1 = grid.box
    inside[z0:z1, y0:y1, x0:x1] = mask[z0:z1, y0:y1, x0:x1]
    np.testing.assert_array_equal(from_reference(to_reference_mask(mask, grid), grid), inside)


def test_probability_returns_to_the_native_grid_where_it_came_from() -> None:
    shape = (6, 120, 100)
    pixels, mask = head(shape), lesion(shape)
    grid = reference_space(pixels)
    probability = to_reference_mask(mask, grid).astype(np.float32)
    native = from_reference(probability, grid)
    assert native.shape == shape
    assert native.dtype == np.float32
    np.testing.assert_array_equal(native > 0.5, mask > 0)


def test_constant_probability_fills_the_box_and_nothing_else() -> None:
    pixels = head((6, 64, 48))
    grid = reference_space(pixels)
    native = from_reference(np.full(grid.shape, 0.7, np.float32), grid)
    z0, z1, y0, y1, x0, x1 = grid.box
    np.testing.assert_allclose(native[z0:z1, y0:y1, x0:x1], 0.7, rtol=1e-6)
    assert np.count_nonzero(native) == (z1 - z0) * (y1 - y0) * (x1 - x0)


def test_dsc_is_that_of_the_largest_component_in_the_reference_space() -> None:
    shape = (8, 90, 70)
    pixels, truth = head(shape), lesion(shape)
    prediction = np.roll(truth, (1, 2), axis=(1, 2))
    prediction[4, 60:63, 40:43] = 255
    _, expected_truth = written_out(pixels, truth)
    _, expected_prediction = written_out(pixels, prediction)
    expected = dc(largest_connected_component(expected_prediction > 0), expected_truth)
    grid = reference_space(pixels)
    assert reference_dsc(truth, prediction, grid) == pytest.approx(expected, abs=1e-12)
    assert reference_dsc(truth, prediction > 0, grid) == pytest.approx(expected, abs=1e-12)


def test_probability_is_cut_at_the_threshold_in_the_reference_space() -> None:
    shape = (8, 90, 70)
    pixels, truth = head(shape), lesion(shape)
    grid = reference_space(pixels)
    sure = (truth > 0).astype(np.float32)
    assert reference_dsc(truth, sure, grid) > 0.9
    assert reference_dsc(truth, sure * 0.5, grid) == 0.0
    assert reference_dsc(truth, sure * 0.5, grid, threshold=0.25) > 0.9


def test_empty_prediction_scores_zero_and_agreement_on_nothing_one() -> None:
    shape = (6, 50, 50)
    grid = reference_space(head(shape))
    nothing = np.zeros(shape, np.uint8)
    assert reference_dsc(lesion(shape), nothing, grid) == 0.0
    assert reference_dsc(nothing, nothing, grid) == 1.0
    assert reference_space_dsc(np.zeros(grid.shape, np.uint8), np.zeros(grid.shape, bool)) == 1.0


def test_arrays_of_another_grid_are_refused() -> None:
    pixels = head((5, 30, 30))
    grid = reference_space(pixels)
    with pytest.raises(ValueError, match="native grid"):
        to_reference_mask(np.zeros((5, 30, 31), np.uint8), grid)
    with pytest.raises(ValueError, match="native grid"):
        to_reference_image(pixels[:, 1:], grid)
    with pytest.raises(ValueError, match="reference space"):
        from_reference(np.zeros((5, 30, 30), np.uint8), grid)
