"""What the gate shows, as data: candidate against champion, case by case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.models.gate import GateReport, Verdict
from gui.training.job_descriptions import label_verdicts, report_verdicts
from gui.training.jobs_view import VerdictRow

GateStanding = Literal["candidate", "champion", "gone"]


@dataclass(frozen=True)
class GateRow:
    """The DSC of both models on a case; `lost` when it is named as a regression."""

    case_id: str
    name: str
    champion: float
    candidate: float
    difference: float
    lost: bool = False


@dataclass(frozen=True)
class GateView:
    """What a gate found and what can be done about it; `earlier` are champions to go back to.

    `labels` has a row a label or region, where the models give several. Two guides of clicks have
    no masks that could be shown side by side.
    """

    champion_id: str
    candidate_id: str
    champion: str
    candidate: str
    verdict: Verdict
    reason: str
    rows: tuple[GateRow, ...] = ()
    verdicts: tuple[VerdictRow, ...] = ()
    labels: tuple[VerdictRow, ...] = ()
    notes: tuple[str, ...] = ()
    standing: GateStanding = "candidate"
    deletable: bool = False
    earlier: tuple[tuple[str, str], ...] = ()
    guides: bool = False


@dataclass(frozen=True)
class Choices:
    """What the registry says.

    `champion` is the one of now, `learnt` the cases each model has learnt from, `deletable` the
    models that may go, `earlier` the champions before.
    """

    champion: str
    titles: Mapping[str, str]
    learnt: Mapping[str, frozenset[str]] = field(default_factory=dict)
    deletable: frozenset[str] = frozenset()
    earlier: tuple[str, ...] = ()


def gate_view(report: GateReport, choices: Choices, names: Mapping[str, str]) -> GateView:
    """Return a report as it is shown; `names` are the short names of cases."""
    titles = choices.titles
    standing: GateStanding = "candidate"
    if report.candidate not in titles:
        standing = "gone"
    elif report.candidate == choices.champion:
        standing = "champion"
    return GateView(
        champion_id=report.champion,
        candidate_id=report.candidate,
        champion=titles.get(report.champion, report.champion),
        candidate=titles.get(report.candidate, report.candidate),
        verdict=report.verdict,
        reason=report.reason,
        rows=_rows(report, names),
        verdicts=report_verdicts(report),
        labels=label_verdicts(report),
        notes=(*_flattered(report, choices), *report.failed.values()),
        standing=standing,
        deletable=standing == "candidate" and report.candidate in choices.deletable,
        earlier=tuple((name, titles.get(name, name)) for name in choices.earlier),
        guides=report.clicks is not None,
    )


def _flattered(report: GateReport, choices: Choices) -> tuple[str, ...]:
    """Say of each model how many of the cases it has learnt from."""
    judged = {case.case for case in report.cases}
    told = []
    for model_id in (report.champion, report.candidate):
        count = len(judged & choices.learnt.get(model_id, frozenset()))
        if count:
            title = choices.titles.get(model_id, model_id)
            told.append(f"{title} has learnt from {count} of these cases, which flatters it.")
    return tuple(told)


def _rows(report: GateReport, names: Mapping[str, str]) -> tuple[GateRow, ...]:
    lost: Sequence[str] = report.regressions
    return tuple(
        GateRow(
            case_id=case.case,
            name=names.get(case.case, case.case),
            champion=case.champion,
            candidate=case.candidate,
            difference=case.difference,
            lost=case.case in lost,
        )
        for case in report.cases
    )
