"""How often a dialog trains: once, a fold at a time, or every combination of settings, as data."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

from core.domain.errors import AppError
from core.domain.figure_text import counted
from core.jobs.runners import RunnerName
from core.jobs.unit_job import Tried, read_tried

SeveralKind = Literal["one", "folds", "search"]
_MOST_TRIALS = 500


@dataclass(frozen=True)
class SeveralForm:
    """What the reader chose; `group` is FILE:COLUMN, `tried` is NAME=VALUE,VALUE as typed."""

    kind: SeveralKind = "one"
    folds: int = 5
    repeats: int = 1
    group: str = ""
    tried: str = ""
    stop_early: bool = False
    runner: RunnerName = "local"
    workers: int = 1
    address: str = ""

    @cached_property
    def settings(self) -> Tried:
        """The values to try by name; empty for what cannot be read."""
        try:
            return read_tried(self.tried)
        except AppError:
            return {}

    @property
    def count(self) -> int:
        """How many trainings it takes."""
        if self.kind == "folds":
            return self.folds * self.repeats
        return (
            prod(len(values) for values in self.settings.values()) if self.kind == "search" else 1
        )

    @property
    def rounds(self) -> int:
        """How many trainings come one after the other."""
        return 1 if self.kind == "one" else -(-self.count // self.workers)


ONE_MODEL = SeveralForm()


def several_problem(form: SeveralForm, cases: Collection[str], known: Collection[str]) -> str:
    """Return what is wrong, empty for nothing.

    `cases` are those with ground truth to learn from, `known` those the base has learnt from.
    """
    if form.kind == "one":
        return ""
    if form.address and form.runner != "ray":
        return "An address is of Ray: choose it, or leave the address out."
    return _fold_problem(form, cases, known) if form.kind == "folds" else _search_problem(form)


def _fold_problem(form: SeveralForm, cases: Collection[str], known: Collection[str]) -> str:
    if len(cases) < form.folds:
        return f"{form.folds} folds take {form.folds} cases with ground truth: {len(cases)} chosen."
    if form.group and not form.group.rpartition(":")[0]:
        return "Give a table and its column, as sites.csv:site."
    if seen := len(set(cases) & set(known)):
        return (
            f"The base model has learnt from {counted(seen, 'case')} of the folds, which would be "
            "judged by what has seen them: start from a fresh network."
        )
    return ""


def _search_problem(form: SeveralForm) -> str:
    try:
        read_tried(form.tried)
    except AppError as error:
        return str(error)
    if form.count < 2:
        return "Give two values to try at least, as learning_rate=1e-3,1e-4."
    if form.count > _MOST_TRIALS:
        return f"{form.count:,} combinations: take fewer values, {_MOST_TRIALS} at most."
    return ""
