"""The worklist as its user sees it: what is listed, in which order, and how it is chosen."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.worklist.worklist_panel import Worklist, WorklistRow
from tests.gui.finding import button, by_name, texts
from tests.gui.listing import FEW, ROW_HEIGHT, listed, row, shown_worklist


@pytest.fixture
def worklist(qtbot: QtBot) -> Worklist:
    return shown_worklist(qtbot)


@pytest.fixture
def chosen(worklist: Worklist) -> list[str]:
    ids: list[str] = []
    worklist.case_chosen.connect(ids.append)
    return ids


def search(worklist: Worklist) -> QLineEdit:
    field = worklist.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    return field


def choose_filter(worklist: Worklist, text: str) -> None:
    menu = worklist.findChild(QMenu)
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == text).trigger()


def choose_order(worklist: Worklist, text: str) -> None:
    selector = worklist.findChild(QComboBox)
    assert isinstance(selector, QComboBox)
    selector.setCurrentText(text)


def press(widget: QWidget, key: Qt.Key, text: str = "") -> bool:
    """Send a key and tell whether it was taken."""
    event = QKeyEvent(QKeyEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Worst DSC first", ["A_1", "C_3", "B_10", "B_2", "D_4"]),
        ("Best DSC first", ["B_10", "C_3", "A_1", "B_2", "D_4"]),
        ("Name", ["A_1", "B_2", "B_10", "C_3", "D_4"]),
    ],
)
def test_orders_put_unscored_cases_last_and_names_naturally(
    worklist: Worklist, order: str, expected: list[str]
) -> None:
    choose_order(worklist, "Name")
    choose_order(worklist, order)

    assert worklist.order() == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("All", ["A_1", "C_3", "B_10", "B_2", "D_4"]),
        ("Without prediction", ["B_2"]),
        ("DSC below 0.6", ["A_1"]),
        ("DSC below 0.8", ["A_1", "C_3"]),
        ("No ground truth", ["D_4"]),
        ("Failed", ["B_2"]),
    ],
)
def test_filters(worklist: Worklist, name: str, expected: list[str]) -> None:
    choose_filter(worklist, name)

    menu = worklist.findChild(QMenu)
    assert isinstance(menu, QMenu)
    assert worklist.order() == expected
    assert [action.text() for action in menu.actions() if action.isChecked()] == [name]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("b_", ["B_10", "B_2"]), ("UNREADABLE", ["B_2"]), (" a_1 ", ["A_1"]), ("zzz", [])],
)
def test_search_finds_parts_of_id_and_caption_in_any_case(
    worklist: Worklist, typed: str, expected: list[str]
) -> None:
    QTest.keyClicks(search(worklist), typed)

    assert worklist.order() == expected


def test_search_and_filter_hold_together_and_are_counted(worklist: Worklist) -> None:
    choose_filter(worklist, "DSC below 0.8")
    QTest.keyClicks(search(worklist), "c_")

    assert worklist.order() == ["C_3"]
    assert "1 of 5" in texts(worklist)


def test_escape_clears_the_search_and_is_then_left_to_the_window(worklist: Worklist) -> None:
    field = search(worklist)
    QTest.keyClicks(field, "b_")

    assert press(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert len(worklist.order()) == len(FEW)
    assert not press(field, Qt.Key.Key_Escape)


def test_enter_in_the_search_opens_the_first_hit(worklist: Worklist, chosen: list[str]) -> None:
    QTest.keyClicks(search(worklist), "b_")
    QTest.keyClick(search(worklist), Qt.Key.Key_Return)
    QTest.keyClicks(search(worklist), "zzz")
    QTest.keyClick(search(worklist), Qt.Key.Key_Return)

    assert chosen == ["B_10"]


def test_no_match_offers_to_clear_the_filter(worklist: Worklist) -> None:
    choose_filter(worklist, "Failed")
    QTest.keyClicks(search(worklist), "zzz")
    assert {"No case matches", "The filter hides all 5 cases."} <= set(texts(worklist))

    button(worklist, "Clear the filter").click()

    assert len(worklist.order()) == len(FEW)
    assert "No case matches" not in texts(worklist)
    assert search(worklist).text() == ""


def test_an_empty_worklist_says_so_without_a_button(worklist: Worklist) -> None:
    worklist.set_rows([])

    assert "No cases" in texts(worklist)
    assert not button(worklist, "Clear the filter").isVisible()


def test_a_click_chooses_a_case(worklist: Worklist, chosen: list[str]) -> None:
    QTest.mouseClick(
        listed(worklist).viewport(), Qt.MouseButton.LeftButton, pos=QPoint(100, ROW_HEIGHT + 20)
    )

    assert chosen == ["C_3"]


def test_arrows_move_the_focus_and_enter_chooses(worklist: Worklist, chosen: list[str]) -> None:
    worklist.set_current("A_1")
    view = listed(worklist)
    view.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert chosen == []

    QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen == ["C_3"]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (Qt.Key.Key_C, "c"),
        (Qt.Key.Key_Space, " "),
        (Qt.Key.Key_PageDown, ""),
        (Qt.Key.Key_PageUp, ""),
        (Qt.Key.Key_Home, ""),
        (Qt.Key.Key_End, ""),
        (Qt.Key.Key_Left, ""),
        (Qt.Key.Key_Right, ""),
    ],
)
def test_the_list_leaves_other_keys_to_the_window(
    worklist: Worklist, key: Qt.Key, text: str
) -> None:
    worklist.set_current("A_1")
    view = listed(worklist)
    view.setFocus(Qt.FocusReason.TabFocusReason)
    before = view.currentIndex().row()

    assert not press(view, key, text)
    view.keyboardSearch(text or "d")
    assert view.currentIndex().row() == before


def test_the_rail_is_narrow_and_asks_to_be_expanded(
    worklist: Worklist, chosen: list[str], qtbot: QtBot
) -> None:
    worklist.set_compact(True)
    worklist.set_footer("12 of 70 predicted", "58 left", 12 / 70)
    QApplication.processEvents()
    assert worklist.width() == worklist.sizeHint().width() == 57
    assert not search(worklist).isVisible()
    assert texts(worklist) == ["17%"]

    QTest.mouseClick(
        listed(worklist).viewport(), Qt.MouseButton.LeftButton, pos=QPoint(28, 54 + 20)
    )
    assert chosen == ["C_3"]

    icon = by_name(worklist, QToolButton, "Show the full worklist")
    with qtbot.waitSignal(worklist.expand_requested):
        icon.click()
    with qtbot.waitSignal(worklist.expand_requested):
        worklist.focus_search()


def test_the_full_list_comes_back_after_the_rail(worklist: Worklist) -> None:
    worklist.set_compact(True)
    worklist.set_compact(False)
    worklist.set_footer("12 of 70 predicted", "58 left", 12 / 70)

    assert search(worklist).isVisible()
    assert worklist.minimumWidth() == 240
    assert {"12 of 70 predicted", "58 left"} <= set(texts(worklist))


def test_focus_search_puts_the_keyboard_into_the_field(worklist: Worklist, qtbot: QtBot) -> None:
    worklist.activateWindow()
    QTest.keyClicks(search(worklist), "b_")
    worklist.focus_search()

    qtbot.waitUntil(search(worklist).hasFocus)
    assert search(worklist).selectedText() == "b_"


def test_the_current_case_outlasts_a_filter_until_the_reader_moves_on(worklist: Worklist) -> None:
    choose_filter(worklist, "DSC below 0.8")
    worklist.set_current("A_1")
    worklist.update_row(row("A_1", 0.95))
    assert worklist.order() == ["C_3", "A_1"]

    worklist.set_current("C_3")
    assert worklist.order() == ["C_3"]


def test_a_row_says_in_words_what_it_shows(worklist: Worklist) -> None:
    worklist.set_rows([row("A_1", 0.5, status="corrected", synthetic=True)])
    index = listed(worklist).model().index(0, 0)

    said = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "A_1, 22 slices, DSC 0.500, corrected, synthetic"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == said


ROWS = st.builds(
    row,
    st.sampled_from([f"c{n}" for n in range(6)]),
    st.none() | st.sampled_from([0.1, 0.59, 0.61, 0.79, 0.9]),
    run=st.sampled_from(["", "failed"]),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changes=st.lists(ROWS, max_size=12),
    order=st.sampled_from(["Worst DSC first", "Best DSC first", "Name"]),
    name=st.sampled_from(["All", "DSC below 0.8", "Failed", "Without prediction"]),
)
def test_changing_rows_one_by_one_lists_what_setting_them_at_once_does(
    worklist: Worklist, changes: list[WorklistRow], order: str, name: str
) -> None:
    worklist.set_rows([])
    choose_order(worklist, order)
    choose_filter(worklist, name)
    tester = QAbstractItemModelTester(
        listed(worklist).model(), QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    for change in changes:
        worklist.update_row(change)
    step_by_step = worklist.order()
    del tester

    worklist.set_rows(list({change.case_id: change for change in changes}.values()))
    assert step_by_step == worklist.order()
