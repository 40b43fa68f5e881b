"""What every feature of one window is given, and how one asks what another can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from core.annotation.correction import HAND, Writes
from core.annotation.patch import Patch
from core.domain.mask import Mask
from gui.shell.actions import Actions
from gui.shell.in_hand import InHand
from gui.shell.lock_takeover import LockTakeover
from gui.shell.mask_finder import MaskFinder
from gui.shell.messages import Toasts, show_fault
from gui.shell.operations import Operations
from gui.shell.reader_name import Readers
from gui.shell.readiness import Readiness
from gui.shell.session import Session
from gui.shell.stop_guard import StopGuard
from gui.shell.tasks import Fault, Lanes

Handlers = dict[str, Callable[[], object]]
"""What commands do, by their ids."""


class Wishes(QObject):
    """What one feature wants of another, which it does not know: who can do it listens."""

    model_wanted = Signal(str)
    prediction_wanted = Signal()
    tool_wanted = Signal(str)
    disagreement_wanted = Signal(tuple)


class Edits(Protocol):
    """The correction of the case on screen, to whoever changes it by a patch."""

    @property
    def reverted(self) -> SignalInstance:
        """Emitted with each step that was undone or redone."""

    def apply(
        self,
        tool: str,
        make: Callable[[Mask], Patch | None],
        *,
        aside: Callable[[], None] | None = None,
        writes: Writes = HAND,
    ) -> bool:
        """Make one edit from the mask as it is; False when it cannot be made.

        The mask is of the label in hand, or of what `writes` says.
        """

    def mask_now(self) -> Mask | None:
        """Return the mask of the region in focus that an edit would be made of.

        It is not to be changed; None when there is none.
        """

    def finish(self, then: Callable[[], None]) -> None:
        """Make the edits that are shown and wait to be accepted, then do `then`."""

    def save_version(self) -> None:
        """Write the mask as it is shown as an immutable version."""


@dataclass(frozen=True, eq=False)
class Context:
    """The window as a feature sees it; `closing` is emitted once, before anything ends."""

    session: Session
    lanes: Lanes
    operations: Operations
    masks: MaskFinder
    takeover: LockTakeover
    readers: Readers
    readiness: Readiness
    stopping: StopGuard
    toasts: Toasts
    actions: Actions
    wishes: Wishes
    in_hand: InHand
    window: QWidget
    closing: SignalInstance

    def trigger(self, command_id: str) -> None:
        """Start a command, as its key does."""
        self.actions[command_id].trigger()

    def on_fault(self, fault: Fault) -> None:
        """Show a fault of Overread's own."""
        show_fault(self.window, fault.details)

    def say_failed(self, title: str, said: str) -> None:
        """Say that something went wrong."""
        self.toasts.show_toast(title, said, kind="error")
