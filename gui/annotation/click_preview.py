"""What a guided click under the pointer would change, shown once the pointer rests."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from core.annotation.guided import Guided
from core.domain.guide import Click
from gui.shell.tasks import Lanes, Task

_REST_MS = 40

Asked = tuple[Guided, Click]


@dataclass(frozen=True, eq=False)
class Pointed:
    """What a click would change of slice `z`: the voxels of `plane` (Y, X)."""

    z: int
    adds: bool
    plane: NDArray[np.bool_]


class ClickPreview(QObject):
    """Answers on a worker; the last question alone is answered, and an older one never shown."""

    changed = Signal()

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes
        self._asked: Callable[[], Asked | None] | None = None
        self._task: Task[Pointed] | None = None
        self.pointed: Pointed | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._look)

    def ask(self, asked: Callable[[], Asked | None]) -> None:
        """Show soon what is asked by then; what was shown before stays until then."""
        self._asked = asked
        self._rest.start()

    def drop(self) -> None:
        """Show nothing."""
        self._asked = None
        self._rest.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._show(None)

    def _look(self) -> None:
        if self._task is not None or self._asked is None:
            return  # asked again when the one before is done
        asked, self._asked = self._asked(), None
        if asked is None:
            self._show(None)
            return
        task: Task[Pointed] | None = None

        def finish() -> None:
            if task is self._task:
                self._task = None
                self._look()

        task = self._task = self._lanes.run(
            "io", lambda _: _pointed(*asked), self._show, finished=finish
        )

    def _show(self, pointed: Pointed | None) -> None:
        if pointed is not None or self.pointed is not None:
            self.pointed = pointed
            self.changed.emit()


def _pointed(state: Guided, click: Click) -> Pointed:
    after = state.on_slice(click)
    return Pointed(click.z, click.adds, after.mask_of(click.z) != state.mask_of(click.z))
