"""Overlap and distance of a prediction against the ground truth, for a volume and for its slices.

The empty-mask rule, for every figure Overread shows: where truth and prediction are both empty,
DSC, IoU and surface Dice are 1 for a volume; where only one is empty they are 0. Distances need two
outlines and are undefined as soon as one is missing. Sensitivity and relative volume difference are
undefined without truth, precision without prediction, specificity without background. An undefined
figure is None, is shown as a dash and enters no mean.

A slice that is empty in both has no figures at all: most slices of a brain hold no lesion, and
scoring them 1 would give a model that predicts nothing a good mean.
"""

from core.domain.grid import Spacing
from core.domain.metrics.figures import (
    DEFAULT_TOLERANCE,
    EMPTY_RULE,
    HD95_RULE,
    SliceMetrics,
    VolumeMetrics,
    slice_metrics,
    volume_metrics,
)
from core.domain.metrics.overlap import (
    Overlap,
    SliceCounts,
    counts_along,
    overlap,
    slice_counts,
)
from core.domain.metrics.surface import Hd95, SurfaceDistances, hd95, surface_distances

__all__ = [
    "DEFAULT_TOLERANCE",
    "EMPTY_RULE",
    "HD95_RULE",
    "Hd95",
    "Overlap",
    "SliceCounts",
    "SliceMetrics",
    "Spacing",
    "SurfaceDistances",
    "VolumeMetrics",
    "counts_along",
    "hd95",
    "overlap",
    "slice_counts",
    "slice_metrics",
    "surface_distances",
    "volume_metrics",
]
