"""What the window tells the reader: toasts, and a dialog for its own faults."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.labels import Glyph, make_label, make_wrapped_label
from gui.widgets.palette import DARK
from gui.widgets.theme import OverlayColours, Theme

ToastKind = Literal["info", "ok", "error"]

_WIDTH, _HEIGHT = 360, 56
_MARGIN = 12
_READOUT_HEIGHT = 64
_BETWEEN_READOUTS = 840
"""So wide an image has room for toasts between what it says in its lower corners."""
_HIGHEST_SHARE = 0.5
_PANE_HEADER = 40
_MOST = 3
_ICONS: dict[ToastKind, str] = {"info": "info", "ok": "tick-circle", "error": "cross-circle"}


class Toasts(QWidget):
    """The toasts of a window, newest at the bottom, over the lower edge of `over`, the image.

    They lie over nothing that can be pressed: the image has its buttons in its middle and, where it
    is parted, at the top of each part, so that they stay in its lower half; what is under the
    pointer is still said below them. The oldest go when there is no room, and each by itself after
    `seconds`, but an error.
    """

    def __init__(self, parent: QWidget, *, over: QWidget, seconds: float = 6.0) -> None:
        super().__init__(parent)
        self._window, self._over = parent, over
        self.seconds = seconds
        self._theme = DARK
        self._shown: list[_Toast] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        for widget in (parent, over):
            widget.installEventFilter(self)
        self.hide()

    def show_toast(
        self,
        title: str,
        detail: str = "",
        *,
        kind: ToastKind = "info",
        action: tuple[str, Callable[[], None]] | None = None,
        subject: str = "",
    ) -> None:
        """Say what happened and what to do; an error stays until it is closed or withdrawn.

        A toast takes the place of an older one of the same `subject`.
        """
        text = _ToastText(title, detail, kind, "" if action is None else action[0])
        self.withdraw(subject)
        for toast in [toast for toast in self._shown if toast.text == text]:
            self._remove(toast)
        while len(self._shown) >= _MOST:
            self._remove(self._least_needed())
        toast = _Toast(text, 0.0 if kind == "error" else self.seconds, subject)
        toast.set_look(self._theme)
        toast.closed.connect(functools.partial(self._remove, toast))
        if action is not None:
            toast.acted.connect(action[1])
        self._shown.append(toast)
        self._column.addWidget(toast)
        toast.show()
        self._place()

    def show_error(self, title: str, detail: str, subject: str = "") -> None:
        """Say that something went wrong, in the place of an older error of `subject` or this title.

        A `subject` is a code by which it can be withdrawn, never a sentence.
        """
        alike = [toast for toast in self._shown if toast.text.kind == "error"]
        for toast in [toast for toast in alike if toast.text.title == title]:
            self._remove(toast)
        self.show_toast(title, detail, kind="error", subject=subject)

    def withdraw(self, *subjects: str) -> None:
        """Say no longer what is no longer so, of these subjects."""
        for toast in [
            toast for toast in self._shown if toast.subject and toast.subject in subjects
        ]:
            self._remove(toast)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._theme = theme
        for toast in self._shown:
            toast.set_look(theme)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES:
            self._place()
        return super().eventFilter(watched, event)

    def _least_needed(self) -> "_Toast":
        passing = [toast for toast in self._shown if toast.text.kind != "error"]
        return (passing or self._shown)[0]

    def _remove(self, toast: "_Toast") -> None:
        if toast in self._shown:
            self._take_away(toast)
            self._place()

    def _take_away(self, toast: "_Toast") -> None:
        self._shown.remove(toast)
        self._column.removeWidget(toast)
        toast.hide()
        toast.deleteLater()

    def _place(self) -> None:
        foot = _MARGIN if self._over.width() >= _BETWEEN_READOUTS else _READOUT_HEIGHT
        room = self._over.height() * _HIGHEST_SHARE - foot - _PANE_HEADER
        while len(self._shown) > 1 and self._wanted_height() > room:
            self._take_away(self._least_needed())
        self.setVisible(bool(self._shown))
        self._column.activate()
        height = self._wanted_height()
        left = (self._over.width() - _WIDTH) // 2
        top = self._over.height() - foot - height
        corner = self._over.mapTo(self._window, QPoint(left, top))
        self.setGeometry(corner.x(), corner.y(), _WIDTH, height)
        self.raise_()

    def _wanted_height(self) -> int:
        height = sum(toast.fitting_height() for toast in self._shown)
        return height + self._column.spacing() * max(len(self._shown) - 1, 0)


_MOVES = (QEvent.Type.Resize, QEvent.Type.Move)


@dataclass(frozen=True, slots=True)
class _ToastText:
    title: str
    detail: str
    kind: ToastKind
    action: str


class _Toast(QFrame):
    closed = Signal()
    acted = Signal()

    def __init__(self, text: _ToastText, seconds: float, subject: str) -> None:
        super().__init__()
        self.text = text
        self.subject = subject
        self.setProperty("card", True)
        self.setAccessibleName(f"{text.title}. {text.detail}".strip())
        self._row = QHBoxLayout(self)
        self._glyph = Glyph(_ICONS[text.kind], size=16)
        self._close = QToolButton()
        self._close.setAccessibleName("Close message")
        self._close.setToolTip("Close message")
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.clicked.connect(self.closed)
        self._timer = QTimer(self, singleShot=True, interval=round(seconds * 1000))
        self._timer.timeout.connect(self.closed)
        self._lay_out()
        self._count_down()

    def set_look(self, theme: Theme) -> None:
        colours: dict[ToastKind, str] = {"info": theme.t2, "ok": theme.ok, "error": theme.bad}
        self._glyph.set_colour(colours[self.text.kind])
        self._close.setIcon(tinted_icon("close", tint=Tint.of(theme), size=14))

    def fitting_height(self) -> int:
        """Return the height that shows the whole text."""
        return max(_HEIGHT, self._row.totalHeightForWidth(_WIDTH))

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._count_down()

    def _count_down(self) -> None:
        if self._timer.interval():
            self._timer.start()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(make_wrapped_label(self.text.title, "section"))
        if self.text.detail:
            words.addWidget(make_wrapped_label(self.text.detail, "body"))
        words.addStretch(1)
        row = self._row
        row.setContentsMargins(15, 9, 8, 9)
        row.setSpacing(10)
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self._glyph, 0, top)
        row.addLayout(words, 1)
        if self.text.action:
            row.addWidget(self._action_button(), 0, top)
        row.addWidget(self._close, 0, top)

    def _action_button(self) -> QPushButton:
        button = QPushButton(self.text.action)
        button.setProperty("link", True)
        button.setProperty("small", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(self.acted)
        button.clicked.connect(self.closed)
        return button


def show_fault(parent: QWidget | None, details: str) -> "FaultDialog":
    """Show a fault of Overread itself; a further one joins the dialog that is open."""
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, FaultDialog) and dialog.isVisible():
            dialog.add_details(details)
            return dialog
    dialog = FaultDialog(parent)
    dialog.add_details(details)
    dialog.open()
    return dialog


class FaultDialog(QDialog):
    """Says that something went wrong and offers the details to copy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Fault in Overread")
        self.resize(620, 400)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setAccessibleName("Details of the fault")
        self._copy = QPushButton("Copy details")
        self._copy.clicked.connect(self._on_copy_clicked)
        close = QPushButton("Close")
        close.setProperty("primary", True)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._copy)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addWidget(make_label("Something went wrong in Overread", "title"))
        column.addWidget(make_wrapped_label(_FAULT_SENTENCE, "body"))
        column.addWidget(self._details, 1)
        column.addLayout(buttons)
        close.setFocus()

    def add_details(self, details: str) -> None:
        """Append the text of a fault."""
        self._details.appendPlainText(details.rstrip() + "\n")

    def details(self) -> str:
        """Return the text of all faults so far."""
        return self._details.toPlainText()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.details())
        self._copy.setText("Copied")


_FAULT_SENTENCE = (
    "This is a fault of the program, not of your data; the original files are never "
    "written to. If the window behaves oddly from here on, start it again. The details below "
    "help to mend it."
)
