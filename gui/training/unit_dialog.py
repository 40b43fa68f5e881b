"""What several trainings found, as a table: folds, or the trials of a search."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.studies.unit_table import UnitTable
from gui.shell.job_record import JobRecord
from gui.training.job_parts import VerdictList
from gui.training.jobs_view import VerdictRow
from gui.training.several_view import several_words
from gui.widgets.labels import make_label, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme

_SIZE = QSize(760, 560)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def show_unit_table(record: JobRecord, window: QWidget, look: tuple[Theme, OverlayColours]) -> None:
    """Show what a job of several trainings found, over a window; nothing before all are done."""
    if record.table is None:
        return
    dialog = UnitDialog(window)
    dialog.set_look(*look)
    dialog.show_table(record.table, several_words(record.head), record.folder.path)
    dialog.show()


class UnitDialog(QDialog):
    """Shows a table and the way to its files; modeless."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What the trainings found")
        self.resize(_SIZE)
        self._folder = Path()
        self._title, self._about = make_label("", "title"), make_label("", "body")
        self._facts = VerdictList(title="Over all")
        self._table = QTableWidget()
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setAccessibleName("Figures of each training")
        self._note = make_wrapped_label("", "caption")
        self._open = QPushButton("Open the folder")
        self._open.setToolTip("Figures of every case, masks and pictures")
        self._close = QPushButton("Close")
        for button in (self._open, self._close):
            button.setAutoDefault(False)
        self._open.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
        )
        self._close.clicked.connect(self.close)
        self._lay_out()

    def show_table(self, table: UnitTable, about: str, folder: Path) -> None:
        """Show what was found; `about` says which job, `folder` is where its files lie."""
        self._folder = folder
        self._title.setText(table.title)
        self._about.setText(about)
        facts = [VerdictRow(name, value) for name, value in table.facts]
        self._facts.show_verdicts(facts, "")
        self._note.setText(table.note)
        self._table.setColumnCount(len(table.heads))
        self._table.setRowCount(len(table.rows))
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, text in enumerate(table.heads):
            head = QTableWidgetItem(text)
            head.setTextAlignment(_RIGHT if column else _LEFT)
            self._table.setHorizontalHeaderItem(column, head)
        for index, row in enumerate(table.rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                item.setTextAlignment(_RIGHT if column else _LEFT)
                self._table.setItem(index, column, item)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._facts.set_theme(theme)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._title)
        head.addWidget(self._about)
        head.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self._open)
        foot.addStretch(1)
        foot.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._facts)
        column.addWidget(self._table, 1)
        column.addWidget(self._note)
        column.addLayout(foot)
