"""Preprocessing against plain numpy, and the way back to the native grid."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from core.domain.volume import Pixels
from core.inference.intensity import normalisers
from core.inference.plane_enlargement import enlargement
from core.inference.preprocess import PlaneGrid, from_grid, plane_grid, prepare, to_grid
from core.models.preprocessing import Preprocessing
from tests.synthetic import head, volume_of

sides = st.integers(16, 61)
strides = st.sampled_from([1, 8, 16, 32])


@st.composite
def volumes(draw: st.DrawFn, max_channels: int = 3) -> Pixels:
    """Noise in a box on zeros, 8 or 16 bit, of any odd shape."""
    channels, depth = draw(st.integers(1, max_channels)), draw(st.integers(1, 4))
    height, width = draw(sides), draw(sides)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    top = draw(st.sampled_from([1, 3, 255, int(np.iinfo(dtype).max)]))
    pixels = np.zeros((channels, depth, height, width), dtype)
    y0, x0 = draw(st.integers(0, height - 8)), draw(st.integers(0, width - 8))
    y1, x1 = draw(st.integers(y0 + 1, height)), draw(st.integers(x0 + 1, width))
    box = random.integers(0, top, (channels, depth, y1 - y0, x1 - x0), dtype, endpoint=True)
    pixels[:, :, y0:y1, x0:x1] = box
    return pixels


def blob(height: int, width: int, box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return an ellipse that fills most of `box`, (1, Y, X)."""
    y0, y1, x0, x1 = box
    y, x = np.mgrid[:height, :width]
    middle_y, middle_x = (y0 + y1 - 1) / 2, (x0 + x1 - 1) / 2
    inside = ((y - middle_y) / (y1 - y0)) ** 2 + ((x - middle_x) / (x1 - x0)) ** 2 < 0.4**2
    return inside[np.newaxis].astype(np.float32)


@given(pixels=volumes(), stride=strides)
def test_native_grid_comes_back_pixel_for_pixel(pixels: Pixels, stride: int) -> None:
    grid = plane_grid(pixels, Preprocessing(), stride=stride)
    values = pixels[0].astype(np.float32)
    there = to_grid(values, grid, fill=-1.0)
    assert all(side % stride == 0 for side in there.shape[1:])
    assert np.array_equal(from_grid(there, grid), values)


@given(pixels=volumes(), stride=strides)
def test_cropped_to_the_head_at_native_resolution_nothing_of_it_is_lost(
    pixels: Pixels, stride: int
) -> None:
    grid = plane_grid(pixels, Preprocessing(crop="head"), stride=stride)
    values = (pixels > 0.1 * pixels.max(axis=(1, 2, 3), keepdims=True)).any(axis=0)
    back = from_grid(to_grid(values.astype(np.float32), grid, fill=0.0), grid)
    assert np.array_equal(back, values)


@given(
    pixels=volumes(max_channels=1),
    crop=st.sampled_from(["none", "head"]),
    size=st.integers(32, 90),
    stride=strides,
)
def test_resized_grid_is_square_and_comes_back_in_shape(
    pixels: Pixels, crop: str, size: int, stride: int
) -> None:
    spec = Preprocessing(crop=crop, size=size)  # type: ignore[arg-type]
    grid = plane_grid(pixels, spec, stride=stride)
    assert grid.size[0] == grid.size[1] >= size
    assert grid.size[0] % stride == 0
    assert grid.box_size[0] == grid.box_size[1]
    there = to_grid(pixels[0].astype(np.float32), grid, fill=0.0)
    assert there.shape == (pixels.shape[1], *grid.size)
    assert from_grid(there, grid).shape == pixels.shape[1:]


@given(height=sides, width=sides, size=st.integers(64, 160))
def test_smooth_slices_come_back_close(height: int, width: int, size: int) -> None:
    y, x = np.mgrid[:height, :width]
    values = (np.sin(y / 9) + np.cos(x / 7)).astype(np.float32)[np.newaxis]
    grid = PlaneGrid((height, width), (0, height, 0, width), (size, size))
    back = from_grid(to_grid(values, grid, fill=0.0), grid)
    assert np.abs(back - values)[:, 1:-1, 1:-1].max() < 0.05


@given(data=st.data(), size=st.sampled_from([None, 128, 256]), stride=st.sampled_from([16, 32]))
def test_mask_survives_the_way_through_the_head_crop(
    data: st.DataObject, size: int | None, stride: int
) -> None:
    height, width = data.draw(st.integers(60, 140)), data.draw(st.integers(60, 140))
    top, left = data.draw(st.integers(0, 15)), data.draw(st.integers(0, 15))
    bottom, right = height - data.draw(st.integers(0, 15)), width - data.draw(st.integers(0, 15))
    pixels = np.zeros((1, 1, height, width), np.uint8)
    pixels[..., top:bottom, left:right] = 200
    side_y, side_x = data.draw(st.integers(14, 28)), data.draw(st.integers(14, 28))
    y0 = data.draw(st.integers(top, bottom - side_y))
    x0 = data.draw(st.integers(left, right - side_x))
    mask = blob(height, width, (y0, y0 + side_y, x0, x0 + side_x))
    grid = plane_grid(pixels, Preprocessing(crop="head", size=size), stride=stride)
    back = from_grid(to_grid(mask, grid, fill=0.0), grid) > 0.5
    both, either = (back & (mask > 0)).sum(), (back | (mask > 0)).sum()
    assert both / either > 0.9


def test_a_shift_by_the_way_there_and_back_is_less_than_a_tenth_of_a_pixel() -> None:
    mask = blob(101, 87, (20, 61, 30, 70))
    grid = PlaneGrid((101, 87), (3, 95, -4, 88), (256, 256))
    back = from_grid(to_grid(mask, grid, fill=0.0), grid)
    y, x = np.mgrid[:101, :87]
    for axis in (y, x):
        before, after = (mask[0] * axis).sum() / mask.sum(), (back[0] * axis).sum() / back.sum()
        assert abs(before - after) < 0.1


def test_outside_the_box_is_no_lesion() -> None:
    grid = PlaneGrid((40, 50), (10, 30, 5, 25), (64, 64))
    back = from_grid(np.ones((2, 64, 64), np.float32), grid)
    assert back.sum() == 2 * 20 * 20
    assert back[:, 10:30, 5:25].all()


def foreground_formula(volume: NDArray[np.float64], spec: Preprocessing) -> NDArray[np.float64]:
    result = []
    for channel in volume:
        inside = channel[channel > spec.foreground * channel.max()]
        top = np.percentile(inside, spec.clip_percentile)
        deviation = inside.std()
        scale = deviation if deviation > 1e-6 else 1.0
        result.append((np.clip(channel, 0, max(top, 0)) - inside.mean()) / scale)
    return np.array(result)


def reference_formula(volume: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(volume, (10, 99))
    scaled = np.clip((volume - low) / max(high - low, 1e-6), 0, 1)
    result = []
    for channel in scaled:
        deviation = channel.std()
        scale = deviation if deviation > 1e-6 else 1.0
        result.append((channel - channel.mean()) / scale)
    return np.array(result)


def normalised(pixels: Pixels, spec: Preprocessing) -> NDArray[np.float32]:
    found = normalisers(pixels, spec)
    return np.stack([normal(channel) for normal, channel in zip(found, pixels, strict=True)])


@given(
    pixels=volumes(),
    foreground=st.sampled_from([0.0, 0.1, 0.37]),
    clip=st.sampled_from([60.0, 97.3, 99.5, 100.0]),
)
def test_foreground_intensities_are_those_of_numpy(
    pixels: Pixels, foreground: float, clip: float
) -> None:
    assume(all(channel.any() for channel in pixels))
    spec = Preprocessing(foreground=foreground, clip_percentile=clip)
    expected = foreground_formula(pixels.astype(np.float64), spec)
    assert np.allclose(normalised(pixels, spec), expected, rtol=1e-4, atol=1e-4)


@given(pixels=volumes())
def test_reference_intensities_are_those_of_numpy(pixels: Pixels) -> None:
    found = normalised(pixels, Preprocessing(intensity="reference"))
    expected = reference_formula(pixels.astype(np.float64))
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("intensity", ["foreground", "reference"])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.float32, np.float64])
@given(pixels=volumes(), lowest=st.integers(-120, 0))
@settings(max_examples=15)
def test_signed_and_floating_values_take_the_same_formulas(
    intensity: str, dtype: type[np.number], pixels: Pixels, lowest: int
) -> None:
    signed = (pixels.astype(np.int64) % 120 + lowest).astype(dtype)
    assume(all((channel > 0).any() for channel in signed))
    spec = Preprocessing(intensity=intensity)  # type: ignore[arg-type]
    found = normalised(signed, spec)
    values = signed.astype(np.float64)
    if intensity == "reference":
        expected = reference_formula(values)
    else:
        expected = foreground_formula(values, spec)
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-4)
    for normal, channel in zip(normalisers(signed, spec), signed, strict=True):
        assert np.isclose(normal.fill, normal(channel).flat[int(channel.argmin())], atol=1e-5)


@given(
    pixels=hnp.arrays(np.uint8, st.tuples(st.just(1), st.integers(1, 3), sides, sides)),
)
@settings(max_examples=30)
def test_intensities_of_arbitrary_arrays(pixels: Pixels) -> None:
    for spec in (Preprocessing(), Preprocessing(intensity="reference")):
        found = normalised(pixels, spec)
        assert np.isfinite(found).all()
    assert np.allclose(found, reference_formula(pixels.astype(np.float64)), atol=1e-4)


@pytest.mark.parametrize("intensity", ["foreground", "reference"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("value", [0, 1, 200])
def test_flat_channels_become_zero(
    intensity: str, dtype: type[np.unsignedinteger], value: int
) -> None:
    pixels = head(dtype=dtype).copy()
    pixels[0] = value
    spec = Preprocessing(intensity=intensity)  # type: ignore[arg-type]
    prepared = prepare(volume_of(pixels), spec, stride=16)
    assert prepared.values.dtype == np.float32
    assert np.isfinite(prepared.values).all()
    # The reference rescales all channels together, so that rounding is all that is left of one.
    assert np.abs(prepared.values[0]).max() < 1e-6
    assert prepared.values[1].std() > 0.1


def test_whole_volume_of_zeros_is_finite() -> None:
    pixels = np.zeros((3, 2, 20, 20), np.uint8)
    for spec in (Preprocessing(crop="head", size=32), Preprocessing(intensity="reference")):
        assert not prepare(volume_of(pixels), spec, stride=16).values.any()


def test_statistics_are_of_the_volume_not_of_the_slice() -> None:
    pixels = head(4).copy()
    pixels[:, 2] = pixels[:, 2] // 2
    values = prepare(volume_of(pixels), Preprocessing(), stride=16).values
    assert values[1, 2].max() < values[1, 1].max()


def test_beyond_the_image_is_the_channels_lowest_value() -> None:
    pixels = (head(2, (30, 33)) // 2 + 60).astype(np.uint8)
    prepared = prepare(volume_of(pixels), Preprocessing(), stride=32)
    assert prepared.values.shape == (3, 2, 32, 64)
    for channel in prepared.values:
        assert np.all(channel[:, 0] == channel.min())
        assert np.all(channel[:, :, -1] == channel.min())


@given(pixels=volumes(), neighbours=st.integers(0, 4), data=st.data())
def test_neighbours_stand_in_order_and_the_ends_repeat(
    pixels: Pixels, neighbours: int, data: st.DataObject
) -> None:
    channels, depth = pixels.shape[:2]
    prepared = prepare(volume_of(pixels), Preprocessing(neighbours=neighbours), stride=16)
    indices = data.draw(st.lists(st.integers(0, depth - 1), min_size=1, max_size=4))
    batch = prepared.batch(indices)
    assert batch.shape[:2] == (len(indices), (2 * neighbours + 1) * channels)
    for item, z in zip(batch, indices, strict=True):
        for place, offset in enumerate(range(-neighbours, neighbours + 1)):
            source = min(max(z + offset, 0), depth - 1)
            planes = item[place * channels : (place + 1) * channels]
            assert np.array_equal(planes, prepared.values[:, source])


def test_volume_is_not_changed() -> None:
    pixels = head()
    before = pixels.copy()
    prepare(volume_of(pixels), Preprocessing(crop="head", size=64), stride=16)
    assert np.array_equal(pixels, before)


@given(
    pixels=hnp.arrays(np.float32, (2, 23, 19), elements=st.floats(-8, 8, width=32)),
    height=st.integers(23, 70),
    width=st.integers(19, 70),
)
def test_enlarged_planes_are_those_of_pillow(
    pixels: NDArray[np.float32], height: int, width: int
) -> None:
    larger = enlargement((23, 19), (height, width))
    assert (larger is None) == ((height, width) == (23, 19))
    if larger is None:
        return
    for plane in pixels:
        made = np.empty((height, width), np.float32)
        larger.apply(np.ascontiguousarray(plane.T), made)
        wanted = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
        assert np.abs(made - np.asarray(wanted)).max() <= 2e-6  # two last digits at 8


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("shape", [(40, 32), (31, 37), (80, 96)])
@pytest.mark.parametrize("intensity", ["foreground", "reference"])
def test_prepared_is_what_normalising_all_and_resizing_gives(
    dtype: type[np.generic], shape: tuple[int, int], intensity: str
) -> None:
    pixels = (head(3, shape) // 2).astype(dtype)
    spec = Preprocessing(intensity=intensity, crop="head", size=64)  # type: ignore[arg-type]
    found = prepare(volume_of(pixels), spec, stride=16)
    plain = [
        to_grid(normalise(channel), found.grid, fill=normalise.fill)
        for channel, normalise in zip(pixels, normalisers(pixels, spec), strict=True)
    ]
    wanted = np.stack(plain)
    assert np.abs(found.values - wanted).max() <= 1e-6 * max(np.abs(wanted).max(), 1)
