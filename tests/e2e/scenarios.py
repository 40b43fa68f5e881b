"""Run `main.py` with a reader who follows a scenario, tells what the window shows, and closes it.

`python -m tests.e2e.scenarios NAME [ARGUMENT …]`, where the arguments are those of `main.py`, which
itself is run; only its `Program` has that reader before it.
"""

import runpy
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from core.annotation.correction import Correction
from gui.app import window_start
from gui.app.program import Program
from tests import patience
from tests.gui.pointing import LEFT, drag, point_of

_MAIN = Path(__file__).resolve().parents[2] / "main.py"
_CHECK_MS = 20
STROKES = 3

Scenario = Iterator[Callable[[], bool]]
"""Goes on whenever the condition it has yielded holds."""


class Seen(msgspec.Struct, frozen=True):
    """What a reader sees of the window."""

    title: str
    case_id: str
    slice_index: int
    size: tuple[int, int]
    texts: list[str]
    corner: str
    sentence: str
    notices: list[str]
    statuses: dict[str, str]
    dsc: float | None
    figure: str
    corrected: str = ""
    tools: dict[str, int] = {}


def look(program: Program) -> Seen:
    """Return what the window shows now."""
    session, window = program.session, program.window
    opened = session.open_case
    result = session.result
    counted = None if result is None else result.counted
    dsc = None if counted is None else counted.counts.pooled().dsc
    shown = "" if dsc is None else f"{dsc:.3f}"
    return Seen(
        title=window.windowTitle(),
        case_id="" if opened is None else opened.loaded.case.id,
        slice_index=session.view.slice_index,
        size=(window.width(), window.height()),
        texts=_texts(window),
        corner=window.view.hud_text("top_left") + window.view.hud_text("top_right"),
        sentence=window.empty.text,
        notices=[] if opened is None else list(opened.loaded.notices),
        statuses={name: state.run for name, state in session.case_states.items()},
        dsc=dsc,
        figure=shown if shown in _texts(window.metrics) else "",
        corrected=_digest(session.correction),
        tools={} if session.correction is None else session.correction.tools,
    )


def predicted(program: Program) -> Scenario:
    """Wait until the case on screen has a whole prediction with its figures."""
    yield lambda: _is_whole(program)


def opened(program: Program) -> Scenario:
    """Wait until a case is on screen, or a sentence about it."""
    session = program.session
    yield lambda: session.open_case is not None or bool(session.problem)


def killed(program: Program) -> Scenario:
    """Draw a stroke on each slice, tell what is seen when it is saved, then wait for the end."""
    yield from opened(program)
    yield lambda: not program.annotation.desk.problem
    view = program.window.view
    program.annotation.set_tool("brush")
    for index in range(STROKES):
        program.viewer.verbs.go_to_slice(index)
        stops = [point_of(view, (34, 8 + 6 * index + step)) for step in range(5)]
        drag(view, LEFT, stops[0], *stops[1:])
        yield partial(_is_saved, program, index + 1)
        _tell(program)
    drag(view, LEFT, point_of(view, (8, 8)), point_of(view, (8, 30)))  # nobody hears of this one
    yield lambda: False


def corrected(program: Program) -> Scenario:
    """Correct the case on screen by a stroke, and let the model predict it."""
    yield from opened(program)
    yield lambda: not program.annotation.desk.problem
    program.annotation.set_tool("brush")
    view = program.window.view
    program.viewer.verbs.go_to_slice(0)
    stops = [point_of(view, (34, 8 + step)) for step in range(5)]
    drag(view, LEFT, stops[0], *stops[1:])
    yield partial(_is_saved, program, 1)
    program.prediction.desk.run_case()
    yield lambda: _is_whole(program)


def came_back(program: Program) -> Scenario:
    """Wait until the correction of the case on screen was read."""
    yield from opened(program)
    yield lambda: program.session.correction is not None


def main() -> None:
    """Run `main.py` with the reader of a scenario."""
    scenario = {f.__name__: f for f in _SCENARIOS}[sys.argv[1]]

    class Read(Program):
        def __init__(self, application: QApplication) -> None:
            super().__init__(application)
            self._reader = _Reader(self, scenario(self))

    window_start.__dict__["Program"] = Read
    sys.argv = [str(_MAIN), *sys.argv[2:]]
    runpy.run_path(str(_MAIN), run_name="__main__")


_SCENARIOS = (predicted, killed, corrected, came_back)


class _Reader(QObject):
    """Looks at the window now and then, and does the next step when its time has come."""

    def __init__(self, program: Program, scenario: Scenario) -> None:
        super().__init__(program.window)
        self._program, self._scenario = program, scenario
        self._condition: Callable[[], bool] = lambda: True
        self._started = time.monotonic()
        self._timer = QTimer(self, interval=_CHECK_MS)
        self._timer.timeout.connect(self._check)
        self._timer.start()

    def _check(self) -> None:
        late = time.monotonic() - self._started > patience.SECONDS
        if not late and not self._condition():
            return
        condition = None if late else next(self._scenario, None)
        if condition is not None:
            self._condition = condition
            return
        self._timer.stop()
        _tell(self._program)
        self._program.context.stopping.asks = False  # the reader wants to close whatever runs
        self._program.window.close()


def _tell(program: Program) -> None:
    sys.stdout.write(msgspec.json.encode(look(program)).decode() + "\n")
    sys.stdout.flush()


def _is_saved(program: Program, edits: int) -> bool:
    said = " ".join(_texts(program.window.status))
    counted = f" {edits} edit in" if edits == 1 else f" {edits} edits in"
    return "Saved" in said and counted in said


def _digest(correction: Correction | None) -> str:
    return "" if correction is None else sha256(correction.mask.tobytes()).hexdigest()


def _is_whole(program: Program) -> bool:
    result = program.session.result
    return result is not None and result.prediction is not None and result.counted is not None


def _texts(root: QWidget) -> list[str]:
    return [label.text() for label in root.findChildren(QLabel) if label.isVisibleTo(root)]


if __name__ == "__main__":
    main()
