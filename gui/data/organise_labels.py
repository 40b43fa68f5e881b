"""What the values of the masks mean: a name for each, which the reader may change."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from gui.data.organise_form import FoundLabel
from gui.widgets.labels import make_label
from gui.widgets.theme import app_font

_SWATCH = 18
_NAME_WIDTH = 170
_DARK_TEXT, _LIGHT_TEXT = "#0C0E11", "#FFFFFF"
_BRIGHT = 140


class LabelsBox(QWidget):
    """A row for each value; hidden where masks hold one alone. `renamed` after each key stroke."""

    renamed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[int, QLineEdit] = {}
        self._told: dict[int, str] = {}
        self._asides: dict[int, tuple[QWidget, ...]] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._grid)
        self.hide()

    @property
    def changed(self) -> tuple[tuple[int, str], ...]:
        """The names that are not those that were told, by value."""
        typed = {value: line.text().strip() for value, line in self._names.items()}
        return tuple((v, name) for v, name in typed.items() if name and name != self._told[v])

    @property
    def all_names(self) -> tuple[tuple[int, str], ...]:
        """Every name as it stands, by value."""
        return tuple((v, line.text().strip() or self._told[v]) for v, line in self._names.items())

    def set_rows(self, rows: Sequence[FoundLabel]) -> None:
        """Show labels; what was typed stays where the values are the same."""
        if tuple(r.value for r in rows) != tuple(self._names):
            typed = dict(self.changed)
            self._make(rows)
            for value, name in typed.items():
                if value in self._names:
                    self._names[value].setText(name)
        for row in rows:
            self._told[row.value] = row.name
            line = self._names[row.value]
            if not line.isModified() and line.text() != row.name:
                line.setText(row.name)
            for aside, said in zip(self._asides[row.value], (row.median, row.masks), strict=True):
                aside.setText(said)  # type: ignore[attr-defined]
        self.setVisible(len(rows) > 0)

    def _make(self, rows: Sequence[FoundLabel]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._names.clear()
        self._told.clear()
        self._asides.clear()
        if rows:
            self._grid.addWidget(make_label("Labels in the masks", "panel"), 0, 0, 1, 3)
            self._grid.addWidget(make_label("Median", "caption"), 0, 3)
            self._grid.addWidget(make_label("Masks with it", "caption"), 0, 4)
        for at, row in enumerate(rows, start=1):
            line = QLineEdit(row.name)
            line.setFixedWidth(_NAME_WIDTH)
            line.setMaxLength(64)
            line.setAccessibleName(f"Name of label {row.value}")
            line.textEdited.connect(lambda _: self.renamed.emit())
            asides = make_label(row.median, "value"), make_label(row.masks, "value")
            self._grid.addWidget(_Swatch(row.value, row.colour), at, 0)
            self._grid.addWidget(make_label(f"value {row.value}", "body"), at, 1)
            self._grid.addWidget(line, at, 2)
            for column, aside in enumerate(asides, start=3):
                self._grid.addWidget(aside, at, column)
            self._names[row.value], self._told[row.value] = line, row.name
            self._asides[row.value] = asides


class _Swatch(QWidget):
    """The colour of a label with its value on it: colour never tells alone."""

    def __init__(self, value: int, colour: str) -> None:
        super().__init__()
        self._value, self._colour = value, QColor(colour)
        self.setFixedSize(QSize(_SWATCH, _SWATCH))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(self._colour)
        painter.drawRoundedRect(self.rect(), 3, 3)
        bright = self._colour.lightness() > _BRIGHT or self._colour.green() > _BRIGHT
        painter.setPen(QColor(_DARK_TEXT if bright else _LIGHT_TEXT))
        painter.setFont(app_font(size_px=10, weight=600))
        painter.drawText(self.rect(), 0x84, str(self._value))  # centred
