"""What was measured on the case on screen, as the inspector lists it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.widgets.labels import ElidedLabel, Glyph, make_label, make_wrapped_label, plain_tip
from gui.widgets.palette import DARK, OverlayColours, Theme
from gui.widgets.section import INSET, Section

_ROW_HEIGHT = 22
_ICON = 14
_MOST = 12
_HOW = "Drag to measure. Shift+R finds the largest diameters of a lesion."
_UNKNOWN = "Spacing unknown: lengths are in voxels."


@dataclass(frozen=True)
class MeasurementRow:
    """A measurement in words: `figures` are pairs of name and value, `here` on the slice shown."""

    id: int
    title: str
    figures: tuple[tuple[str, str], ...]
    place: str
    detail: str
    icon: str = "ruler"
    here: bool = True
    chosen: bool = False


class MeasurementPanel(QWidget):
    """Lists measurements, those of the slice on screen first; hidden while there is none."""

    chosen = Signal(int)
    delete_asked = Signal(int)
    spacing_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self.section = Section("Measurements")
        self._count = make_label("", "caption")
        self.section.set_corner(self._count)
        self._rows: list[_Row] = []
        self._told: tuple[tuple[MeasurementRow, ...], bool, bool] | None = None
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._how = make_wrapped_label(_HOW, "caption")
        self._how.setContentsMargins(INSET, 0, INSET, 4)
        self._more = make_label("", "caption")
        self._more.setContentsMargins(INSET, 2, INSET, 2)
        self._unknown = QWidget()
        self._give = QPushButton("Give it…")
        self._lay_out()
        self.hide()

    def set_rows(self, rows: Sequence[MeasurementRow], *, unknown: bool, measuring: bool) -> None:
        """List measurements; `unknown` says that no spacing is known, `measuring` shows how."""
        told = (tuple(rows), unknown, measuring)
        if told == self._told:  # as at most steps through the slices
            return
        self._told = told
        here = sum(row.here for row in rows)
        self._count.setText(f"{here} on this slice" if rows else "")
        shown = sorted(rows, key=lambda row: not row.here)[:_MOST]
        while len(self._rows) < len(shown):
            added = _Row()
            added.set_theme(self._theme)
            added.pressed.connect(self.chosen)
            added.delete_asked.connect(self.delete_asked)
            self._rows.append(added)
            self._column.addWidget(added)
        for view, row in zip(self._rows, shown, strict=False):
            view.show_row(row)
        for number, view in enumerate(self._rows):
            view.setVisible(number < len(shown))
        rest = len(rows) - len(shown)
        self._more.setText(f"and {rest} more, in the report and the table")
        self._more.setVisible(rest > 0)
        self._how.setVisible(not rows)
        self._unknown.setVisible(unknown)
        self.setVisible(bool(rows) or measuring)

    @property
    def texts(self) -> list[str]:
        """What each row that is shown says, name and value."""
        return [row.text for row in self._rows if not row.isHidden()]

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self.section.set_look(theme, overlays)
        for row in self._rows:
            row.set_theme(theme)

    def _lay_out(self) -> None:
        self._give.setProperty("link", True)
        self._give.setToolTip("Give the size of a voxel that no file tells")
        self._give.clicked.connect(lambda: self.spacing_asked.emit())
        line = QHBoxLayout(self._unknown)
        line.setContentsMargins(INSET, 0, INSET - 4, 0)
        line.addWidget(make_label(_UNKNOWN, "caption"))
        line.addStretch(1)
        line.addWidget(self._give)
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(0, 0, 0, 8)
        body.setSpacing(0)
        for part in (self._how, self._more, self._unknown):
            part.hide()
        body.addWidget(self._how)
        body.addLayout(self._column)
        body.addWidget(self._more)
        body.addWidget(self._unknown)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)


class _Row(QFrame):
    """Icon, title and first figure; a line more for each further figure."""

    pressed = Signal(int)
    delete_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._id = 0
        self._row: MeasurementRow | None = None
        self._theme = DARK
        self._glyph = Glyph("ruler", size=_ICON)
        self._names = [ElidedLabel("", "body") for _ in range(3)]
        self._values = [make_label("", "value") for _ in range(3)]
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(INSET, 2, INSET, 2)
        column.setSpacing(0)
        for number, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
            line = QHBoxLayout()
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(8)
            if number == 0:
                line.addWidget(self._glyph)
            else:
                line.addSpacing(_ICON + 8)
            line.addWidget(name, 1)
            line.addWidget(value, 0, Qt.AlignmentFlag.AlignRight)
            for label in (name, value):
                label.setFixedHeight(_ROW_HEIGHT - 2)
            column.addLayout(line)

    @property
    def text(self) -> str:
        """What it says."""
        pairs = zip(self._names, self._values, strict=True)
        return "; ".join(
            f"{name.text()} {value.text()}" for name, value in pairs if not name.isHidden()
        )

    def show_row(self, row: MeasurementRow) -> None:
        """Show a measurement."""
        self._id, self._row = row.id, row
        self._glyph.set_icon(row.icon)
        first = row.title if row.here else f"{row.title} · {row.place}"
        figures = row.figures if row.here else row.figures[:1]
        names = [f"{first}, {_inside(n)}" if k == 0 else n for k, (n, _) in enumerate(figures)]
        for number, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
            there = number < len(figures)
            name.setVisible(there)
            value.setVisible(there)
            if there:
                name.setText(names[number])
                value.setText(figures[number][1])
        self.setToolTip(plain_tip(row.detail))
        self.setAccessibleName(self.text)
        self._paint()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self._paint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit(self._id)
        event.accept()

    def _paint(self) -> None:
        row, theme = self._row, self._theme
        self._glyph.set_colour(theme.acc if row is not None and row.chosen else theme.t3)
        chosen = row is not None and row.chosen
        self.setStyleSheet(f"_Row {{ background: {theme.accsoft}; }}" if chosen else "")


def _inside(name: str) -> str:
    """Return the name of a figure as it stands within a line; that of a channel stays."""
    return name if "," in name else name.lower()
