"""What the reader last had in hand beside the mask: undo, redo and Delete are for it first."""

from typing import Protocol

from PySide6.QtCore import QObject, Signal


class Thing(Protocol):
    """Something with steps of its own; each act says whether there was anything to do."""

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""

    def undo(self) -> bool:
        """Take the last step back."""

    def redo(self) -> bool:
        """Do the step that was taken back again."""

    def delete(self) -> bool:
        """Delete what is chosen of it."""


class InHand(QObject):
    """At most one thing; `changed` comes with another, and when it can do other steps."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._thing: Thing | None = None

    @property
    def can_undo(self) -> bool:
        """Whether undo is for the thing in hand."""
        return self._thing is not None and self._thing.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether redo is for the thing in hand."""
        return self._thing is not None and self._thing.can_redo

    def take(self, thing: Thing) -> None:
        """Take a thing in hand, or say that it can do other steps."""
        self._thing = thing
        self.changed.emit()

    def drop(self, thing: Thing) -> None:
        """Have it in hand no more, if it is."""
        if self._thing is thing:
            self._thing = None
            self.changed.emit()

    def undo(self) -> bool:
        """Take its last step back; False when there is none."""
        return self._thing is not None and self._thing.undo()

    def redo(self) -> bool:
        """Do its step again; False when there is none."""
        return self._thing is not None and self._thing.redo()

    def delete(self) -> bool:
        """Delete what is chosen of it; False when nothing is."""
        return self._thing is not None and self._thing.delete()
