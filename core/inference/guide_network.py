"""A guide that was taught by clicks: a network over the window around the newest mark.

Imports no torch: whatever computes the network is handed over. Simulated rounds of clicks taught
it, as Sofiiuk, Petrov and Konushin 2021 ("Reviving Iterative Training with Mask Guidance") do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.guide import Mark, PlaneValues, Window, sigmoid
from core.models.guides import GuideSpec

Logits = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From what a network sees (B, C, h, w) to logits (B, 1, h, w)."""

_NEAR_ONE = 0.1
"""A voxel this close to a pixel at 256² is taken for one: nothing is resampled."""


@dataclass(frozen=True, eq=False)
class NetworkGuide:
    """A network that heeds clicks, over a volume whose channels of the spec are at `order`."""

    spec: GuideSpec
    order: tuple[int, ...]
    logits: Logits

    def reach(self, strength: float) -> float:
        """Return how far a mark of that strength works, in pixels at 256²."""
        return (self.spec.window // 2 - 1) * min(1.0, float(2.0 ** (2 * strength - 1)))

    def answer(self, window: Window) -> PlaneValues:
        """Return the probability (Y, X) after the newest mark, as before where it does not see."""
        if not len(window.mark.rows):
            return window.probability
        sight = ClickSight.of(window, self.spec.window)
        seen = network_input(window, sight, self.order, disc=self.spec.disc)
        found = self.logits(seen[np.newaxis])[0, 0]
        return sight.back(sigmoid(np.asarray(found, np.float32)), window.probability)


@dataclass(frozen=True)
class ClickSight:
    """Where a network looks: `side` pixels, the voxel `middle` at side // 2, `scale` pixels each.

    Pixel i shows the place middle + (i − side // 2) / scale of the window, rows then columns.
    """

    middle: tuple[int, int]
    scale: tuple[float, float]
    side: int

    @staticmethod
    def of(window: Window, side: int) -> "ClickSight":
        """Return how a window is seen: the newest mark in the middle, all of it in view.

        At one pixel of 256² a pixel, or less where the window is larger than what is seen.
        """
        mark, middle, scale = window.mark, [], []
        for places, size, length in zip(
            (mark.rows, mark.columns), window.step, window.probability.shape, strict=True
        ):
            at = (int(places.min()) + int(places.max())) // 2
            far = max(at, length - 1 - at)
            whole = (side // 2 - 1) / max(far, 1)
            near = 1.0 if abs(size - 1.0) < _NEAR_ONE else size
            middle.append(at)
            scale.append(min(near, whole) if whole < near else near)
        return ClickSight((middle[0], middle[1]), (scale[0], scale[1]), side)

    @property
    def is_exact(self) -> bool:
        """True where a pixel is a voxel."""
        return self.scale == (1.0, 1.0)

    def places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the rows and the columns of the window that the pixels show (side,) each."""
        pixels = np.arange(self.side) - self.side // 2
        return self.middle[0] + pixels / self.scale[0], self.middle[1] + pixels / self.scale[1]

    def take(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return planes (N, Y, X) of the window as they are seen (N, side, side).

        Beyond its edges the outermost voxels go on.
        """
        rows, columns = self.places()
        height, width = planes.shape[1:]
        if self.is_exact:
            at = np.clip(rows, 0, height - 1).astype(np.intp)
            across = np.clip(columns, 0, width - 1).astype(np.intp)
            return np.asarray(planes[:, at][:, :, across], np.float32)
        low, part = _between(rows, height)
        first = planes[:, low] * (1 - part)[:, np.newaxis]
        first = first + planes[:, np.minimum(low + 1, height - 1)] * part[:, np.newaxis]
        left, share = _between(columns, width)
        found = first[:, :, left] * (1 - share)
        return np.asarray(found + first[:, :, np.minimum(left + 1, width - 1)] * share, np.float32)

    def mark(self, mark: Mark, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return the pixels (side, side) of a mark's voxels that are in view."""
        inside = (mark.rows >= 0) & (mark.rows < shape[0])
        inside &= (mark.columns >= 0) & (mark.columns < shape[1])
        found = np.zeros((self.side, self.side), bool)
        at = [
            np.rint((places[inside] - middle) * scale).astype(np.intp) + self.side // 2
            for places, middle, scale in zip(
                (mark.rows, mark.columns), self.middle, self.scale, strict=True
            )
        ]
        seen = (at[0] >= 0) & (at[0] < self.side) & (at[1] >= 0) & (at[1] < self.side)
        found[at[0][seen], at[1][seen]] = True
        return found

    def back(self, seen: PlaneValues, before: PlaneValues) -> PlaneValues:
        """Return what was made of the pixels on the voxels of the window, `before` elsewhere."""
        height, width = before.shape
        rows = (np.arange(height) - self.middle[0]) * self.scale[0] + self.side // 2
        columns = (np.arange(width) - self.middle[1]) * self.scale[1] + self.side // 2
        inner = np.ix_(
            (rows >= 0) & (rows <= self.side - 1), (columns >= 0) & (columns <= self.side - 1)
        )
        low, part = _between(rows, self.side)
        left, share = _between(columns, self.side)
        down, right = np.minimum(low + 1, self.side - 1), np.minimum(left + 1, self.side - 1)
        upper = seen[low][:, left] * (1 - share) + seen[low][:, right] * share
        lower = seen[down][:, left] * (1 - share) + seen[down][:, right] * share
        whole = upper * (1 - part)[:, np.newaxis] + lower * part[:, np.newaxis]
        found = before.copy()
        found[inner] = whole[inner]
        return found


def network_input(
    window: Window, sight: ClickSight, order: tuple[int, ...], *, disc: float
) -> NDArray[np.float32]:
    """Return what a network sees (3·C + 3, side, side): slices, probability, discs.

    The channels of the slice before come first, then those of the slice, then of the one after.
    """
    image = window.image[list(order)].swapaxes(0, 1)
    planes = image.reshape(-1, *window.probability.shape)
    both = sight.take(np.concatenate([planes, window.probability[np.newaxis]]))
    hints = [
        _discs([m for m in window.marks if m.binds and m.adds is adds], sight, window, disc)
        for adds in (True, False)
    ]
    return np.concatenate([both, np.stack(hints)])


def _discs(
    marks: list[Mark], sight: ClickSight, window: Window, radius: float
) -> NDArray[np.float32]:
    spots = np.zeros((sight.side, sight.side), bool)
    for mark in marks:
        spots |= sight.mark(mark, window.probability.shape)
    rows, columns = np.nonzero(spots)
    if not len(rows):
        return spots.astype(np.float32)
    if len(rows) <= _FEW:
        near = np.zeros_like(spots)
        down, right = np.ogrid[: sight.side, : sight.side]
        for row, column in zip(rows, columns, strict=True):
            near |= (down - row) ** 2 + (right - column) ** 2 <= radius**2
        return near.astype(np.float32)
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(~spots) <= radius, np.float32)


_FEW = 12


def _between(
    places: NDArray[np.floating[Any]], length: int
) -> tuple[NDArray[np.intp], PlaneValues]:
    """Return the voxel before each place and how far it lies beyond it, held to the array."""
    held = np.clip(places, 0, length - 1)
    low = np.floor(held).astype(np.intp)
    return low, np.asarray(held - low, np.float32)
