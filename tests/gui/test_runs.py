"""Runs of a real model: slices as they arrive, figures, the queue, and what is kept."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

from core.domain.counted_mask import count_mask
from core.domain.worklist_state import Listing
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from gui.app.program import Program
from gui.shell.view_state import resolve
from gui.viewer.drawn.shown_case import shown
from tests.gui.conftest import Start, shut
from tests.gui.finding import button, by_name, texts
from tests.gui.running import LONG, finish, result, run, stored
from tests.gui.tiny import SIDE, choose, settle, shown_case, toasts
from tests.processes import children
from tests.synthetic import write_case


def test_a_run_ends_with_masks_figures_and_a_kept_prediction(
    start: Start, dataset: Path, tiny: str, qtbot: QtBot
) -> None:
    program = start(dataset)
    assert program.session.result is None
    assert not program.session.case_states["A_1"].scored
    qtbot.mouseClick(button(program.window.top_bar, "Run case"), Qt.MouseButton.LeftButton)
    assert program.window.drawer.isVisible()
    finish(qtbot, program)

    done = result(program)
    assert done.ready is None
    assert done.prediction is not None
    assert (done.prediction.model_id, done.prediction.device) == (tiny, "cpu")
    assert done.counted is not None
    truth = read_case(scan(dataset).case("A_1")).ground_truth
    again = count_mask(done.probability, truth, program.session.post)
    np.testing.assert_array_equal(done.counted.mask, again.mask)
    figures = again.counts.pooled()
    assert 0 < figures.predicted_voxels < done.probability.size
    assert f"{figures.dsc:.3f}" in texts(program.window.metrics)
    state = program.session.case_states["A_1"]
    assert (state.run, state.scored, state.dsc) == ("", True, pytest.approx(figures.dsc))
    assert stored(program, "A_1")
    program.window.worklist.set_listing(Listing(text=f"model:{tiny}"))
    assert program.window.worklist.order() == ["A_1"]
    assert not program.window.drawer.isVisible()
    assert program.session.device_used == "cpu"


def test_slices_are_drawn_as_they_arrive_nearest_first(
    start: Start, long_case: Path, slow: str, qtbot: QtBot
) -> None:
    program = start(long_case)
    program.viewer.verbs.go_to_slice(LONG - 3)
    arrived: list[frozenset[int]] = []
    said: list[str] = []
    waiting: list[bool] = []

    def look(*_: object) -> None:
        found = program.session.result
        if found is not None and found.ready and found.ready not in arrived:
            arrived.append(found.ready)
            said.extend(texts(program.window.metrics))
        elif found is not None and found.ready is not None and not found.ready:
            waiting.append(_errors_drawn(program))

    program.session.result_changed.connect(look)
    program.session.part_arrived.connect(look)
    run(qtbot, program)

    assert len(arrived) > 1
    assert all(before < after for before, after in pairwise(arrived))
    first = arrived[0]
    assert first == frozenset(range(min(first), max(first) + 1))
    assert LONG - 3 in first
    assert f"{len(first)} of {LONG} slices predicted" in said
    # What has not been predicted yet is not drawn as missed.
    assert waiting
    assert not any(waiting)
    assert result(program).ready is None
    assert _errors_drawn(program)


def test_the_threshold_makes_other_masks_and_no_run(
    start: Start, program: Program, qtbot: QtBot
) -> None:
    probability = result(program).probability
    truth = read_case(scan(place(program)).case(shown_case(program))).ground_truth
    runs: list[None] = []
    program.session.queue_changed.connect(lambda: runs.append(None))
    before = children()
    slider = by_name(program.window.top_bar, QSlider, "Threshold")
    for value in (80, 20, 90, 30):
        slider.setValue(value)
        settle(qtbot, program)
        shown = result(program)
        assert program.session.post.threshold == pytest.approx(value / 100)
        assert shown.probability is probability
        assert shown.counted is not None
        wanted = count_mask(probability, truth, program.session.post)
        np.testing.assert_array_equal(shown.counted.mask, wanted.mask)
        assert f"{wanted.counts.pooled().dsc:.3f}" in texts(program.window.metrics)
    for value in range(30, 95):
        slider.setValue(value)
    settle(qtbot, program)
    last = result(program).counted
    assert last is not None
    wanted = count_mask(probability, truth, program.session.post)
    np.testing.assert_array_equal(last.mask, wanted.mask)
    assert runs == []
    assert children() == before


def place(program: Program) -> Path:
    found = program.session.place
    assert found is not None
    return found.dataset.root


def test_the_queue_does_all_cases_with_those_that_fail_told(
    start: Start, dataset: Path, tiny: str, qtbot: QtBot
) -> None:
    write_case(dataset, "D_1", 3, (SIDE, SIDE), channels=1)
    program = start(dataset)
    running: list[str] = []
    drawn: list[str] = []

    def look() -> None:
        current = program.session.queue.current
        if current and current not in running:
            running.append(current)
            drawn.extend(texts(program.window.drawer))

    program.session.queue_changed.connect(look)
    program.prediction.desk.run_all()
    waiting = {name for name, state in program.session.case_states.items() if state.run == "queued"}
    assert waiting == {"B_2", "C_10", "D_1"}
    finish(qtbot, program)

    assert running == ["A_1", "B_2", "C_10", "D_1"]
    assert any("4 of 4" in said for said in drawn)
    states = program.session.case_states
    assert [states[name].scored for name in running] == [True, True, True, False]
    assert [states[name].dsc is None for name in running] == [False, False, True, True]
    assert states["D_1"].run == "failed"
    said = toasts(program)
    assert any("D_1" in one and "expected 3 channels" in one for one in said)
    assert any("3 cases predicted, 1 failed" in one for one in said)
    assert result(program).prediction is not None

    choose(qtbot, program, "B_2")
    assert result(program).prediction is not None


def test_a_kept_prediction_is_shown_again_with_no_run(
    start: Start, dataset: Path, tiny: str, qtbot: QtBot
) -> None:
    first = start(dataset)
    run(qtbot, first)
    probability, dsc = result(first).probability, first.session.case_states["A_1"].dsc
    shut(first)

    before = children()
    second = start(dataset)
    shown = result(second)
    np.testing.assert_array_equal(shown.probability, probability)
    assert second.session.case_states["A_1"].dsc == dsc
    assert children() == before

    shut(second)
    tifs = sorted((dataset / "A_1").glob("A_1_?.tif"))
    tifs[0].write_bytes(tifs[1].read_bytes())
    third = start(dataset)
    assert third.session.result is None


def _errors_drawn(program: Program) -> bool:
    """Whether errors would be drawn over the slice on screen, or its DSC said."""
    opened = program.session.open_case
    assert opened is not None
    there = shown(program.session, opened)
    assert there.has_prediction or there.slice_dsc is None
    return resolve(program.session.view, there).errors.visible
