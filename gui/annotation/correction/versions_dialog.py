"""The versions of a case's correction: what each holds, shown, restored."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from core.annotation import regions
from core.annotation.correction import Writes
from core.annotation.patch import Patch
from core.annotation.versions import Version
from core.domain.figure_text import MISSING
from core.domain.label_set import LabelMap
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.edit_names import edit_name
from gui.annotation.correction.version_reader import VersionMask
from gui.widgets.figure_table import fill_table, prepare_table
from gui.widgets.labels import make_wrapped_label

_HEADS = (
    "Version",
    "Saved",
    "Author",
    "Tools",
    "Time",
    "Voxels changed",
    "DSC before",
    "DSC after",
)
_NAMES = 4


class VersionsDialog(QDialog):
    """A table of versions, newest first; one can be restored, which undo takes back.

    `beside_asked` gives a version and its mask (Z, Y, X), to be shown beside the one on screen.
    """

    beside_asked = Signal(object, object)

    def __init__(self, parent: QWidget, correction_desk: CorrectionDesk) -> None:
        super().__init__(parent)
        self._correction_desk = correction_desk
        self._versions: list[Version] = []
        self.setWindowTitle("Versions of the correction")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(900, 380)
        self._table = QTableWidget(0, len(_HEADS))
        prepare_table(self._table, _HEADS, names=_NAMES)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        header = self._table.horizontalHeader()
        for word in range(_NAMES - 1):  # the tools alone take the room there is
            header.setSectionResizeMode(word, QHeaderView.ResizeMode.ResizeToContents)
        self._hint = make_wrapped_label("", "caption")
        self._restore = QPushButton("Restore")
        self._restore.setToolTip("Make the correction the same as this version; undo takes it back")
        self._restore.clicked.connect(self._on_restore)
        self._beside = QPushButton("Show beside")
        self._beside.setToolTip("Show this version in a view beside the one on screen")
        self._beside.clicked.connect(self._on_beside)
        self._export = QPushButton("Export…")
        self._export.setToolTip("Write this version as masks into a folder outside the dataset")
        self._export.clicked.connect(self._on_export)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in (self._restore, self._beside, self._export):
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (self._table, self._hint, buttons):
            column.addWidget(widget)
        self._table.itemSelectionChanged.connect(self._on_selection)
        correction_desk.versions.version_saved.connect(self._refresh)
        self._show([])
        self._refresh()

    def _refresh(self) -> None:
        self._correction_desk.versions.list_versions(self._show)

    def _show(self, versions: Sequence[Version]) -> None:
        self._versions = list(versions)
        fill_table(self._table, [_cells(version) for version in self._versions], names=_NAMES)
        if self._versions:
            self._table.selectRow(0)
        self._on_selection()

    def _on_selection(self) -> None:
        for button in (self._restore, self._beside, self._export):
            button.setEnabled(self._chosen() is not None)
        version = self._chosen()
        changes = "" if version is None else region_words(version)
        none = "No version of this case yet. Save one with Ctrl+S."
        said = f"{changes} Versions are never changed.".strip()
        self._hint.setText(said if self._versions else none)

    def _chosen(self) -> Version | None:
        row = self._table.currentRow()
        return self._versions[row] if 0 <= row < len(self._versions) else None

    def _on_restore(self) -> None:
        version = self._chosen()
        if version is not None:
            put = self._correction_desk.only_here(
                "Nothing was restored", partial(self._put, version)
            )
            self._correction_desk.versions.read_values(version, put)

    def _on_beside(self) -> None:
        version = self._chosen()
        if version is not None:
            beside = partial(self._show_beside, version)
            show = self._correction_desk.only_here("Not shown", beside)
            self._correction_desk.versions.read_version(version, show)

    def _on_export(self) -> None:
        version = self._chosen()
        versions = self._correction_desk.versions
        export = self._correction_desk.only_here("Nothing was exported", versions.export_version)
        folder = QFileDialog.getExistingDirectory(self, "Export the version into a folder")
        if version is not None and folder:
            export(version, Path(folder))

    def _show_beside(self, version: Version, mask: VersionMask) -> None:
        """Show a version, and get out of the way of it."""
        self.beside_asked.emit(version, mask)
        self.accept()

    def _put(self, version: Version, values: LabelMap) -> None:
        patches: list[Patch | None] = []

        def make(now: LabelMap) -> Patch | None:
            patches.append(regions.replace(now, values))
            return patches[-1]

        made = self._correction_desk.apply("restore", make, writes=Writes("exact"))
        if made and patches[-1] is not None:
            said = "The correction is the same as it now; undo takes that back."
            self._correction_desk.noted.emit(f"Version {version.number} restored", said)


def region_words(version: Version) -> str:
    """Say what a version changed of each region and label: its DSC, without truth its voxels."""
    told = []
    for each in version.regions:
        if each.dsc_after is None:
            told.append(f"{each.name} {each.voxels_before:,} → {each.voxels:,} voxels")
        else:
            told.append(f"{each.name} {_score(each.dsc_before)} → {_score(each.dsc_after)}")
    if not told:
        return ""
    dsc = "DSC of " if version.dsc_after is not None else ""
    return f"{dsc}{', '.join(told)}."


def show_versions(
    parent: QWidget, correction_desk: CorrectionDesk, beside: Callable[[Version, VersionMask], None]
) -> VersionsDialog:
    """Open the table of versions of the case on screen; `beside` shows one beside it."""
    dialog = VersionsDialog(parent, correction_desk)
    dialog.beside_asked.connect(beside)
    dialog.open()
    return dialog


def _cells(version: Version) -> tuple[str, ...]:
    tools = ", ".join(f"{edit_name(name)} {count}" for name, count in sorted(version.tools.items()))
    minutes, seconds = divmod(int(version.seconds), 60)
    saved = datetime.fromisoformat(version.saved_at).astimezone()
    return (
        str(version.number),
        f"{saved:%Y-%m-%d %H:%M}",
        version.author,
        tools,
        f"{minutes}:{seconds:02}",
        f"{version.voxels_changed:,}",
        _score(version.dsc_before),
        _score(version.dsc_after),
    )


def _score(value: float | None) -> str:
    return MISSING if value is None else f"{value:.3f}"
