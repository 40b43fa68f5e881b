"""All figures of a volume, and of one of its slices."""

import msgspec
import numpy as np

from core.domain.components import MaskLike
from core.domain.grid import Spacing
from core.domain.metrics.overlap import Overlap, overlap, require_same_shape
from core.domain.metrics.surface import SurfaceDistances, plane_distances, surface_distances

HD95_RULE = (
    "HD95 is the 95th percentile of the surface distances of both directions pooled, as medpy "
    "gives it; HD95 maximum that of the direction where it is greater, as MONAI gives it."
)
DEFAULT_TOLERANCE = 2.0
"""Distance two outlines may differ by for the surface Dice; mm or voxels, as the distances."""

EMPTY_RULE = (
    "Truth and prediction both empty: DSC, IoU and surface Dice are 1. Only one empty: they are 0. "
    "Distances need both; sensitivity and relative volume difference need truth, precision needs "
    "prediction; what is undefined is a dash and enters no mean."
)


class VolumeMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one case.

    `hd95` pools the distances of both directions, as medpy does; `hd95_max` is the greater of each
    direction's own, as MONAI's. They, `average_surface_distance` and `tolerance` are in mm where
    the spacing is known, otherwise in voxels. `volume_difference` is a share of the true volume,
    below 0 for too little.
    """

    dsc: float
    iou: float
    sensitivity: float | None
    specificity: float | None
    precision: float | None
    hd95: float | None
    hd95_max: float | None
    average_surface_distance: float | None
    surface_dice: float | None
    tolerance: float
    volume_difference: float | None
    truth_voxels: int
    predicted_voxels: int


class SliceMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one slice, distances in its plane.

    All are None where truth and prediction are both empty: such a slice tells nothing of how well
    lesions are outlined, and most slices of a brain are such.
    """

    dsc: float | None = None
    iou: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    precision: float | None = None
    hd95: float | None = None
    hd95_max: float | None = None
    average_surface_distance: float | None = None
    surface_dice: float | None = None
    volume_difference: float | None = None


def volume_metrics(
    truth: MaskLike,
    prediction: MaskLike,
    *,
    spacing_mm: Spacing | None = None,
    distances: bool = True,
    tolerance: float = DEFAULT_TOLERANCE,
) -> VolumeMetrics:
    """Score a (Z, Y, X) prediction against the truth; `distances=False` leaves distances None.

    Raises `ValueError` when the shapes differ.
    """
    counts = overlap(truth, prediction)
    found = surface_distances(truth, prediction, spacing_mm=spacing_mm) if distances else None
    farthest = None if found is None else found.hd95
    return VolumeMetrics(
        dsc=counts.dsc,
        iou=counts.iou,
        sensitivity=counts.sensitivity,
        specificity=counts.specificity,
        precision=counts.precision,
        hd95=None if farthest is None else farthest.pooled,
        hd95_max=None if farthest is None else farthest.maximum,
        average_surface_distance=None if found is None else found.average,
        surface_dice=_surface_dice(found, counts, tolerance) if distances else None,
        tolerance=tolerance,
        volume_difference=counts.volume_difference,
        truth_voxels=counts.truth_voxels,
        predicted_voxels=counts.predicted_voxels,
    )


def slice_metrics(
    truth: MaskLike,
    prediction: MaskLike,
    index: int,
    *,
    spacing_mm: Spacing | None = None,
    tolerance: float = DEFAULT_TOLERANCE,
) -> SliceMetrics:
    """Score slice `index` of a (Z, Y, X) prediction; raises `ValueError` for different shapes."""
    require_same_shape(truth, prediction)
    one, other = (np.asarray(mask[index : index + 1] > 0) for mask in (truth, prediction))
    counts = overlap(one, other)
    if not counts.truth_voxels and not counts.predicted_voxels:
        return SliceMetrics()
    found = plane_distances(one[0], other[0], spacing_mm=spacing_mm)
    farthest = None if found is None else found.hd95
    return SliceMetrics(
        dsc=counts.dsc,
        iou=counts.iou,
        sensitivity=counts.sensitivity,
        specificity=counts.specificity,
        precision=counts.precision,
        hd95=None if farthest is None else farthest.pooled,
        hd95_max=None if farthest is None else farthest.maximum,
        average_surface_distance=None if found is None else found.average,
        surface_dice=_surface_dice(found, counts, tolerance),
        volume_difference=counts.volume_difference,
    )


def _surface_dice(found: SurfaceDistances | None, counts: Overlap, tolerance: float) -> float:
    if found is not None:
        return found.surface_dice(tolerance)
    return 0.0 if counts.truth_voxels or counts.predicted_voxels else 1.0
