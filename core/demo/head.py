"""The head phantom: scalp, skull, face and vessels around the brain."""

import numpy as np

from core.demo import tissue as t
from core.demo.brain import paint_brain
from core.demo.cut import (
    CAVITY_TOP,
    HEAD_TOP,
    Grain,
    Noise,
    PixelPlaces,
    cavity,
    cavity_ends,
    frame,
    make_cut,
    softness,
)
from core.demo.shapes import (
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
from core.demo.spec import HeadShape


class Head:
    """A head whose axial slices can be painted at any height."""

    def __init__(self, rng: np.random.Generator, shape: HeadShape) -> None:
        self._shape = shape
        self._noise = Noise(rng)
        self.x, self.y = frame(shape.turn_deg, shape.width, shape.length)

    def grain(self, z: float) -> Grain:
        """Return the smooth noise at height `z`, to be shared by the parts of a thick slice."""
        return self._noise.grain(z)

    def paint(self, z: float, grain: Grain, push: tuple[ImagePlane, ImagePlane]) -> t.Tissue:
        """Paint the slice at height `z`; `push` (mm in x and y) moves the anatomy aside."""
        cut = make_cut(self._noise, grain, (self.x + push[0], self.y + push[1], z))
        inside = cavity(cut)
        soft = softness(z, CAVITY_TOP)
        tissue = t.bare()
        _paint_scalp(tissue, cut)
        if z < -8:
            _paint_face(tissue, cut)
        if z < -12:
            _paint_base(tissue, cut, inside)
        tissue.paint(smooth_step(inside, soft), t.CSF)
        tissue.paint(np.exp(-(inside * inside * 1.2)) * 0.4, t.DURA)
        shape = self._shape
        paint_brain(tissue, cut, atrophy=shape.atrophy, ventricles=shape.ventricles, soft=soft)
        if z < -16:
            _paint_orbits(tissue, cut)
        _paint_vessels(tissue, cut, inside)
        tissue.signal[:] *= 1 + 0.035 * grain.texture * tissue.brain
        return tissue


def _paint_scalp(tissue: t.Tissue, cut: PixelPlaces) -> None:
    grain, z, outer = cut.grain, cut.z, cut.head
    soft = softness(z, HEAD_TOP)
    inside = smooth_step(outer, soft)
    thick = 5.2 + 1.3 * grain.fat + 0.02 * np.clip(cut.y, -20, 90) + max(0.0, (z - 55) * 0.06)
    lumps = 1 + 0.07 * grain.mottle + 0.07 * grain.streak
    skin = np.clip(1.6 - outer, 0, 1)
    for index, (fat, rind) in enumerate(zip(t.FAT, t.SKIN, strict=True)):
        tissue.signal[index] += inside * (fat * lumps + (rind - fat) * skin)
    skull = outer - thick
    tissue.paint(smooth_step(skull, soft), t.BONE)
    marrow = np.exp(-(((skull - 3.0) / 1.1) ** 2)) * inside
    tissue.paint(marrow * np.clip(0.55 + 0.35 * grain.fat, 0, 1), t.MARROW)
    if -40 < z < 14:
        temporalis = smooth_step(1.9 - np.abs(skull - 1.0), 0.8)
        temporalis *= smooth_step(24 - np.abs(cut.y + 30), 6) * smooth_step(cut.ax - 45, 5)
        tissue.paint(temporalis * ramp(z, 14, 2), t.MUSCLE)


def _paint_face(tissue: t.Tissue, cut: PixelPlaces) -> None:
    grain, z, y = cut.grain, cut.z, cut.y
    front = smooth_step(cut.head - 6, 1.5) * smooth_step(-(y + 50 + (z + 30) * 1.1), 8)
    lumps = np.clip(0.45 + 0.3 * grain.mottle + 0.2 * grain.streak, 0, 1) ** 1.5
    tissue.mix(front * ramp(z, -8, -18), (t.FLESH, t.FACE_FAT), lumps)
    if z < -40:
        neck = smooth_step(cut.head - 6, 2) * smooth_step(y + 30, 8) * ramp(z, -40, -50)
        fibres = np.clip(0.8 + 0.3 * grain.streak + 0.3 * grain.mottle, 0.15, 1.6)
        tissue.mix(neck, (t.AIR, t.MUSCLE), fibres)
    _paint_sinuses(tissue, cut)


def _paint_sinuses(tissue: t.Tissue, cut: PixelPlaces) -> None:
    """Paint the air of the frontal, sphenoid, ethmoid and maxillary sinuses."""
    z, x, y = cut.z, cut.x, cut.y
    if z > -22:
        tissue.paint(smooth_step(ellipse(x, y, (2, -84), (15, 4)), 1), t.AIR)
    else:
        tissue.paint(smooth_step(ellipse(x, y, (0, -30), (13, 14 if z < -26 else 9)), 1.5), t.AIR)
    cells = smooth_step(ellipse(x, y, (0, -62), (10, 26)), 2) * ramp(z, -18, -24)
    tissue.paint(cells * np.clip(0.75 - 0.5 * cut.grain.streak, 0, 1), t.MUCOSA)
    if z < -48:
        tissue.paint(smooth_step(ellipse(cut.ax, y, (27, -58), (13, 15)), 1.5), t.AIR)


def _paint_base(tissue: t.Tissue, cut: PixelPlaces, inside: ImagePlane) -> None:
    """Paint the skull's base: bone around the fossae, and the petrous bones with their marrow."""
    z = cut.z
    rim = overlaps_with(inside + (7 if z > -52 else 4), cut.head - 4)
    tissue.paint(smooth_step(rim, 3), t.BONE)
    petrous = smooth_step(cut.ax - 26, 6) * smooth_step(26 - np.abs(cut.y - 22), 8)
    petrous *= smooth_step(cut.head - 10, 2) * (ramp(z, -24, -36) * ramp(z, -62, -50))
    tissue.paint(petrous, t.BONE)
    tissue.paint(petrous * np.clip(0.5 * cut.grain.streak - 0.1, 0, 0.6), t.MARROW)


def _paint_orbits(tissue: t.Tissue, cut: PixelPlaces) -> None:
    ax, y, z = cut.point
    fat = ellipsoid((ax * 0.92 + y * 0.32, y, z), (6.5, -60, -33), (12, 24, 14))
    if fat is not None:
        tissue.paint(smooth_step(fat, 1) * np.clip(0.8 + 0.12 * cut.grain.mottle, 0, 1), t.FAT)
        tissue.paint(np.exp(-(((fat - 2.2) / 1.3) ** 2)) * 0.8, t.MUSCLE)
    nerve = tube(cut.point, Joint(31, -66, -33, 1.6), Joint(12, -40, -30, 1.6))
    tissue.paint(smooth_step(nerve), t.MUSCLE)
    globe = ellipsoid(cut.point, (31, -71, -33), (12, 12, 12.5))
    if globe is not None:
        globe = overlaps_with(globe, cut.head - 2)
        tissue.paint(smooth_step(globe + 1), t.MUSCLE)
        tissue.paint(smooth_step(globe), t.VITREOUS)


def _paint_vessels(tissue: t.Tissue, cut: PixelPlaces, inside: ImagePlane) -> None:
    x, y, z = cut.x, cut.y, cut.z
    tissue.paint(np.clip(1.6 * cut.grain.streak - 2.2, 0, 0.85) * tissue.sulcus, t.BLOOD)
    front, back = cavity_ends(z)
    if z > 0:
        tissue.paint(np.exp(-(x * x * 1.5)) * tissue.sulcus * 0.5, t.DURA)
        tissue.paint(smooth_step(ellipse(x, y, (0, 2.4 - front), (1.8, 2.4)), 1.2), t.BLOOD)
    if z > -22:
        # A triangle with its base on the bone.
        spread = x * (0.8 + 0.12 * np.clip(back - y, 0, 12))
        sinus = overlaps_with(ellipse(spread, y, (0, back - 3.5), (3.6, 4.4)), inside + 0.5)
        tissue.paint(smooth_step(sinus, 1.2), t.BLOOD)
    if -50 < z < -18:
        bend = Joint(46, 62, -27, 3.4)
        arch = tube(cut.point, Joint(2, 84, -19, 3.2), bend)
        arch = union(arch, tube(cut.point, bend, Joint(53, 34, -44, 3.0)))
        tissue.paint(smooth_step(arch, 1.0) * 0.9, t.BLOOD)
