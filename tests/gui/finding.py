"""How the tests of the window find a control, as a screen reader does, and turn the wheel."""

from typing import TypeVar

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

W = TypeVar("W", bound=QWidget)


def by_name(root: QWidget, kind: type[W], name: str) -> W:
    found = [child for child in root.findChildren(kind) if child.accessibleName() == name]
    assert len(found) == 1, f"{len(found)} controls are named {name!r}"
    return found[0]


def texts(root: QWidget) -> list[str]:
    """The texts of all labels that show."""
    return [label.text() for label in root.findChildren(QLabel) if label.isVisibleTo(root)]


def colours(image: QImage) -> set[str]:
    """Every colour there is in an image, as `#RRGGBB`."""
    plain = image.convertToFormat(QImage.Format.Format_ARGB32)
    found = np.unique(np.frombuffer(plain.constBits(), np.uint32))  # four bytes a pixel: no padding
    return {QColor.fromRgb(int(value)).name().upper() for value in found}


def button(root: QWidget, text: str) -> QPushButton:
    found = [child for child in root.findChildren(QPushButton) if child.text() == text]
    assert len(found) == 1, f"{len(found)} buttons read {text!r}"
    return found[0]


def turn_wheel(widget: QWidget, angle: int) -> None:
    """Turn the wheel over the middle of a widget; 120 is one notch away from the reader."""
    position = QPointF(widget.rect().center())
    event = QWheelEvent(
        position,
        widget.mapToGlobal(position),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
