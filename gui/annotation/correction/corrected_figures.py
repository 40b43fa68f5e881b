"""From a correction to what the panels show of it: pure functions, no widget and no task."""

from dataclasses import replace

import numpy as np

from core.annotation.correction import Correction
from core.domain.counted_mask import CountedMask
from core.domain.metrics import Hd95, Overlap, SliceCounts
from core.domain.plane import Cut, Plane
from gui.shell.case_figures import metrics_view_of, with_hd95
from gui.shell.session_parts import OpenCase
from gui.viewer.drawn.shown_case import slice_overlap
from gui.viewer.strip.case_strip import BarCounts
from gui.widgets.metrics_view import MetricsView, PendingFigure


def corrected_views(
    correction: Correction,
    opened: OpenCase,
    cut: Cut,
    *,
    hd95: Hd95 | PendingFigure | None,
    other: str = "",
) -> tuple[MetricsView, MetricsView]:
    """Return the figures of the correction for the case and for one slice.

    `other` says what it started from where that is not what is predicted now.
    """
    counts = correction.truth_counts()
    if counts is None:
        voxels = correction.figures().voxels
        plane = int(cut.of(correction.mask).sum())
        areas = _area(voxels, opened, "whole volume"), _area(plane, opened, "this slice")
        return replace(areas[0], other=other), replace(areas[1], other=other)
    case = metrics_view_of(counts.pooled(), opened, "whole volume, corrected", has_truth=True)
    counted = CountedMask(correction.mask, counts, True)
    plane_counts = slice_overlap(counted, opened.loaded.ground_truth, cut)
    one = metrics_view_of(plane_counts, opened, "this slice, corrected", has_truth=True)
    if not plane_counts.truth_voxels and not plane_counts.predicted_voxels:
        one = replace(one, dsc=None, iou=None)
    return replace(with_hd95(case, hd95), other=other), replace(one, other=other)


def corrected_of(correction: Correction, plane: Plane, known: SliceCounts | None) -> BarCounts:
    """Return what the bars of a correction are of; `known` are the counts of other planes."""
    counts = correction.truth_counts()
    truth = counts is not None
    if plane.axis:
        counts = known
    elif counts is None:
        area = correction.slice_voxels()
        counts = SliceCounts(np.zeros_like(area), area, np.zeros_like(area))
    return BarCounts(counts, truth, marked="Corrected")


def _area(voxels: int, opened: OpenCase, said: str) -> MetricsView:
    nothing = Overlap(0, voxels, 0)
    return metrics_view_of(nothing, opened, said, has_truth=False)
