"""The export dialog has room for all it says."""

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.studies.export_dialog import ExportDialog, ExportKind

KINDS = (ExportKind("all", "All cases", "Otherwise one"), ExportKind("images", "Images", "Too"))


@pytest.mark.parametrize("shown_before", [True, False])
def test_more_words_press_no_field_onto_another(qtbot: QtBot, shown_before: bool) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = ExportDialog(parent, "Export cases", KINDS)
    for name in ("Masks", "Format"):
        dialog.set_options(name, [("one", "One"), ("other", "Another")])
    if shown_before:
        dialog.show()
        QApplication.processEvents()
    dialog.set_subject("Edits that no version holds are left out: save one. " * 8)
    dialog.show()
    QApplication.processEvents()
    layout = dialog.layout()
    assert layout is not None
    assert dialog.height() >= layout.totalHeightForWidth(dialog.width())
