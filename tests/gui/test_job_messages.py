"""What the window says of jobs that ended, and what it asks before a candidate is promoted."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.jobs.job_events import Done
from core.jobs.job_folder import JobFolder, JobWriter, create_job
from core.models.gate import GATE_FILE, GateReport, GateSpec, judge_candidate, judge_guides
from core.models.guide_choice import answering_id
from core.models.guides import Guides, GuideSpec
from core.workspace.workspace_folder import registry
from gui.shell.job_record import JobHead, JobRecord
from gui.training.job_descriptions import KnownModels, job_view
from gui.training.job_parts import JobCard
from gui.training.jobs_view import JobAction, JobView
from tests.gui.finding import button, texts
from tests.gui.resting import is_at_rest
from tests.gui.training_desk import CASES, CHAMPION, Desk, make_champion, write_dataset
from tests.synthetic import publish_unet

WORSE = "worse-one"
TITLE = "The worse one"


@pytest.fixture
def desk(qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[Desk]:
    """A drawer over ten tiny cases, a champion and a candidate."""
    make_champion(home)
    made = Desk(qtbot, home, write_dataset(tmp_path / "data"))
    publish_unet(made.place.workspace.models, WORSE, title=TITLE, seed=1)
    made.training.gate.desk.reload()
    qtbot.waitUntil(lambda: is_at_rest(made.lanes) and len(made.session.models.available) > 1)
    yield made
    made.close()


def _report(change: float) -> GateReport:
    before = dict.fromkeys(CASES, 0.9)
    after = {name: 0.9 + change * (1 + n / 10) for n, name in enumerate(CASES)}
    return judge_candidate((CHAMPION, before), (WORSE, after))


def _end_a_gate(desk: Desk, report: GateReport, *, expanded: bool) -> list[tuple[str, ...]]:
    """Let a comparison end while the drawer is open or closed; returns what was told."""
    told: list[tuple[str, ...]] = []
    desk.training.told.connect(lambda *said: told.append(said))
    spec = GateSpec(champion=f"m/{CHAMPION}", candidate=f"m/{WORSE}", data="d", cases=CASES)
    job = create_job(desk.place.workspace.jobs / "0001-gate", spec)
    writer = JobWriter(job)
    writer.start(resumed=False)
    desk.training.watch.refresh()
    desk.wait_for("running", kind="gate")
    desk.drawer.set_expanded(expanded)
    (job.path / GATE_FILE).write_bytes(msgspec.json.encode(report))
    writer.write(Done(0.0, report.verdict))
    writer.close()
    desk.wait_for("done", kind="gate")
    return told


@pytest.mark.parametrize(("change", "kind"), [(-0.05, "info"), (0.05, "ok")])
def test_only_a_better_candidate_is_told_with_a_tick(desk: Desk, change: float, kind: str) -> None:
    report = _report(change)
    assert _end_a_gate(desk, report, expanded=False) == [("Job 1 is done", report.reason, kind)]


def test_nothing_lies_over_the_drawer_that_shows_the_job(desk: Desk) -> None:
    assert _end_a_gate(desk, _report(-0.05), expanded=True) == []


def _few() -> GateReport:
    return judge_candidate(
        (CHAMPION, dict.fromkeys(CASES[:1], 0.935)), (WORSE, dict.fromkeys(CASES[:1], 0))
    )


@pytest.mark.parametrize("report", [_few(), _report(-0.001)], ids=["few", "worse"])
def test_what_nobody_can_tell_or_what_lost_is_asked_about_first(
    qtbot: QtBot, desk: Desk, report: GateReport
) -> None:
    gate, models = desk.training.gate, registry(desk.session.home, desk.place.workspace.folder)
    gate.show(report)
    qtbot.waitUntil(lambda: gate.dialog is not None and gate.dialog.isVisible())
    assert gate.dialog is not None
    assert ("Too few to tell" in texts(gate.dialog)) == (report.verdict == "few")
    button(gate.dialog, "Promote").click()
    box = gate.dialog.findChild(QMessageBox)
    assert box is not None
    assert box.informativeText() == report.doubt
    assert models.champion().spec.id == CHAMPION
    box.defaultButton().click()


def test_a_worse_candidate_is_promoted_only_after_a_question(qtbot: QtBot, desk: Desk) -> None:
    told: list[tuple[str, ...]] = []
    desk.training.told.connect(lambda *said: told.append(said))
    gate, models = desk.training.gate, registry(desk.session.home, desk.place.workspace.folder)
    gate.show(_report(-0.05))
    qtbot.waitUntil(lambda: gate.dialog is not None and gate.dialog.isVisible())
    assert gate.dialog is not None
    button(gate.dialog, "Promote").click()
    box = gate.dialog.findChild(QMessageBox)
    assert box is not None
    assert box.text() == f"Promote {TITLE}?"
    assert box.defaultButton().text().replace("&", "") == "Cancel"
    box.defaultButton().click()
    assert models.champion().spec.id == CHAMPION
    qtbot.waitUntil(lambda: gate.dialog is None or not gate.dialog.findChildren(QMessageBox))

    button(gate.dialog, "Promote").click()
    box = gate.dialog.findChild(QMessageBox)
    assert box is not None
    with qtbot.waitSignal(desk.training.model_wanted):
        button(box, "Promote").click()
    assert models.champion().spec.id == WORSE
    said = f"{TITLE} predicts by default; Roll back takes it back."
    assert told == [("Promoted", said, "ok")]


def _clicked(end: float, dip: float = 0.0) -> dict[str, list[list[float]]]:
    return {name: [[0.5, 0.6 - dip, 0.65, 0.7, 0.72, end]] for name in CASES}


def test_a_taught_guide_answers_once_it_is_promoted_and_can_be_taken_back(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    models = registry(desk.session.home, desk.place.workspace.folder)
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"none")
    spec = GuideSpec(id="taught", title="Taught clicks 1", architecture="unet")
    Guides((desk.place.workspace.models,)).publish(spec, weights)
    before = answering_id(models.roots)
    report = judge_guides((before, _clicked(0.75)), ("taught", _clicked(0.8)), told=(0, 1, 3, 5))
    told: list[tuple[str, ...]] = []
    desk.training.told.connect(lambda *said: told.append(said))
    gate = desk.training.gate
    gate.show(report)
    qtbot.waitUntil(lambda: gate.dialog is not None and gate.dialog.isVisible())
    assert gate.dialog is not None
    said = texts(gate.dialog)
    assert "DSC after 5 clicks" in said
    assert "Clicks that harm" in said
    assert any(line.startswith("Taught clicks 1 against") for line in said)
    button(gate.dialog, "Promote").click()
    qtbot.waitUntil(lambda: answering_id(models.roots) == "taught")
    qtbot.waitUntil(lambda: bool(told))
    assert told == [("Promoted", "taught answers guided clicks; Roll back takes it back.", "ok")]
    assert registry(desk.session.home).champion().spec.id == CHAMPION
    gate.desk.roll_back(before, lambda: None, guide=True)
    qtbot.waitUntil(lambda: answering_id(models.roots) == before)


def test_a_guide_that_harms_more_is_asked_about_first(qtbot: QtBot, desk: Desk) -> None:
    new = _clicked(0.8, dip=0.2)
    report = judge_guides(("bump", _clicked(0.75)), ("taught", new), told=(0, 1, 3, 5))
    head = JobHead(candidate="m/taught", starts="m/small", cases=CASES)
    record = JobRecord(JobFolder(Path("0002-gate")), head, "done", report=report)
    view = job_view(record, KnownModels())
    assert head.program == "guide_gate"
    assert view.title == "taught against bump"
    rows = {row.title: row.value for row in view.verdicts}
    assert rows["DSC after 5 clicks"] == "0.750 → 0.800  +0.050"
    assert rows["Clicks that harm"] == "0.0% → 20.0%"
    assert view.verdict_note == "undecided"
    assert report.doubt.startswith("More of its clicks harm")


def test_the_focus_stays_with_the_job_whose_button_was_pressed(qtbot: QtBot) -> None:
    window, card, other = QWidget(), JobCard(), QPushButton("Beside")
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    row.addWidget(card)
    row.addWidget(other)
    pause, stop = JobAction("pause", "Pause", "pause"), JobAction("stop", "Stop", "stop")
    card.show_job(_job(pause, stop))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    button(card, "Stop").setFocus()
    card.show_job(_job(pause, JobAction("stop", "Stopping…", "stop", enabled=False)))
    assert button(card, "Pause").hasFocus()
    card.show_job(_job(JobAction("pause", "Pausing…", "pause", enabled=False)))
    assert card.hasFocus()
    card.show_job(_job(JobAction("resume", "Resume", "play")))
    assert button(card, "Resume").hasFocus()
    other.setFocus()
    card.show_job(_job(pause))
    assert other.hasFocus()


def _job(*actions: JobAction) -> JobView:
    return JobView("0001-train", "Job 1", "Train", actions=actions)
