"""Fields of the train dialog: how they are made and read."""

from collections.abc import Iterable
from math import nan

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget


def combo_field(name: str) -> QComboBox:
    """Return an empty list of choices with a name for screen readers."""
    box = QComboBox()
    box.setAccessibleName(name)
    return box


def fill(box: QComboBox, rows: Iterable[tuple[str, str]]) -> None:
    """Offer (text, value) rows in place of what was offered; says nothing."""
    box.blockSignals(True)
    box.clear()
    for text, value in rows:
        box.addItem(text, value)
    box.blockSignals(False)


def line_field(name: str) -> QLineEdit:
    """Return a field for a line of text."""
    line = QLineEdit()
    line.setAccessibleName(name)
    return line


def spin_field(name: str, low: int, high: int) -> QSpinBox:
    """Return a field for a whole number."""
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setAccessibleName(name)
    return spin


def side_by_side(left: QWidget, right: QWidget) -> QWidget:
    """Return two fields in a row, the left one as wide as there is room."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    row.addWidget(left, 1)
    row.addWidget(right)
    return holder


def tight_column(widget: QWidget) -> QVBoxLayout:
    """Give a widget a column without margins."""
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    return column


def read_number(text: str) -> float:
    """Return the number that was typed, NaN where it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return nan


def rate_text(value: float) -> str:
    """Return a learning rate as people write it, as 1e-4."""
    mantissa, _, exponent = f"{value:e}".partition("e")
    short = f"{float(mantissa):g}e{int(exponent)}"
    return short if value < 0.01 else f"{value:g}"
