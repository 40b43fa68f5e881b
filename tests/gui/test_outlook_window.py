"""Expected DSC, contradictions and triage in the worklist: told by runs, kept, sorted by."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from core.domain.prediction import to_mask
from core.domain.triage import Triage, contradictions
from core.review.outlook import Outlook
from core.studies.scores.case_figures import CaseFigures
from gui.app.program import Program
from gui.worklist.worklist_rows import CaseOrder, WorklistRow
from tests.gui.conftest import Start, shut
from tests.gui.finding import by_name
from tests.gui.listing import row
from tests.gui.running import finish, result
from tests.gui.tiny import BARE, choose, keep_triages, settle

CHANCES = {"A_1": (0.99, 0.2), "B_2": (0.1, 0.05), "C_10": (0.7, 0.6)}
"""The highest and second probability of each tiny case; the others are 0."""


@pytest.fixture
def triaged(home: Path, dataset: Path) -> dict[str, Triage]:
    """Triages kept in the workspace of the tiny cases, as if the classifier had said so."""
    return keep_triages(home, dataset, CHANCES)


def outlook(program: Program, case_id: str) -> Outlook:
    return program.session.case_states[case_id].outlook


def sort(program: Program, order: CaseOrder) -> list[str]:
    selector = by_name(program.window.worklist, QComboBox, "Order")
    selector.setCurrentText(order.value)
    return program.window.worklist.order()


def test_what_triage_says_of_cases_is_there_at_start(
    start: Start, dataset: Path, triaged: dict[str, Triage]
) -> None:
    program = start(dataset)
    assert outlook(program, "C_10") == Outlook(likeliest=0.7, likely=2)
    assert sort(program, CaseOrder.TRIAGE) == ["A_1", "C_10", "B_2"]
    assert sort(program, CaseOrder.LIKELY_SLICES) == ["C_10", "A_1", "B_2"]


def test_a_run_tells_doubt_of_cases_with_and_without_truth_and_it_is_kept(
    start: Start, dataset: Path, tiny: str, triaged: dict[str, Triage], qtbot: QtBot
) -> None:
    first = start(dataset)
    first.prediction.desk.run_all()
    finish(qtbot, first)
    told = {name: outlook(first, name) for name in CHANCES}
    for case_id in CHANCES:
        choose(qtbot, first, case_id)
        mask = to_mask(result(first).probability, first.session.post)
        clashes = contradictions(triaged[case_id].probability, mask)
        assert told[case_id].contradictions == len(clashes)
        assert told[case_id].likeliest == triaged[case_id].highest
    expected = {name: told[name].expected_dsc for name in CHANCES}
    assert expected[BARE] is not None
    assert all(value is not None and 0 <= value <= 1 for value in expected.values())
    shut(first)

    second = start(dataset)
    assert {name: outlook(second, name) for name in CHANCES} == told
    listed = sort(second, CaseOrder.EXPECTED)
    values = [expected[name] or 0.0 for name in listed]
    assert values == sorted(values)


def test_a_case_predicted_before_is_doubted_when_it_is_opened(
    start: Start, predicted: Path, triaged: dict[str, Triage], qtbot: QtBot
) -> None:
    program = start(predicted)
    settle(qtbot, program)
    here = outlook(program, "A_1")
    mask = to_mask(result(program).probability, program.session.post)
    assert here.contradictions == len(contradictions(triaged["A_1"].probability, mask))
    assert here.expected_dsc is not None
    assert outlook(program, "B_2").expected_dsc is None
    choose(qtbot, program, "B_2")
    assert outlook(program, "B_2").expected_dsc is not None


ORDERS = {
    CaseOrder.EXPECTED: ("expected_dsc", 1),
    CaseOrder.CONTRADICTIONS: ("contradictions", -1),
    CaseOrder.TRIAGE: ("likeliest", -1),
    CaseOrder.LIKELY_SLICES: ("likely", -1),
}
OUTLOOKS = st.builds(
    Outlook,
    expected_dsc=st.none() | st.floats(0, 1),
    contradictions=st.none() | st.integers(0, 40),
    likeliest=st.none() | st.floats(0, 1),
    likely=st.none() | st.integers(0, 40),
)


@given(st.lists(OUTLOOKS, max_size=8), st.sampled_from(list(ORDERS)))
def test_each_order_puts_the_doubtful_first_and_the_unknown_last(
    known: list[Outlook], order: CaseOrder
) -> None:
    name, sign = ORDERS[order]
    rows: list[WorklistRow] = [row(f"c{n}", outlook=one) for n, one in enumerate(known)]
    listed = [getattr(each.outlook, name) for each in sorted(rows, key=order.key)]
    there = [value for value in listed if value is not None]
    assert there == sorted(there, key=lambda value: sign * value)
    assert listed[len(there) :] == [None] * (len(listed) - len(there))


def test_the_figures_stand_in_row_and_tip() -> None:
    figures = CaseFigures(case="a", model="m", slices=4)
    known = row(
        "a",
        figures=figures,
        has_truth=False,
        outlook=Outlook(expected_dsc=0.7125, contradictions=3, likeliest=0.981, likely=12),
    )
    texts = [order.text(known) for order in ORDERS]
    assert texts == ["0.713", "3", "0.981", "12"]
    for said in ("Expected DSC 0.713", "Contradictions 3", "Triage 0.981", "Likely slices 12"):
        assert said in known.tip()
