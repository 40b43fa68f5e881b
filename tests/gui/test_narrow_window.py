"""The window on a small screen: the worklist lies over the image and moves nothing beside it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from gui.app.main_window import MainWindow
from gui.widgets.hint_line import HintLine
from gui.widgets.theme import DARK, apply_theme


@pytest.fixture(scope="module")
def window(qapp: QApplication) -> Iterator[MainWindow]:
    before = (qapp.styleSheet(), qapp.font(), qapp.palette())
    apply_theme(qapp, DARK)
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    QTest.qWaitForWindowExposed(window)
    QApplication.processEvents()
    yield window
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet(before[0])
    qapp.setFont(before[1])
    qapp.setPalette(before[2])


def places(window: MainWindow) -> list[QRect]:
    parts = (window.layers, window.review, window.view, window.strip, window.header)
    return [QRect(part.mapTo(window, part.rect().topLeft()), part.size()) for part in parts]


def test_the_worklist_unfolds_over_the_image(window: MainWindow, qtbot: QtBot) -> None:
    before = places(window)
    assert window.worklist.width() < 60
    window.find_case()
    QApplication.processEvents()
    assert window.worklist.width() == 272
    assert places(window) == before
    assert all(place.right() < window.width() for place in before), before

    QTest.mouseClick(window.strip, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert window.worklist.width() < 60
    assert places(window) == before


def test_escape_folds_it(window: MainWindow, qtbot: QtBot) -> None:
    window.find_case()
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert window.worklist.width() < 60


@pytest.mark.parametrize("size", [(1180, 720), (1264, 672), (1350, 720), (1600, 1000)])
def test_every_part_lies_inside_at_every_size(window: MainWindow, size: tuple[int, int]) -> None:
    window.setMinimumSize(0, 0)
    window.resize(*size)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    inside = QRect(0, 0, *size)
    parts = (window.strip, window.view, window.header, window.status, window.jobs, window.top_bar)
    for part in parts:
        corner = part.mapTo(window, part.rect().topLeft())
        assert inside.contains(QRect(corner, part.size())), part


def test_the_reader_stands_beside_the_dataset_where_there_is_room(window: MainWindow) -> None:
    bar = window.top_bar
    bar.set_reader("A. Longwell-Featherstonehaugh of Somewhere")
    for size in ((1180, 720), (1600, 1000), (1920, 1080)):
        window.resize(*size)
        QApplication.processEvents()
        (label,) = [w for w in bar.findChildren(QLabel) if w.accessibleName().startswith("Reader")]
        assert label.isVisible() is (size[0] >= 1400)
        assert bar.width() == window.width()
        assert label.width() <= 110


def test_hints_of_the_tool_stand_in_a_narrow_window_as_many_as_fit(window: MainWindow) -> None:
    window.status.set_hints("Drag paints · Right-drag erases · Wheel slices")
    window.status.set_correction("Saved 10:12:30 · 3 edits in the journal")
    QApplication.processEvents()
    line = window.status.findChild(HintLine)
    assert line is not None
    assert line.isVisible()
    assert line.shown()[:2] == ("Drag", "Right-drag")
