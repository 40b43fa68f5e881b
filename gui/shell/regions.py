"""The regions of the window that F6 goes through."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget


def within(region: QWidget, widget: QWidget) -> bool:
    """Tell whether a widget is the region or lies in it."""
    return region is widget or region.isAncestorOf(widget)


def first_focusable(region: QWidget) -> QWidget:
    """Return the first widget in `region` that Tab would reach and that takes no letters.

    From a text field no key would mean what it means elsewhere.
    """
    tab = Qt.FocusPolicy.TabFocus
    for widget in (region, *region.findChildren(QWidget)):
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            continue
        if widget.focusPolicy() & tab and widget.isVisible() and widget.isEnabled():
            return widget
    return region
