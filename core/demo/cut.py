"""A slice through the head before it is painted: where every pixel lies in the anatomy."""

from dataclasses import dataclass

import numpy as np

from core.demo.shapes import (
    COLUMNS,
    PIXEL_MM,
    ROWS,
    ImagePlane,
    Point3,
    SplineNoise,
    ellipse,
    overlaps_with,
    ramp,
    table,
    union,
)

FOLD_ROWS, FOLD_COLUMNS = 45, 1024
"""The table of cortical folds: depth in mm against the way round both hemispheres."""

FAR = -60.0
"""A distance that means: not in this slice."""

_LOW = (-80.0, -66.0, -52.0, -40.0, -28.0, -16.0, 0.0, 12.0)
_HEAD = table(
    _LOW,
    (56, 63, 70, 74, 76, 77.5, 78, 78),
    (94, 98, 99, 98, 96, 95, 95, 95),
    (68, 79, 87, 92, 95, 98, 100, 101),
)
_CAVITY = table(
    _LOW,
    (26, 46, 60, 65, 67, 68, 69, 69),
    (0, 8, 20, 36, 54, 75, 85, 86),
    (40, 56, 70, 79, 84, 88, 91, 92),
)
_CEREBELLUM = table(
    (-66, -58, -48, -38, -28, -20, -13, -5),
    (50, 49, 47, 46, 46, 43, 37, 33),
    (24, 39, 50, 54, 52, 38, 19, 8),
    (14, 23, 31, 35, 34, 26, 16, 7),
)
_STEM = table(
    (-66, -52, -40, -30, -20, -10),
    (22, 18, 12, 9, 8, 8),
    (7, 9, 15, 18, 16, 17),
    (6, 8, 12, 14, 11, 11),
)
HEAD_TOP, CAVITY_TOP, BRAIN_TOP = 89.0, 81.0, 79.0
_BASE = 12.0


def _vault(z: float, top: float) -> float:
    """Return how wide the vault still is at height `z`: 1 at its base, 0 at its top."""
    rise = max(0.0, (z - _BASE) / (top - _BASE))
    return float(max(0.0, 1 - rise**2.4) ** 0.5)


def softness(z: float, top: float) -> float:
    """Return the half width of an edge that a thick slice cuts obliquely, in mm."""
    return 0.6 + 40 * abs(_vault(z + 2, top) - _vault(z - 2, top))


def cavity_ends(z: float) -> tuple[float, float]:
    """Return how far the skull's inside reaches to the front and to the back."""
    shrink = _vault(z, CAVITY_TOP)
    _, front, back = _CAVITY(z)
    return front * shrink, back * shrink


def egg(x: ImagePlane, y: ImagePlane, radii: tuple[float, ...]) -> tuple[ImagePlane, ImagePlane]:
    """Return the distance to a head-shaped outline (half width, front, back) and its level."""
    half, front, back = (max(radius, 0.5) for radius in radii)
    middle = min(8.0, 0.6 * back)
    dy = y - middle
    v = np.where(dy < 0, dy * (-1 / (front + middle)), 0)
    u = np.abs(x) / (half * (1 - 0.13 * np.minimum(v, 1) ** 2))
    v += np.where(dy > 0, dy * (1 / (back - middle)), 0)
    u *= u
    v *= v
    total = u + v + 1e-6
    # An ellipse that bulges at its shoulders, as a superellipse does, without the powers.
    level = np.sqrt(total) * (1 - 0.124 * u * v / (total * total))
    return np.minimum(np.sqrt(x * x + dy * dy) * (1 / level - 1), -FAR), level


@dataclass(frozen=True)
class Grain:
    """Smooth noise planes of one slice, unit variance each."""

    warp_x: ImagePlane
    warp_y: ImagePlane
    bend_x: ImagePlane
    bend_y: ImagePlane
    fat: ImagePlane
    mottle: ImagePlane
    streak: ImagePlane
    opening: ImagePlane
    reach: ImagePlane
    texture: ImagePlane


class Noise:
    """The smooth noise that makes one head differ from another."""

    def __init__(self, rng: np.random.Generator) -> None:
        cells = (40, 45), (40, 45), (14, 12), (14, 12), (30, 32), (8, 6), (7, 4), (16, 16), (14, 14)
        self._grain = [SplineNoise(rng, cell=(z, xy, xy)) for z, xy in (*cells, (10, 8))]
        self._mazes = [SplineNoise(rng, cell=(15, 9, 9), band=(1, 2)) for _ in range(2)]
        self._folds = SplineNoise(rng, size=(FOLD_ROWS, FOLD_COLUMNS), cell=(14, 15, 14), band=(2,))

    def grain(self, z: float) -> Grain:
        """Return the noise planes at height `z`."""
        return Grain(*(noise.at(z) for noise in self._grain))

    def folds(self, z: float) -> ImagePlane:
        """Return the table of folds at height `z`, (FOLD_ROWS, FOLD_COLUMNS)."""
        return self._folds.at(z)

    def maze(self, z: float) -> tuple[ImagePlane, ImagePlane]:
        """Return the left and the right hemisphere's labyrinth of folds at height `z`."""
        return self._mazes[0].at(z), self._mazes[1].at(z)


@dataclass(frozen=True)
class Base:
    """Distances to what lies in the fossae of the skull's base."""

    cerebellum: ImagePlane
    stem: ImagePlane
    temporal: ImagePlane
    frontal: ImagePlane


@dataclass(frozen=True)
class PixelPlaces:
    """Where every pixel of a slice lies; `ax` is the distance from the midline."""

    z: float
    x: ImagePlane
    y: ImagePlane
    ax: ImagePlane
    grain: Grain
    folds: ImagePlane
    maze: ImagePlane
    head: ImagePlane
    base: Base | None

    @property
    def point(self) -> Point3:
        """The slice folded at the midline, for shapes that come in pairs."""
        return self.ax, self.y, self.z


def make_cut(noise: Noise, grain: Grain, place: Point3) -> PixelPlaces:
    """Return the cut at `place`, whose coordinates lie in the head's frame before warping."""
    z = place[2]
    x, y = place[0] + 1.8 * grain.warp_x, place[1] + 1.8 * grain.warp_y
    right, left = noise.maze(z)
    shrink = _vault(z, HEAD_TOP)
    head, _ = egg(x, y, tuple(radius * shrink for radius in _HEAD(z)))
    if z < -24:
        nose = ellipse(x, y, (0, -82), (11 - (z + 50) * 0.1, 1 + 25 * ramp(z, -24, -46)))
        head = union(head, nose)
    maze = np.where(x > 0, left, right)
    base = _base(x, y, z) if z < -5 else None
    return PixelPlaces(z, x, y, np.abs(x), grain, noise.folds(z), maze, head, base)


def _base(x: ImagePlane, y: ImagePlane, z: float) -> Base:
    middle, half, deep = _CEREBELLUM(z)
    cerebellum = ellipse(x, y, (0, middle), (half, deep))
    middle, half, deep = _STEM(z)
    stem = ellipse(x, y, (0, middle), (half, deep))
    if z > -24:
        stem = overlaps_with(stem, -ellipse(x, y, (0, -3), (5, 5)))
    t = max(0.02, ramp(z, -54, -20))
    ax = np.abs(x)
    temporal = ellipse(ax, y, (39 + 3 * t, -22 + 8 * t), (25 * t**0.4, 33 * t**0.5))
    t = ramp(z, -23, -12) ** 0.4
    frontal = np.full_like(x, FAR)
    if t > 0.1:
        frontal = ellipse(ax, y, (10 * t, 10 * t - 44), (3 + 46 * t**1.5, 8 + 41 * t))
    return Base(cerebellum, stem, temporal, frontal)


def cavity(cut: PixelPlaces) -> ImagePlane:
    """Return the distance to the inside of the skull."""
    shrink = _vault(cut.z, CAVITY_TOP)
    vault, _ = egg(cut.x, cut.y, tuple(radius * shrink for radius in _CAVITY(cut.z)))
    if cut.base is None or cut.z >= -12:
        return vault
    fossa = overlaps_with(union(cut.base.cerebellum, cut.base.stem) + 3, cut.head - 9)
    if cut.z > -24:
        fossa = union(fossa, overlaps_with(vault, cut.y + 12) + 2 * min(0.0, cut.z + 18))
    return union(fossa, cut.base.temporal, cut.base.frontal)


def hull(cut: PixelPlaces) -> tuple[ImagePlane, ImagePlane]:
    """Return the distance to the cerebrum's outline in the slice, and below its roof."""
    shrink = _vault(cut.z, BRAIN_TOP)
    outline, _ = egg(cut.x, cut.y, tuple(radius * shrink for radius in _CAVITY(cut.z)))
    _, level = egg(cut.x, cut.y, _CAVITY(_BASE))
    rise = np.clip(1 - level * level, 0, 1) ** (1 / 2.4)
    roof = (_BASE - cut.z + (BRAIN_TOP - _BASE) * rise) * 0.85
    return outline, roof


def frame(turn_deg: float, width: float, length: float) -> tuple[ImagePlane, ImagePlane]:
    """Return x and y of every pixel in the frame of a head that is turned and scaled."""
    rows = (np.arange(ROWS, dtype=np.float32) - ROWS / 2 + 4) * PIXEL_MM
    columns = (np.arange(COLUMNS, dtype=np.float32) - COLUMNS / 2 + 0.5) * PIXEL_MM
    x, y = np.meshgrid(columns, rows)
    turn = np.deg2rad(turn_deg)
    c, s = float(np.cos(turn)), float(np.sin(turn))
    return (x * c + y * s) / width, (y * c - x * s) / length
