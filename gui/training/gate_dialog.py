"""The gate: candidate against champion, case by case, and what becomes of the candidate."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted, signed
from gui.training.gate_view import GateRow, GateView
from gui.training.job_descriptions import VERDICTS
from gui.training.job_parts import VerdictList
from gui.widgets.icons import icon
from gui.widgets.labels import make_label, make_wrapped_label, number, plain_tip
from gui.widgets.palette import DARK, OverlayColours, Theme

_SIZE = QSize(860, 600)
_HEADS = ("Case", "Champion", "Candidate", "Change", "")
_CHANGE, _SHOW = 3, 4
_MOST_LOST = 5
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_BADGE_ROLES = {"promote": "badge-ok", "reject": "badge-bad"}


class GateDialog(QDialog):
    """Shows a gate and asks; modeless, so that a case can be looked at behind it."""

    case_asked = Signal(str)
    promote_asked = Signal(str)
    keep_asked = Signal(str)
    delete_asked = Signal(str)
    roll_back_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Candidate against champion")
        self.resize(_SIZE)
        self._theme: Theme = DARK
        self._view: GateView | None = None
        self._title = make_label("", "title")
        self._badge = make_label("", "badge")
        self._reason = make_wrapped_label("", "body")
        self._verdicts = VerdictList(title="Over all frozen cases")
        self._labels = VerdictList(title="Mean DSC a label or region")
        self._notes = make_wrapped_label("", "warning")
        self._lost = QHBoxLayout()
        self._table = self._make_table()
        self._make_buttons()
        self._lay_out()

    def show_gate(self, view: GateView) -> None:
        """Show what the gate found."""
        self._view = view
        self._title.setText(f"{view.candidate} against {view.champion}")
        self._badge.setText(VERDICTS[view.verdict])
        self._badge.setProperty("role", _BADGE_ROLES.get(view.verdict, "badge"))
        self._badge.style().polish(self._badge)
        self._reason.setText(view.reason)
        self._verdicts.show_verdicts(
            view.verdicts, f"{counted(len(view.rows), 'case')} of the split"
        )
        self._labels.setVisible(bool(view.labels))
        self._labels.show_verdicts(view.labels, "champion → candidate")
        self._notes.setText("\n".join(view.notes))
        self._notes.setVisible(bool(view.notes))
        self._show_lost(view)
        self._fill(view)
        self._show_choices(view)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._theme = theme
        self._verdicts.set_theme(theme)
        self._labels.set_theme(theme)
        self._delete.setIcon(icon("trash", colour=theme.t2, size=16))
        self._back.setIcon(icon("undo", colour=theme.t2, size=16))
        if self._view is not None:
            self._fill(self._view)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_HEADS))
        table.verticalHeader().hide()
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        table.setAccessibleName("DSC of both models by case, the worst change first")
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_SHOW, QHeaderView.ResizeMode.ResizeToContents)
        for column, text in enumerate(_HEADS):
            head = QTableWidgetItem(text)
            head.setTextAlignment(_RIGHT if 0 < column < _SHOW else _LEFT)
            table.setHorizontalHeaderItem(column, head)
        table.cellActivated.connect(self._on_row_activated)
        return table

    def _make_buttons(self) -> None:
        self._promote = QPushButton("Promote")
        self._promote.setProperty("primary", True)
        self._keep = QPushButton("Keep as candidate")
        self._keep.setToolTip("Change nothing; it stays in the list of models")
        self._delete = QPushButton("Delete")
        self._delete.setToolTip("Delete the candidate's weights")
        self._back = QPushButton("Roll back")
        self._menu = QMenu(self)
        self._back.setMenu(self._menu)
        self._back.setProperty("menu", True)
        for button in (self._promote, self._keep, self._delete, self._back):
            button.setAutoDefault(False)
        self._promote.clicked.connect(lambda: self._ask(self.promote_asked))
        self._delete.clicked.connect(lambda: self._ask(self.delete_asked))
        self._keep.clicked.connect(self._on_keep)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._title)
        head.addWidget(self._badge)
        head.addStretch(1)
        figures = QHBoxLayout()
        figures.setSpacing(28)
        figures.addWidget(self._verdicts, 1)
        figures.addWidget(self._labels, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._back)
        foot.addWidget(self._delete)
        foot.addStretch(1)
        foot.addWidget(self._keep)
        foot.addWidget(self._promote)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._reason)
        column.addLayout(figures)
        column.addWidget(_rule())
        column.addLayout(self._lost)
        column.addWidget(self._notes)
        column.addWidget(self._table, 1)
        column.addLayout(foot)

    def _show_lost(self, view: GateView) -> None:
        while (item := self._lost.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        lost = [row for row in view.rows if row.lost]
        said = "Lost more than 0.02:" if lost else "No case lost more than 0.02"
        self._lost.addWidget(make_label(said, "section"))
        for row in lost[:_MOST_LOST]:
            button = QPushButton(f"{row.name} {signed(row.difference)}")
            button.setProperty("link", True)
            button.setAutoDefault(False)
            button.setToolTip(plain_tip(f"Show {row.case_id} side by side"))
            button.setEnabled(not view.guides)
            button.clicked.connect(lambda _=False, name=row.case_id: self.case_asked.emit(name))
            self._lost.addWidget(button)
        if len(lost) > _MOST_LOST:
            self._lost.addWidget(make_label(f"and {len(lost) - _MOST_LOST} more", "body"))
        self._lost.addStretch(1)

    def _fill(self, view: GateView) -> None:
        self._table.setRowCount(len(view.rows))
        for index, row in enumerate(view.rows):
            for column, text in enumerate(_cells(row)):
                item = QTableWidgetItem(text)
                tip = "" if view.guides else ": double-click or Enter shows it side by side"
                item.setToolTip(plain_tip(row.case_id + tip))
                item.setTextAlignment(_RIGHT if 0 < column < _SHOW else _LEFT)
                if column == _CHANGE:
                    item.setForeground(QBrush(QColor(self._colour(row))))
                self._table.setItem(index, column, item)

    def _show_choices(self, view: GateView) -> None:
        candidate = view.standing == "candidate"
        does = "Answer guided clicks" if view.guides else "Predict"
        self._promote.setToolTip(f"{does} with the candidate from now on; can be rolled back")
        self._back.setToolTip(f"{does} with an earlier one again")
        self._promote.setEnabled(candidate)
        self._promote.setText("Promoted" if view.standing == "champion" else "Promote")
        self._keep.setText("Keep as candidate" if candidate else "Close")
        self._delete.setEnabled(view.deletable)
        self._back.setEnabled(bool(view.earlier))
        self._menu.clear()
        for model_id, title in view.earlier:
            action = self._menu.addAction(f"To {title}")
            action.triggered.connect(lambda _=False, name=model_id: self.roll_back_asked.emit(name))

    def _colour(self, row: GateRow) -> str:
        if abs(row.difference) < 0.0005:
            return self._theme.t2
        return self._theme.ok if row.difference > 0 else self._theme.bad

    def _on_row_activated(self, row: int) -> None:
        if self._view is not None and not self._view.guides:
            self.case_asked.emit(self._view.rows[row].case_id)

    def _on_keep(self) -> None:
        if self._view is not None and self._view.standing == "candidate":
            self._ask(self.keep_asked)
        self.close()

    def _ask(self, signal: object) -> None:
        if self._view is not None:
            signal.emit(self._view.candidate_id)  # type: ignore[attr-defined]


def _cells(row: GateRow) -> tuple[str, ...]:
    lost = "lost more than 0.02" if row.lost else ""
    return (
        row.name,
        number(row.champion, 3),
        number(row.candidate, 3),
        signed(row.difference),
        lost,
    )


def _rule() -> QFrame:
    rule = QFrame()
    rule.setProperty("rule", "horizontal")
    return rule
