"""From a job of several trainings, folds or a search, to what the drawer shows of it."""

from collections.abc import Mapping
from math import prod

from core.domain.figure_text import counted
from core.jobs.job_events import Stage
from core.jobs.unit_job import FOLD_DSC
from gui.shell.job_record import JobHead, JobRecord
from gui.training.jobs_view import Curve, CurveLine, VerdictRow
from gui.widgets.labels import number


def several_words(head: JobHead) -> str:
    """Return what is done, in a few words."""
    name = head.title or head.model_id
    if head.kind == "search":
        return f"Search settings of {name}, {counted(_count(head), 'trial')}"
    times = "" if head.repeats == 1 else f", {head.repeats} times"
    return f"Cross-validate {name}, {counted(head.folds, 'fold')}{times}"


def several_title(record: JobRecord) -> str:
    """Return the heading of what is known."""
    return "Out of fold" if record.head.kind == "folds" else "Trials"


def several_at(record: JobRecord, stages: Mapping[Stage, str]) -> str:
    """Return how far a running job is: which training it is at, and the share of all."""
    now = record.progress
    if now is None or (now.stage == "reading" and not record.fraction):
        return stages["reading"]
    share = f"{min(record.fraction, 0.99):.0%}"
    return f"{_name(now.about, record.head)} · {share}" if now.about else share


def _name(folder: str, head: JobHead) -> str:
    """Return what readers call the training in a folder: `r1-f2` is fold 1.2, `3-…` trial 3."""
    if head.kind == "folds":
        return f"Fold {folder.replace('r', '').replace('-f', '.').replace('f', '')}"
    return f"Trial {folder.partition('-')[0]}"


def several_curve(record: JobRecord) -> Curve | None:
    """Return the DSC of each fold that is done, None for a search and a gate."""
    if record.head.kind != "folds":
        return None
    points, count = record.curves.get(FOLD_DSC, ()), _count(record.head)
    return Curve(
        "DSC by fold",
        (CurveLine("out of fold", points),) if points else (),
        value=number(points[-1][1], 3) if points else "",
        last_x=float(count),
        x_text=counted(count, "fold"),
        empty="No fold is done yet",
    )


def several_rows(record: JobRecord) -> tuple[VerdictRow, ...]:
    """Return what all say together, or how many are done."""
    if record.table is not None:
        return tuple(VerdictRow(name, value) for name, value in record.table.facts)
    count = _count(record.head)
    if record.head.kind == "folds":
        done = len(record.curves.get(FOLD_DSC, ()))
        return (VerdictRow("Folds done", f"{done} of {count}", "pending"),)
    return (VerdictRow("Table of trials", "at the end", "pending"),)


def _count(head: JobHead) -> int:
    if head.kind == "search":
        return prod(len(values) for values in head.tried.values())
    return head.folds * head.repeats
