"""What computes models is chosen in the window, kept, and shows only its own predictions."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from core.models.certificates import ANY, EngineChoice
from core.workspace.settings import load_settings, settings_path
from gui.app.program import Program
from tests.gui.tiny import settle


def test_an_engine_is_chosen_and_what_another_computed_is_not_shown(
    program: Program, qtbot: QtBot, home: Path
) -> None:
    models = program.session.models
    assert models.current is not None
    assert models.current.wanted == ANY
    shown = program.session.result
    assert shown is not None
    program.window.top_bar.engine_chosen.emit("torch")
    settle(qtbot, program)
    assert load_settings(settings_path()).engine == "torch"
    chosen = program.session.models
    assert {model.wanted for model in chosen.available} == {EngineChoice("torch")}
    assert chosen.current is not None
    assert chosen.current.computed != models.current.computed
    assert program.session.result is None
    assert not any(state.scored for state in program.session.case_states.values())
    program.window.top_bar.engine_chosen.emit("auto")
    settle(qtbot, program)
    found = program.session.result
    assert found is not None
    assert found.prediction.key == shown.prediction.key
    assert all(state.scored for state in program.session.case_states.values())


def test_engines_are_offered_with_a_mark_at_the_one_in_use(program: Program, qtbot: QtBot) -> None:
    bar = program.window.top_bar
    program.prediction.panels.show_engines((("auto", "Automatic"), ("torch", "PyTorch")))
    assert bar.engines() == {"Automatic": True, "PyTorch": False}
    bar.engine_chosen.emit("torch")
    settle(qtbot, program)
    assert bar.engines() == {"Automatic": False, "PyTorch": True}
