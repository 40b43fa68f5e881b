"""Export of cases from the window: what the dialog asks becomes files, and is said."""

from contextlib import closing
from pathlib import Path

from PySide6.QtWidgets import QPushButton

from core.inference.engine import Engine
from core.io.dataset import scan
from core.workspace.known_dataset import scan_known
from core.workspace.workspace_folder import open_workspace
from gui.shell.session_parts import Place
from gui.studies.export_dialog import ExportDialog, ExportKind, ExportWanted
from gui.studies.mask_export import FORMAT, MASKS, MaskExport, mask_kinds, write_cases
from tests.core.trees import IDS, make_tree


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
    dialog.set_subject("One case.", Path("/tmp/export"))
    with qtbot.waitSignal(dialog.asked) as asked:
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Export").click()
    wanted = asked.args[0]
    assert wanted == ExportWanted(frozenset(), Path("/tmp/export"), {MASKS: "truth", FORMAT: ""})
