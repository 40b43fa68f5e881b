"""From voxel counts to figures in words and units of a case."""

from dataclasses import replace

from core.domain.metrics import Hd95, Overlap
from gui.shell.session_parts import OpenCase
from gui.widgets.metrics_view import MetricsView, PendingFigure


def metrics_view_of(
    counts: Overlap, opened: OpenCase, said: str, *, has_truth: bool
) -> MetricsView:
    """Return the figures of voxel counts in words and units of the case."""
    geometry = opened.loaded.volume.geometry
    ml = geometry.voxel_ml
    scale = 1.0 if ml is None else ml
    view = MetricsView(
        "ready" if has_truth else "no_truth",
        said,
        predicted_volume=counts.predicted_voxels * scale,
        volume_unit=geometry.volume_unit,
        length_unit=geometry.length_unit,
    )
    if not has_truth:
        return view
    return replace(
        view,
        dsc=counts.dsc,
        iou=counts.iou,
        sensitivity=counts.sensitivity,
        precision=counts.precision,
        truth_volume=counts.truth_voxels * scale,
    )


def with_hd95(view: MetricsView, found: Hd95 | PendingFigure | None) -> MetricsView:
    """Return figures with the distance of the outlines, which is measured apart from them."""
    if found is None or found == "pending":
        return replace(view, hd95=found, hd95_max=found)
    return replace(view, hd95=found.pooled, hd95_max=found.maximum)
