"""Nothing a reader can press moves once it is shown, whatever arrives late or says something."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QListView,
    QPlainTextEdit,
    QWidget,
)

from core.domain.plane import Cut
from core.review.reviews import Review
from gui.annotation.clicks.click_film import Film, FilmSlice
from gui.annotation.clicks.click_list import ClickLine, ClickList
from gui.app.main_window import MainWindow
from gui.review.disagreement_panel import DisagreementRow
from gui.shell.mask_source import TRUTH, MaskSource
from gui.widgets.key_button import KeyButton
from gui.widgets.metrics_view import MetricsView
from gui.widgets.palette import DARK
from gui.widgets.theme import apply_theme
from tests.gui.finding import by_name

SIZES = [(1180, 720), (1280, 800), (1366, 768), (1600, 1000)]
PRESSED = (QAbstractButton, QPlainTextEdit, QComboBox, QListView)
READY = MetricsView("ready", "whole", dsc=0.5, predicted_volume=9.0, truth_volume=9.0)
MODELS = [("a", "A model"), ("b", "Another model")]
OTHER = MaskSource("model", "other")
LINE = DisagreementRow("Missed lesion", False, "3–9", "7 vx")


@pytest.fixture(scope="module")
def bare(qapp: QApplication) -> Iterator[MainWindow]:
    """A window that nothing fills, as a reader sees it."""
    before = (qapp.styleSheet(), qapp.font(), qapp.palette())
    apply_theme(qapp, DARK)
    window = MainWindow()
    window.setMinimumSize(0, 0)
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet(before[0])
    qapp.setFont(before[1])
    qapp.setPalette(before[2])


def place_of(window: QWidget, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def places(window: MainWindow) -> dict[str, QRect]:
    """Where everything is that a hand can press."""
    for _ in range(4):  # a layout that changes asks the one around it, which then changes too
        QApplication.processEvents()
    found = [w for w in window.findChildren(QWidget) if isinstance(w, PRESSED) and w.isVisible()]
    return {f"{type(w).__name__} {w.accessibleName()} {id(w)}": place_of(window, w) for w in found}


def moved(before: dict[str, QRect], after: dict[str, QRect]) -> dict[str, tuple[QRect, QRect]]:
    return {k: (v, after[k]) for k, v in before.items() if k in after and after[k] != v}


@pytest.mark.parametrize("size", SIZES)
def test_the_review_is_whole_at_the_foot_of_the_inspector(
    bare: MainWindow, size: tuple[int, int]
) -> None:
    bare.resize(*size)
    for section in (bare.layers.section, bare.model_panel.section):
        section.set_expanded(True)
    bare.disagreements.set_rows([LINE] * 50, -1, 0)
    QApplication.processEvents()
    review = bare.review
    foot = place_of(bare, review)
    assert foot.bottom() < place_of(bare, bare.status).top() <= foot.bottom() + 3
    for part in review.findChildren(QWidget):
        if isinstance(part, PRESSED) and part.isVisible():
            assert foot.contains(place_of(bare, part)), part.accessibleName()
            assert part.visibleRegion().boundingRect() == part.rect(), part.accessibleName()
    for section in (bare.layers.section, bare.model_panel.section):
        section.set_expanded(False)


@pytest.mark.parametrize("size", SIZES)
def test_what_arrives_late_moves_nothing(bare: MainWindow, size: tuple[int, int]) -> None:
    bare.resize(*size)
    bare.disagreements.set_rows([], -1, 0)
    bare.disagreements.set_sources([], None)
    bare.metrics.set_corrected(None)
    bare.metrics.set_metrics(*(MetricsView("no_prediction", "Run the model."),) * 2)
    bare.review.set_review(Review(case_id="A_1"))
    bare.top_bar.set_models(MODELS, "a", "a")
    bare.top_bar.set_devices((), "auto", "")
    bare.top_bar.set_reader("")
    before = places(bare)

    bare.metrics.set_metrics(READY, READY)
    bare.metrics.set_corrected((replace(READY, dsc=0.7), READY))
    bare.disagreements.set_sources([(TRUTH, "Ground truth"), (OTHER, "Another model")], TRUTH)
    bare.disagreements.set_rows([LINE] * 300, 4, 2)
    bare.drawer.set_progress("1 of 15 · A_1", 0.1, "9 s left")
    bare.drawer.show()
    bare.review.set_review(Review(case_id="A_1", status="accepted", rating=3))
    bare.top_bar.set_models(MODELS, "b", "a")
    bare.top_bar.set_devices(("cpu",), "auto", "cpu")
    bare.top_bar.set_reader("Dr Meyer")
    assert moved(before, places(bare)) == {}, bare.size()

    bare.metrics.set_metrics(*(MetricsView("no_truth", "No masks."),) * 2)
    bare.drawer.hide()
    assert moved(before, places(bare)) == {}, bare.size()


@pytest.mark.parametrize("size", SIZES)
def test_the_film_and_the_list_of_clicks_move_nothing(
    bare: MainWindow, size: tuple[int, int]
) -> None:
    bare.resize(*size)
    bare.set_tool("guided")
    slices = tuple(FilmSlice(z, z + 1, 9, 0) for z in range(40))
    try:
        before = places(bare)
        image = place_of(bare, bare.view)
        strip = place_of(bare, bare.strip)
        bare.film.show_film(Film("axial", slices, 20), lambda _: None)
        bare.show_film(True)
        lines = tuple(
            ClickLine(number, True, "Add", "Slice 1", Cut(index=0), 9) for number in range(1, 9)
        )
        bare.clicks.show_list(ClickList(lines))
        after = places(bare)
        assert moved(before, after) == {}, bare.size()
        assert place_of(bare, bare.view) == image
        assert place_of(bare, bare.film) == strip
        assert not bare.strip.isVisible()
    finally:
        bare.show_film(False)
        bare.clicks.show_list(ClickList())
        bare.set_tool("pan")
    assert bare.strip.isVisible()


def test_a_narrow_window_prints_the_keys_of_a_decision_and_has_a_note_of_one_line(
    bare: MainWindow,
) -> None:
    def shown(size: tuple[int, int]) -> tuple[list[tuple[str, bool]], int]:
        bare.resize(*size)
        places(bare)
        named = [by_name(bare.review, KeyButton, name) for name in ("Accept", "Correct", "Reject")]
        note = by_name(bare.review, QPlainTextEdit, "Note on this case")
        return [(each.key, each.icon().isNull()) for each in named], note.height()

    wide, narrow = shown((1600, 1000)), shown((1280, 800))
    assert wide[0] == [("A", False), ("C", False), ("X", False)]
    assert narrow[0] == [("A", True), ("C", True), ("X", True)]
    assert narrow[1] < wide[1]


@pytest.mark.parametrize("size", SIZES)
def test_toasts_lie_over_no_control(bare: MainWindow, size: tuple[int, int]) -> None:
    bare.resize(*size)
    for number in range(3):
        bare.toasts.show_toast(f"Note {number}", "Something happened that takes two lines." * 2)
    there = places(bare)
    for text in [name for name in there if " Close message " in name]:
        del there[text]
    toasts = place_of(bare, bare.toasts)
    assert [name for name, place in there.items() if toasts.intersects(place)] == []
    assert place_of(bare, bare.grid).contains(toasts)
    bare.toasts.withdraw()


def test_a_line_that_was_pressed_stays_under_the_pointer(bare: MainWindow) -> None:
    panel = bare.disagreements
    lines = by_name(panel, QListView, "Disagreements")
    panel.set_rows([LINE] * 60, -1, 0)
    QApplication.processEvents()
    lines.verticalScrollBar().setValue(415)
    row = lines.indexAt(QPoint(60, 5))
    before = lines.visualRect(row).top()
    panel.chosen.connect(lambda at: panel.set_rows([LINE] * 60, at, 0))
    QTest.mouseClick(lines.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 5))
    QApplication.processEvents()
    assert lines.visualRect(lines.model().index(row.row(), 0)).top() == before
    panel.chosen.disconnect()
