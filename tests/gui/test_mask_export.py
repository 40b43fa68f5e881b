"""Export of cases from the window: what the dialog asks becomes files, and is said."""

from contextlib import closing
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from core.inference.engine import Engine
from core.io.datasets.dataset import scan
from core.workspace.known_dataset import scan_known
from core.workspace.workspace_folder import open_workspace
from gui.app.program import Program
from gui.shell.session_parts import Place
from gui.studies.export_dialog import ExportDialog, ExportKind, ExportWanted
from gui.studies.mask_export import FORMAT, MASKS, MaskExport, mask_kinds, write_cases
from tests.core.trees import IDS, make_tree
from tests.gui.finding import texts
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.tiny import choose


def silent(_: float, __: str) -> None:
    pass


def test_cases_are_written_and_what_failed_is_said(home: Path, tmp_path: Path) -> None:
    dataset = scan_known(make_tree("brats", tmp_path / "in", truth=IDS[:1]))
    with closing(open_workspace(tmp_path / "w")) as workspace:
        place = Place(dataset, workspace)
        export = MaskExport(place, dataset.cases, None, Engine(), "cpu")
        wanted = ExportWanted(
            frozenset(("all", "images")), tmp_path / "out", {MASKS: "truth", FORMAT: ""}
        )
        ended = write_cases(export, wanted, silent)
    assert ended.wrong
    assert ended.said.startswith("1 of 2 cases written. P2: expected ground truth")
    assert [case.id for case in scan(tmp_path / "out").cases] == ["P1"]


def test_predictions_are_offered_where_there_is_a_model() -> None:
    assert [key for key, _ in mask_kinds(None)] == ["truth", "correction"]


def test_choices_of_the_dialog_are_kept_by_name(qtbot) -> None:
    dialog = ExportDialog(None, "Export", [ExportKind("all", "All", "")], may_be_none=True)
    qtbot.addWidget(dialog)
    dialog.untick("all")
    dialog.set_options(MASKS, [("truth", "Truth"), ("correction", "Corrections")])
    dialog.set_options(FORMAT, [("", "As the images")])
    dialog.set_subject("One case.")
    dialog.propose(Path("/tmp/export"))
    with qtbot.waitSignal(dialog.asked) as asked:
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Export").click()
    wanted = asked.args[0]
    assert wanted == ExportWanted(frozenset(), Path("/tmp/export"), {MASKS: "truth", FORMAT: ""})


def test_the_folder_proposed_follows_the_dataset_until_the_reader_chooses_one(qtbot) -> None:
    dialog = ExportDialog(None, "Export", [ExportKind("all", "All", "")], may_be_none=True)
    qtbot.addWidget(dialog)
    for name in ("one export", "other export"):
        dialog.propose(Path.home() / name)
        assert dialog.folder == Path.home() / name
    field = next(f for f in dialog.findChildren(QLineEdit) if f.accessibleName() == "Folder")
    field.setText("/tmp/mine")
    dialog.propose(Path.home() / "third export")
    assert dialog.folder == Path("/tmp/mine")


def test_a_case_that_comes_on_screen_proposes_no_folder(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    export = program.studies.export  # made before anybody asks, as by a report
    choose(qtbot, program, "B_2")
    program.context.trigger("export_cases")
    assert export.cases.folder == Path.home() / "tiny cases export"
    program.context.trigger("export_pictures")
    assert export.pictures.folder == Path.home() / "tiny cases pictures"
    export.cases.close()
    export.pictures.close()


def test_edits_that_no_version_holds_are_said_to_be_left_out(
    program: Program, hand: Hand, qtbot: QtBot
) -> None:
    program.annotation.set_tool("brush")
    hand.draw((36, 6), (36, 14))
    hand.settle()
    program.context.trigger("export_cases")
    dialog = program.studies.export.cases
    assert any("Edits of A_1" in text and "Ctrl+S" in text for text in texts(dialog))
    dialog.close()


def test_enter_presses_the_button_that_tab_has_reached_and_writes_from_the_folder(qtbot) -> None:
    dialog = ExportDialog(None, "Export", [ExportKind("all", "All", "")], may_be_none=True)
    qtbot.addWidget(dialog)
    asked: list[ExportWanted] = []
    dialog.asked.connect(asked.append)
    dialog.propose(Path("/tmp/export"))
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.activateWindow()
    close = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Close")
    folder = next(f for f in dialog.findChildren(QLineEdit) if f.accessibleName() == "Folder")
    for focused, written in ((folder, 1), (close, 1)):
        focused.setFocus()
        qtbot.waitUntil(focused.hasFocus)
        QTest.keyClick(focused, Qt.Key.Key_Return)
        assert len(asked) == written
    assert not dialog.isVisible()
