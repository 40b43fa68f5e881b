"""The figures of a correction while it is painted, kept up to date from the changed box alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.components import Box, box_slices
from core.domain.mask import Mask
from core.domain.metrics import Overlap, SliceCounts, slice_counts

LiveCounts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class References:
    """What a correction is compared with: masks (Z, Y, X) or None, and mL of one voxel or None."""

    truth: Mask | None = None
    prediction: Mask | None = None
    voxel_ml: float | None = None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the window shows of a correction; None where there is nothing to compare with.

    `voxels_changed` counts against the mask the correction started from, and `dsc_truth_before` is
    that mask's. `seconds` is the time spent, pauses left out.
    """

    dsc_truth: float | None
    dsc_truth_before: float | None
    dsc_prediction: float | None
    voxels: int
    volume_ml: float | None
    voxels_changed: int
    truth_voxels: int | None
    seconds: float = 0.0


class LiveFigures:
    """Voxel counts of every slice of a mask that changes box by box."""

    def __init__(self, start: Mask, mask: Mask, references: References) -> None:
        self._start = start
        self._truth = references.truth
        self._voxel_ml = references.voxel_ml
        self._before = None if self._truth is None else slice_counts(self._truth, start).pooled()
        self._voxels = _per_slice(mask)
        self._truth_voxels = None if self._truth is None else int(_per_slice(self._truth).sum())
        self._changed = _different(mask, start)
        self._with_truth = _Shared(references.truth, mask)
        self._with_prediction = _Shared(references.prediction, mask)

    def set_prediction(self, prediction: Mask | None, mask: Mask) -> None:
        """Compare with another prediction from now on; `mask` is the correction as it is."""
        self._with_prediction = _Shared(prediction, mask)

    def update(self, box: Box, before: Mask, after: Mask) -> None:
        """Take over that the voxels of `box` went from `before` to `after`."""
        slices = slice(box[0], box[1])
        start = self._start[box_slices(box)]
        self._voxels[slices] += _per_slice(after) - _per_slice(before)
        self._changed[slices] += _different(after, start) - _different(before, start)
        self._with_truth.update(box, before, after)
        self._with_prediction.update(box, before, after)

    def figures(self, seconds: float = 0.0) -> Figures:
        """Return the figures of the mask as it is."""
        voxels = int(self._voxels.sum())
        return Figures(
            dsc_truth=_dsc(self._with_truth, voxels),
            dsc_truth_before=None if self._before is None else self._before.dsc,
            dsc_prediction=_dsc(self._with_prediction, voxels),
            voxels=voxels,
            volume_ml=None if self._voxel_ml is None else voxels * self._voxel_ml,
            voxels_changed=int(self._changed.sum()),
            truth_voxels=self._truth_voxels,
            seconds=seconds,
        )

    def voxels(self) -> LiveCounts:
        """Return the foreground voxels of every slice (Z,)."""
        return self._voxels.copy()

    def truth_counts(self) -> SliceCounts | None:
        """Return the voxel counts of every slice against the ground truth, None without one."""
        if self._truth is None:
            return None
        common, expected = self._with_truth.common, self._with_truth.expected
        return SliceCounts(common.copy(), self._voxels - common, expected - common)


class _Shared:
    """Voxels of every slice that a reference has, and that it shares with the mask."""

    def __init__(self, reference: Mask | None, mask: Mask) -> None:
        self.reference = reference
        self.expected = _per_slice(mask[:0] if reference is None else reference)
        self.common = self.expected if reference is None else _common(mask, reference)

    def update(self, box: Box, before: Mask, after: Mask) -> None:
        if self.reference is not None:
            there = self.reference[box_slices(box)]
            self.common[box[0] : box[1]] += _common(after, there) - _common(before, there)


def _dsc(shared: _Shared, voxels: int) -> float | None:
    if shared.reference is None:
        return None
    common, expected = int(shared.common.sum()), int(shared.expected.sum())
    return Overlap(common, voxels - common, expected - common).dsc


def _common(one: Mask, other: Mask) -> LiveCounts:
    """Return the foreground voxels of every slice that two masks share (Z,)."""
    pairs = zip(one, other, strict=True)
    return np.array([np.count_nonzero(a & b) for a, b in pairs], np.int64)


def _different(one: Mask, other: Mask) -> LiveCounts:
    """Return the voxels of every slice that two masks call differently (Z,)."""
    if one is other:
        return np.zeros(len(one), np.int64)
    pairs = zip(one, other, strict=True)
    return np.array([np.count_nonzero(a ^ b) for a, b in pairs], np.int64)


def _per_slice(mask: Mask) -> LiveCounts:
    """Return the foreground voxels of every slice (Z,)."""
    # Slice by slice: along two axes at once numpy takes ten times as long.
    return np.array([np.count_nonzero(plane) for plane in mask], np.int64)
