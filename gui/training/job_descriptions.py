"""From jobs as they were read to what the drawer and the dialogs show; pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.domain.figure_text import counted, p_value, signed
from core.jobs.job_events import Stage
from core.models.gate import REGRESSION, GateClicks, GateReport, Verdict
from core.models.guide_choice import BUMP
from gui.shell.job_record import JobHead, JobRecord
from gui.training.job_actions import job_actions
from gui.training.jobs_view import Curve, CurveLine, JobsView, JobView, Tone, VerdictRow
from gui.training.several_view import (
    several_at,
    several_curve,
    several_rows,
    several_title,
    several_words,
)
from gui.widgets.labels import duration, number

_VAL = "dsc_native_val"
_LOSSES = {
    "bce-dice": "BCE + Dice",
    "dice": "Dice",
    "soft-iou": "Soft IoU",
    "focal-tversky": "Focal Tversky",
}
VERDICTS: dict[Verdict, str] = {
    "promote": "Better",
    "keep": "Undecided",
    "reject": "Worse",
    "few": "Too few to tell",
}
_STATES = {
    "new": "starting",
    "running": "running",
    "paused": "paused",
    "interrupted": "broke off",
    "done": "done",
    "failed": "failed",
}
_STAGES: dict[Stage, str] = {
    "queued": "Queued",
    "reading": "Reading…",
    "timing": "Timing…",
    "learning": "Learning…",
    "scoring": "Scoring…",
    "comparing": "Comparing…",
    "writing": "Writing…",
}


@dataclass(frozen=True)
class KnownModels:
    """What a job is shown against: titles of models by id, and reports.

    `reports` holds the newest report by candidate, `judging` the candidates a gate is at work on
    and how far it is.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    reports: Mapping[str, GateReport] = field(default_factory=dict)
    judging: Mapping[str, float] = field(default_factory=dict)


def known_models(records: Sequence[JobRecord], titles: Mapping[str, str]) -> KnownModels:
    """Return what is known of the candidates beside the jobs themselves."""
    gates = [record for record in records if record.head.kind == "gate"]
    reports = {r.report.candidate: r.report for r in gates if r.report is not None}
    judging = {Path(r.head.candidate).name: r.fraction for r in gates if r.active}
    return KnownModels(titles, reports, judging)


def jobs_view(records: Sequence[JobRecord], chosen: str, about: KnownModels) -> JobsView:
    """Return all jobs, and `chosen` in full, or the one most likely wanted."""
    shown = shown_record(records, chosen)
    listed = tuple((r.id, f"{r.name} · {_STATES[r.state]}") for r in reversed(records))
    return JobsView(_counts(records), listed, None if shown is None else job_view(shown, about))


def shown_record(records: Sequence[JobRecord], chosen: str = "") -> JobRecord | None:
    """Return the job chosen, else the training that runs, else the newest."""
    newest = list(reversed(records))
    trainings = [record for record in newest if record.head.kind != "gate"]
    running = [record for record in reversed(trainings) if record.active]
    wanted = [record for record in newest if record.id == chosen]
    return next(iter([*wanted, *running, *trainings, *newest]), None)


def job_view(record: JobRecord, about: KnownModels) -> JobView:
    """Return one job as it is shown."""
    one, gate = record.head.kind == "train", record.head.kind == "gate"
    bar = "failed" if record.state in ("failed", "interrupted") else ""
    return JobView(
        id=record.id,
        name=record.name,
        title=_title(record, about),
        detail=_detail(record),
        at=_at(record),
        left=_left(record),
        trouble=_trouble(record),
        fraction=record.fraction,
        bar="paused" if record.state == "paused" else "failed" if bar else "",
        actions=job_actions(
            record,
            judged=record.result in about.reports,
            judging=record.result in about.judging,
        ),
        loss=_loss_curve(record) if one else None,
        dsc=_dsc_curve(record) if one else several_curve(record),
        verdicts=verdicts(record, about) if one or gate else several_rows(record),
        verdict_note=_note(record, about),
        verdict_title="Candidate vs champion" if one or gate else several_title(record),
    )


def verdicts(record: JobRecord, about: KnownModels) -> tuple[VerdictRow, ...]:
    """Return what is known so far of the candidate against the champion."""
    report = record.report or about.reports.get(record.result)
    if report is not None:
        return report_verdicts(report)
    if record.head.is_guide and record.head.kind == "train":
        rows = list(_guide_verdicts(record))
        if record.result in about.judging:
            scoring = f"scoring, {about.judging[record.result]:.0%}"
            rows.append(VerdictRow("Frozen validation", scoring, "pending"))
        return tuple(rows)
    best = record.curves.get("best_dsc", ())
    rows = [VerdictRow("Best selection DSC", number(best[-1][1], 3))] if best else []
    if record.head.kind == "gate" or record.result in about.judging:
        share = about.judging.get(record.result, record.fraction)
        return (*rows, VerdictRow("Frozen validation", f"scoring, {share:.0%}", "pending"))
    if record.state == "done":
        val = record.metrics.get(_VAL)
        if val is not None:
            rows.append(VerdictRow("DSC on validation", number(val, 3)))
        return (*rows, VerdictRow("Frozen validation", "not judged yet", "pending"))
    return (*rows, VerdictRow("Frozen validation", "at the end", "pending"))


def label_verdicts(report: GateReport) -> tuple[VerdictRow, ...]:
    """Return a row a label or region that both models give, none of a gate of one."""
    return tuple(
        VerdictRow(
            name,
            f"{number(champion, 3)} → {number(candidate, 3)}  {signed(candidate - champion)}",
            tone(candidate - champion),
        )
        for name, (champion, candidate) in report.labels.items()
    )


def _guide_verdicts(record: JobRecord) -> tuple[VerdictRow, ...]:
    """Return what a robot reader reaches with a guide, and had reached before it learnt."""
    points = record.curves.get("selection_dsc_5", ())
    if not points:
        return ()
    best = max(value for _, value in points)
    gain = best - points[0][1]
    return (
        VerdictRow("Best DSC after five clicks", number(best, 3)),
        VerdictRow("Since its beginning", signed(gain), tone(gain)),
    )


def report_verdicts(report: GateReport) -> tuple[VerdictRow, ...]:
    """Return the rows of a finished gate."""
    if report.clicks is not None:
        return _click_verdicts(report.clicks)
    low, high = report.low, report.high
    interval = "" if low is None or high is None else f"  [{number(low, 3)}, {number(high, 3)}]"
    lost = len(report.regressions)
    return (
        VerdictRow(
            _mean_title(report),
            signed(report.mean_difference) + interval,
            tone(report.mean_difference),
        ),
        VerdictRow("Worst tenth DSC", signed(report.worst_tenth), tone(report.worst_tenth)),
        VerdictRow(
            f"Lost over {REGRESSION:g}",
            counted(lost, "case") if lost else "no case",
            "worse" if lost else "better",
        ),
        VerdictRow("Exact p", p_value(report.p)),
    )


def _click_verdicts(clicks: GateClicks) -> tuple[VerdictRow, ...]:
    """Return what clicks bring by two guides, and how often they harm."""
    rows = [
        VerdictRow(
            f"DSC after {counted(count, 'click')}",
            f"{number(before, 3)} → {number(after, 3)}  {signed(after - before)}",
            tone(after - before),
        )
        for count, (before, after) in clicks.dsc.items()
        if count
    ]
    before, after = clicks.harmful
    harm = VerdictRow(
        "Clicks that harm",
        f"{before:.1%} → {after:.1%}",
        "worse" if clicks.harms_more else "better" if after < before else "",
    )
    return (*rows, harm)


def _mean_title(report: GateReport) -> str:
    """Say what the mean is of: a case's DSC, or the mean of it over labels or regions."""
    return f"Mean DSC of {len(report.labels)} labels" if report.labels else "Mean DSC"


def tone(value: float) -> Tone:
    """Return whether a difference is a gain; none below what is printed."""
    return "" if abs(value) < 0.0005 else "better" if value > 0 else "worse"


def loss_title(loss: str) -> str:
    """Return the name of a loss as it is written."""
    return _LOSSES.get(loss, loss)


def _counts(records: Sequence[JobRecord]) -> str:
    waiting = sum(record.waiting for record in records)
    counts = (
        (sum(record.active for record in records) - waiting, "running"),
        (waiting, "queued"),
        (sum(record.state == "paused" for record in records), "paused"),
        (sum(record.state == "interrupted" for record in records), "broken off"),
        (sum(record.state == "failed" for record in records), "failed"),
        (sum(record.state == "done" for record in records), "finished"),
    )
    return " · ".join(f"{count} {word}" for count, word in counts if count)


def _title(record: JobRecord, about: KnownModels) -> str:
    head = record.head
    if head.kind in ("folds", "search"):
        return several_words(head)
    if head.kind == "gate":
        one, other = Path(head.candidate).name, Path(head.champion).name or BUMP
        return f"{about.titles.get(one, one)} against {about.titles.get(other, other)}"
    what = "Fine-tune" if head.parent else "Train"
    if head.is_guide:
        what = "Teach"
    return f"{what} {head.title or head.model_id}"


def _detail(record: JobRecord) -> str:
    head, ending = record.head, "" if len(record.head.cases) == 1 else "s"
    if head.train is not None:
        return _settings(head.train, [head.train.architecture])
    if head.kind == "gate":
        clicked = ", clicked on by a robot reader" if head.is_guide else ""
        return f"{len(head.cases)} frozen case{ending}, new to the candidate{clicked}"
    parts = [f"{len(head.cases)} case{ending}"] if head.cases else [head.architecture]
    return _settings(head, parts)


def _settings(head: JobHead, parts: Sequence[str]) -> str:
    """Return what a training is made of, after what is said of its cases."""
    parts = [
        *parts,
        loss_title(head.loss),
        f"lr {head.learning_rate:g}",
        f"batch {head.batch_size}",
    ]
    return " · ".join(part for part in parts if part)


def _at(record: JobRecord) -> str:
    if record.requested == "start" or record.state == "new":
        return "Starting…"
    if record.state != "running":
        share = f" at {record.fraction:.0%}" if record.state in ("paused", "interrupted") else ""
        return _STATES[record.state].capitalize() + share
    if record.waiting:
        return "Queued"
    if record.head.kind in ("folds", "search"):
        return several_at(record, _STAGES)
    if not record.step and record.head.kind == "train":
        return "Starting…" if record.progress is None else _STAGES[record.progress.stage]
    if record.head.epochs and not record.head.minutes and record.fraction < 1:
        epoch = min(int(record.fraction * record.head.epochs) + 1, record.head.epochs)
        return f"Epoch {epoch} / {record.head.epochs}"
    return f"{record.fraction:.0%}" if record.fraction < 1 else _STAGES["scoring"]


def _left(record: JobRecord) -> str:
    if record.waiting:
        return "after another job"
    if record.state == "running" and record.seconds_left is not None and record.requested is None:
        return f"{duration(record.seconds_left)} left"
    return ""


def _trouble(record: JobRecord) -> str:
    if record.requested in ("start", "stop"):
        return ""
    if record.state == "interrupted" and not record.failure:
        return "It ended without a word. Resume uses its checkpoint."
    return record.failure if record.state in ("failed", "interrupted") else ""


def _last_step(record: JobRecord) -> float | None:
    if record.head.max_steps and not record.head.epochs and not record.head.minutes:
        return float(record.head.max_steps)
    return record.step / record.fraction if record.step and record.fraction > 0.01 else None


def _budget(record: JobRecord) -> str:
    head = record.head
    if head.epochs:
        return f"{head.epochs} epochs"
    if head.minutes:
        return f"{head.minutes:g} min"
    return f"{head.max_steps} steps" if head.max_steps else ""


def _loss_curve(record: JobRecord) -> Curve:
    points, held = (record.curves.get(name, ()) for name in ("loss", "selection_loss"))
    lines = (CurveLine("train", points, "t2"), CurveLine("held out", held))
    return Curve(
        "Loss",
        tuple(line for line in lines if line.points),
        value=number(points[-1][1], 3) if points else "",
        last_x=_last_step(record),
        x_text=_budget(record),
    )


def _dsc_curve(record: JobRecord) -> Curve:
    guide = record.head.is_guide
    points = record.curves.get("selection_dsc_5" if guide else "selection_dsc", ())
    return Curve(
        "DSC after five clicks" if guide else "Selection DSC",
        (CurveLine(record.name.lower(), points),) if points else (),
        value=number(points[-1][1], 3) if points else "",
        last_x=_last_step(record),
        x_text=_budget(record),
    )


def _note(record: JobRecord, about: KnownModels) -> str:
    report = record.report or about.reports.get(record.result)
    if report is not None:
        return VERDICTS[report.verdict].lower()
    return "provisional" if record.active and record.curves else ""
