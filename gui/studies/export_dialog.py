"""Asks what to write and where; shows how far it is and what was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.labels import make_label, make_wrapped_label, plain_tip
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.room_for_words import RoomForWords

_FIELD_WIDTH = 380
_STEPS = 1000


@dataclass(frozen=True)
class ExportKind:
    """Something that can be written: its key, its name, and what it is in a few words."""

    key: str
    title: str
    about: str


@dataclass(frozen=True)
class ExportWanted:
    """What the reader asked for; `options` are the choices below the kinds, by their names."""

    kinds: frozenset[str]
    folder: Path
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How an export ended, in words; `wrong` when not all of it was written."""

    said: str
    wrong: bool = False


class ExportDialog(QDialog):
    """One question: which kinds into which folder."""

    asked = Signal(object)
    cancel_asked = Signal()

    def __init__(
        self, parent: QWidget, title: str, kinds: Sequence[ExportKind], *, may_be_none: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._busy, self._may_be_none = False, may_be_none
        self._subject = make_wrapped_label("", "body")
        self._boxes = [_box(kind) for kind in kinds]
        for box in self._boxes:
            box.toggled.connect(lambda _: self._enable())
        self._options: dict[str, QComboBox] = {}
        self._choices = QGridLayout()
        self._choices.setColumnStretch(1, 1)
        self._proposed = ""
        self._folder = QLineEdit()
        self._folder.setAccessibleName("Folder")
        self._folder.setMinimumWidth(_FIELD_WIDTH)
        self._folder.textChanged.connect(lambda _: self._enable())
        self._choose = QPushButton("Choose…")
        self._choose.clicked.connect(self._on_choose)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setAccessibleName("Progress of the export")
        self._said = make_wrapped_label("", "caption")
        self._show = QPushButton("Show the folder")
        self._show.setProperty("link", True)
        self._show.clicked.connect(lambda: _open(self.folder))
        self._cancel = QPushButton("Close")
        self._cancel.clicked.connect(self.reject)
        self._write = QPushButton("Export")
        self._write.setProperty("primary", True)
        self._write.clicked.connect(self._on_write)
        self._write.setDefault(True)
        self._lay_out(kinds)
        self.show_idle("")

    @property
    def folder(self) -> Path:
        """The folder that is typed."""
        return Path(self._folder.text().strip()).expanduser()

    def set_subject(self, said: str) -> None:
        """Say what is exported."""
        self._subject.setText(said)

    def propose(self, folder: Path) -> None:
        """Propose a folder, in the place of one proposed before but not of one the reader chose."""
        if self._folder.text() in ("", self._proposed):
            self._proposed = str(folder)
            self._folder.setText(self._proposed)

    def set_options(self, name: str, options: Sequence[tuple[str, str]]) -> None:
        """Offer a choice of that name, as (key, title); what was chosen before stays."""
        choice = self._options.get(name)
        if choice is None:
            choice = self._options[name] = QComboBox()
            choice.setAccessibleName(name)
            row = self._choices.rowCount()
            self._choices.addWidget(make_label(name, "body"), row, 0)
            self._choices.addWidget(choice, row, 1)
        before = choice.currentData()
        choice.clear()
        for key, title in options:
            choice.addItem(title, key)
        choice.setCurrentIndex(max(choice.findData(before), 0))

    def untick(self, *keys: str) -> None:
        """Leave kinds out unless the reader asks for them."""
        for box in self._boxes:
            if box.objectName() in keys:
                box.setChecked(False)

    def show_progress(self, fraction: float, message: str) -> None:
        """Show how far the writing is."""
        self._set_busy(True)
        self._bar.setValue(round(fraction * _STEPS))
        self._say(message or "Writing…", "caption")

    def show_idle(self, said: str, *, wrong: bool = False, written: bool = False) -> None:
        """Show that nothing is being written, and how the last try ended."""
        self._set_busy(False)
        self._say(said, "error" if wrong else "caption")
        self._show.setVisible(written)
        if wrong:
            self._folder.setFocus()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """The style sheet colours all of it."""

    def reject(self) -> None:
        """Close; what is being written is cancelled first."""
        if self._busy:
            self.cancel_asked.emit()
            return
        super().reject()

    def _on_write(self) -> None:
        kinds = frozenset(box.objectName() for box in self._boxes if box.isChecked())
        options = {name: str(box.currentData() or "") for name, box in self._options.items()}
        self.asked.emit(ExportWanted(kinds, self.folder, options))

    def _on_choose(self) -> None:
        start = self._folder.text() or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, "Export into a folder", start)
        if chosen:
            self._folder.setText(chosen)

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._bar.setVisible(busy)
        self._cancel.setText("Cancel" if busy else "Close")
        if busy:
            self._show.hide()
        self._enable()

    def _enable(self) -> None:
        some = self._may_be_none or any(box.isChecked() for box in self._boxes)
        self._write.setEnabled(some and bool(self._folder.text().strip()) and not self._busy)
        for widget in (*self._boxes, *self._options.values(), self._folder, self._choose):
            widget.setEnabled(not self._busy)

    def _say(self, text: str, role: str) -> None:
        self._said.setText(text)
        self._said.setVisible(bool(text))
        if self._said.property("role") != role:
            self._said.setProperty("role", role)
            self._said.style().polish(self._said)

    def _lay_out(self, kinds: Sequence[ExportKind]) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        column.addWidget(make_label(self.windowTitle(), "title"))
        column.addWidget(self._subject)
        column.addSpacing(6)
        for box, kind in zip(self._boxes, kinds, strict=True):
            column.addWidget(box)
            about = make_wrapped_label(kind.about, "caption")
            about.setContentsMargins(24, 0, 0, 4)
            column.addWidget(about)
        column.addLayout(self._choices)
        column.addWidget(make_label("Folder", "section"))
        row = QHBoxLayout()
        row.addWidget(self._folder, 1)
        row.addWidget(self._choose)
        column.addLayout(row)
        column.addWidget(self._bar)
        column.addWidget(self._said)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._show)
        foot.addStretch(1)
        foot.addWidget(self._cancel)
        foot.addWidget(self._write)
        column.addSpacing(6)
        column.addLayout(foot)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        RoomForWords(self)


def _box(kind: ExportKind) -> QCheckBox:
    box = QCheckBox(kind.title)
    box.setObjectName(kind.key)
    box.setToolTip(plain_tip(kind.about))
    box.setChecked(True)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
