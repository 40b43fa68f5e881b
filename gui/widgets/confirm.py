"""A question before something that cannot be taken back."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from gui.widgets.labels import plain_tip


def confirm(parent: QWidget, texts: tuple[str, str, str], act: Callable[[], None]) -> QMessageBox:
    """Ask with title, detail and the text of the button that does it; `act` when it is pressed."""
    title, detail, button = texts
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    say(box, title, detail)
    do = box.addButton(button, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    do.clicked.connect(lambda: act())
    box.open()
    return box


def say(box: QMessageBox, title: str, detail: str) -> None:
    """Say another title and detail, where they changed while the question stands."""
    box.setWindowTitle(title)
    box.setText(title)
    box.setInformativeText(plain_tip(detail))
