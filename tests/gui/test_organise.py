"""How is this folder organised? What is typed finds cases, and the answer opens the folder."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.domain.role import Role
from core.io.organisation import Organisation, found_in
from core.workspace.known_dataset import keep
from core.workspace.settings import Settings
from gui.data.organise_dialog import OrganiseDialog
from gui.data.organise_presenter import OrganisePresenter
from gui.shell.context import Context
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from tests.core.trees import IDS, make_tree


class Operations:
    def __init__(self) -> None:
        self.opened: list[tuple[Path, Organisation]] = []

    def open_dataset(self, folder: Path, how: Organisation) -> None:
        self.opened.append((folder, how))


@pytest.fixture
def organise(
    qtbot: QtBot, home: Path, tmp_path: Path
) -> Iterator[tuple[OrganisePresenter, Operations]]:
    window, lanes = QWidget(), Lanes()
    qtbot.addWidget(window)
    context = create_autospec(Context, instance=True)
    context.session, context.lanes = Session(tmp_path, Settings()), lanes
    context.window, context.operations = window, Operations()
    yield OrganisePresenter(context), context.operations
    lanes.cancel()
    lanes.close()


Organise = tuple[OrganisePresenter, Operations]


def asked(qtbot: QtBot, presenter: OrganisePresenter, folder: Path, ready: str) -> OrganiseDialog:
    """Ask about a folder, and wait until the foot of the dialog says what was found."""
    presenter.ask(folder)
    assert presenter.dialog is not None
    wait(qtbot, presenter.dialog, ready)
    return presenter.dialog


def wait(qtbot: QtBot, dialog: OrganiseDialog, said: str) -> None:
    qtbot.waitUntil(lambda: said in dialog._title.text())


def field(dialog: OrganiseDialog, kind: type[QWidget], name: str) -> QWidget:
    return next(w for w in dialog.findChildren(kind) if w.accessibleName() == name)


def card(dialog: OrganiseDialog, layout: str) -> QPushButton:
    return next(b for b in dialog.findChildren(QPushButton) if b.objectName() == layout)


def open_button(dialog: OrganiseDialog) -> QPushButton:
    return next(b for b in dialog.findChildren(QPushButton) if b.text().startswith("Open"))


def test_the_layout_that_fits_is_chosen_and_its_roles_can_be_corrected(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    root = make_tree("brats", tmp_path / "set", truth=IDS[:1])
    dialog = asked(qtbot, presenter, root, "2 cases, 1 without a notice")
    assert card(dialog, "brats").isChecked()
    assert "2 cases" in card(dialog, "brats").text()
    assert "No match" in card(dialog, "nnunet").text()
    pattern = field(dialog, QLineEdit, "Pattern of t2f")
    assert pattern.text() == "{case}/{case}-t2f.nii.gz"
    role = field(dialog, QComboBox, "Role of t2w")
    role.setCurrentText("other")
    region = field(dialog, QComboBox, "Lesion")
    region.setCurrentIndex(region.findData("Tumour core"))
    qtbot.waitUntil(lambda: open_button(dialog).isEnabled())
    open_button(dialog).click()
    ((folder, how),) = operations.opened
    assert folder == root
    assert how == Organisation("brats", roles=(("t2w", Role.OTHER),), region="Tumour core")


def test_patterns_are_counted_as_they_are_typed_and_open_the_folder(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    root = make_tree("pattern", tmp_path / "odd")
    for path in root.rglob("*.nii.gz"):
        path.rename(path.with_name(path.name.replace(".nii.gz", ".dat")))
    dialog = asked(qtbot, presenter, root, "No case is found so")
    assert card(dialog, "pattern").isChecked()
    assert not open_button(dialog).isEnabled()
    QTest.keyClicks(field(dialog, QLineEdit, "Pattern of FLAIR"), "a/v{case}x.dat")
    wait(qtbot, dialog, "2 cases, 0 without a notice")
    QTest.keyClicks(field(dialog, QLineEdit, "Pattern of the masks"), "c/v{case}x.dat")
    wait(qtbot, dialog, "2 cases, all complete")
    qtbot.waitUntil(lambda: "Spacing" in labels_of(dialog))
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(operations.opened))
    how = operations.opened[0][1]
    assert how.images == (("FLAIR", "a/v{case}x.dat"),)
    assert how.mask == "c/v{case}x.dat"
    assert [case.id for case in found_in(root, how).cases] == list(IDS)


def labels_of(dialog: OrganiseDialog) -> list[str]:
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in dialog.cases.passport.findChildren(QLabel)]


def test_an_edited_pattern_makes_the_layout_the_readers_own(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    dialog = asked(qtbot, presenter, make_tree("loose", tmp_path / "set"), "2 cases")
    line = field(dialog, QLineEdit, "Pattern of flair")
    line.selectAll()
    QTest.keyClicks(line, "{case}_t1.nii.gz")
    assert card(dialog, "pattern").isChecked()
    wait(qtbot, dialog, "2 cases")
    assert dict(dialog.form.patterns)["flair"] == "{case}_t1.nii.gz"


def test_what_was_said_before_is_there_again(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    root = make_tree("pattern", tmp_path / "odd")
    how = Organisation(images=(("FLAIR", "b/v{case}x.nii.gz"),), mask="c/v{case}x.nii.gz")
    keep(root, how)
    dialog = asked(qtbot, presenter, root, "2 cases, all complete")
    assert card(dialog, "pattern").isChecked()
    assert field(dialog, QLineEdit, "Pattern of FLAIR").text() == "b/v{case}x.nii.gz"
    assert field(dialog, QLineEdit, "Pattern of the masks").text() == how.mask


def test_without_an_answer_nothing_is_opened(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    (tmp_path / "empty").mkdir()
    refused: list[str] = []
    presenter.ask(tmp_path / "empty", refused=lambda: refused.append("refused"))
    dialog = presenter.dialog
    assert dialog is not None
    wait(qtbot, dialog, "No case is found so")
    dialog.reject()
    assert refused == ["refused"]
    assert operations.opened == []
    assert presenter.dialog is None


def test_a_pattern_typed_over_a_layout_without_patterns_is_kept(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    root = tmp_path / "set"
    for case in ("alpha", "beta"):
        for name in ("scanA", "outline"):
            path = root / case / f"{name}@{case}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    dialog = asked(qtbot, presenter, root, "4 cases")
    mask = field(dialog, QLineEdit, "Pattern of the masks")
    QTest.keyClicks(mask, "outline@{case}.nii.gz")
    wait(qtbot, dialog, "No case is found so")
    assert card(dialog, "pattern").isChecked()
    assert field(dialog, QLineEdit, "Pattern of the masks") is mask
    image = next(
        line
        for line in dialog.findChildren(QLineEdit)
        if line.accessibleName().startswith("Pattern of ") and line is not mask
    )
    QTest.keyClicks(image, "scanA@{case}.nii.gz")
    wait(qtbot, dialog, "2 cases, all complete")
