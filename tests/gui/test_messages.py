import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QPlainTextEdit,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.shell.messages import Toasts, show_fault
from gui.widgets.palette import DEFAULT_OVERLAYS, LIGHT
from tests.gui.finding import button, by_name, colours, texts


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.fixture
def image(window: QWidget) -> QWidget:
    """What the toasts lie over: above controls at the foot, beside others at the right."""
    image = QWidget(window)
    image.setGeometry(0, 20, 700, 640)
    image.show()
    return image


@pytest.fixture
def toasts(window: QWidget, image: QWidget) -> Toasts:
    return Toasts(window, over=image)


def cards(toasts: Toasts) -> list[QFrame]:
    frames = toasts.findChildren(QFrame, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [frame for frame in frames if frame.property("card") and frame.isVisibleTo(toasts)]


def test_a_toast_lies_at_the_middle_of_the_lower_edge_of_the_image(toasts: Toasts) -> None:
    toasts.show_toast("Saved", "7 slices changed.", kind="ok")
    assert toasts.isVisible()
    assert toasts.geometry().getRect() == (170, 660 - 64 - 56, 360, 56)
    assert texts(toasts) == ["Saved", "7 slices changed."]


def test_toasts_follow_the_image(toasts: Toasts, image: QWidget) -> None:
    toasts.show_toast("Saved")
    image.setGeometry(0, 40, 900, 600)
    assert toasts.geometry().left() == (900 - 360) / 2
    assert toasts.geometry().bottom() + 1 == 640 - 12


def test_toasts_never_leave_the_lower_half_of_the_image(toasts: Toasts, image: QWidget) -> None:
    image.setGeometry(0, 40, 700, 440)
    for number in range(3):
        toasts.show_toast(f"Saved {number}", "7 slices changed.")
    assert texts(toasts)[-2:] == ["Saved 2", "7 slices changed."]
    assert len(cards(toasts)) < 3
    assert toasts.geometry().top() >= image.geometry().center().y()
    assert image.geometry().contains(toasts.geometry())


def test_a_long_detail_is_shown_whole(toasts: Toasts) -> None:
    toasts.show_toast("Case could not be opened", "expected a TIFF, found text. " * 6, kind="error")
    assert toasts.height() > 56
    assert toasts.geometry().bottom() + 1 == 660 - 64


def test_at_most_three_and_errors_outlive_the_rest(toasts: Toasts) -> None:
    toasts.show_toast("Fault 1", kind="error")
    for title in ("Saved 1", "Saved 2", "Saved 3"):
        toasts.show_toast(title, kind="ok")
    assert texts(toasts) == ["Fault 1", "Saved 2", "Saved 3"]
    for title in ("Fault 2", "Fault 3", "Fault 4"):
        toasts.show_toast(title, kind="error")
    assert texts(toasts) == ["Fault 2", "Fault 3", "Fault 4"]


def test_the_same_toast_does_not_pile_up(toasts: Toasts) -> None:
    toasts.show_toast("Saved")
    toasts.show_toast("Saved")
    assert texts(toasts) == ["Saved"]


def test_a_toast_takes_the_place_of_an_older_one_of_its_subject(toasts: Toasts) -> None:
    toasts.show_error("Read-only", "Ann has it.", "lock")
    toasts.show_toast("Not saved", kind="error", subject="journal")
    toasts.show_error("Read-only", "Bo has it.", "lock")
    said = [card.accessibleName() for card in cards(toasts)]
    assert said == ["Not saved.", "Read-only. Bo has it."]
    toasts.show_toast("Yours again", kind="ok", subject="lock")
    assert texts(toasts) == ["Not saved", "Yours again"]


def test_what_is_no_longer_so_is_withdrawn(toasts: Toasts) -> None:
    toasts.show_toast("Not saved", kind="error", subject="journal")
    toasts.show_toast("Left out", kind="error")
    toasts.withdraw("journal", "another")
    toasts.withdraw("")
    assert texts(toasts) == ["Left out"]
    toasts.withdraw("journal")
    assert toasts.isVisible()


def test_a_toast_goes_by_itself_and_an_error_stays(qtbot: QtBot, window: QWidget) -> None:
    toasts = Toasts(window, over=window, seconds=0.02)
    toasts.show_toast("Job stopped", kind="error")
    toasts.show_toast("Saved")
    qtbot.waitUntil(lambda: texts(toasts) == ["Job stopped"])
    # The pointer may lie on it, where it would wait.
    QApplication.sendEvent(cards(toasts)[0], QEvent(QEvent.Type.Leave))
    toasts.show_toast("Saved again")
    qtbot.waitUntil(lambda: "Saved again" not in texts(toasts))
    assert texts(toasts) == ["Job stopped"]
    QTest.mouseClick(
        by_name(cards(toasts)[0], QToolButton, "Close message"), Qt.MouseButton.LeftButton
    )
    assert not toasts.isVisible()


def test_a_toast_waits_while_it_is_pointed_at(qtbot: QtBot, window: QWidget) -> None:
    toasts = Toasts(window, over=window, seconds=0.02)
    toasts.show_toast("Read me")
    toasts.show_toast("Another")
    place = QPointF(10, 10)
    card = cards(toasts)[0]
    QApplication.sendEvent(card, QEnterEvent(place, place, place))
    qtbot.waitUntil(lambda: texts(toasts) == ["Read me"])
    QApplication.sendEvent(card, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: not toasts.isVisible())


def test_the_action_is_done_once_and_closes(qtbot: QtBot, toasts: Toasts) -> None:
    done: list[str] = []
    toasts.show_toast("Rejected", action=("Undo", lambda: done.append("undo")))
    QTest.keyClick(button(toasts, "Undo"), Qt.Key.Key_Space)
    assert done == ["undo"]
    assert not toasts.isVisible()


def test_the_glyph_tells_the_kind_in_the_colours_of_the_theme(toasts: Toasts) -> None:
    toasts.set_look(LIGHT, DEFAULT_OVERLAYS)
    toasts.show_toast("Job stopped", kind="error")
    assert LIGHT.bad in colours(toasts.grab().toImage())
    toasts.show_toast("Saved", kind="ok")
    assert LIGHT.ok in colours(toasts.grab().toImage())


def test_a_fault_shows_details_to_copy(qtbot: QtBot, window: QWidget) -> None:
    dialog = show_fault(window, "Traceback\nValueError: 3\n")
    assert dialog.isVisible()
    details = by_name(dialog, QPlainTextEdit, "Details of the fault")
    assert details.isReadOnly()
    copy = button(dialog, "Copy details")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "Traceback\nValueError: 3\n"
    assert copy.text() == "Copied"
    with qtbot.waitSignal(dialog.finished):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)


def test_a_second_fault_joins_the_open_dialog(qtbot: QtBot, window: QWidget) -> None:
    dialog = show_fault(window, "first")
    assert show_fault(window, "second") is dialog
    assert dialog.details().split() == ["first", "second"]
    with qtbot.waitSignal(dialog.finished):
        dialog.accept()
