"""One phantom case: the head in thick slices, as a scanner would have shown it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from core.demo.head import Head
from core.demo.lesion import OUTSIDE, Growth
from core.demo.shapes import BOTTOM_MM, COLUMNS, ROWS, TOP_MM, ImagePlane
from core.demo.spec import PhantomSpec
from core.demo.tissue import Tissue

SIDE = 256
"""Rows and columns of a slice."""

_TOP, _LEFT = 10, 33
_BOX = (slice(_TOP, _TOP + ROWS), slice(_LEFT, _LEFT + COLUMNS))
_MARGIN = 64
_CORE_MM, _RIM_MM = 1.4, -2.2
"""From this deep in a core it is hollow, and from here on it enhances."""


@dataclass(frozen=True)
class _Spot:
    x: float
    y: float
    z: float
    radius: float
    gain: float


def phantom_case(spec: PhantomSpec) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the volume (3, Z, 256, 256) and its mask (Z, 256, 256) of 0 and 1.

    Channels are pre-contrast, FLAIR and post-contrast; slices go from the skull's base to the
    vertex. Each lesion is one connected component.
    """
    volume, masks, _ = _scanned(spec)
    return volume, _joined(masks)


def labelled_case(spec: PhantomSpec) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the volume (3, Z, 256, 256) and its label map (Z, 256, 256).

    1 is the core of a lesion, 3 the rim around it that enhances, 2 what is left of the lesion.
    """
    volume, masks, depth = _scanned(spec)
    mask = _joined(masks)
    found = np.where(depth > _CORE_MM, 1, np.where(depth > _RIM_MM, 3, 2)).astype(np.uint8)
    return volume, mask * found


def _joined(masks: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    whole = np.zeros_like(masks[0])
    for mask in masks:
        whole |= mask
    return whole


def _scanned(
    spec: PhantomSpec,
) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return the volume, a mask for each lesion, and how deep in a core each voxel lies in mm."""
    rng = np.random.default_rng(spec.seed)
    head = Head(rng, spec.shape)
    growths = [Growth(rng, lesion, head) for lesion in spec.lesions]
    spots = [_draw_spot(rng) for _ in range(spec.spots)]
    scanner = _Scanner(rng, spec)
    volume = np.empty((3, spec.slices, SIDE, SIDE), np.uint8)
    inside = np.zeros((len(growths), spec.slices, SIDE, SIDE), np.bool_)
    depth = np.full((spec.slices, SIDE, SIDE), OUTSIDE, np.float32)
    step = (TOP_MM - BOTTOM_MM) / spec.slices
    for index in range(spec.slices):
        z = BOTTOM_MM + (index + 0.5) * step
        heights = (z - step / 4, z + step / 4)
        signal, distances = _thick_slice(head, growths, spots, heights)
        volume[:, index] = scanner.take(signal, z)
        for lesion, distance in enumerate(distances):
            inside[lesion, index][_BOX] = gaussian_filter(distance, 1.6) > 0
        for growth in growths:
            cores = [growth.depth(each) for each in heights if growth.has_core]
            if cores:
                np.maximum(depth[index][_BOX], np.mean(cores, axis=0), out=depth[index][_BOX])
    masks = [_largest(part) for part in inside] or [np.zeros((spec.slices, SIDE, SIDE), np.uint8)]
    return volume, masks, depth


def _thick_slice(
    head: Head, growths: list[Growth], spots: list[_Spot], heights: tuple[float, float]
) -> tuple[ImagePlane, list[ImagePlane]]:
    """Return the mean of two thin slices: signal (3, Y, X) and the distance to each lesion."""
    grain = head.grain(sum(heights) / 2)
    signal = np.zeros((3, ROWS, COLUMNS), np.float32)
    distances: list[ImagePlane] = [np.zeros((ROWS, COLUMNS), np.float32) for _ in growths]
    for z in heights:
        shifts = [growth.push(z) for growth in growths]
        zero = np.zeros_like(head.x)
        push = sum((s[0] for s in shifts), zero), sum((s[1] for s in shifts), zero)
        tissue = head.paint(z, grain, push)
        for spot in spots:
            _paint_spot(tissue, spot, head, z)
        for index, growth in enumerate(growths):
            reached = growth.reaches(z)
            distances[index] += 0.5 * (growth.paint(z, tissue) if reached else OUTSIDE)
        signal += 0.5 * tissue.signal
    return signal, distances


def _draw_spot(rng: np.random.Generator) -> _Spot:
    """Return a bright focus somewhere beside the lateral ventricles."""
    turn, side = rng.uniform(0, 2 * np.pi), rng.choice((-1.0, 1.0))
    x, y = float(side * (24 + 9 * np.cos(turn))), float(38 * np.sin(turn) - 2)
    return _Spot(x, y, rng.uniform(12, 36), rng.uniform(2.5, 5.5), rng.uniform(22, 48))


def _paint_spot(tissue: Tissue, spot: _Spot, head: Head, z: float) -> None:
    if abs(z - spot.z) > 2 * spot.radius:
        return
    r2 = (head.x - spot.x) ** 2 + (head.y - spot.y) ** 2 + (z - spot.z) ** 2
    share = np.exp(r2 * (-1 / spot.radius**2)) * tissue.brain * (1 - tissue.grey)
    tissue.signal[1] += share * spot.gain


class _Scanner:
    """What lies between tissue and grey level: coil, blur of the grid, noise, 8 bits."""

    def __init__(self, rng: np.random.Generator, spec: PhantomSpec) -> None:
        self._rng = rng
        y, x = np.mgrid[-1 : 1 : ROWS * 1j, -1 : 1 : COLUMNS * 1j]
        slopes = rng.normal((0, 0, 0, 0.06, 0.05), 0.05, (3, 5))
        terms = (x, y, x * y, x * x, y * y)
        bias = 1 + sum(s[:, None, None] * term for s, term in zip(slopes.T, terms, strict=True))
        self._gain = (bias * np.array(spec.gains)[:, None, None]).astype(np.float32)
        # One frame of grain serves every slice, moved about: drawing it anew for each would cost
        # as much as the anatomy, and the eye cannot tell.
        side = SIDE + _MARGIN
        self._noise = rng.standard_normal((2, 3, side, side), dtype=np.float32) * spec.noise

    def take(self, signal: ImagePlane, z: float) -> NDArray[np.uint8]:
        """Return the slice (3, Y, X) in grey levels, darker at the ends of the coil."""
        fade = 1 - 0.3 * min(1.0, max(0.0, (abs(z - 8) - 52) / 26)) ** 2
        frame = np.zeros((3, SIDE, SIDE), np.float32)
        frame[:, *_BOX] = _blur(_blur(signal, 1), 2) * self._gain * fade
        row, column = self._rng.integers(0, _MARGIN, 2)
        real, imaginary = self._noise[:, :, row : row + SIDE, column : column + SIDE]
        magnitude = np.sqrt((frame + real) ** 2 + imaginary**2)
        levels: NDArray[np.uint8] = np.clip(magnitude + 0.5, 0, 255).astype(np.uint8)
        return levels


def _blur(signal: ImagePlane, axis: int) -> ImagePlane:
    """Return the signal smoothed over three pixels along an axis."""
    middle = np.moveaxis(signal, axis, 0)
    out = 0.6 * middle
    out[1:] += 0.2 * middle[:-1]
    out[:-1] += 0.2 * middle[1:]
    return np.moveaxis(out, 0, axis)


def _largest(part: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the largest face-connected component of `part`, all of it where it is empty."""
    components, _ = label(part)
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    largest: NDArray[np.uint8] = (part & (components == sizes.argmax())).astype(np.uint8)
    return largest
