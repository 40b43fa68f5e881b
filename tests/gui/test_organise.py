"""How is this folder organised? What is typed finds cases, and the answer opens the folder."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import create_autospec

import nibabel
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.domain.role import Role
from core.io.datasets.organisation import Organisation, found_in
from core.workspace.known_dataset import keep
from core.workspace.settings import Settings
from gui.data.organise_dialog import OrganiseDialog
from gui.data.organise_form import FoundRow
from gui.data.organise_presenter import OrganisePresenter
from gui.data.organise_rows import ROW_ROLE
from gui.shell.context import Context
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from tests.core.trees import IDS, RAS, labels, make_tree


class Operations:
    def __init__(self) -> None:
        self.opened: list[tuple[Path, Organisation]] = []
        self.remembered: list[bool] = []

    def open_dataset(self, folder: Path, how: Organisation, *, remember: bool) -> None:
        self.opened.append((folder, how))
        self.remembered.append(remember)


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
    dialog = asked(qtbot, presenter, root, "2 cases, 1 complete, 1 with notices")
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
    wait(qtbot, dialog, "2 cases, 0 complete, 2 with notices")
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
    wait(qtbot, dialog, "No images here")
    assert not open_button(dialog).isEnabled()
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
    wait(qtbot, dialog, "2 cases, 0 complete, 2 that cannot be read")  # they are empty


def looked(qtbot: QtBot, dialog: OrganiseDialog, title: str) -> None:
    """Wait until every case was looked at."""
    qtbot.waitUntil(lambda: dialog._title.text() == title)


def rows(dialog: OrganiseDialog) -> list[FoundRow]:
    shown = dialog.cases.list
    return [shown.item(index).data(ROW_ROLE) for index in range(shown.count())]


def test_labels_have_their_volumes_and_names_that_are_kept(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    root = make_tree("nnunet", tmp_path / "set")
    dialog = asked(qtbot, presenter, root, "2 cases")
    looked(qtbot, dialog, "2 cases, all complete")
    ml = [np.count_nonzero(labels() == value) * 9.0 / 1000 for value in (1, 2)]
    said = [label.text() for label in dialog.roles.labels.findChildren(QLabel)]
    for value in ml:
        assert f"{value:,.1f} mL" in said
    assert said.count("2 of 2") == 2
    name = field(dialog, QLineEdit, "Name of label 2")
    assert name.text() == "core"
    name.selectAll()
    QTest.keyClicks(name, "Solid")
    qtbot.waitUntil(lambda: open_button(dialog).isEnabled())
    open_button(dialog).click()
    ((_, how),) = operations.opened
    assert how.labels == ((2, "Solid"),)
    assert operations.remembered == [True]
    labels_found = found_in(root, how).labels
    assert labels_found is not None
    assert [label.name for label in labels_found.labels] == ["oedema", "Solid"]


def test_names_of_files_stay_beside_one_that_the_reader_gave(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    dialog = asked(qtbot, presenter, make_tree("loose", tmp_path / "set"), "2 cases")
    looked(qtbot, dialog, "2 cases, all complete")
    QTest.keyClicks(field(dialog, QLineEdit, "Name of label 1"), "!")
    qtbot.waitUntil(lambda: open_button(dialog).isEnabled())
    open_button(dialog).click()
    assert operations.opened[0][1].labels == ((1, "Label 1!"), (2, "Label 2"))


def test_a_mask_on_another_grid_is_told_and_resampled_when_asked(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    root = make_tree("brats", tmp_path / "set")
    path = next(root.rglob("P1-seg.nii.gz"))
    moved = RAS.copy()
    moved[:3, 3] += 0.4
    nibabel.save(nibabel.Nifti1Image(labels().T, moved), path)
    dialog = asked(qtbot, presenter, root, "2 cases")
    looked(qtbot, dialog, "2 cases, 1 complete, 1 with notices")
    first, second = rows(dialog)
    assert first.kind == "warn"
    assert first.notice.startswith("Label on another grid: ")
    assert (second.kind, second.detail) == ("ok", "32 × 40 × 4 · 1.5 × 2.0 × 3.0 mm · LPS")
    assert second.tile is not None
    checks = [label.text() for label in dialog.roles.checks.findChildren(QLabel)]
    assert "1 of 2" in checks
    assert "1 mask lies on another grid." in checks
    button = field(dialog, QPushButton, "Resample masks on another grid by nearest neighbour")
    button.click()
    qtbot.waitUntil(lambda: "resampled by nearest" in rows(dialog)[0].notice)
    assert rows(dialog)[0].kind == "warn"
    qtbot.waitUntil(lambda: open_button(dialog).isEnabled())
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert operations.opened[0][1].resample is True


def test_an_answer_that_is_not_to_be_remembered_says_so(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, operations = organise
    dialog = asked(qtbot, presenter, make_tree("brats", tmp_path / "set"), "2 cases")
    box = next(iter(dialog.findChildren(QCheckBox)))
    box.click()
    open_button(dialog).click()
    assert operations.remembered == [False]


def test_a_pattern_says_what_is_wrong_with_it(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    dialog = asked(qtbot, presenter, make_tree("loose", tmp_path / "set"), "2 cases")
    line = field(dialog, QLineEdit, "Pattern of flair")
    line.selectAll()
    QTest.keyClicks(line, "P1_flair.nii.gz")
    wait(qtbot, dialog, "No case is found so")
    assert "No {case} in the pattern" in texts(dialog)
    assert line.property("invalid")
    line.selectAll()
    QTest.keyClicks(line, "{case}_*.nii.gz")
    qtbot.waitUntil(lambda: any("Several files match for P" in said for said in texts(dialog)))
    line.selectAll()
    QTest.keyClicks(line, "{case}_flair.nii.gz")
    qtbot.waitUntil(lambda: not line.property("invalid"))


def texts(dialog: OrganiseDialog) -> list[str]:
    return [label.text() for label in dialog.roles.findChildren(QLabel)]


def test_the_keyboard_begins_at_the_layout_and_arrows_choose_another(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    dialog = asked(qtbot, presenter, make_tree("brats", tmp_path / "set"), "2 cases")
    chosen = card(dialog, "brats")
    assert dialog.focusWidget() is chosen
    QTest.keyClick(chosen, Qt.Key.Key_Right)
    other = dialog.focusWidget()
    assert isinstance(other, QPushButton)
    assert other.isChecked()
    assert other is not chosen
    wait(qtbot, dialog, "No case is found so")
    assert "expected cases in the layout" in dialog._detail.text()
    QTest.keyClick(other, Qt.Key.Key_Left)
    assert chosen.isChecked()
    wait(qtbot, dialog, "2 cases")
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert presenter.dialog is None


def test_a_case_that_cannot_be_read_is_told_apart(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    root = make_tree("brats", tmp_path / "set")
    path = next(root.rglob("P1-t2f.nii.gz"))
    path.write_bytes(path.read_bytes()[:200])
    dialog = asked(qtbot, presenter, root, "2 cases")
    looked(qtbot, dialog, "2 cases, 1 complete, 1 that cannot be read")
    assert [row.kind for row in rows(dialog)] == ["bad", "ok"]


def test_a_case_that_is_chosen_is_selected_among_the_files(
    qtbot: QtBot, organise: Organise, tmp_path: Path
) -> None:
    presenter, _ = organise
    dialog = asked(qtbot, presenter, make_tree("brats", tmp_path / "set"), "2 cases")
    dialog.cases.choose("P2")
    current = dialog.files.tree.currentItem()
    assert current is not None
    assert current.text(0) == "P2"
