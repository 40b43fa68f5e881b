"""From a notch of the wheel to the painted slice, at 512 × 512 with all overlays.

`python -m tests.bench.slice_change` is our side of the comparison with napari; see `side`.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.data import example, write_example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS
from tests.bench.window import VIEW_SIZE, Stage, keep_prediction, opened

SLICES, SIZE = 60, 512
_CASE = "CASE_A"
_PASSES = 4
_MEDIAN_MS, _P95_MS = 12.0, 20.0


def measure(*, passes: int = _PASSES, slices: int = SLICES, size: int = SIZE) -> list[Entry]:
    """Return median and 95th percentile over four passes through 60 slices.

    The real window, slice view 1000 × 700, truth and prediction as contours, errors filled, all on
    most slices. Timed from the wheel event to the end of the paint, everything the window does for
    it included; between two steps the event loop runs until a thirtieth of a second is over, in
    which pictures of the next slices are made ahead. `unprepared` is the first pass through slices
    nothing was made ahead of, as fast as it goes.
    """
    with _stage(slices, size) as stage:
        rounds = [_pass(stage, slices) for _ in range(passes)]
        busy = np.array(stage.busy_seconds) * MILLISECONDS
        unprepared = _unprepared(stage, slices)
    figures = np.concatenate(rounds) * MILLISECONDS
    medians = ", ".join(f"{np.median(times) * MILLISECONDS:.1f}" for times in rounds)
    said = f"{len(figures)} steps, longest {figures.max():.1f} ms, medians of passes {medians}"
    (median, p95), work = (np.percentile(times, (50, 95)).tolist() for times in (figures, busy))
    rushed = float(np.median(unprepared)) * MILLISECONDS
    return [
        Figure("slice_change_512_median", median, "ms").at_most(
            _MEDIAN_MS, against=f"{work[0]:.1f} ms on the processor; {said}"
        ),
        Figure("slice_change_512_p95", p95, "ms").at_most(
            _P95_MS, against=f"{work[1]:.1f} ms on the processor"
        ),
        Figure("slice_change_512_unprepared", rushed, "ms").plain("median, no pause between steps"),
    ]


def main() -> None:
    """Step through all slices once for every line read and print the times."""
    with _stage(SLICES, SIZE) as stage:
        _say({"platform": stage.platform})
        for _ in sys.stdin:
            _say({"whole": _pass(stage, SLICES)})


def _say(found: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


@contextmanager
def _stage(slices: int, size: int) -> Iterator[Stage]:
    """Open the window on a large case with its prediction, everything drawn that is timed."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, home = Path(folder) / "data", Path(folder) / "home"
        made = example(slices, size)
        write_example(data, _CASE, made)
        keep_prediction(home, data, _CASE, made.prediction)
        with opened(data, home) as stage:
            _check(stage)
            yield stage


def _check(stage: Stage) -> None:
    """Make sure that what is timed is drawn: the view's size, contours and filled errors."""
    session, view = stage.program.session, stage.program.window.view
    result, state = session.result, session.view
    assert result is not None, "no prediction on screen"
    assert result.counted is not None, "no mask on screen"
    assert (view.width(), view.height()) == VIEW_SIZE, f"the view is {view.size()}"
    assert (state.truth.filled, state.prediction.filled, state.errors.filled) == (
        False,
        False,
        True,
    )


def _pass(stage: Stage, slices: int) -> list[float]:
    stage.program.viewer.verbs.go_to_slice(0)
    stage.settle()
    return [stage.paced_step_seconds(1) for _ in range(slices - 1)]


def _unprepared(stage: Stage, slices: int) -> list[float]:
    stage.program.viewer.verbs.go_to_slice(0)
    stage.program.prediction.desk.set_threshold(0.4)  # other masks: no picture is ready any more
    stage.settle()
    return [stage.step_seconds(1) for _ in range(slices - 1)]


if __name__ == "__main__":
    main()
