"""From the masks of the case on screen to the figures beside them: pure functions, no widget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from core.domain.figure_text import MISSING
from core.domain.grid import Grid
from core.domain.label_set import LabelSet
from core.domain.mask import Mask
from core.domain.metrics import Overlap, SliceCounts
from core.studies.comparison.region_study import averaged_regions
from gui.studies.compare_side import CaseLine, RegionScores
from gui.widgets.labels import number
from gui.widgets.metrics_view import PendingFigure

MEAN_OF_REGIONS = "Mean of regions"


@dataclass(frozen=True)
class Counted:
    """A model's mask on a case or a slice; `hd95` None for a slice, "pending" while measured."""

    title: str
    counts: Overlap
    hd95: float | PendingFigure | None = None


def case_lines(found: Sequence[Counted], geometry: Grid, *, has_truth: bool) -> list[CaseLine]:
    """Return a line a model, its best figures marked: of two models or more, against the truth."""
    ml = geometry.voxel_ml
    scale, decimals = (1.0, 0) if ml is None else (ml, 1)
    best = _best(found) if has_truth and len(found) > 1 else [frozenset[int]()] * len(found)
    return [
        CaseLine(
            each.title,
            (
                "…" if each.hd95 == "pending" else number(_plain(each.hd95), 1),
                number(each.counts.sensitivity, 2) if has_truth else MISSING,
                number(each.counts.precision, 2) if has_truth else MISSING,
                number(each.counts.predicted_voxels * scale, decimals),
            ),
            marks,
        )
        for each, marks in zip(found, best, strict=True)
    ]


def region_scores(
    found: Sequence[Mapping[str, SliceCounts]], labels: LabelSet, index: int | None
) -> list[RegionScores]:
    """Return a line a region and label: the DSC by each model, the best marked; then their mean.

    Of the slice at `index`, or of the whole case.
    """
    scored = {
        region.name: [_dsc(counts.get(region.name), index) for counts in found]
        for region in labels.scored
    }
    averaged = averaged_regions(labels, scored)
    columns = zip(*(scored[name] for name in averaged), strict=True)
    rows = [*scored.items(), (MEAN_OF_REGIONS, [_mean(column) for column in columns])]
    return [_scores(name, scores) for name, scores in rows]


def _dsc(counts: SliceCounts | None, index: int | None) -> float | None:
    """Return the DSC of a region; None where it is not known, or in neither on a slice."""
    if counts is None:
        return None
    found = counts.pooled() if index is None else counts.of_slice(index)
    empty = not found.truth_voxels and not found.predicted_voxels
    return None if empty and index is not None else found.dsc


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _scores(name: str, scores: Sequence[float | None]) -> RegionScores:
    rounded = [None if score is None else round(score, 3) for score in scores]
    top = max((score for score in rounded if score is not None), default=None)
    marked = (place for place, score in enumerate(rounded) if score is not None and score == top)
    best = frozenset(marked) if len(scores) > 1 else frozenset[int]()
    return RegionScores(name, tuple(number(score, 3) for score in scores), best)


def vote_shares(planes: Sequence[Mask | NDArray[np.uint8]]) -> list[float]:
    """Return what share of the voxels that any mask (Y, X) holds is held by all, all but one, …."""
    if not planes:
        return []
    votes = np.bincount(
        np.sum([plane > 0 for plane in planes], axis=0).ravel(), minlength=len(planes) + 1
    )[1:]
    total = int(votes.sum())
    return [float(count / total) for count in votes[::-1]] if total else []


def _best(found: Sequence[Counted]) -> list[frozenset[int]]:
    """Return the columns in which each is the best; a tie marks all that share it."""
    values: list[tuple[float | None, ...]] = [
        (
            -each.hd95 if isinstance(each.hd95, float) else None,
            _rounded(each.counts.sensitivity),
            _rounded(each.counts.precision),
            -abs(each.counts.predicted_voxels - each.counts.truth_voxels),
        )
        for each in found
    ]
    tops = [
        max((v for v in column if v is not None), default=None)
        for column in zip(*values, strict=True)
    ]
    return [
        frozenset(c for c, value in enumerate(row) if value is not None and value == tops[c])
        for row in values
    ]


def _plain(value: float | PendingFigure | None) -> float | None:
    return value if isinstance(value, float) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
