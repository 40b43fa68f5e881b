"""The worklist as its user sees it: what is listed, in which order, and what it asks for."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QWheelEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS
from gui.panels.worklist import Worklist, WorklistRow

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


@pytest.fixture
def worklist(qtbot: QtBot) -> Worklist:
    widget = Worklist()
    qtbot.addWidget(widget)
    widget.resize(272, 600)
    widget.show()
    widget.set_rows(FEW)
    QApplication.processEvents()
    return widget


@pytest.fixture
def chosen(worklist: Worklist) -> list[str]:
    ids: list[str] = []
    worklist.case_chosen.connect(ids.append)
    return ids


def listed(worklist: Worklist) -> QListView:
    view = worklist.findChild(QListView)
    assert isinstance(view, QListView)
    return view


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


def texts(worklist: Worklist) -> list[str]:
    return [label.text() for label in worklist.findChildren(QLabel) if label.isVisible()]


def place(worklist: Worklist, case_id: str) -> tuple[int, bool]:
    """Return where a row lies in the viewport and whether it is in view."""
    view = listed(worklist)
    rect = view.visualRect(view.model().index(worklist.order().index(case_id), 0))
    return rect.top(), view.viewport().rect().intersects(rect)


def press(widget: QWidget, key: Qt.Key, text: str = "") -> bool:
    """Send a key and tell whether it was taken."""
    event = QKeyEvent(QKeyEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def wheel(worklist: Worklist, notches: int) -> None:
    viewport = listed(worklist).viewport()
    centre = QPointF(viewport.rect().center())
    event = QWheelEvent(
        centre,
        QPointF(viewport.mapToGlobal(centre.toPoint())),
        QPoint(),
        QPoint(0, -120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


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

    buttons = worklist.findChildren(QPushButton)
    next(button for button in buttons if button.text() == "Clear the filter").click()

    assert len(worklist.order()) == len(FEW)
    assert "No case matches" not in texts(worklist)
    assert search(worklist).text() == ""


def test_an_empty_worklist_says_so_without_a_button(worklist: Worklist) -> None:
    worklist.set_rows([])

    assert "No cases" in texts(worklist)
    assert not any(button.isVisible() for button in worklist.findChildren(QPushButton))


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


def test_set_current_scrolls_into_view_and_says_nothing(
    worklist: Worklist, chosen: list[str]
) -> None:
    worklist.set_rows(many(100))
    worklist.set_current("case-0080")

    assert place(worklist, "case-0080")[1]
    assert chosen == []


def test_thumbnails_are_asked_for_once(worklist: Worklist, qtbot: QtBot) -> None:
    asked: list[str] = []
    worklist.thumbnails_wanted.connect(asked.extend)
    with qtbot.waitSignal(worklist.thumbnails_wanted):
        worklist.set_rows(many(200))
    in_view = listed(worklist).viewport().height() // ROW_HEIGHT + 1
    assert worklist.order()[: 2 * in_view - 1] == asked[: 2 * in_view - 1]
    assert len(asked) < 3 * in_view

    for _ in range(40):
        wheel(worklist, 3)
        QApplication.processEvents()
    for _ in range(40):
        wheel(worklist, -3)
        QApplication.processEvents()
    assert len(asked) == len(set(asked))
    assert set(worklist.order()[:100]) <= set(asked)

    asked.clear()
    with qtbot.waitSignal(worklist.thumbnails_wanted):
        worklist.set_rows(many(200))
    assert asked[0] == "case-0000"


def test_requests_of_one_turn_of_the_event_loop_are_one_signal(
    worklist: Worklist, qtbot: QtBot
) -> None:
    requests: list[list[str]] = []
    worklist.thumbnails_wanted.connect(requests.append)
    worklist.set_rows(many(200))
    wheel(worklist, 3)
    worklist.resize(272, 500)
    qtbot.waitUntil(lambda: bool(requests))

    assert len(requests) == 1


def test_a_thumbnail_that_came_unasked_is_not_asked_for(worklist: Worklist, qtbot: QtBot) -> None:
    worklist.set_rows(many(5))
    worklist.set_thumbnail("case-0002", QImage(40, 40, QImage.Format.Format_RGB32))
    with qtbot.waitSignal(worklist.thumbnails_wanted) as asked:
        worklist.resize(272, 500)

    assert asked.args == [["case-0000", "case-0001", "case-0003", "case-0004"]]


def test_other_overlay_colours_ask_for_the_thumbnails_again(
    worklist: Worklist, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(worklist.thumbnails_wanted) as asked:
        worklist.set_look(DARK, SAFE_OVERLAYS)
    assert asked.args == [worklist.order()]

    with qtbot.assertNotEmitted(worklist.thumbnails_wanted, wait=20):
        worklist.set_look(LIGHT, SAFE_OVERLAYS)


def test_a_hidden_worklist_asks_for_nothing(qtbot: QtBot) -> None:
    hidden = Worklist()
    qtbot.addWidget(hidden)
    with qtbot.assertNotEmitted(hidden.thumbnails_wanted, wait=20):
        hidden.set_rows(FEW)
    with qtbot.waitSignal(hidden.thumbnails_wanted):
        hidden.show()


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

    icon = next(b for b in worklist.findChildren(QToolButton) if b.isVisible())
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


@pytest.mark.parametrize("moving", ["case-0090", "case-0020", "case-0050"])
def test_resorting_leaves_the_current_row_where_it_is(worklist: Worklist, moving: str) -> None:
    worklist.set_rows(many(100))
    worklist.set_current("case-0050")
    wheel(worklist, 2)
    before = place(worklist, "case-0050")
    assert before[1]

    worklist.update_row(row(moving, 0.65))

    assert place(worklist, "case-0050") == before


def test_resorting_leaves_what_is_read_where_it_is(worklist: Worklist) -> None:
    worklist.set_rows(many(100))
    worklist.set_current("case-0000")
    wheel(worklist, 20)
    assert not place(worklist, "case-0000")[1]
    read = worklist.order()[listed(worklist).verticalScrollBar().value() // ROW_HEIGHT + 3]
    before = place(worklist, read)

    worklist.update_row(row("case-0099", 0.1))
    worklist.update_row(row("new", 0.05))

    assert worklist.order()[:2] == ["new", "case-0099"]
    assert place(worklist, read) == before


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


Pixel = Callable[[int, int], str]


@pytest.fixture
def pixel(worklist: Worklist) -> Pixel:
    def read(position: int, x: int) -> str:
        """Return the colour on the meter of a row, which is full at its left end."""
        image = listed(worklist).viewport().grab().toImage()
        return QColor(image.pixel(x, position * ROW_HEIGHT + 34)).name().upper()

    return read


def test_meters_show_red_amber_and_grey_in_both_themes(worklist: Worklist, pixel: Pixel) -> None:
    running = row("run", None, run="running", progress=0.5)
    worklist.set_rows([row("a", 0.599), row("b", 0.6), row("c", 0.8), running])
    for theme in (DARK, LIGHT):
        worklist.set_look(theme, DEFAULT_OVERLAYS)
        left = listed(worklist).viewport().width() - 90
        shown = [pixel(position, left) for position in range(4)]
        assert shown == [theme.bad, theme.warn, theme.t2, theme.acc]
        assert pixel(0, left + 50) == theme.bg4


def test_the_current_row_has_a_bar_and_its_thumbnail(worklist: Worklist, pixel: Pixel) -> None:
    picture = QImage(256, 256, QImage.Format.Format_RGB32)
    picture.fill(QColor("#123456"))
    worklist.set_thumbnail("C_3", picture)
    worklist.set_current("C_3")

    assert [pixel(1, x) for x in (0, 5, 30)] == [DARK.acc, DARK.accsoft, "#123456"]


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
