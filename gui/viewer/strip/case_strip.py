"""From the case on screen to the bars of its slices, in the plane the reader works in."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np

from core.domain.metrics import SliceCounts
from core.domain.plane import AXIAL, Plane
from core.domain.plane_metric import plane_metric
from core.domain.triage import Triage
from gui.shell.session_parts import OpenCase, Result
from gui.viewer.strip.strip_data import AreaUnit, StripData


@dataclass(frozen=True, eq=False)
class BarCounts:
    """What the bars are of: counts of every slice of a plane, None while they are not known.

    `predicted` names the slices that have their prediction, None when all have. Without `truth`
    only what is marked counts.
    """

    counts: SliceCounts | None
    truth: bool
    predicted: frozenset[int] | None = None
    marked: Literal["Predicted", "Corrected"] = "Predicted"


def predicted_of(
    opened: OpenCase, result: Result | None, plane: Plane, known: SliceCounts | None
) -> BarCounts:
    """Return what the bars of a prediction are of; `known` are the counts of other planes."""
    truth = opened.loaded.ground_truth
    counted = None if result is None else result.counted
    if counted is None or (plane.axis and result is not None and result.ready is not None):
        if plane.axis or truth is None:
            return BarCounts(known, truth is not None, frozenset())
        area = np.array(opened.loaded.truth_areas, np.int64)
        nothing = np.zeros_like(area)
        return BarCounts(SliceCounts(nothing, nothing, area), True, frozenset())
    ready = None if result is None or plane.axis else result.ready
    return BarCounts(known if plane.axis else counted.counts, counted.has_truth, ready)


def strip_data(
    opened: OpenCase, of: BarCounts, plane: Plane = AXIAL, triage: Triage | None = None
) -> StripData:
    """Return the areas and DSC of every slice of a plane."""
    volume, axial = opened.loaded.volume, plane.axis == 0
    count = volume.geometry.shape[plane.axis]
    numbers = volume.slice_numbers if axial else tuple(range(1, count + 1))
    chances = tuple(map(float, triage.probability)) if triage is not None and axial else ()
    nothing = np.zeros(count, np.int64)
    counts = of.counts or SliceCounts(nothing, nothing, nothing)
    unit, scale = area_scale(opened, plane)
    if of.truth and of.predicted != frozenset():
        scores = tuple(None if isnan(score) else score for score in counts.dsc().tolist())
    else:
        scores = (None,) * count
    areas = (counts.true_positive, counts.false_positive, counts.false_negative)
    true, invented, missed = (tuple((each * scale).tolist()) for each in areas)
    return StripData(
        numbers,
        true,
        invented,
        missed,
        scores,
        unit=unit,
        unreadable=frozenset(volume.unreadable) if axial else frozenset(),
        predicted=of.predicted,
        truth=of.truth,
        triage=chances,
        marked=of.marked,
    )


def area_scale(opened: OpenCase, plane: Plane) -> tuple[AreaUnit, float]:
    """Return the unit of areas in a plane, and how much of it a voxel is."""
    metric = plane_metric(opened.loaded.volume.geometry, plane)
    if metric.unit == "voxels":
        return "voxels", 1.0
    return "cm²" if metric.unit == "mm" else "cm² given", metric.pixel_area / 100.0
