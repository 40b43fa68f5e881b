"""What is asked of a dataset is closed with it: nothing is done to the one that is open next."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import create_autospec

import msgspec
import pytest
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core.domain.window_level import automatic
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.jobs.job_folder import JOB_FILE, JobWriter, create_job
from core.models.gate import GateSpec, judge_candidate
from core.workspace.settings import Settings
from core.workspace.splits import freeze_split
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.data.channel_choice import ChannelChoice
from gui.data.time_point import TimePoint
from gui.review.time_dialog import TimeDialog
from gui.shell.messages import Toasts
from gui.shell.operations import Operations
from gui.shell.place_reader import plain_states
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Place
from gui.shell.tasks import Lanes
from gui.training.train_judges import propose_split
from tests.core.trees import pixels, save_nifti
from tests.gui.conftest import Start
from tests.gui.training_desk import CASES, CHAMPION, Desk, served_desk
from tests.synthetic import publish_unet

OTHER = "other"


@pytest.fixture
def desk(qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[Desk]:
    with served_desk(qtbot, home, tmp_path / "data") as made:
        publish_unet(made.place.workspace.models, OTHER, seed=1)
        yield made


@pytest.fixture
def elsewhere(desk: Desk, home: Path, tmp_path: Path) -> Iterator[Place]:
    """Another dataset with the same cases, in a workspace of its own."""
    folder = Path(shutil.copytree(desk.place.dataset.root, tmp_path / "elsewhere"))
    place = Place(scan(folder), open_workspace(workspace_folder(home, folder)))
    yield place
    place.close()


def leave(desk: Desk, place: Place) -> None:
    desk.session.set_place(place, plain_states(place.dataset))


def test_a_gate_is_closed_and_not_shown_again(qtbot: QtBot, desk: Desk, elsewhere: Place) -> None:
    gate, scores = desk.training.gate, dict.fromkeys(CASES, 0.9)
    gate.show(judge_candidate((CHAMPION, scores), (OTHER, scores)))
    qtbot.waitUntil(lambda: gate.dialog is not None and gate.dialog.isVisible())
    leave(desk, elsewhere)
    qtbot.waitUntil(lambda: gate.dialog is None)
    gate.show_again()
    assert gate.dialog is None


def test_a_job_is_stopped_where_it_was_asked_about(
    qtbot: QtBot, desk: Desk, elsewhere: Place
) -> None:
    spec = GateSpec(champion=CHAMPION, candidate=OTHER, data="d", cases=CASES)
    job = create_job(desk.place.workspace.jobs / "0001-gate", spec)
    with closing(JobWriter(job)) as writer:
        writer.start(resumed=False)
        desk.training.watch.refresh()
        record = desk.wait_for("running", kind="gate")
        desk.drawer.asked.emit("stop", record.id)
        assert len(desk.drawer.findChildren(QMessageBox)) == 1
        leave(desk, elsewhere)
        qtbot.waitUntil(lambda: not desk.drawer.findChildren(QMessageBox))
    assert job.requested() is None


def test_a_gate_is_made_of_the_models_it_was_asked_for(
    desk: Desk, elsewhere: Place, tmp_path: Path
) -> None:
    place = desk.place
    freeze_split(place.workspace.store, propose_split(place.dataset.cases, ()))
    make = desk.training.gate.desk.prepare(OTHER)
    leave(desk, elsewhere)
    job, _ = make(tmp_path / "0001-gate")
    spec = msgspec.json.decode((job.path / JOB_FILE).read_bytes(), type=GateSpec)
    assert spec.workspace == str(place.workspace.folder)
    assert spec.data == str(place.dataset.root)


class Asked:
    """A case of four volumes or channels in one file on screen, and what a choice needs."""

    def __init__(self, home: Path, folder: Path) -> None:
        save_nifti(folder / "P1_dyn.nii.gz", pixels(0)[:3])
        self.session, self.lanes = Session(home, Settings()), Lanes()
        self.place = Place(scan(folder), open_workspace(workspace_folder(home, folder)))
        self.window = QWidget()
        self.context = SimpleNamespace(
            session=self.session,
            lanes=self.lanes,
            window=self.window,
            toasts=create_autospec(Toasts, instance=True),
            operations=create_autospec(Operations, instance=True),
            say_failed=lambda *_: None,
        )

    def open(self) -> None:
        loaded = read_case(self.place.dataset.cases[0])
        volume = loaded.volume
        pairs = zip(volume.channels, volume.pixels, strict=True)
        ranges = tuple((name, automatic(each)) for name, each in pairs)
        height, width = volume.geometry.shape[1:]
        self.session.set_place(self.place, plain_states(self.place.dataset))
        self.session.set_open_case(OpenCase(loaded, ranges, (0, height, 0, width)), slice_index=0)


@pytest.fixture
def asked(qtbot: QtBot, home: Path, tmp_path: Path) -> Iterator[Asked]:
    made = Asked(home, tmp_path / "set")
    qtbot.addWidget(made.window)
    made.open()
    yield made
    made.lanes.close()
    made.place.close()


def test_a_time_point_is_chosen_for_the_folder_that_was_asked_about(
    qtbot: QtBot, asked: Asked, desk: Desk, elsewhere: Place
) -> None:
    chooser = TimePoint(asked.context)  # type: ignore[arg-type]
    chooser.ask()
    qtbot.waitUntil(lambda: chooser.dialog is not None and chooser.dialog.isVisible())
    asked.session.set_place(elsewhere, plain_states(elsewhere.dataset))
    assert chooser.dialog is not None
    assert chooser.dialog.isHidden()


def test_what_is_counted_late_asks_nothing_of_another_folder(
    qtbot: QtBot, asked: Asked, desk: Desk, elsewhere: Place
) -> None:
    chooser = TimePoint(asked.context)  # type: ignore[arg-type]
    chooser.ask()
    asked.session.set_place(elsewhere, plain_states(elsewhere.dataset))
    qtbot.waitUntil(lambda: not asked.lanes.busy)
    assert chooser.dialog is None


def test_channels_are_chosen_for_the_folder_that_was_asked_about(
    qtbot: QtBot, asked: Asked, desk: Desk, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = elsewhere.dataset.cases[0]
    assert case.volumes is None
    asked.place = elsewhere
    asked.open()
    chooser = ChannelChoice(asked.context)  # type: ignore[arg-type]
    four = "gui.data.channel_choice._MOST"
    monkeypatch.setattr(four, 2)  # three channels are more than the most, too
    chooser.ask()
    qtbot.waitUntil(lambda: chooser.dialog is not None and chooser.dialog.isVisible())
    asked.session.set_place(desk.place, plain_states(desk.place.dataset))
    assert chooser.dialog is not None
    assert chooser.dialog.isHidden()


def test_sums_of_time_and_exports_are_closed_with_their_dataset(
    qtbot: QtBot, start: Start, predicted: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(predicted, tmp_path / "other cases"))
    program = start(predicted)
    program.context.trigger("time_spent")
    program.studies.export.ask_cases()
    assert program.window.findChildren(TimeDialog)
    assert program.studies.export.cases.isVisible()
    with qtbot.waitSignal(program.session.place_changed):
        program.operations.open_dataset(other)
    qtbot.waitUntil(lambda: not program.window.findChildren(TimeDialog))
    assert program.studies.export.cases.isHidden()
    qtbot.waitUntil(lambda: not program.lanes.busy)
