"""The tour: offered once on the demo, five steps that point at what they explain, left by Esc."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import create_autospec

import msgspec
import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.io.datasets.dataset import Dataset
from core.workspace.settings import Settings
from core.workspace.workspace_folder import Workspace
from gui.app.main_window import MainWindow
from gui.app.tour import STEPS, Tour
from gui.shell.context import Context
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.widgets.spotlight import Spotlight
from gui.widgets.theme import DARK, apply_theme
from tests import patience


class Operations(QObject):
    loaded = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def change_settings(self, **changes: object) -> None:
        self._session.set_settings(msgspec.structs.replace(self._session.settings, **changes))


@pytest.fixture(scope="module")
def window(qapp: QApplication) -> Iterator[MainWindow]:
    before = (qapp.styleSheet(), qapp.font(), qapp.palette())
    apply_theme(qapp, DARK)
    window = MainWindow()
    window.resize(1600, 1000)
    window.show()
    assert QTest.qWaitForWindowExposed(window, patience.MILLISECONDS)
    yield window
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet(before[0])
    qapp.setFont(before[1])
    qapp.setPalette(before[2])


@pytest.fixture
def tour(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Iterator[Tour]:
    context = create_autospec(Context, instance=True)
    context.session = Session(tmp_path, Settings())
    context.operations = Operations(context.session)
    made = Tour(context, window)
    made.context = context  # type: ignore[attr-defined]
    yield made
    spotlight(window).hide()
    spotlight(window).setParent(None)  # type: ignore[call-overload]


def spotlight(window: MainWindow) -> Spotlight:
    (found,) = window.findChildren(Spotlight)
    return found


def load(tour: Tour, *, demo: bool) -> None:
    context = tour.context  # type: ignore[attr-defined]
    dataset = Dataset(Path("/demo"), ())
    workspace = create_autospec(Workspace, instance=True)
    context.session.set_place(Place(dataset, workspace, synthetic=demo), {})
    context.operations.loaded.emit()


def test_a_first_start_on_the_demo_offers_it_once(tour: Tour, window: MainWindow) -> None:
    load(tour, demo=False)
    assert tour.title == ""
    load(tour, demo=True)
    assert tour.title == "New here?"
    QTest.keyClick(spotlight(window), Qt.Key.Key_Escape)
    assert tour.title == ""
    load(tour, demo=True)
    assert tour.title == ""


def test_five_steps_point_at_what_they_explain(tour: Tour, window: MainWindow) -> None:
    load(tour, demo=True)
    view = spotlight(window)
    for step in STEPS:
        QTest.keyClick(view, Qt.Key.Key_Right)
        QApplication.processEvents()
        assert tour.title == step.title
        assert not view.hole.isEmpty(), step.title
        assert view.rect().contains(view.card)
        inside = view.card.intersected(view.hole)
        assert inside.isEmpty() or view.hole.contains(view.card), step.title
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert tour.title == STEPS[-2].title
    QTest.keyClick(view, Qt.Key.Key_Return)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert tour.title == ""


@pytest.mark.parametrize("size", [(1280, 800), (1264, 672)])
def test_the_card_lies_inside_small_windows(
    tour: Tour, window: MainWindow, size: tuple[int, int]
) -> None:
    window.setMinimumSize(0, 0)
    window.resize(*size)
    QApplication.processEvents()
    load(tour, demo=True)
    view = spotlight(window)
    for _ in STEPS:
        QTest.keyClick(view, Qt.Key.Key_Right)
        QApplication.processEvents()
        assert view.rect().contains(view.card)
        assert view.geometry() == QRect(0, 0, *(view.parentWidget().size().toTuple()))


def test_it_opens_the_demo_where_something_else_is_open(tour: Tour) -> None:
    load(tour, demo=False)
    tour.start()
    tour.context.trigger.assert_called_with("open_demo")  # type: ignore[attr-defined]
    assert tour.title == ""
    load(tour, demo=True)
    assert tour.title == STEPS[0].title
