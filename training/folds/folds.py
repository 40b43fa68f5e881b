"""Folds of a dataset: by patient, alike in lesion volume, the cases of one group together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.errors import DataError

FEWEST_FOLDS = 2


@dataclass(frozen=True)
class FoldCase:
    """A case to be dealt out: `volume` of its lesions, and the `group` it stays together with."""

    id: str
    volume: float
    group: str


def deal_folds(cases: Sequence[FoldCase], folds: int, *, seed: int) -> tuple[tuple[str, ...], ...]:
    """Return the ids of each fold, in their order; every case is in one fold.

    Groups are put in order of their mean lesion volume and dealt out in rounds of as many as there
    are folds, so that each fold gets one of every round; within a round the larger group goes to
    the fold with fewer cases, and equals go by the lot of `seed`. Raises `DataError` for fewer
    groups than folds.
    """
    groups = _groups(cases)
    if not FEWEST_FOLDS <= folds <= len(groups):
        raise DataError(
            f"--folds: expected {FEWEST_FOLDS} to {len(groups)}, as many as there are patients or "
            f"groups with ground truth to learn from, found {folds}. Choose fewer, or add cases."
        )
    lot = np.random.default_rng(seed)
    order = sorted(groups, key=lambda name: (_mean_volume(groups[name]), name))
    dealt: list[list[str]] = [[] for _ in range(folds)]
    for start in range(0, len(order), folds):
        round_ = [order[i] for i in start + lot.permutation(len(order[start : start + folds]))]
        round_.sort(key=lambda name: -len(groups[name]))
        places = sorted(lot.permutation(folds), key=lambda fold: len(dealt[fold]))
        for name, fold in zip(round_, places, strict=False):
            dealt[fold] += [case.id for case in groups[name]]
    known = {case.id: place for place, case in enumerate(cases)}
    return tuple(tuple(sorted(fold, key=known.__getitem__)) for fold in dealt)


def _groups(cases: Sequence[FoldCase]) -> Mapping[str, list[FoldCase]]:
    found: dict[str, list[FoldCase]] = {}
    for case in cases:
        found.setdefault(case.group, []).append(case)
    return found


def _mean_volume(cases: Sequence[FoldCase]) -> float:
    return sum(case.volume for case in cases) / len(cases)
