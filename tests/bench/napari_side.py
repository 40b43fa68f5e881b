"""Time napari's slice change: `python napari_side.py case.npz`, in napari's own environment.

Knows nothing of Overread and imports only what that environment holds; see `side` for what it
reads and prints, `napari_comparison` for what is timed.
"""

import json
import sys
import time
from typing import Any

import napari  # type: ignore[import-not-found]
import numpy as np
from qtpy.QtWidgets import QApplication  # type: ignore[import-not-found]
from vispy.gloo import gl  # type: ignore[import-not-found]

_VIEW_SIZE = (1000, 700)
_FRAME_SECONDS = 1 / 30


class Draws:
    """Counts the draws of a canvas."""

    def __init__(self, canvas: Any) -> None:
        self.count = 0
        canvas.events.draw.connect(self._on_draw)

    def _on_draw(self, _event: object) -> None:
        self.count += 1


def main() -> None:
    """Step through all slices once for every line read and print the times."""
    case = np.load(sys.argv[1])
    viewer: Any = napari.Viewer(show=True)
    viewer.add_image(case["image"], name="image")
    viewer.add_labels(case["truth"], name="truth")
    viewer.add_labels(case["prediction"], name="prediction")
    canvas = viewer.window._qt_viewer.canvas._scene_canvas
    fit(viewer, canvas.native)
    draws = Draws(canvas)
    canvas.set_current()
    renderer = str(gl.glGetParameter(gl.GL_RENDERER))
    say({"version": napari.__version__, "renderer": renderer})
    for _ in sys.stdin:
        times = _pass(viewer, draws, len(case["truth"]))
        say({"whole": [whole for whole, _ in times], "sliced": [sliced for _, sliced in times]})
    viewer.close()


def say(found: dict[str, Any]) -> None:
    """Print a line of JSON."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def fit(viewer: Any, native: Any) -> None:
    """Make the canvas as large as Overread's slice view."""
    window = viewer.window._qt_window
    for _ in range(3):
        wider, higher = _VIEW_SIZE[0] - native.width(), _VIEW_SIZE[1] - native.height()
        window.resize(window.width() + wider, window.height() + higher)
        rest(0.3)
    viewer.reset_view()
    rest(0.5)
    if (native.width(), native.height()) != _VIEW_SIZE:
        raise RuntimeError(f"the canvas is {native.width()} x {native.height()}")


def _pass(viewer: Any, draws: Draws, slices: int) -> list[tuple[float, float]]:
    viewer.dims.set_current_step(0, 0)
    rest(1.0)
    return [_step_seconds(viewer, draws, index) for index in range(1, slices)]


def _step_seconds(viewer: Any, draws: Draws, index: int) -> tuple[float, float]:
    before, started = draws.count, time.perf_counter()
    viewer.dims.set_current_step(0, index)
    sliced = time.perf_counter() - started
    while draws.count == before:
        QApplication.processEvents()
    whole = time.perf_counter() - started
    rest(_FRAME_SECONDS - whole)
    return whole, sliced


def rest(seconds: float) -> None:
    """Let the window go on for that long."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        QApplication.processEvents()
        time.sleep(0.001)


if __name__ == "__main__":
    main()
