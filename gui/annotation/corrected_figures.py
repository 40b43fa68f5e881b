"""From a correction to what the panels show of it: pure functions, no widget and no task."""

from dataclasses import replace
from math import isnan

from core.annotation.correction import Correction
from core.domain.metrics import Hd95, Overlap, SliceCounts
from core.domain.triage import Triage
from gui.shell.case_figures import metrics_view_of, with_hd95
from gui.shell.session_parts import OpenCase
from gui.viewer.strip_data import StripData
from gui.widgets.metrics_view import MetricsView, Pending


def corrected_views(
    correction: Correction, opened: OpenCase, index: int, hd95: Hd95 | Pending | None
) -> tuple[MetricsView, MetricsView]:
    """Return the figures of the correction for the case and for the slice at `index`."""
    counts = correction.truth_counts()
    if counts is None:
        voxels = correction.figures().voxels
        plane = int(correction.mask[index].sum())
        return _area(voxels, opened, "whole volume"), _area(plane, opened, "this slice")
    case = metrics_view_of(counts.pooled(), opened, "whole volume, corrected", has_truth=True)
    plane_counts = counts.of_slice(index)
    one = metrics_view_of(plane_counts, opened, "this slice, corrected", has_truth=True)
    if not plane_counts.truth_voxels and not plane_counts.predicted_voxels:
        one = replace(one, dsc=None, iou=None)
    return with_hd95(case, hd95), one


def corrected_strip(correction: Correction, opened: OpenCase, triage: Triage | None) -> StripData:
    """Return the areas and DSC of every slice of the correction."""
    volume = opened.loaded.volume
    counts: SliceCounts | None = correction.truth_counts()
    unreadable = frozenset(volume.unreadable)
    chances = () if triage is None else tuple(map(float, triage.probability))
    if counts is None:
        nothing = (0.0,) * volume.slices
        area = tuple(map(float, correction.mask.sum(axis=(1, 2)).tolist()))
        none = (None,) * volume.slices
        return StripData(
            volume.slice_numbers,
            nothing,
            area,
            nothing,
            none,
            unreadable=unreadable,
            truth=False,
            triage=chances,
        )
    scores = counts.dsc().tolist()
    return StripData(
        volume.slice_numbers,
        tuple(map(float, counts.true_positive.tolist())),
        tuple(map(float, counts.false_positive.tolist())),
        tuple(map(float, counts.false_negative.tolist())),
        tuple(None if isnan(score) else score for score in scores),
        unreadable=unreadable,
        triage=chances,
    )


def _area(voxels: int, opened: OpenCase, said: str) -> MetricsView:
    nothing = Overlap(0, voxels, 0)
    return metrics_view_of(nothing, opened, said, has_truth=False)
