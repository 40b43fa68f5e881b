"""The reference space, against the protocol written out with scikit-image and medpy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from medpy.filter.binary import largest_connected_component
from medpy.metric.binary import dc
from numpy.typing import NDArray
from skimage.transform import resize

from core.domain.errors import DataError
from core.domain.grid import Grid
from core.domain.mask import Mask, binarise
from core.domain.metrics import overlap
from core.domain.prediction import Prediction
from core.domain.volume import Pixels, Volume
from core.studies.scores.reference_protocol import (
    SIZE,
    ReferenceGrid,
    reference_masks,
    reference_space,
    to_reference_mask,
    to_reference_probability,
)

RESIZE: dict[str, Any] = {"preserve_range": True, "anti_aliasing": False}


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


def written_out(pixels: Pixels, mask: Mask, level: Mask) -> tuple[Mask, Mask]:
    """Follow the protocol step by step: truth and, of a probability in 255ths, what is scored."""
    volume: NDArray[Any] = np.moveaxis(pixels, 0, -1)[1:-1].copy()
    planes: list[NDArray[Any]] = [mask[1:-1], level[1:-1] / 255.0]
    volume[volume < float(volume.max()) * 0.1] = 0
    inside = tuple(
        slice(int(hit.min()), int(hit.max()) + 1) for hit in np.nonzero(volume.max(axis=-1))
    )
    _, height, width = volume[inside].shape[:3]
    missing = abs(height - width) / 2
    pad = (int(np.floor(missing)), int(np.ceil(missing)))
    pads = ((0, 0), (0, 0), pad) if height > width else ((0, 0), pad, (0, 0))
    truth, probability = (np.pad(values[inside], pads) for values in planes)
    size = (len(truth), SIZE, SIZE)
    found = resize(truth, size, order=0, mode="constant", **RESIZE)
    likely = resize(probability, size, order=1, mode="edge", **RESIZE)
    return binarise(found), binarise(largest_connected_component(likely > 0.5))


def scored(pixels: Pixels, truth: Mask, level: Mask) -> tuple[Mask, Mask]:
    """Return truth and prediction as they are scored; the probability is in 255ths."""
    volume = Volume(pixels, ("a", "b", "c"), tuple(range(len(truth))), Grid(truth.shape))
    found = reference_masks(volume, binarise(truth), Prediction(level, "m", "key", "cpu", 0.0))
    assert found[2] == Grid(found[0].shape)
    assert found[2].spacing_mm is None
    return found[:2]


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((6, 48, 61), np.uint8), ((5, 70, 33), np.uint16), ((4, 300, 280), np.uint8)],
)
def test_what_is_scored_equals_the_protocol_written_out(
    shape: tuple[int, int, int], dtype: type
) -> None:
    pixels, mask = head(shape, dtype=dtype), lesion(shape)
    level = np.roll(mask, (1, 2), axis=(1, 2))
    level[shape[0] // 2, -12:-9, 10:13] = 255  # a false alarm, smaller than the lesion
    for one, other in zip(
        scored(pixels, mask, level), written_out(pixels, mask, level), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_grid_keeps_the_slice_indices_and_the_pads() -> None:
    pixels = np.zeros((1, 9, 30, 40), np.uint8)
    pixels[0, 0] = 255
    pixels[0, 3:6, 4:11, 6:26] = 200
    pixels[0, 7, 0, 0] = 19
    grid = reference_space(pixels)
    assert grid == ReferenceGrid(
        native_shape=(9, 30, 40), box=(3, 6, 4, 11, 6, 26), pad_before=(6, 0), side=20
    )
    assert grid.shape == (3, SIZE, SIZE)


def test_volume_without_signal_is_told_in_a_sentence() -> None:
    with pytest.raises(DataError, match=r"only zeros\. Check"):
        reference_space(np.zeros((3, 5, 8, 8), np.uint8))


def test_two_slices_are_too_few() -> None:
    with pytest.raises(DataError, match=r"at least 3 slices, found 2\."):
        reference_space(np.ones((3, 2, 8, 8), np.uint8))


@given(st.integers(3, 6), st.integers(4, 90), st.integers(4, 90), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_voxel_inside_the_box_is_kept(depth: int, height: int, width: int, seed: int) -> None:
    pixels = head((depth, height, width), seed)
    pixels[:, 1, height // 2, width // 2] = 255
    grid = reference_space(pixels)
    mask = np.random.default_rng(seed).integers(0, 2, pixels.shape[1:]).astype(np.uint8)
    z0, z1, y0, y1, x0, x1 = grid.box
    square = np.zeros((z1 - z0, grid.side, grid.side), np.uint8)
    top, left = grid.pad_before
    square[:, top : top + y1 - y0, left : left + x1 - x0] = mask[z0:z1, y0:y1, x0:x1]
    # Each of its voxels is enlarged to several: one out of the middle of each gives it back.
    middle = ((np.arange(grid.side) + 0.5) * SIZE / grid.side).astype(int)
    found = to_reference_mask(mask, grid)
    np.testing.assert_array_equal(found[:, middle[:, None], middle], square)


def test_a_constant_probability_stays_what_it_is() -> None:
    pixels = np.full((1, 6, 64, 64), 9, np.uint8)
    grid = reference_space(pixels)
    found = to_reference_probability(np.full((6, 64, 64), 0.7, np.float32), grid)
    assert found.shape == (4, SIZE, SIZE)
    np.testing.assert_allclose(found, 0.7, rtol=1e-6)


def test_dsc_is_that_of_the_largest_component_in_the_reference_space() -> None:
    shape = (8, 90, 70)
    pixels, truth = head(shape), lesion(shape)
    prediction = np.roll(truth, (1, 2), axis=(1, 2))
    prediction[4, 60:63, 40:43] = 255
    expected_truth, expected = written_out(pixels, truth, prediction)
    found = overlap(*scored(pixels, truth, prediction)).dsc
    assert found == pytest.approx(dc(expected, expected_truth), abs=1e-12)


def test_a_probability_is_cut_at_one_half_in_the_reference_space() -> None:
    shape = (8, 90, 70)
    pixels, truth = head(shape), lesion(shape)
    sure, unsure = (np.where(truth > 0, level, 0).astype(np.uint8) for level in (255, 127))
    assert overlap(*scored(pixels, truth, sure)).dsc > 0.9
    assert not scored(pixels, truth, unsure)[1].any()


def test_agreement_on_nothing_is_one_and_an_empty_prediction_zero() -> None:
    shape = (6, 50, 50)
    pixels, nothing = head(shape), np.zeros(shape, np.uint8)
    assert overlap(*scored(pixels, lesion(shape), nothing)).dsc == 0.0
    assert overlap(*scored(pixels, nothing, nothing)).dsc == 1.0


def test_arrays_of_another_grid_are_refused() -> None:
    pixels = head((5, 30, 30))
    grid = reference_space(pixels)
    with pytest.raises(ValueError, match="native grid"):
        to_reference_mask(np.zeros((5, 30, 31), np.uint8), grid)
    with pytest.raises(ValueError, match="native grid"):
        to_reference_probability(np.zeros((5, 29, 30), np.float32), grid)
