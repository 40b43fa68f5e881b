"""The clicks in the inspector: what each did and where; one goes there, or takes one back."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import MINUS
from core.domain.plane import Cut
from gui.annotation.clicks.click_list import ClickLine, ClickList
from gui.shell.commands import Keys, first_key, tooltip
from gui.widgets.icons import icon
from gui.widgets.labels import ElidedLabel, Glyph, make_label, set_colour
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.section import INSET, Section

_CHIP, _GAP, _ICON = 40, 5, 16
_ROWS, _COMPACT_ROWS = 3, 2
_WIDEST = ClickLine(1, True, "", "", Cut())
_EMPTY = "Click on what is missing; right-click on what is too much."


class ClicksPanel(QWidget):
    """A chip a click, newest first; there is room for a few, so that none moves what is below.

    `shown` and `removed` name a click by its position, counted from 0.
    """

    shown = Signal(int)
    removed = Signal(int)
    replay_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._list = ClickList()
        self._selected = 0
        self._chips: list[_Chip] = []
        self.section = Section("Clicks")
        self._said = make_label("", "caption")
        self._said.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        widest = ClickList((_WIDEST,) * 99).said
        self._said.setMinimumWidth(self._said.fontMetrics().horizontalAdvance(widest))
        self._replay = QPushButton("Replay")
        self._replay.setProperty("small", True)
        self._replay.setToolTip(tooltip("replay_clicks"))
        self._replay.clicked.connect(self.replay_asked)
        self._key = first_key("step_back")
        self.section.set_corner(self._said)
        self.section.set_corner(self._replay)
        self._empty = make_label(_EMPTY, "caption")
        self._empty.setWordWrap(True)
        self._column = QVBoxLayout()
        self._column.setSpacing(_GAP)
        self._column.setContentsMargins(INSET, 0, INSET - 4, 0)
        self._room = self._lay_out()
        self.set_compact(False)
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.show_list(ClickList())
        self.hide()

    @property
    def lines(self) -> tuple[str, ...]:
        """What the chips say, newest first."""
        return tuple(chip.text for chip in self._chips)

    def show_list(self, shown: ClickList) -> None:
        """Show these clicks; one more is the selected one."""
        more = len(shown.lines) != len(self._list.lines)
        if shown == self._list and self._chips:
            return
        self._list = shown
        count = len(shown.lines)
        self._selected = count - 1 if more else min(self._selected, count - 1)
        self._said.setText(shown.said)
        self._replay.setEnabled(shown.replayable)
        self._empty.setVisible(not count)
        while len(self._chips) > count:
            chip = self._chips.pop()
            if chip.hasFocus():  # Qt would hand the keys to whatever comes next in the window
                self._chips[-1].setFocus() if self._chips else chip.clearFocus()
            self._column.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        while len(self._chips) < count:
            self._chips.append(self._new_chip())
        self._fill()
        if more:
            self._room.verticalScrollBar().setValue(0)

    def set_compact(self, compact: bool) -> None:
        """Keep room for fewer clicks, for small windows."""
        rows = _COMPACT_ROWS if compact else _ROWS
        self._room.setFixedHeight(rows * (_CHIP + _GAP))

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        self._key = first_key("step_back", changed)
        self._replay.setToolTip(tooltip("replay_clicks", changed))
        self._fill()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme = theme
        self.section.set_look(theme, overlays)
        self._fill()

    def _fill(self) -> None:
        newest_first = self._list.lines[::-1]
        for chip, line in zip(self._chips, newest_first, strict=True):
            at = line.number - 1
            newest = line is newest_first[0] and self._list.in_hand
            chip.show_line(
                line,
                key=self._key if newest else "",
                selected=at == self._selected,
                removable=self._list.in_hand,
                theme=self._theme,
            )

    def _new_chip(self) -> "_Chip":
        chip = _Chip()
        chip.chosen.connect(self._choose)
        chip.removed.connect(self.removed)
        self._column.insertWidget(len(self._chips), chip)
        chip.show()
        return chip

    def _choose(self, at: int) -> None:
        self._selected = at
        self._fill()
        self.shown.emit(at)

    def _lay_out(self) -> QScrollArea:
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addLayout(self._column)
        inner.addStretch(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(INSET, 0, INSET, 0)
        foot.addWidget(self._empty)
        inner.insertLayout(0, foot)
        room = QScrollArea()
        room.setWidget(content)
        room.setWidgetResizable(True)
        room.setFrameShape(QFrame.Shape.NoFrame)
        room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(0, 0, 0, 8)
        body.addWidget(room)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)
        return room


class _Chip(QFrame):
    chosen = Signal(int)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._at = 0
        self.setObjectName("ClickChip")
        self.setFixedHeight(_CHIP)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # Delete is for the chip that was pressed
        self._glyph = Glyph("plus", size=_ICON)
        self._number, self._title = make_label("", "section"), ElidedLabel("", "section")
        self._key = make_label("", "key")
        self._where = ElidedLabel("", "caption")
        self._where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._voxels = make_label("", "section")
        self._remove = QToolButton()
        self._remove.setAutoRaise(True)
        self._remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._remove.clicked.connect(lambda: self.removed.emit(self._at))
        head = QHBoxLayout()
        head.setSpacing(6)
        for part in (self._number, self._title, self._key):
            head.addWidget(part)
        head.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addLayout(head)
        words.addWidget(self._where)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 4, 2)
        row.setSpacing(8)
        row.addWidget(self._glyph)
        row.addLayout(words, 1)
        row.addWidget(self._voxels)
        row.addWidget(self._remove)

    @property
    def text(self) -> str:
        """What it says in a line."""
        return self.accessibleName()

    def show_line(
        self, line: ClickLine, *, key: str, selected: bool, removable: bool, theme: Theme
    ) -> None:
        self._at = line.number - 1
        colour = theme.ok if line.adds else theme.bad
        self._glyph.set_icon("plus-circle" if line.adds else "minus-square")
        self._glyph.set_colour(colour)
        self._number.setText(str(line.number))
        self._title.setText(line.said)
        self._key.setText(key)
        self._key.setStyleSheet(
            f"background: {theme.accfill}; color: {theme.onacc}; border-radius: 3px;"
            " padding: 1px 4px; font-size: 10px; font-weight: 600;"
        )
        self._where.setText(line.where)
        changed = "" if line.voxels is None else f"{line.voxels:+,}".replace("-", MINUS)
        self._voxels.setText(changed or ("…" if removable else ""))
        set_colour(self._voxels, colour)
        self._remove.setVisible(removable)
        self._remove.setIcon(icon("close", colour=theme.t2, size=_ICON))
        self._remove.setToolTip(f"Take click {line.number} back")
        self._remove.setAccessibleName(f"Take click {line.number} back")
        self.setAccessibleName(f"{line.number}  {line.said}, {line.where}  {changed}".rstrip())
        ground, border = (theme.accsoft, theme.accline) if selected else (theme.bg2, theme.line)
        sheet = (
            f"#ClickChip {{ background: {ground}; border: 1px solid {border};"
            f" border-radius: 6px; }} #ClickChip:focus {{ border: 1px solid {theme.acc}; }}"
        )
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show the key where it takes no room from what the click does."""
        beside = [part for part in (self._voxels, self._remove) if not part.isHidden()]
        taken = sum(part.sizeHint().width() + 2 * _GAP for part in beside)
        words = self._title.sizeHint().width() + self._key.sizeHint().width() + 2 * _GAP
        there = bool(self._key.text())
        self._key.setVisible(there and self._title.x() + words + taken <= self.width())

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._takes_back(event):
            event.accept()  # else the window takes Delete for a lesion
            return True
        return super().event(event)

    def _takes_back(self, event: QKeyEvent) -> bool:
        """Return whether a key takes this click back: Delete alone, while it can be."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return plain and event.key() == Qt.Key.Key_Delete and not self._remove.isHidden()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self._at)
        elif self._takes_back(event):
            self.removed.emit(self._at)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()
