"""Compare models from the window: the job, its numbers, its plots, and the way to a case."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from core.cli.compare import compare
from core.review.signature import signed_cases
from core.studies.comparison.study_report import read_figures
from gui.app.program import Program
from gui.studies.compare_side import CompareSide
from gui.studies.study_panel import StudyChoice, StudyPanel
from gui.studies.study_plots import by_case, one_against_other, volumes
from gui.studies.study_reader import StudyFound
from tests.gui.comparing import FIRST, SECOND, TITLES, publish_both
from tests.gui.conftest import Start
from tests.gui.finding import button, by_name, texts
from tests.gui.running import publish_slow
from tests.gui.tiny import BARE, settle, shown_case

_MANY = 8
_OWN = ("seconds", "version")
"""What a run says of itself, not of the models."""


def _of_the_models(summary: dict[str, Any]) -> dict[str, Any]:
    """Return a summary without what is another in every run: how long it took, and when it was."""
    made = {name: value for name, value in summary["made"].items() if name != "made_at"}
    return {**{k: v for k, v in summary.items() if k not in _OWN}, "made": made}


@pytest.fixture
def program(start: Start, compared: Path) -> Program:
    """A window on them with the comparison in front."""
    program = start(compared)
    program.studies.compare.enter()
    return program


def _panel(program: Program) -> StudyPanel:
    return program.studies.study.panel


def _side(program: Program) -> CompareSide:
    return program.studies.study.side


def _found(qtbot: QtBot, program: Program) -> StudyFound:
    qtbot.waitUntil(lambda: program.studies.study.found is not None)
    found = program.studies.study.found
    assert found is not None
    return found


def _table(program: Program) -> list[list[str]]:
    table = _panel(program).pairs
    rows = []
    for row in range(table.rowCount()):
        items = [table.item(row, column) for column in range(table.columnCount())]
        rows.append([item.text() for item in items if item is not None])
    return rows


def _wait_for_its_end(qtbot: QtBot) -> None:
    """Wait until the process of the job, and the thread that waits for it, are gone."""
    qtbot.waitUntil(lambda: not [t for t in threading.enumerate() if t.name.startswith("job ")])


def test_the_window_says_what_the_command_line_writes(
    qtbot: QtBot, program: Program, compared: Path, tmp_path: Path
) -> None:
    found = _found(qtbot, program)
    compare(compared, tmp_path / "out", models=[FIRST, SECOND], run=False)
    written = json.loads((tmp_path / "out" / "summary.json").read_text())
    shown = json.loads((found.folder / "summary.json").read_text())
    assert _of_the_models(shown) == _of_the_models(written)
    assert list(found.study.rows) == read_figures(tmp_path / "out" / "comparison.csv")

    pair = written["pairs"]["dsc"][0]
    difference = f"{pair['mean_difference']:+.3f}".replace("-", "−")
    row = _table(program)[0]
    assert row[:3] == [TITLES[FIRST], TITLES[SECOND], difference]
    assert row[-1] == f"{pair['wins']} / {pair['ties']} / {pair['losses']}"
    means = {
        _panel(program).models.item(n, 0).text(): _panel(program).models.item(n, 2).text()  # type: ignore[union-attr]
        for n in range(2)
    }
    assert means == {m["title"]: f"{m['figures']['dsc']['mean']:.3f}" for m in written["models"]}


def test_a_click_on_a_dot_opens_its_case(qtbot: QtBot, program: Program) -> None:
    _found(qtbot, program)
    plot = _panel(program).plot
    settle(qtbot, program)
    for case_id in ("B_2", "A_1"):
        dot = next(d for d in plot.view.dots if d.case_id == case_id)
        at = plot.place_of(dot).toPoint()
        qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        settle(qtbot, program)
        assert shown_case(program) == case_id


def test_other_plots_and_figures_are_shown(qtbot: QtBot, program: Program) -> None:
    study = _found(qtbot, program).study
    panel = _panel(program)
    assert panel.plot.view == by_case(study, "dsc")
    panel.choose(StudyChoice("scatter", "hd95", FIRST, SECOND))
    assert panel.plot.view == one_against_other(study, "hd95", FIRST, SECOND)
    panel.choose(StudyChoice("volumes", "hd95", SECOND, FIRST))
    view = panel.plot.view
    assert view == volumes(study, SECOND, FIRST)
    assert {dot.case_id for dot in view.dots} == {"A_1", "B_2", BARE}


def test_means_are_red_lines_and_medians_green(qtbot: QtBot, program: Program) -> None:
    found = _found(qtbot, program)
    view = by_case(found.study, "dsc")
    figures = {model.id: model.figures["dsc"] for model in found.summary.models}
    means = [line.start[1] for line in view.lines if line.means == "mean"]
    medians = [line.start[1] for line in view.lines if line.means == "median"]
    assert means == [figures[model].mean for model in (FIRST, SECOND)]
    assert medians == [figures[model].median for model in (FIRST, SECOND)]
    assert BARE not in {dot.case_id for dot in view.dots}


def test_the_study_lies_beside_the_images_and_a_contour_is_signed(
    qtbot: QtBot, program: Program
) -> None:
    window, side = program.window, _side(program)
    settle(qtbot, program)
    panel = _panel(program)
    assert panel.isVisible()
    assert not window.strip.isVisible()
    bottom = window.grid.mapTo(window, window.grid.rect().bottomLeft()).y()
    assert panel.mapTo(window, panel.rect().topLeft()).y() > bottom
    scores = {name: row.dsc for name, row in side.models._rows.items()}
    assert scores[FIRST] is not None
    assert scores[SECOND] is not None

    title = program.session.models.available[0].spec.title
    case_id = program.session.current
    by_name(side, QPushButton, f"I would sign: {title}").click()
    settle(qtbot, program)
    place = program.session.place
    assert place is not None
    signed = signed_cases(place.workspace.store)[case_id]
    assert signed.model == program.session.models.available[0].spec.id
    assert signed.reader

    program.studies.compare.leave()
    assert window.strip.isVisible()
    assert not panel.isVisible()
    assert window.grid.count == 1


def test_ticked_models_are_run_by_a_job_that_shows_its_progress(
    qtbot: QtBot, start: Start, home: Path, dataset: Path
) -> None:
    publish_both(home)
    program = start(dataset)
    program.studies.compare.enter()
    side = _side(program)
    for tick in side.models.findChildren(QCheckBox):
        tick.setChecked(tick.accessibleName().removeprefix("Compare ") in TITLES.values())
    assert "Nothing compared yet" in texts(_panel(program))
    button(side, "Run all ticked models on all cases").click()
    bar = by_name(side, QProgressBar, "Progress of the comparison")
    assert bar.isVisibleTo(side)
    assert not button(side, "Run all ticked models on all cases").isEnabled()
    line = program.window.study_line
    assert line.isHidden()
    program.studies.compare.leave()
    qtbot.waitUntil(lambda: not line.isHidden())
    program.studies.compare.enter()
    assert line.isHidden()
    qtbot.waitUntil(lambda: program.studies.study.found is not None)
    assert {row[0] for row in _table(program)} | {row[1] for row in _table(program)} == set(
        TITLES.values()
    )
    qtbot.waitUntil(lambda: not bar.isVisibleTo(side))
    settle(qtbot, program)
    _wait_for_its_end(qtbot)
    rows = side.models._rows
    qtbot.waitUntil(lambda: None not in (rows[FIRST].dsc, rows[SECOND].dsc))
    assert program.window.grid.count > 1


def test_a_comparison_can_be_stopped(
    qtbot: QtBot, start: Start, home: Path, long_case: Path
) -> None:
    # So many that they are not through before somebody stops them, however late he comes.
    models = tuple(publish_slow(home, f"slow-{n}").spec.id for n in range(_MANY))
    program = start(long_case)
    study = program.studies.study
    program.studies.compare.enter()
    study.side.run_asked.emit(models, False)
    qtbot.waitUntil(lambda: bool(study.watch.records))
    qtbot.waitUntil(lambda: study.watch.records[0].starts > 0)
    button(study.side, "Cancel").click()
    qtbot.waitUntil(lambda: study.watch.records[0].state == "paused")
    assert study.found is None
    qtbot.waitUntil(lambda: any(said.startswith("Stopped.") for said in texts(study.side)))
    assert button(study.side, "Run all ticked models on all cases").isEnabled()
    _wait_for_its_end(qtbot)


def test_a_folder_without_truth_has_no_scores(qtbot: QtBot, program: Program) -> None:
    study = _found(qtbot, program).study
    bare = [row for row in study.rows if row.case == BARE]
    assert [row.dsc for row in bare] == [None, None]
    only = type(study)(study.models, tuple(bare), {})
    assert by_case(only, "dsc").dots == ()
    assert by_case(only, "dsc").empty
    assert one_against_other(only, "dsc", FIRST, SECOND).empty
