"""Lesions of the head phantom: lobulated, ragged, soft at their edge."""

import numpy as np

from core.demo.head import Head
from core.demo.shapes import ImagePlane, SplineNoise, smooth_step
from core.demo.spec import Lesion
from core.demo.tissue import Tissue

_BLEND_MM = 3.5
_HAND_MM = 1.1
_CYST = (42.0, 46.0, 40.0)
OUTSIDE = -9.0
"""A distance that means: no lesion here."""


class Growth:
    """A lesion in one head: where it reaches, what it pushes aside and how it looks."""

    def __init__(self, rng: np.random.Generator, lesion: Lesion, head: Head) -> None:
        self._lesion = lesion
        self._x, self._y = head.x, head.y
        radius, count = lesion.radius_mm, lesion.lobes
        shifts = rng.normal(0, 0.52 * radius, (count, 3)) * (1, 1, 0.8)
        sizes = radius * rng.uniform(0.45, 0.8, count)
        shifts[0], sizes[0] = 0, 0.85 * radius
        self._centres = (shifts + lesion.centre_mm).astype(np.float32)
        self._sizes = sizes.astype(np.float32)
        self._wide = SplineNoise(rng, cell=(12, 12, 12))
        self._fine = SplineNoise(rng, cell=(7, 5, 5))
        self._hand = SplineNoise(rng, cell=(9, 14, 14))

    def reaches(self, z: float) -> bool:
        """Return whether the lesion may be seen at height `z`."""
        return bool((np.abs(self._centres[:, 2] - z) < self._sizes + 8).any())

    def push(self, z: float) -> tuple[ImagePlane, ImagePlane]:
        """Return the way in mm from each pixel to the anatomy that was pushed there."""
        x, y, height = self._lesion.centre_mm
        dx, dy = self._x - x, self._y - y
        r2 = dx * dx + dy * dy
        reach = 1.6 * self._lesion.radius_mm
        amount = np.exp((r2 + (z - height) ** 2) * (-1 / reach**2)) / np.sqrt(r2 + 36)
        amount *= -self._lesion.push_mm
        return dx * amount, dy * amount

    def paint(self, z: float, tissue: Tissue) -> ImagePlane:
        """Paint the lesion at height `z`; returns the distance to the outline a reader draws."""
        lesion = self._lesion
        wide, fine = self._wide.at(z), self._fine.at(z)
        round_ = self._lobes(z)
        # The lesion follows white matter and stops at the midline.
        field = round_ - 2.4 * lesion.ragged * tissue.grey
        field += lesion.ragged * (0.16 * lesion.radius_mm * wide + 1.2 * fine)
        field = np.minimum(field, self._x * float(np.sign(lesion.centre_mm[0])))
        cover = smooth_step(field, lesion.soft_mm) * tissue.brain
        cover *= 0.72 + 0.28 * smooth_step(field - 6, 7)
        pre, flair, post = tissue.signal
        flair += cover * (1 + 0.13 * wide + 0.07 * fine) * lesion.flair
        pre -= cover * lesion.t1
        post -= cover * lesion.t1
        if lesion.core:
            self._paint_core(tissue, self.depth(z), fine)
        drawn = field + lesion.margin_mm + _HAND_MM * self._hand.at(z)
        return np.where(tissue.brain > 0.4, drawn, OUTSIDE)

    @property
    def has_core(self) -> bool:
        """Tell whether it is hollow."""
        return self._lesion.core > 0

    def depth(self, z: float) -> ImagePlane:
        """Return how far in mm each pixel lies inside the core, whose outline is the rim."""
        lesion = self._lesion
        round_ = self._lobes(z) + 0.06 * lesion.radius_mm * self._wide.at(z)
        return round_ - (1 - lesion.core) * lesion.radius_mm

    def _lobes(self, z: float) -> ImagePlane:
        """Return the distance to the smooth union of the lobes."""
        total = np.full_like(self._x, 1e-8)
        for (x, y, height), size in zip(self._centres, self._sizes, strict=True):
            gap = np.sqrt((self._x - x) ** 2 + (self._y - y) ** 2 + (z - height) ** 2)
            total += np.exp((size - gap) / _BLEND_MM)
        return _BLEND_MM * np.log(total)

    def _paint_core(self, tissue: Tissue, inner: ImagePlane, fine: ImagePlane) -> None:
        hollow = smooth_step(inner, 2.0) * tissue.brain * 0.8
        tissue.paint(hollow, _CYST)
        ring = np.exp(-((inner / 1.9) ** 2)) * tissue.brain
        tissue.signal[2] += ring * np.clip(0.8 + 0.35 * fine, 0.1, 1.4) * self._lesion.rim
