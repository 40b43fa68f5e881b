"""Time a brush on napari's labels layer: `python napari_brush.py SIZE case.npz`, see `napari_side`.

The mouse is moved over the canvas by Qt's events, as in `brush_window`; a sample is timed from the
move until the canvas has run a draw of its scene.
"""

import sys
import time
from typing import Any

import napari  # type: ignore[import-not-found]
import numpy as np
from napari_side import Draws, fit, rest, say
from qtpy.QtCore import QEvent, QPointF, Qt  # type: ignore[import-not-found]
from qtpy.QtGui import QMouseEvent  # type: ignore[import-not-found]
from qtpy.QtWidgets import QApplication  # type: ignore[import-not-found]
from vispy.gloo import gl  # type: ignore[import-not-found]

_FRAME_SECONDS = 1 / 60


class Hand:
    """Draws on the canvas with the left button."""

    def __init__(self, viewer: Any, canvas: Any, draws: Draws) -> None:
        self._viewer, self._canvas, self._draws = viewer, canvas, draws

    def stroke(self, path: Any) -> list[tuple[float, float]]:
        """Press, move and release; return the time of each move, and its part before the draw."""
        self._send(QEvent.Type.MouseButtonPress, path[0])
        rest(_FRAME_SECONDS)
        found = []
        for place in path[1:]:
            before, started = self._draws.count, time.perf_counter()
            self._send(QEvent.Type.MouseMove, place)
            painted = time.perf_counter() - started
            while self._draws.count == before:
                QApplication.processEvents()
            found.append((time.perf_counter() - started, painted))
            rest(_FRAME_SECONDS - found[-1][0])
        self._send(QEvent.Type.MouseButtonRelease, path[-1])
        rest(0.1)
        return found

    def _send(self, kind: Any, place: Any) -> None:
        native, camera = self._canvas.native, self._viewer.camera
        y, x = (place + 0.5 - np.array(camera.center[-2:])) * camera.zoom
        at = QPointF(native.width() / 2 + x, native.height() / 2 + y)
        moving = kind == QEvent.Type.MouseMove
        button = Qt.MouseButton.NoButton if moving else Qt.MouseButton.LeftButton
        up = kind == QEvent.Type.MouseButtonRelease
        held = Qt.MouseButton.NoButton if up else Qt.MouseButton.LeftButton
        there = native.mapToGlobal(at)
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(native, QMouseEvent(kind, at, there, button, held, none))


def main() -> None:
    """Draw all strokes once for every line read and print the times."""
    size, case = int(sys.argv[1]), np.load(sys.argv[2])
    viewer: Any = napari.Viewer(show=True)
    viewer.add_image(case["image"], name="image")
    viewer.add_labels(case["truth"], name="truth")
    layer = viewer.add_labels(case["prediction"].copy(), name="correction")
    canvas = viewer.window._qt_viewer.canvas._scene_canvas
    fit(viewer, canvas.native)
    viewer.dims.set_current_step(0, len(case["truth"]) // 2)
    viewer.layers.selection.active = layer
    layer.mode, layer.brush_size, layer.selected_label = "paint", size, 1
    draws = Draws(canvas)
    canvas.set_current()
    say({"version": napari.__version__, "renderer": str(gl.glGetParameter(gl.GL_RENDERER))})
    hand = Hand(viewer, canvas, draws)
    for _ in sys.stdin:
        before = int(layer.data.sum())
        times = [pair for path in case["strokes"] for pair in hand.stroke(path)]
        if int(layer.data.sum()) == before:
            raise RuntimeError("the strokes painted nothing")
        layer.data = case["prediction"].copy()
        say({"whole": [whole for whole, _ in times], "sliced": [part for _, part in times]})
    viewer.close()


if __name__ == "__main__":
    main()
