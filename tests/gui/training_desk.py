"""A jobs drawer with everything behind it over a tiny workspace, without the rest of the window."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from core.annotation.draft import Origin, Snapshot
from core.annotation.versions import save_version
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from core.workspace.workspace_folder import Workspace, open_workspace, registry, workspace_folder
from gui.shell.job_record import JobRecord
from gui.shell.model_reader import read_models
from gui.shell.place_reader import plain_states
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Fault, Lanes
from gui.training.jobs_drawer import JobsDrawer
from gui.training.train_dialog import TrainDialog
from gui.training.training_presenter import TrainingPresenter
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from tests.gui.finding import button, by_name
from tests.synthetic import lesion, publish_unet, write_case

CASES = ("A_1", "A_2", "A_3", "B_1", "B_2", "B_3", "C_1", "C_2", "C_3", "C_4")
BARE = "D_1"
"""The case without ground truth."""

CHAMPION = "tiny"


def write_dataset(folder: Path) -> Path:
    """Write ten tiny cases with ground truth and one without."""
    for seed, case_id in enumerate((*CASES, BARE)):
        write_case(folder, case_id, masks=case_id != BARE, seed=seed)
    return folder


class Desk:
    """Session, workers, drawer and presenter, as a window has them."""

    def __init__(self, qtbot: QtBot, home: Path, data: Path) -> None:
        self._qtbot = qtbot
        self.session, self.lanes = Session(home, Settings(device="cpu")), Lanes()
        self.window, self.drawer = QWidget(), JobsDrawer()
        self.window.resize(1100, 160)
        QVBoxLayout(self.window).addWidget(self.drawer)
        self.drawer.set_look(DARK, DEFAULT_OVERLAYS)
        self.training = TrainingPresenter(self.session, self.lanes, self.drawer)
        self.troubles: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.training.failed.connect(lambda *said: self.troubles.append(said[:2]))
        self.lanes.reports.faulted.connect(self.faults.append)
        dataset = scan(data)
        self.place = Place(dataset, open_workspace(workspace_folder(home, dataset.root)))
        self.session.set_models(
            read_models(home, self.place.workspace.folder, CHAMPION, Settings())
        )
        self.session.set_place(self.place, plain_states(dataset))
        self.window.show()

    @property
    def records(self) -> tuple[JobRecord, ...]:
        """The jobs as the window knows them."""
        return self.training.watch.records

    def wait_for(self, state: str, *, job: int = 0, kind: str = "train") -> JobRecord:
        """Wait until the n-th job of a kind is in a state."""

        def found() -> list[JobRecord]:
            jobs = [record for record in self.records if record.head.kind == kind]
            return [record for record in jobs[job : job + 1] if record.state == state]

        self._qtbot.waitUntil(lambda: bool(found()) or bool(self.faults))
        assert self.faults == []
        return found()[0]

    def close(self) -> None:
        """Close the window; jobs go on. Twice does nothing."""
        if not isValid(self.window):
            return
        self.training.close()
        self.window.close()
        self.lanes.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.place.close()


def correct(workspace: Workspace, case_id: str) -> None:
    """Save a version of the correction of a case."""
    mask = lesion()
    count = int(mask.sum())
    snapshot = Snapshot(
        case_id=case_id,
        mask=mask,
        origin=Origin(kind="empty"),
        tools={"brush": 1},
        seconds=1.0,
        voxels=count,
        voxels_changed=count,
        dsc_before=None,
        dsc_after=None,
        head=1,
    )
    save_version(workspace, snapshot, author="reader")


def make_champion(home: Path) -> str:
    """Make a U-Net of a few parameters the champion of every workspace; returns its id."""
    publish_unet(home / "models", CHAMPION)
    registry(home).promote(CHAMPION)
    return CHAMPION


@contextmanager
def served_desk(qtbot: QtBot, home: Path, data: Path) -> Iterator[Desk]:
    """A drawer over ten tiny cases; no process outlives it."""
    make_champion(home)
    desk = Desk(qtbot, home, write_dataset(data))
    yield desk
    desk.close()
    end_children(desk.place.workspace.folder)


def open_small(
    qtbot: QtBot, desk: Desk, *, title: str, base: str = "", epochs: int = 1
) -> TrainDialog:
    """Open the train dialog and choose a network of a few parameters and few steps."""
    button(desk.drawer, "New job").click()
    qtbot.waitUntil(lambda: desk.training.dialog is not None)
    dialog = desk.training.dialog
    assert dialog is not None
    bases = by_name(dialog, QComboBox, "Base model")
    bases.setCurrentIndex(bases.findData(base))
    by_name(dialog, QLineEdit, "Arguments of the network").setText("init_features=2")
    by_name(dialog, QSpinBox, "Size").setValue(32)
    by_name(dialog, QSpinBox, "Batch").setValue(4)
    by_name(dialog, QSpinBox, "Epochs").setValue(epochs)
    by_name(dialog, QDoubleSpinBox, "Minutes").setValue(0)
    by_name(dialog, QLineEdit, "Save as").setText(title)
    return dialog


def end_children(jobs: Path) -> None:
    """Kill what a failed test may have left running below a folder of jobs."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(jobs).encode() in status.read_bytes():
                os.kill(int(status.parent.name), 9)
        except OSError:  # ended meanwhile
            continue
