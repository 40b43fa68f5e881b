"""Runs of real models in the tests of the window: how they are waited for and looked at."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from core.domain.prediction import OnSlices, Prediction
from core.models.preprocessing import Preprocessing
from core.models.registry import Model
from gui.app.program import Program
from gui.shell.session import Result
from tests import patience
from tests.gui.tiny import is_settled
from tests.synthetic import publish_unet

LONG = 48
"""Slices of a case whose run lasts long enough to be stopped: twelve batches on a CPU."""


def publish_slow(home: Path, model_id: str) -> Model:
    """Publish a U-Net that takes its time on `LONG` slices."""
    arguments, large = {"init_features": 16}, Preprocessing(size=128)
    return publish_unet(home / "models", model_id, arguments=arguments, preprocessing=large)


def result(program: Program) -> Result:
    found = program.session.result
    assert found is not None
    return found


def idle(program: Program) -> bool:
    return is_settled(program) and not program.session.queue.active


def finish(qtbot: QtBot, program: Program) -> None:
    qtbot.waitUntil(lambda: idle(program))


def run(qtbot: QtBot, program: Program) -> None:
    program.prediction.desk.run_case()
    assert program.session.queue.active
    finish(qtbot, program)


class FirstSlices:
    """A run that goes no further than its first slices until `go_on`, however fast the model is.

    `act` is done once, as soon as they are on screen; `count` is how many there were, 0 before.
    What the engine sends after them waits in the pipe, which is too small for it: it cannot end.
    """

    def __init__(self, program: Program, act: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self._session, self._act = program.session, act
        self._gate = threading.Event()
        engine = program.operations.engine
        self._predict, self._retire = engine.predict, engine.retire
        engine.predict = self._held_predict  # type: ignore[method-assign]
        engine.retire = self._free_and_retire  # type: ignore[method-assign]
        self._session.result_changed.connect(self._look)
        self._session.part_arrived.connect(self._look)

    def go_on(self) -> None:
        """Let this run go on, and those that come."""
        self._gate.set()

    def _look(self, *_: object) -> None:
        found = self._session.result
        if found is not None and found.ready and not self.count:
            self.count = len(found.ready)
            self._act()

    def _held_predict(self, *given: Any, on_slices: OnSlices, **named: Any) -> Prediction:
        def hand_over(*slices: Any) -> None:
            on_slices(*slices)
            assert self._gate.wait(patience.SECONDS)

        return self._predict(*given, on_slices=hand_over, **named)

    def _free_and_retire(self) -> None:
        self._retire()
        self.go_on()


def stored(program: Program, case_id: str) -> bool:
    place, model = program.session.place, program.session.models.current
    assert place is not None
    assert model is not None
    return place.workspace.prediction_path(model.spec.id, case_id).exists()
