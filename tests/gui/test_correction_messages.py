"""What is said while a case is corrected: errors that stay, and go when they are no longer so."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.annotation.export import Manifest, read_export
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.app.program import Program
from tests.gui.conftest import Start, shut
from tests.gui.finding import texts
from tests.gui.hand import Hand
from tests.gui.holder import held_by
from tests.gui.pressing import Press
from tests.gui.test_correction_desk import full_disk, paint, store_file
from tests.gui.tiny import choose, settle, shown_case, toasts


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the reader chooses whenever one is asked for."""
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "out"))
    return tmp_path / "out"


def stays(program: Program, title: str) -> bool:
    """Whether there is a toast of that title which notes do not push aside."""
    for number in range(4):
        program.window.toasts.show_toast(f"Note {number}")
    return any(said.startswith(title) for said in toasts(program))


def status(program: Program) -> str:
    return " ".join(texts(program.window.status))


def test_a_version_that_cannot_be_saved_is_an_error_until_one_is(
    program: Program, press: Press, hand: Hand, home: Path, predicted: Path
) -> None:
    paint(program, hand)
    blocked = workspace_folder(home, predicted) / "corrections"
    blocked.write_bytes(b"a file where the folder should be")
    press("Ctrl+S")
    hand.settle()
    assert not any("choose a folder" in said for said in toasts(program))
    assert stays(program, "The version was not saved")
    blocked.unlink()
    press("Ctrl+S")
    hand.settle()
    assert not any("not saved" in said for said in toasts(program))
    assert any("Version 1" in said for said in toasts(program))


def test_an_export_that_is_refused_is_an_error_until_one_is_not(
    program: Program,
    press: Press,
    hand: Hand,
    predicted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen: Iterator[str] = iter([str(predicted / "inside"), str(tmp_path / "out")])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(chosen))
    paint(program, hand)
    press("Ctrl+E")
    hand.settle()
    assert stays(program, "Nothing was exported")
    press("Ctrl+E")
    hand.settle()
    assert not any(said.startswith("Nothing was exported") for said in toasts(program))


def test_what_only_hints_is_no_error(program: Program, press: Press, hand: Hand) -> None:
    press("Ctrl+S")
    hand.settle()
    assert any("Nothing has been corrected" in said for said in toasts(program))
    assert not stays(program, "No version saved")


def test_an_export_names_the_version_it_holds(
    program: Program, press: Press, hand: Hand, out: Path
) -> None:
    def exported() -> int | None:
        press("Ctrl+E")
        hand.settle()
        manifest = out / "A_1" / "A_1_correction.json"
        return msgspec.json.decode(manifest.read_bytes(), type=Manifest).provenance.version

    paint(program, hand)
    assert exported() is None
    (said,) = [said for said in toasts(program) if said.startswith("Mask exported")]
    assert f"Into {out / 'A_1'};" in said
    press("Ctrl+S")
    assert exported() == 1
    program.annotation.paint_tools.change(size=20)
    hand.draw((36, 6), (36, 14))
    assert exported() is None
    press("Ctrl+S")
    assert exported() == 2
    press("Ctrl+Z")
    assert exported() == 1


def test_an_edit_that_is_saved_after_all_is_no_longer_called_unsaved(
    program: Program, press: Press, hand: Hand, home: Path, predicted: Path, qtbot: QtBot
) -> None:
    with full_disk(store_file(home, predicted)):
        paint(program, hand)
        (said,) = [said for said in toasts(program) if "not saved" in said]
        assert said.count("memory") == said.count("export") == 1
        choose(qtbot, program, "B_2")
        assert any("not saved" in said for said in toasts(program))
        choose(qtbot, program, "A_1")
    paint(program, hand, size=12)
    assert not any("not saved" in said for said in toasts(program))
    assert "Saved" in status(program)


def test_a_version_that_is_saved_takes_the_edits_along(
    program: Program, press: Press, hand: Hand, home: Path, predicted: Path
) -> None:
    with full_disk(store_file(home, predicted)):
        paint(program, hand)
    press("Ctrl+S")
    hand.settle()
    assert program.annotation.desk.unsaved == []
    assert not any("not saved" in said for said in toasts(program))


def test_who_holds_the_workspace_is_said_once_by_the_name_of_the_folder(
    start: Start, predicted: Path, home: Path, qtbot: QtBot
) -> None:
    with held_by("Ann", workspace_folder(home, predicted)):
        program = start(predicted)
        paint(program, Hand(program, qtbot))
        for command in ("grow", "save_version", "accept"):
            program.window.actions[command].trigger()
            settle(qtbot, program)
        (said,) = [said for said in toasts(program) if "Ann" in said]
        assert said.startswith(f"Read-only. {predicted.name}: opened read-only")
        shut(program)


def test_the_next_stroke_takes_over_when_the_other_window_has_gone(
    start: Start, predicted: Path, home: Path, qtbot: QtBot
) -> None:
    with held_by("Ann", workspace_folder(home, predicted)):
        program = start(predicted)
        choose(qtbot, program, "B_2")
        program.viewer.verbs.go_to_slice(3)
    hand = Hand(program, qtbot)
    paint(program, hand)
    assert shown_case(program) == "B_2"
    assert program.session.view.slice_index == 3
    assert not any("Ann" in said for said in toasts(program))
    assert any("No longer read-only" in said for said in toasts(program))
    paint(program, hand)
    assert "1 edit in the journal" in status(program)


def test_a_folder_opened_again_is_no_longer_called_read_only(
    start: Start, predicted: Path, home: Path, qtbot: QtBot
) -> None:
    with held_by("Ann", workspace_folder(home, predicted)):
        program = start(predicted)
        assert any("Ann" in said for said in toasts(program))
    program.operations.open_dataset(predicted)
    settle(qtbot, program)
    assert not any("ead-only" in said for said in toasts(program))


def test_the_place_of_an_edit_survives_a_killed_process(
    program: Program, hand: Hand, home: Path, predicted: Path
) -> None:
    for index in (1, 4):
        program.viewer.verbs.go_to_slice(index)
        paint(program, hand)
        # What a window that is started now would read: this one has closed nothing.
        with closing(open_workspace(workspace_folder(home, predicted))) as workspace:
            state = workspace.state()
        assert (state.case_id, state.slice_index) == ("A_1", index)


def test_edits_that_no_version_holds_are_told_at_the_next_start(
    start: Start, predicted: Path, qtbot: QtBot
) -> None:
    def found(program: Program) -> list[str]:
        return [said for said in toasts(program) if "found again" in said]

    first = start(predicted)
    hand, press = Hand(first, qtbot), Press(first, qtbot)
    paint(first, hand)
    press("Ctrl+S")
    for size in (12, 20):
        paint(first, hand, size=size)
    assert found(first) == []
    shut(first)

    second = start(predicted)
    (said,) = found(second)
    assert said.startswith("2 edits")
    assert "A_1" in said
    Press(second, qtbot)("Ctrl+S")
    settle(qtbot, second)
    shut(second)
    assert found(start(predicted)) == []


def test_the_status_bar_counts_what_is_applied_and_what_is_undone(
    program: Program, press: Press, hand: Hand
) -> None:
    for size in (6, 12):
        paint(program, hand, size=size)
    assert "2 edits in the journal ·" in status(program)
    press("Ctrl+Z")
    hand.settle()
    assert "1 edit in the journal, 1 undone" in status(program)
    press("Ctrl+Z")
    hand.settle()
    assert "0 edits in the journal, 2 undone" in status(program)


def test_the_status_bar_says_how_a_correction_is_kept_when_its_case_is_seen_otherwise(
    program: Program, hand: Hand, qtbot: QtBot
) -> None:
    paint(program, hand, size=6)
    before = status(program)
    assert before.startswith("Saved")
    session = program.session
    opened = session.open_case
    assert opened is not None
    # As another region in focus shows it: the same case again.
    session.set_open_case(opened, slice_index=session.view.slice_index, labels=session.labels)
    settle(qtbot, program)
    assert status(program).split(" · ")[:2] == before.split(" · ")[:2]


def test_an_export_of_what_the_disk_refused_is_read_back(
    program: Program, press: Press, hand: Hand, home: Path, predicted: Path, out: Path
) -> None:
    opened = program.session.open_case
    assert opened is not None
    with full_disk(store_file(home, predicted)):
        paint(program, hand)
        press("Ctrl+E")
        hand.settle()
        assert hand.correction.exported == str(out)
        paint(program, hand, size=20)
        assert hand.correction.exported == ""
    assert read_export(out, opened.loaded.case).mask(opened.loaded.case.region).any()
