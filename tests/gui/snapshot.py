"""Open the window, look at single voxels on screen, and print their colours.

`python -m tests.gui.snapshot DATASET VOXELS`, where VOXELS is a JSON list of [slice, x, y]. Run in
a process of its own, because the pixel ratio of a screen is settled when Qt starts.
"""

import sys
from dataclasses import replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QEventLoop, QPointF, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from gui.app.program import Program
from gui.shell.view_state import LayerStyle, ViewState
from tests.gui.tiny import is_settled

Colour = tuple[int, int, int]
NONE = LayerStyle(visible=False)
LAYERS = {
    "grey": ViewState(overlays_hidden=True),
    "truth": ViewState(truth=LayerStyle(filled=True), prediction=NONE, errors=NONE),
    "prediction": ViewState(truth=NONE, prediction=LayerStyle(filled=True), errors=NONE),
    "false_negative": ViewState(truth=NONE, prediction=NONE, false_positive=False),
    "false_positive": ViewState(truth=NONE, prediction=NONE, false_negative=False),
}


class Snapshot(msgspec.Struct, frozen=True):
    """The mean colour of every voxel asked for, by the layer that was shown."""

    ratio: float
    colours: dict[str, list[Colour]]


def main() -> None:
    """Print what a window on the dataset shows at the voxels."""
    voxels = msgspec.json.decode(sys.argv[2], type=list[tuple[int, int, int]])
    application = QApplication(["snapshot"])
    program = Program(application)
    program.session.set_devices(("cpu",), "")
    program.open(Path(sys.argv[1]))
    _wait(program)
    found = {name: [_colour(program, view, *v) for v in voxels] for name, view in LAYERS.items()}
    snapshot = Snapshot(program.window.devicePixelRatioF(), found)
    program.window.close()
    sys.stdout.write(msgspec.json.encode(snapshot).decode() + "\n")


def _wait(program: Program) -> None:
    loop, timer = QEventLoop(), QTimer(interval=20)
    timer.timeout.connect(lambda: loop.quit() if is_settled(program) else None)
    timer.start()
    loop.exec()


def _colour(program: Program, chosen: ViewState, index: int, x: int, y: int) -> Colour:
    """Return the mean colour of the inner half of a voxel."""
    program.session.set_view(replace(chosen.on_slice(index), exact_voxels=True))
    view = program.window.view
    image: QImage = view.grab().toImage()
    corner, far = view.voxel_at(QPointF(0, 0)), view.voxel_at(QPointF(view.width(), view.height()))
    across = image.width() / (far.x() - corner.x())
    down = image.height() / (far.y() - corner.y())
    inner = [0.3, 0.4, 0.5, 0.6, 0.7]
    seen = [
        image.pixelColor(int((x + u - corner.x()) * across), int((y + v - corner.y()) * down))
        for u in inner
        for v in inner
    ]
    red, green, blue = (
        round(sum(getattr(c, channel)() for c in seen) / len(seen))
        for channel in ("red", "green", "blue")
    )
    return red, green, blue


if __name__ == "__main__":
    main()
