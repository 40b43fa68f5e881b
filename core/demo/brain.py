"""The brain of the head phantom: folded cortex, nuclei, ventricles, cerebellum, brainstem."""

import numpy as np
from scipy.ndimage import map_coordinates

from core.demo import tissue as t
from core.demo.cut import FAR, FOLD_COLUMNS, FOLD_ROWS, PixelPlaces, cavity_ends, hull
from core.demo.shapes import (
    PIXEL_MM,
    ImagePlane,
    Joint,
    ellipse,
    ellipsoid,
    overlaps_with,
    ramp,
    smooth_step,
    tube,
    union,
)

_MIDDLE: t.PlaneBox = (slice(45, 190), slice(38, 152))
_VENTRICLE = (
    (Joint(11, -37, 10, 2.6), Joint(6, -21, 15, 4.2)),
    (Joint(6, -21, 15, 4.2), Joint(5, -4, 19, 4.0)),
    (Joint(5, -4, 19, 4.0), Joint(11, 11, 20, 4.4)),
    (Joint(11, 11, 20, 4.4), Joint(21, 26, 14, 5.4)),
    (Joint(21, 26, 14, 5.4), Joint(27, 46, 7, 2.0)),
    (Joint(21, 26, 14, 5.4), Joint(32, 12, -8, 2.4)),
    (Joint(32, 12, -8, 2.4), Joint(31, -8, -16, 2.2)),
)
# Ellipsoids as centre and radii; the second and later ones lie along the internal capsule.
_CAUDATE = (((14, -22, 8), (6, 11, 13)), ((14, -2, 24), (4, 22, 5)))
_NUCLEI = (
    ((23.5, 8, 2), (6.5, 17, 12), t.DEEP_GREY),
    ((18.5, 9, 1), (4.5, 10, 8), t.PALLIDUM),
    ((6.0, 17, 7), (8.5, 15, 10), t.DEEP_GREY),
)


def paint_brain(
    tissue: t.Tissue, cut: PixelPlaces, *, atrophy: float, ventricles: float, soft: float
) -> None:
    """Paint the whole brain; `atrophy` widens the sulci, `ventricles` scales the ventricles."""
    if cut.base is not None:
        _paint_cerebellum(tissue, cut)
    _paint_cerebrum(tissue, cut, atrophy, soft)
    _paint_nuclei(tissue, cut)
    if cut.base is not None and cut.z < -9:
        _paint_stem(tissue, cut, cut.base.stem)
    if -24 < cut.z < 34:
        _paint_ventricles(tissue, cut, ventricles)


def _paint_cerebellum(tissue: t.Tissue, cut: PixelPlaces) -> None:
    assert cut.base is not None
    _, back = cavity_ends(cut.z)
    body = overlaps_with(cut.base.cerebellum, -ellipse(cut.x, cut.y, (0, back + 2), (7, 14)))
    cover = smooth_step(body, 0.8)
    tissue.paint(cover, t.CEREBELLUM)
    tissue.paint(smooth_step(body - 13 - 2 * cut.maze, 6) * 0.8, t.ARBOR)
    radius = np.sqrt(cut.x * cut.x * 0.6 + (cut.y - 4) ** 2)
    folia = np.clip(np.sin(radius * 1.25 + 1.8 * cut.maze), 0, 1) ** 2
    folia *= smooth_step(18 - body, 14) * smooth_step(body - 0.5)
    tissue.paint(folia * np.clip(0.5 + 0.35 * cut.grain.mottle, 0, 0.9), t.FOLIA)
    np.maximum(tissue.brain, cover, out=tissue.brain)


def _paint_stem(tissue: t.Tissue, cut: PixelPlaces, stem: ImagePlane) -> None:
    cover = smooth_step(stem, 0.8)
    tissue.paint(cover, t.STEM)
    np.maximum(tissue.brain, cover, out=tissue.brain)
    if -46 < cut.z < -18:
        tissue.paint(smooth_step(ellipse(cut.x, cut.y, (0, 25), (7.5, 4.0))), t.CSF)


def _paint_cerebrum(tissue: t.Tissue, cut: PixelPlaces, atrophy: float, soft: float) -> None:
    outline, roof = hull(cut)
    depth = _depth(cut, overlaps_with(_carve_base(cut, outline), roof), atrophy)
    upper = smooth_step(outline - roof, 8)
    wall = _sulcus_walls(cut, depth, upper, atrophy)
    ribbon = overlaps_with(depth, wall)
    cover = smooth_step(ribbon, max(0.6, soft * 0.6))
    grey = 1 - smooth_step(ribbon - 2.9 - 0.5 * cut.grain.opening, 0.9)
    if -14 <= cut.z < 26:
        # Around the ventricles lies white matter, whatever the outline's depth says.
        deep = overlaps_with(44 - cut.ax * 1.15, 40 - np.abs(cut.y - 2))
        grey *= 1 - smooth_step(deep, 4) * smooth_step(wall - 3)
    tissue.mix(cover, (t.WHITE, t.GREY), grey)
    tissue.grey[:] = grey * cover
    tissue.sulcus[:] = smooth_step(depth + 2) * (1 - cover)
    np.maximum(tissue.brain, cover, out=tissue.brain)


def _depth(cut: PixelPlaces, inside: ImagePlane, atrophy: float) -> ImagePlane:
    """Return the depth below the cerebrum's surface: outline, roof and fissure alike."""
    depth = inside - (1.0 + 1.2 * atrophy + 0.5 * cut.grain.opening)
    if cut.z < -22:
        return depth
    # The fissure ends on the corpus callosum, an ellipse in the sagittal plane.
    rise = (cut.z - 4) / 26 if cut.z > -14 else 0.0
    callosum = np.clip(1 - np.sqrt(((cut.y - 2) / 43) ** 2 + rise * rise), 0, 1) * 60
    fissure = np.sqrt(cut.x * cut.x + callosum * callosum)
    return overlaps_with(depth, fissure - 0.8 - 0.5 * np.clip(cut.grain.opening, -1, 2))


def _carve_base(cut: PixelPlaces, outline: ImagePlane) -> ImagePlane:
    """Return the outline of the cerebrum where the fossae and cisterns shape it from below."""
    base, z = cut.base, cut.z
    if base is None:
        return outline
    if z < -12:
        back = overlaps_with(outline, cut.y + 6) + 2 * min(0.0, z + 18)
        outline = back if z > -24 else np.full_like(cut.x, FAR)
        outline = union(outline, base.temporal - 1, base.frontal - 1)
    slack = np.clip(1.4 * cut.grain.bend_x, -0.7, 2.5)
    quadrigeminal = ellipse(cut.x, cut.y, (0, 20), (7, 4))
    outline = overlaps_with(outline, -base.cerebellum - 0.1 - slack, -quadrigeminal)
    if z < -9:
        outline = overlaps_with(outline, 0.4 - base.stem - slack)
    if z < -11:
        x, y = cut.x + 2 * cut.grain.bend_x, cut.y + 2.5 * cut.grain.bend_y
        outline = overlaps_with(outline, -ellipse(x, y, (0, -10), (8, 5)))
    return outline


def _sulcus_walls(
    cut: PixelPlaces, depth: ImagePlane, upper: ImagePlane, atrophy: float
) -> ImagePlane:
    """Return the distance to the nearest wall of a sulcus: a sheet where smooth noise is zero.

    `upper` says where the roof is nearer than the outline: sulci wind there, elsewhere they run
    inwards.
    """
    # Near the hemisphere's centre all ways round it meet, and the folds would form a star.
    centre = smooth_step(24 - np.sqrt((cut.ax - 31) ** 2 + cut.y**2), 8)
    share = 0.5 + 0.46 * np.maximum(upper, centre)
    field = _folds(cut, depth) * (1 - share) + cut.maze * share
    gy, gx = np.gradient(field, PIXEL_MM)
    wall: ImagePlane = np.abs(field) / np.sqrt(gx * gx + gy * gy + 0.0016)
    reach = np.clip(depth - 15 - 4 * cut.grain.reach, 0, None)
    wall = np.sqrt(wall * wall + reach * reach)
    # Beside the falx the gyri lie closer together.
    tight = 0.1 + 0.7 * smooth_step(16 - cut.ax, 8)
    opening = np.clip(0.5 * cut.grain.opening + 0.9 * atrophy - tight, -0.6, 2.2)
    wall -= opening * np.clip(1.2 - depth / 30, 0, 1)
    if -16 < cut.z < 24:
        wall = overlaps_with(wall, _sylvian(cut) - 0.7 * cut.maze)
    return wall


def _folds(cut: PixelPlaces, depth: ImagePlane) -> ImagePlane:
    """Return noise that varies round each hemisphere and little with depth: radial sulci."""
    u = (cut.ax - 31) * 1.5 + 4 * cut.grain.bend_x
    v = cut.y - 4 + 4 * cut.grain.bend_y
    turn = (np.arctan2(-v, -u) * (0.5 / np.pi)) % 1
    column = (turn + (cut.x > 0)) * (FOLD_COLUMNS / 2 - 0.5)
    rows = np.clip(depth, 0, FOLD_ROWS - 1)
    folds: ImagePlane = map_coordinates(cut.folds, [rows, column], order=1, mode="nearest")
    return folds


def _sylvian(cut: PixelPlaces) -> ImagePlane:
    """Return the distance to the Sylvian fissure: its entry, the insula and a rear branch."""
    s = (cut.z + 16) / 40
    x = cut.ax + 3.5 * cut.grain.bend_x + 0.006 * (cut.y - 2) ** 2
    point = (x, cut.y + 6 * cut.grain.bend_y, 0.0)
    entry = tube(point, Joint(68, -14 + 22 * s, 0, 1.2), Joint(42, -8 + 14 * s, 0, 1.0))
    insula = tube(point, Joint(38, -22 + 10 * s, 0, 0.5), Joint(41, 18 + 6 * s, 0, 0.6))
    branch = tube(point, Joint(40, 14 + 6 * s, 0, 0.6), Joint(60, 26 + 10 * s, 0, 0.3))
    inside = union(entry, insula, branch) - 60 * max(0.0, abs(s - 0.45) - 0.4)
    distance: ImagePlane = -inside
    return distance


def _paint_nuclei(tissue: t.Tissue, cut: PixelPlaces) -> None:
    if not -12 < cut.z < 30:
        return
    x = (cut.ax + 1.5 * cut.grain.bend_x)[_MIDDLE]
    y = (cut.y + 2.0 * cut.grain.bend_y)[_MIDDLE]
    oblique = (x * 0.94 - y * 0.34, y * 0.94 + x * 0.34, cut.z)
    found = [(ellipsoid((x, y, cut.z), *shape), t.DEEP_GREY) for shape in _CAUDATE]
    found += [(ellipsoid(oblique, centre, radii), colour) for centre, radii, colour in _NUCLEI]
    for distance, colour in found:
        if distance is not None:
            tissue.paint(smooth_step(distance, 2.2) * 0.8, colour, _MIDDLE)


def _paint_ventricles(tissue: t.Tissue, cut: PixelPlaces, scale: float) -> None:
    x, y, ax = cut.x[_MIDDLE], cut.y[_MIDDLE], cut.ax[_MIDDLE]
    cover = np.zeros_like(ax)
    for z in (cut.z - 1.6, cut.z + 1.6):
        distance = np.full_like(ax, FAR)
        for a, b in _VENTRICLE:
            if min(a.z, b.z) - 8 < z < max(a.z, b.z) + 8:
                distance = union(distance, tube((ax, y, z), a, b))
        # The two sides stay apart: between them lies the septum.
        cover += 0.5 * smooth_step(overlaps_with(distance + 4 * (scale - 1), ax - 0.9), 0.7)
    third = ellipsoid((x, y, cut.z), (0, -1, -3), (1.6 * scale, 12, 11))
    if third is not None:
        np.maximum(cover, smooth_step(third), out=cover)
    tissue.paint(cover, t.CSF, _MIDDLE)
    tissue.brain[_MIDDLE] *= 1 - cover
    choroid = ellipsoid((ax, y, cut.z), (23, 28, 11), (2.4, 4.5, 6))
    if choroid is not None:
        tissue.paint(smooth_step(choroid, 1) * 0.7 * ramp(cut.z, 2, 6), t.CHOROID, _MIDDLE)
