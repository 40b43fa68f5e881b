"""An edit that takes longer than a frame: computed on a worker, shown, and stopped with Esc."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.annotation.correction import Correction
from core.annotation.label_rule import PatchAim
from core.annotation.patch import Patch
from core.domain.mask import Mask
from core.domain.plane import Cut
from gui.shell.tasks import Lanes, Task


@dataclass(frozen=True, eq=False)
class LaterAim:
    """The tool of an edit, the slice it was asked for on, and what its patch is of."""

    tool: str
    cut: Cut
    aim: PatchAim | None = None


class LaterEdit(QObject):
    """One edit at a time, of the correction that is `here`.

    `changed` names its tool, and is empty when there is none any more.
    """

    changed = Signal(str)
    made = Signal(object, object)
    failed = Signal(str, str, str)
    noted = Signal(str, str)

    def __init__(self, lanes: Lanes, here: Callable[[], Correction | None]) -> None:
        super().__init__()
        self._lanes, self._here = lanes, here
        self._task: Task[Patch | None] | None = None
        self._asked = 0
        self.tool = ""

    def start(
        self, correction: Correction, make: Callable[[Mask], Patch | None], aimed: LaterAim
    ) -> None:
        """Compute an edit of what it aims at as it is now; dropped when that changes meanwhile."""
        tool = aimed.tool
        if self.tool:
            said = f"{self.tool.capitalize()} is still being computed. Wait, or stop it with Esc."
            self.noted.emit(tool, said)
            return
        mask, revision = np.array(correction.ground(aimed.aim)), correction.revision
        self._asked += 1
        asked = self._asked

        def show(patch: Patch | None) -> None:
            if self._here() is not correction:
                return
            if correction.revision != revision:
                self.noted.emit(tool, "The mask changed meanwhile. Start it again.")
            else:
                self.made.emit(aimed, patch)

        self._task = self._lanes.run(
            "io",
            lambda _: make(mask),
            show,
            failed=lambda sentence: self.failed.emit(tool.capitalize(), sentence, ""),
            finished=lambda: self._end(asked),
        )
        self.tool = tool
        self.changed.emit(tool)

    def cancel(self) -> bool:
        """Want the edit no more; False when none is being computed."""
        if self._task is None:
            return False
        self._task.cancel()
        self._end(self._asked)
        return True

    def _end(self, asked: int) -> None:
        """Say that there is none any more; one cancelled before may end while another runs."""
        if asked == self._asked and self._task is not None:
            self._task, self.tool = None, ""
            self.changed.emit("")
