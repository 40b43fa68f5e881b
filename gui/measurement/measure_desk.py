"""What was measured on the case on screen: kept in the workspace, with steps back and on."""

import time
from dataclasses import dataclass

import msgspec
from PySide6.QtCore import QObject, Signal

from core.domain.clock import utc_now
from core.review.measurements import (
    Measurement,
    drop_measurement,
    measurements_of,
    put_measurement,
)
from core.workspace.store import Store
from gui.shell.in_hand import InHand
from gui.shell.session import Session
from gui.shell.tasks import Lanes


@dataclass(frozen=True)
class _Step:
    """A measurement before and after; None where it was not there."""

    before: Measurement | None
    after: Measurement | None


class MeasureDesk(QObject):
    """Holds the measurements of one case, and which is chosen; what changes is written at once.

    `changed` comes with other measurements, another chosen or another one half drawn. `failed` has
    a title and a sentence, `refused` means that another window holds the workspace.
    """

    changed = Signal()
    failed = Signal(str, str)
    refused = Signal()

    def __init__(self, session: Session, lanes: Lanes, in_hand: InHand) -> None:
        super().__init__()
        self._session, self._lanes, self._in_hand = session, lanes, in_hand
        self._kept: dict[int, Measurement] = {}
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self.chosen = 0
        self.draft: Measurement | None = None
        session.case_changed.connect(self._on_case_changed)
        session.mask_painted.connect(lambda _: self._in_hand.drop(self))

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What was measured on the case on screen, oldest first."""
        return tuple(self._kept[name] for name in sorted(self._kept))

    @property
    def shown(self) -> tuple[Measurement, ...]:
        """What is to be drawn: one that is being changed stands for itself as it was."""
        draft = self.draft
        if draft is None:
            return self.measurements
        return (*(each for each in self.measurements if each.id != draft.id), draft)

    def choose(self, measurement_id: int) -> None:
        """Choose a measurement, which Delete is then for; 0 chooses none."""
        if measurement_id != self.chosen:
            self.chosen = measurement_id if measurement_id in self._kept else 0
            if self.chosen:
                self._in_hand.take(self)
            self.changed.emit()

    def draw(self, draft: Measurement | None) -> None:
        """Show one that is half drawn, or none any more."""
        if draft != self.draft:
            self.draft = draft
            self.changed.emit()

    def keep(self, found: Measurement) -> None:
        """Keep a measurement of the case on screen, in the place of that of its id."""
        self.draft = None
        place = self._session.place
        if place is None or found.case_id != self._session.current:
            self.changed.emit()
            return
        if self._refuse():
            self.changed.emit()
            return
        before = self._kept.get(found.id)
        after = msgspec.structs.replace(
            found,
            id=self._new_id() if before is None else before.id,
            reader=self._session.reader,
            time=utc_now(),
        )
        self._do(_Step(before, after))
        self.chosen = after.id
        self.changed.emit()

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._undone)

    def undo(self) -> bool:
        """Take the last step back."""
        if not self._done:
            return False
        step = self._done.pop()
        self._undone.append(step)
        self._apply(_Step(step.after, step.before))
        return True

    def redo(self) -> bool:
        """Do the step that was taken back again."""
        if not self._undone:
            return False
        step = self._undone.pop()
        self._done.append(step)
        self._apply(step)
        return True

    def delete(self) -> bool:
        """Delete the measurement that is chosen; True where one is, even if it has to stay."""
        before = self._kept.get(self.chosen)
        if before is None:
            return False
        if not self._refuse():
            self._do(_Step(before, None))
            self.changed.emit()
        return True

    def leave(self) -> bool:
        """Drop what is half drawn, else choose none; False when there is neither."""
        if self.draft is None and not self.chosen:
            return False
        if self.draft is not None:
            self.draft = None
        else:
            self.chosen = 0
        self.changed.emit()
        return True

    def _refuse(self) -> bool:
        """Say so when another window holds the workspace, and return whether it does."""
        place = self._session.place
        held = place is not None and bool(place.held)
        if held:
            self.refused.emit()
        return held

    def _do(self, step: _Step) -> None:
        self._done.append(step)
        self._undone.clear()
        self._apply(step)

    def _apply(self, step: _Step) -> None:
        """Change what is there from `before` to `after`, on the screen and in the workspace."""
        gone, now = step.before, step.after
        if gone is not None:
            self._kept.pop(gone.id, None)
        if now is not None:
            self._kept[now.id] = now
        self.chosen = 0 if now is None else now.id
        place = self._session.place
        if place is not None:
            store = place.workspace.store
            self._lanes.run(
                "journal",
                lambda _: _write(store, gone, now),
                failed=lambda said: self.failed.emit("The measurement was not saved", said),
            )
        self._in_hand.take(self)
        self.changed.emit()

    def _new_id(self) -> int:
        """Return a number no other has, greater than those before: the time in microseconds."""
        return max(time.time_ns() // 1000, max(self._kept, default=0) + 1)

    def _on_case_changed(self) -> None:
        self._kept, self._done, self._undone = {}, [], []
        self.chosen, self.draft = 0, None
        self._in_hand.drop(self)
        self.changed.emit()
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        case, store, version = opened.loaded.case, place.workspace.store, self._session.case_version
        self._lanes.run(
            "io",
            lambda _: measurements_of(store, case.id, case.given_spacing_mm),
            lambda found: self._take(found, version),
            failed=lambda said: self.failed.emit("Measurements were not read", said),
        )

    def _take(self, found: list[Measurement], version: int) -> None:
        """Show what was read, unless another case is on screen by now."""
        if version == self._session.case_version:
            self._kept = {each.id: each for each in found} | self._kept
            self.changed.emit()


def _write(store: Store, gone: Measurement | None, now: Measurement | None) -> None:
    if now is not None:
        put_measurement(store, now)
    elif gone is not None:
        drop_measurement(store, gone.id)
