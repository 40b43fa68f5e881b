"""What is typed into the worklist's search: ranges, names and words, all of which must fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from core.domain.worklist_state import Listing
from core.review.reviews import Review
from core.studies.scores.case_figures import CaseFigures
from gui.worklist.worklist_panel import WorklistRow
from gui.worklist.worklist_query import read_query, with_term
from gui.worklist.worklist_rows import FIGURES
from tests.gui.finding import button, texts
from tests.gui.listing import row, shown_worklist


def scored(case_id: str, dsc: float, hd95: float | None, **said: object) -> WorklistRow:
    figures = CaseFigures(case=case_id, model="unet16", slices=22, dsc=dsc, hd95=hd95)
    review = Review(case_id=case_id, **said) if said else None  # type: ignore[arg-type]
    return row(
        case_id,
        dsc,
        figures=figures,
        review=review,
        models=("lite0", "unet16"),
        predicted=True,
    )


ROWS = [
    scored("A_1", 0.55, 31.0, status="rejected", rating=1, reader="Ann", note="Motion"),
    scored("B_2", 0.7, 12.5, status="accepted", rating=4, reader="Bea"),
    scored("C_3", 0.79, 4.0),
    scored("D_4", 0.95, None, status="corrected", seconds=75.0),
    row("E_5", None, has_truth=False, disagreement=0.4),
]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dsc<0.8", "ABC"),
        ("dsc:0.6-0.8", "BC"),
        ("dsc=0.8–0,6", "BC"),
        ("DSC >= 0.7 dsc <= 0.79", "BC"),
        ("dsc≥0.7 dsc≤0.79", "BC"),
        ("hd95>10", "AB"),
        ("dsc<0.8 hd95>10 status:rejected model:UNET", "A"),
        ("status:unreviewed", "CE"),
        ("status:rej", "A"),
        ("rating:1-2", "A"),
        ("rating=4", "B"),
        ("reader:bea", "B"),
        ("note:motion", "A"),
        ("motion", "A"),
        ("seconds>60", "D"),
        ("disagreement>0.3", "E"),
        ("model:resunet", ""),
        ("dsc<0.8 c_", "C"),
        ("volume>0", ""),
    ],
)
def test_all_that_is_typed_must_fit(typed: str, expected: str) -> None:
    query = read_query(typed)
    assert "".join(each.case_id[0] for each in ROWS if query.accepts(each)) == expected


@pytest.mark.parametrize(
    "typed", ["dsc<", "dsc:", "dsc<.", "dsc:0.6-", "dsc:0.6..", "status:", "hd95 > "]
)
def test_what_is_not_finished_hides_nothing(typed: str) -> None:
    assert all(map(read_query(typed).accepts, ROWS))


def test_a_word_that_only_looks_like_a_term_is_a_word() -> None:
    assert read_query("mydsc<0.8").words == "mydsc<0.8"
    assert not any(map(read_query("foo:3").accepts, ROWS))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("dsc<abc", "A number belongs there: dsc<0.8 or dsc:0.6-0.8"),
        ("c_ dsc:high", "“dsc:high” was not understood"),
        ("dice<0.8", "Did you mean dsc?"),
        ("dise<0.8", "“dise<0.8” was not understood"),
        ("DSC<0.8 statsu:rejected", "Did you mean status?"),
        ("foo>3", "Figures take <, > or : with a number (dsc, hd95, f1"),
        ("status<accepted", "It is typed as status:word"),
    ],
)
def test_what_is_not_understood_is_said_with_what_is(typed: str, said: str) -> None:
    query = read_query(typed)
    assert said in query.problem(ROWS)
    assert not any(map(query.accepts, ROWS))


def test_a_word_with_a_colon_is_found_where_a_case_has_it() -> None:
    rows = [*ROWS, scored("F_6", 0.5, 1.0, note="scanner:b")]
    query = read_query("scanner:b")
    assert query.problem(rows) == ""
    assert [each.case_id for each in rows if query.accepts(each)] == ["F_6"]


def test_nothing_is_listed_for_what_is_not_understood(qtbot: QtBot) -> None:
    worklist = shown_worklist(qtbot)
    worklist.set_rows(ROWS)
    field = worklist.findChild(QLineEdit)
    assert field is not None
    field.setText("dice<0.8")
    assert worklist.order() == []
    assert "Not understood" in texts(worklist)
    assert any("Did you mean dsc?" in text for text in texts(worklist))
    button(worklist, "Clear the search").click()
    assert len(worklist.order()) == len(ROWS)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_range_has_its_ends_in_it_whichever_comes_first(a: float, b: float, dsc: float) -> None:
    query = read_query(f"dsc:{a:.6f}-{b:.6f}")
    low, high = sorted((float(f"{a:.6f}"), float(f"{b:.6f}")))
    assert query.accepts(row("x", dsc)) is (low <= dsc <= high)
    assert query.accepts(row("x", low))
    assert query.accepts(row("x", high))


@given(st.text(max_size=40))
def test_anything_can_be_typed(text: str) -> None:
    query = read_query(text)
    assert query.accepts(ROWS[0]) in {True, False}


@pytest.mark.parametrize("name", FIGURES)
def test_every_example_of_the_menu_is_a_range(name: str) -> None:
    assert len(read_query(f"{name}:{FIGURES[name].example}").tests) == 1


def test_a_new_term_takes_the_place_of_those_of_its_name() -> None:
    assert with_term("a dsc<0.8 hd95>10 dsc > 0.2", "dsc", "0-1") == "a hd95>10 dsc:0-1"
    assert with_term("", "model", "lite0") == "model:lite0"


def test_the_menu_writes_a_range_that_is_counted_typed_over_and_cleared(qtbot: QtBot) -> None:
    worklist = shown_worklist(qtbot)
    worklist.set_rows(ROWS)
    field, menu = worklist.findChild(QLineEdit), worklist.findChild(QMenu)
    assert isinstance(field, QLineEdit)
    assert isinstance(menu, QMenu)
    asked: list[Listing] = []
    worklist.listing_changed.connect(asked.append)
    ranges, models = menu.findChildren(QMenu)
    menu.aboutToShow.emit()

    ranges.actions()[0].trigger()
    assert (field.text(), field.selectedText()) == ("dsc:0.6-0.8", "0.6-0.8")
    assert worklist.order() == ["B_2", "C_3"]
    assert "2 of 5" in texts(worklist)
    assert asked[-1].text == "dsc:0.6-0.8"

    assert [each.text() for each in models.actions()] == ["lite0", "unet16"]
    models.actions()[1].trigger()
    assert field.text() == "dsc:0.6-0.8 model:unet16"
    cross = field.actions()[0]
    assert cross.isVisible()
    cross.trigger()
    assert len(worklist.order()) == len(ROWS)
    assert not cross.isVisible()


@pytest.mark.parametrize(
    ("order", "only"), [("HD95", "FAIR"), ("Largest HD95 first", "DSC below 0.8")]
)
def test_an_order_and_a_filter_come_back_from_this_version_and_the_one_before(
    qtbot: QtBot, order: str, only: str
) -> None:
    worklist = shown_worklist(qtbot)
    worklist.set_rows(ROWS)
    worklist.set_listing(Listing(order, only, "hd95<30"))
    assert worklist.order() == ["B_2", "C_3"]
    worklist.set_listing(Listing("an order of another version", "and a filter", ""))
    assert worklist.order() == ["A_1", "B_2", "C_3", "D_4", "E_5"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("DISAGREEMENT", "EABCD"),
        ("READER", "ABCDE"),
        ("RATING", "ABCDE"),
        ("SECONDS", "DABCE"),
    ],
)
def test_orders_by_what_is_known_without_truth(qtbot: QtBot, order: str, expected: str) -> None:
    worklist = shown_worklist(qtbot)
    worklist.set_rows(ROWS)
    worklist.set_listing(Listing(order))
    assert "".join(each[0] for each in worklist.order()) == expected


def test_the_tip_says_all_figures_and_the_review() -> None:
    assert ROWS[0].tip().splitlines() == [
        "A_1, 22 slices, DSC 0.550, unreviewed",
        "HD95 pooled 31.0, Uncertainty 0.000",
        "rejected by Ann of something not recorded, quality 1 of 5",
        "Motion",
    ]
