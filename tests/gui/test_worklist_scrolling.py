"""What the worklist keeps in its place, asks pictures for, and paints."""

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS
from gui.worklist.worklist_panel import Worklist
from tests.gui.finding import turn_wheel
from tests.gui.listing import FEW, ROW_HEIGHT, listed, many, row, shown_worklist


@pytest.fixture
def worklist(qtbot: QtBot) -> Worklist:
    return shown_worklist(qtbot)


def place(worklist: Worklist, case_id: str) -> tuple[int, bool]:
    """Return where a row lies in the viewport and whether it is in view."""
    view = listed(worklist)
    rect = view.visualRect(view.model().index(worklist.order().index(case_id), 0))
    return rect.top(), view.viewport().rect().intersects(rect)


def wheel(worklist: Worklist, notches: int) -> None:
    turn_wheel(listed(worklist).viewport(), -120 * notches)


def test_set_current_scrolls_into_view_and_says_nothing(worklist: Worklist) -> None:
    worklist.set_rows(many(100))
    chosen: list[str] = []
    worklist.case_chosen.connect(chosen.append)
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


@pytest.mark.parametrize("moving", ["case-0090", "case-0020", "case-0050"])
def test_resorting_leaves_the_current_row_where_it_is(worklist: Worklist, moving: str) -> None:
    worklist.set_rows(many(100))
    worklist.set_current("case-0050")
    wheel(worklist, 2)
    before = place(worklist, "case-0050")
    assert before[1]

    worklist.update_row(row(moving, 0.65))

    assert place(worklist, "case-0050") == before


def test_the_worst_stays_in_view_while_a_run_sorts(worklist: Worklist) -> None:
    worklist.set_rows(many(100))
    worklist.set_current("case-0003")
    assert listed(worklist).verticalScrollBar().value() == 0
    for number in range(90, 96):
        worklist.update_row(row(f"case-{number:04d}", (100 - number) / 1000))
    worst = worklist.order()[0]
    assert worst == "case-0095"
    assert place(worklist, worst) == (0, True)


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
