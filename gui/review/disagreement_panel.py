"""The queue of disagreements: each a line with a question, Yes and No."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted
from gui.shell.commands import Keys, first_key, with_key
from gui.shell.mask_source import MaskSource
from gui.widgets.fitted_choice import FittedChoice
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.key_button import KeyButton, key_width
from gui.widgets.labels import ElidedLabel, keep_room, make_label, plain_tip
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.section import INSET, Section
from gui.widgets.theme import OverlayColours, Theme, app_font

_ROW = 32
_SMALLEST_LIST = 48
_BUTTON = QSize(34, 22)
_GAP = 4
_SEEN = 10
_NEXT = 54
_WRONG = 92
_COUNT = 62
_PARCEL = QSize(24, 22)
_ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class DisagreementRow:
    """One line: what it is, on which slices, how large; `answer` None while there is none.

    `false_positive` is None where it is about several pieces. `detail` says all of it in words.
    `to_see` is a slice to look at, with nothing to answer.
    """

    title: str
    false_positive: bool | None
    slices: str
    volume: str
    answer: bool | None = None
    detail: str = ""
    to_see: bool = False
    truth_is_wrong: bool = False


class DisagreementPanel(QWidget):
    """Lists what is asked; a click goes to a line, and Yes and No answer the one looked at.

    A press on Yes in a line that was not looked at yet only goes there: what it would change is
    shown first.
    """

    chosen = Signal(int)
    answered = Signal(int, bool)
    command_asked = Signal(str)
    source_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.section = Section("Disagreements")
        self._next = KeyButton("Next")
        self._next.setProperty("small", True)
        self._next.clicked.connect(lambda: self.command_asked.emit("next_disagreement"))
        self._count = make_label("", "caption")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._count.setFixedWidth(_COUNT)
        self.section.set_corner(self._count)
        self.section.set_corner(self._next)
        self._question, self._effect, self._problem = "", "", ""
        self._answered = 0
        self._asked = ElidedLabel("", "caption")
        self._sources = FittedChoice(
            "Hold the prediction against", tip="What the prediction is held against", most=112
        )
        self._offered: list[MaskSource] = []
        self._sources.activated.connect(lambda index: self.source_chosen.emit(self._offered[index]))
        self._wrong = KeyButton("Truth is wrong")
        self._wrong.setProperty("small", True)
        self._wrong.clicked.connect(lambda: self.command_asked.emit("truth_wrong"))
        self._parcel = QToolButton()
        self._parcel.setFixedSize(_PARCEL)
        self._parcel.setIconSize(QSize(14, 14))
        self._parcel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._parcel.clicked.connect(lambda: self.command_asked.emit("export_error_parcel"))
        self._model = _Rows()
        self._delegate = _RowDelegate()
        self._list = _Lines(self._model, self._delegate)
        self._list.chosen.connect(self.chosen)
        self._list.answered.connect(self.answered)
        self._lay_out()
        self.set_keys({})
        self.set_marked(0)
        self.set_asked("", "Go to a disagreement first.")
        self.section.expanded_changed.connect(self._stretch)
        self._stretch(self.section.expanded)

    def _lay_out(self) -> None:
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(0, 0, 0, 2)
        body.setSpacing(2)
        judged, said = QHBoxLayout(), QHBoxLayout()
        said.setContentsMargins(INSET, 0, INSET, 0)
        said.addWidget(self._asked)
        judged.setContentsMargins(INSET, 2, 8, 2)
        judged.addWidget(self._wrong)
        judged.addWidget(self._parcel)
        judged.addStretch(1)
        judged.addWidget(self._sources)
        body.addLayout(said)
        body.addLayout(judged)
        body.addWidget(self._list)
        for late in (self._sources, self._parcel):
            keep_room(late)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)

    def _stretch(self, expanded: bool) -> None:
        """Take what room there is, however many lines there are: nothing moves when they come."""
        grow = QSizePolicy.Policy.Expanding if expanded else QSizePolicy.Policy.Maximum
        for widget in (self, self.section):
            widget.setSizePolicy(QSizePolicy.Policy.Preferred, grow)

    @property
    def sources(self) -> tuple[MaskSource, ...]:
        """What the prediction can be held against, in order."""
        return tuple(self._offered)

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        key = first_key("next_disagreement", changed)
        self._next.set_key(key)
        self._next.setFixedWidth(_NEXT + key_width(self._next.key_wanted))
        self._next.setToolTip(
            with_key("Go to the next without an answer", "next_disagreement", changed)
        )
        yes, no = first_key("yes", changed), first_key("no", changed)
        keys = f"  {yes} yes, {no} no" if yes and no else ""
        self._question = f"Is the tinted region lesion?{keys}"
        self._wrong.set_key(first_key("truth_wrong", changed))
        self._wrong.setMinimumWidth(_WRONG + key_width(self._wrong.key_wanted))
        self._show_question()

    def set_sources(
        self, sources: Sequence[tuple[MaskSource, str]], chosen: MaskSource | None
    ) -> None:
        """Offer what the prediction can be held against, by titles."""
        blocker = QSignalBlocker(self._sources)
        self._offered = [source for source, _ in sources]
        self._sources.clear()
        self._sources.addItems([title for _, title in sources])
        self._sources.setCurrentIndex(-1 if chosen is None else self._offered.index(chosen))
        self._sources.setVisible(len(sources) > 1)
        self._sources.fit()
        blocker.unblock()

    def say(self, problem: str) -> None:
        """Say why nothing is listed, in place of the question; nothing when there is no reason."""
        self._problem = problem
        self._show_question()
        self._show_count()

    def set_rows(self, rows: Sequence[DisagreementRow], current: int, answered: int) -> None:
        """Show the queue; `current` is the one looked at, -1 for none."""
        self._model.set_rows(rows)
        self._delegate.current = current
        self._answered = answered
        self._show_count()
        self._next.setEnabled(bool(rows))
        self._show_question()
        if 0 <= current < len(rows) and current != self._list.pressed_row:
            self._list.scrollTo(self._model.index(current))  # one under the pointer stays there
        self._list.viewport().update()

    def _show_count(self) -> None:
        """Say how many there are; there may be none only where something was held against."""
        count = self._model.rowCount()
        none = "" if self._problem else "None"
        self._count.setText(f"{self._answered} of {count}" if count else none)
        self._count.setToolTip(f"{self._answered} of {count} are answered")

    def set_asked(self, effect: str, why_truth_stands: str) -> None:
        """Say what an answer would change, and why the ground truth cannot be called wrong."""
        self._effect = effect
        self._show_question()
        self._wrong.setEnabled(not why_truth_stands)
        said = "The ground truth is wrong here: keep that, and why, for the owner of the data"
        self._wrong.setToolTip(plain_tip(why_truth_stands or said))

    def set_marked(self, count: int) -> None:
        """Say how many regions of all cases were marked as wrong in the ground truth."""
        self._parcel.setVisible(count > 0)
        said = f"Write {counted(count, 'error')} of the ground truth, of all cases, as a parcel"
        self._parcel.setToolTip(said)
        self._parcel.setAccessibleName(said)

    def _show_question(self) -> None:
        """Say what an answer would change; before anything is looked at, what is asked."""
        question = self._question if self._model.rowCount() > 0 else ""
        self._asked.setText(self._problem or self._effect or question)
        self._asked.tip = "\n".join(said for said in (question, self._effect) if said)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self.section.set_look(theme, overlays)
        self._delegate.theme, self._delegate.overlays = theme, overlays
        self._next.theme = self._wrong.theme = theme
        self._parcel.setIcon(tinted_icon("export", tint=Tint.of(theme), size=14))
        self._list.viewport().update()


class _Rows(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._rows: list[DisagreementRow] = []

    def set_rows(self, rows: Sequence[DisagreementRow]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == _ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{row.title}, slices {row.slices}, {row.volume}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row.detail)
        return None


class _Lines(QListView):
    chosen = Signal(int)
    answered = Signal(int, bool)

    def __init__(self, model: _Rows, delegate: "_RowDelegate") -> None:
        super().__init__()
        self._delegate = delegate
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Disagreements")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(_SMALLEST_LIST)
        self.pressed_row = -1

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _SMALLEST_LIST)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return
        row: DisagreementRow = index.data(_ROW_ROLE)
        at = event.position().toPoint() - self.visualRect(index).topLeft()
        yes, no = _buttons(self.visualRect(index).width(), row)
        seen = self._delegate.current == index.row()
        self.pressed_row = index.row()
        if not seen:
            self.chosen.emit(index.row())
        elif row.answer is None and yes.contains(at):
            self.answered.emit(index.row(), True)
        elif row.answer is None and no.contains(at):
            self.answered.emit(index.row(), False)
        else:
            self.chosen.emit(index.row())


class _RowDelegate(QStyledItemDelegate):
    def __init__(self) -> None:
        super().__init__()
        self.theme, self.overlays = DARK, DEFAULT_OVERLAYS
        self.current = -1

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, _ROW)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: DisagreementRow = index.data(_ROW_ROLE)
        area = option.rect
        painter.save()
        painter.translate(area.topLeft())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.row() == self.current:
            painter.fillRect(0, 0, area.width(), _ROW, QColor(self.theme.accsoft))
            painter.fillRect(0, 0, 2, _ROW, QColor(self.theme.acc))
        self._paint_swatch(painter, row)
        yes, no = _buttons(area.width(), row)
        words = QRect(38, 0, yes.left() - 42, _ROW)
        done = row.answer is not None
        painter.setFont(app_font(size_px=12, weight=500))
        painter.setPen(QColor(self.theme.t2 if done else self.theme.t1))
        painter.drawText(words, _LEFT, row.title)
        wide = painter.fontMetrics().horizontalAdvance(row.title) + 8
        painter.setFont(app_font(size_px=11))
        painter.setPen(QColor(self.theme.t3))
        room = words.adjusted(wide, 0, 0, 0)
        said, metrics = f"{row.slices}  {row.volume}", painter.fontMetrics()
        if metrics.horizontalAdvance(said) > room.width():
            said = row.volume  # how large it is tells more than where; both are in the tool tip
        said = metrics.elidedText(said, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, said)
        if done:
            painter.setPen(QColor(self.theme.t3))
            said = "✓ Seen" if row.to_see else "✓ Yes" if row.answer else "✓ No"
            said = "Truth wrong" if row.truth_is_wrong else said
            painter.drawText(yes.united(no), Qt.AlignmentFlag.AlignCenter, said)
        else:
            words_of = {"Seen": yes} if row.to_see else {"Yes": yes, "No": no}
            for text, place in words_of.items():
                self._paint_button(painter, place, text, index.row() == self.current)
        painter.restore()

    def _paint_swatch(self, painter: QPainter, row: DisagreementRow) -> None:
        colours = self.overlays
        colour = QColor(colours.false_positive if row.false_positive else colours.false_negative)
        tint = QColor(colour)
        tint.setAlphaF(0.3)
        box = QRectF(16.5, _ROW / 2 - 6.5, 13, 13)
        if row.false_positive is None:
            painter.setPen(QPen(QColor(self.theme.t3), 1))
            painter.setBrush(QColor(self.theme.t3))
            for step in (2, 6, 10):
                painter.drawEllipse(QRectF(box.left() + step, box.center().y() - 1, 2, 2))
            return
        if row.to_see:
            painter.setPen(QPen(QColor(self.theme.acc), 1.5))
            painter.drawLine(box.bottomLeft(), box.bottomRight())
            painter.drawRoundedRect(box.adjusted(2, 1, -2, -4), 2, 2)
            return
        painter.setPen(QPen(colour, 1))
        painter.setBrush(tint)
        painter.drawRoundedRect(box, 3, 3)
        if row.false_positive:
            painter.setBrush(QBrush(colour, Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, 3, 3)

    def _paint_button(self, painter: QPainter, place: QRect, text: str, counts: bool) -> None:
        """Paint a button; it counts in the line that is looked at, elsewhere a press goes there."""
        painter.setPen(QPen(QColor(self.theme.line3 if counts else self.theme.line2), 1))
        painter.setBrush(QColor(self.theme.bg3 if counts else self.theme.bg1))
        painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.setPen(QColor(self.theme.t1 if counts else self.theme.t3))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def _buttons(width: int, row: DisagreementRow) -> tuple[QRect, QRect]:
    """Return where Yes and No stand in a line of `width`; Seen takes the place of both."""
    top = (_ROW - _BUTTON.height()) // 2
    no = QRect(QPoint(width - 14 - _BUTTON.width(), top), _BUTTON)
    yes = no.translated(-_BUTTON.width() - _GAP, 0)
    return (no.adjusted(-_SEEN, 0, 0, 0), QRect()) if row.to_see else (yes, no)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
