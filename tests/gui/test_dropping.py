"""What is dropped on the window opens: a file, a folder, a slice of a series, a zip."""

import shutil
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from tests.core.trees import make_tree
from tests.gui.conftest import Start
from tests.gui.tiny import settle, toasts

_KEYS = (Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def drop(program: Program, *paths: Path) -> None:
    """Drag files over the window and let go, as another program does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button, keys = _KEYS
    entered = QDragEnterEvent(QPoint(400, 300), action, data, button, keys)
    QApplication.sendEvent(program.window, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(
        program.window, QDropEvent(QPointF(400, 300), action, data, button, keys)
    )


def opened(program: Program) -> tuple[str, str]:
    place, case = program.session.place, program.session.open_case
    assert place is not None
    assert case is not None
    return place.dataset.layout, case.loaded.case.id


def test_files_folders_series_and_zips_open_when_they_are_dropped(
    start: Start, dataset: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    loose = make_tree("loose", tmp_path / "loose")
    series = make_tree("dicom", tmp_path / "dicom")
    packed = shutil.make_archive(
        str(tmp_path / "packed"), "zip", make_tree("brats", tmp_path / "b")
    )
    plane = next((series / "P1" / "t2_flair").iterdir())
    program = start(dataset)
    for dropped, layout, case_id in (
        (loose / "P2_flair.nii.gz", "loose", "P2_flair"),
        (make_tree("bids", tmp_path / "bids"), "bids", "sub-P1"),
        (plane, "dicom", "t2_flair"),
        (Path(packed), "brats", "P1"),
    ):
        with qtbot.waitSignal(program.session.place_changed):
            drop(program, dropped)
        settle(qtbot, program)
        assert opened(program) == (layout, case_id)


def test_what_the_other_program_takes_back_is_told(start: Start, dataset: Path) -> None:
    program = start(dataset)
    program.window.dropped.emit([])
    assert any("Nothing was dropped" in said for said in toasts(program))
