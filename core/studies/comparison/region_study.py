"""One region of a comparison, or the mean of several, as a comparison of its own."""

from collections.abc import Iterable
from dataclasses import replace
from statistics import fmean

import msgspec

from core.domain.label_set import LabelSet
from core.studies.comparison.study import Study
from core.studies.scores.case_figures import METRICS, CaseFigures


def counted_regions(study: Study) -> tuple[str, ...]:
    """Return the regions and labels that a study has rows of, the whole first; none of a mask."""
    return tuple(dict.fromkeys(row.label for row in study.label_rows))


def averaged_regions(labels: LabelSet | None, there: Iterable[str]) -> tuple[str, ...]:
    """Return what a mean of regions is over: the regions that are named, else each label.

    `there` has the names of which there are figures, the whole first.
    """
    known = list(there)
    named = () if labels is None else labels.regions or labels.scored[1:]
    names = [region.name for region in named] or known[1:]
    return tuple(name for name in names if name in known)


def region_study(study: Study, region: str) -> Study:
    """Return the study of one region or label alone."""
    rows = (row for row in study.label_rows if row.label == region)
    own = tuple(msgspec.structs.replace(row, label="") for row in rows)
    return replace(study, rows=own, label_rows=())


def mean_study(study: Study, regions: Iterable[str]) -> Study:
    """Return the study whose scores are the means over regions, case by case.

    A region without a score is left out of the mean. A volume's error is meant without its sign;
    volumes and uncertainty stay those of the whole.
    """
    wanted = frozenset(regions)
    found: dict[tuple[str, str], list[CaseFigures]] = {}
    for row in study.label_rows:
        if row.label in wanted:
            found.setdefault((row.case, row.model), []).append(row)
    rows = (_mean(row, found[row.case, row.model]) for row in study.rows if _key(row) in found)
    return replace(study, rows=tuple(rows), label_rows=())


def _key(row: CaseFigures) -> tuple[str, str]:
    return row.case, row.model


def _mean(whole: CaseFigures, rows: list[CaseFigures]) -> CaseFigures:
    scores: dict[str, float | None] = {}
    for name in METRICS:
        values = [value for row in rows if (value := getattr(row, name)) is not None]
        if name == "volume_difference":
            values = [abs(value) for value in values]
        scores[name] = fmean(values) if values else None
    return msgspec.structs.replace(whole, **scores)
