"""A workspace that another window holds: said once, and taken over when that window has gone."""

from PySide6.QtCore import QObject

from gui.shell.messages import Toasts
from gui.shell.operations import Operations
from gui.shell.place_reader import who_holds
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes, Task

_LOCK = "lock"  # the subject of what is said of it


class LockTakeover(QObject):
    """Asks who holds the workspace each time the reader wants to write to it."""

    def __init__(
        self, session: Session, lanes: Lanes, operations: Operations, toasts: Toasts
    ) -> None:
        super().__init__()
        self._session, self._lanes = session, lanes
        self._operations, self._toasts = operations, toasts
        self._task: Task[str] | None = None
        self._taking = False
        session.place_changed.connect(self._on_place_changed)
        for failed in (operations.not_opened, operations.unorganised):
            failed.connect(self._on_not_opened)

    def ask(self) -> None:
        """Say who holds the workspace; where nobody does any more, open it to write."""
        place = self._session.place
        if place is None or not place.held or self._task is not None:
            return
        folder, name, user = place.workspace.folder, place.dataset.name, self._session.reader
        self._task = self._lanes.run(
            "io",
            lambda _: who_holds(folder, name, user=user),
            lambda held: self._go_on(place, held),
            failed=self._say,
            finished=self._on_finished,
        )

    def _on_finished(self) -> None:
        self._task = None

    def _go_on(self, place: Place, held: str) -> None:
        if place is not self._session.place or self._taking:
            return
        if held:
            self._say(held)
        elif self._session.queue.active:
            self._say("The other window has gone. Draw here when the runs are done, or stop them.")
        else:
            # All of it is read again: the other window may have changed anything.
            self._taking = True
            self._operations.open_again()

    def _on_not_opened(self) -> None:
        """What failed, which is said elsewhere, may go well when the reader next wants to write."""
        self._taking = False

    def _on_place_changed(self) -> None:
        place, taking = self._session.place, self._taking
        self._taking = False
        if place is not None and place.held:
            self._say(place.held)
        elif taking:
            said = "The other window has gone. What you do here is kept from now on."
            self._toasts.show_toast("No longer read-only", said, kind="ok", subject=_LOCK)
        else:
            self._toasts.withdraw(_LOCK)

    def _say(self, sentence: str) -> None:
        self._toasts.show_error("Read-only", sentence, _LOCK)
