"""The reader's name: asked for at the first decision, changed from the menu, in every record."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from core.workspace.settings import login_name
from gui.shell.messages import Toasts
from gui.shell.operations import Operations
from gui.shell.session import Session
from gui.widgets.labels import make_label, make_wrapped_label

_LONGEST = 60
_NOBODY = frozenset({"root", "admin", "administrator", "user", "guest", "reader"})
_WHY = (
    "Every review, version, blinded reading and export from here on says who made it. "
    "The name stays on this computer and can be changed under Review in the menu."
)


class Readers(QObject):
    """Knows who reads, and asks where nobody has said so yet."""

    def __init__(
        self, session: Session, operations: Operations, toasts: Toasts, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._operations, self._toasts = session, operations, toasts
        self._window = window
        self._dialog: ReaderDialog | None = None
        operations.leaving.connect(self._on_leaving)

    def named(self, act: Callable[[], object]) -> None:
        """Do `act` under a name, which is asked for first where there is none.

        Nothing is done when the question is left, or when another case is on screen by then.
        """
        if self._session.settings.reader:
            act()
            return
        case_id = self._session.current

        def go_on() -> None:
            if self._session.current == case_id:
                act()
            else:
                self._toasts.show_toast(
                    "Nothing was said", f"{case_id} is no longer on screen. Say it again there."
                )

        self.ask(go_on)

    def ask(
        self,
        then: Callable[[], object] = lambda: None,
        otherwise: Callable[[], object] = lambda: None,
    ) -> None:
        """Ask for the name; go on with `then` once it was given, or `otherwise`.

        Where it is being asked for already, both come after what waits for the answer before.
        """
        dialog = self._dialog or self._open()
        dialog.accepted.connect(lambda: then())
        dialog.rejected.connect(lambda: otherwise())

    def _open(self) -> "ReaderDialog":
        self._dialog = dialog = ReaderDialog(self._window, self._session.settings.reader)

        def keep() -> None:
            self._on_answered()
            self._operations.change_settings(reader=dialog.name)

        # Before all that waits for the answer.
        dialog.accepted.connect(keep)
        dialog.rejected.connect(self._on_answered)
        dialog.open()
        return dialog

    def _on_answered(self) -> None:
        self._dialog = None

    def _on_leaving(self) -> None:
        """What waits for a name is of the dataset that is left: it ends while that is open."""
        if self._dialog is not None:
            self._dialog.reject()


class ReaderDialog(QDialog):
    """One field; it cannot be left empty but by Cancel."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Your name")
        self.setMinimumWidth(420)
        self._field = QLineEdit(name or _suggestion())
        self._field.setMaxLength(_LONGEST)
        self._field.setPlaceholderText("Name or initials")
        self._field.setAccessibleName("Your name")
        self._field.textChanged.connect(lambda _: self._enable())
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(make_label("Who reads?", "title"))
        column.addWidget(make_wrapped_label(_WHY, "body"))
        column.addWidget(self._field)
        column.addWidget(self._buttons)
        self._field.selectAll()
        self._field.setFocus()
        self._enable()

    @property
    def name(self) -> str:
        """What was typed, without spaces around it."""
        return " ".join(self._field.text().split())

    def _enable(self) -> None:
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.name))


def _suggestion() -> str:
    """Return the login's name where it may be somebody's."""
    name = login_name()
    return "" if name.casefold() in _NOBODY else name
