"""A stroke draws only what it changes: on screen it must look as if all had been drawn anew."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from gui.app.program import Program
from tests.gui.hand import Hand
from tests.gui.pressing import Press


def on_screen(program: Program) -> NDArray[np.int16]:
    """Return what stands on the screen where the slice is, as (rows, columns, channels)."""
    window, view = program.window, program.window.view
    whole = view.screen().grabWindow(window.winId()).toImage()
    part = whole.copy(QRect(view.mapTo(window, QPoint(0, 0)), view.size()))
    image = part.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8)
    return pixels.reshape(image.height(), image.width(), 4)[..., :3].astype(np.int16)


def test_strokes_leave_nothing_old_on_the_screen(
    program: Program, press: Press, hand: Hand
) -> None:
    program.viewer.verbs.go_to_slice(2)
    before = on_screen(program)
    press("B")
    program.annotation.paint_tools.change(size=9)
    hand.draw((30, 4), (38, 12), (30, 20), (22, 30), (12, 22))
    press("E")
    program.annotation.paint_tools.change(size=5)
    hand.draw((26, 20), (26, 34), (12, 34))
    hand.settle()
    painted = on_screen(program)
    program.window.view.viewport().update()
    QApplication.processEvents()
    anew = on_screen(program)
    assert np.abs(painted - before).max() > 100
    # The enlarged image is rounded otherwise where only a part of it is drawn.
    assert np.abs(painted - anew).max() <= 2
