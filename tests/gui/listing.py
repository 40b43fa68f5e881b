"""A worklist to test with, and how its rows are reached."""

from dataclasses import replace

from PySide6.QtWidgets import QApplication, QListView
from pytestqt.qtbot import QtBot

from gui.worklist.worklist_panel import Worklist, WorklistRow

ROW_HEIGHT = 52


def row(case_id: str, dsc: float | None = None, **changes: object) -> WorklistRow:
    base = WorklistRow(case_id, slices=22, dsc=dsc, status="unreviewed")
    return replace(base, **changes)  # type: ignore[arg-type]


FEW = [
    row("B_10", 0.9, status="accepted"),
    row("B_2", None, detail="1 slice unreadable", run="failed"),
    row("A_1", 0.5),
    row("C_3", 0.7),
    row("D_4", None, detail="no ground truth", has_truth=False, predicted=True),
]


def many(count: int) -> list[WorklistRow]:
    return [row(f"case-{n:04}", 0.3 + 0.6 * n / count) for n in range(count)]


def shown_worklist(qtbot: QtBot) -> Worklist:
    """Return a worklist on screen with few cases."""
    widget = Worklist()
    qtbot.addWidget(widget)
    widget.resize(272, 600)
    widget.show()
    widget.set_rows(FEW)
    QApplication.processEvents()
    return widget


def listed(worklist: Worklist) -> QListView:
    view = worklist.findChild(QListView)
    assert isinstance(view, QListView)
    return view
