"""What can be done about a job, as the buttons of the drawer show it."""

from gui.shell.job_record import JobRecord
from gui.training.jobs_view import JobAction


def job_actions(record: JobRecord, *, judged: bool, judging: bool) -> tuple[JobAction, ...]:
    """Return the buttons of a job; `judged` and `judging` are of the model it made."""
    if record.requested == "start":
        text = "Resuming…" if record.step else "Starting…"
        return (JobAction("resume", text, "play", enabled=False),)
    if record.state == "running":
        return _running_actions(record)
    if record.state in ("paused", "interrupted", "failed"):
        return _standing_actions(record)
    if record.table is not None:
        return (JobAction("table", "Show the table", "trend", tip="Figures of each training"),)
    if record.state != "done" or not (record.result or record.report):
        return ()
    if record.report or judged:
        return (JobAction("gate", "Show the gate", "trend", tip="Candidate vs champion"),)
    text = "Judging…" if judging else "Judge against champion"
    return (JobAction("gate", text, "trend", enabled=not judging),)


def _standing_actions(record: JobRecord) -> tuple[JobAction, ...]:
    asked = record.requested == "stop"
    resume = JobAction(
        "resume", "Resume", "play", enabled=not asked, tip="Go on from the last checkpoint"
    )
    if record.head.kind in ("folds", "search"):
        return (resume,)
    best = record.curves.get("best_dsc") or record.curves.get("best_dsc_5")
    learnt = best or (record.state == "paused" and record.step)
    return (resume, _stop(asked=asked)) if learnt else (resume,)


def _stop(*, asked: bool, enabled: bool = True) -> JobAction:
    return JobAction(
        "stop",
        "Stopping…" if asked else "Stop",
        "stop",
        enabled=enabled and not asked,
        tip="End now with the best weights so far",
    )


def _running_actions(record: JobRecord) -> tuple[JobAction, ...]:
    asked = record.requested
    pause = JobAction(
        "pause",
        "Pausing…" if asked == "pause" else "Pause",
        "pause",
        enabled=asked is None,
        tip="Save and end the process; it can go on later",
    )
    if record.head.kind in ("folds", "search"):
        return (pause,)
    stop = _stop(asked=asked == "stop", enabled=asked is None)
    return (pause, stop) if record.head.kind == "train" else (stop,)
