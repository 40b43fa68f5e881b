"""A hand that corrects in the tests of the window: it draws through voxels with the mouse."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.annotation.correction import Correction
from core.domain.mask import Mask
from gui.app.program import Program
from tests.gui.drawing_desk import DrawingDesk
from tests.gui.pointing import LEFT, NO_KEY, double_click, move, point_of, press, release
from tests.gui.tiny import settle

Voxel = tuple[int, int]
"""(y, x) on the slice on screen."""


class Hand:
    """Draws on the slice view of a window, or on one without the rest of it."""

    def __init__(self, over: Program | DrawingDesk, qtbot: QtBot) -> None:
        self._over, self._qtbot = over, qtbot
        self._at = QPoint()
        if isinstance(over, Program):
            self._view, self._desk = over.window.view, over.annotation.desk
        else:
            self._view, self._desk = over.view, over.desk

    @property
    def correction(self) -> Correction:
        """The correction of the case on screen, also one that was undone whole."""
        correction = self._desk.known
        assert correction is not None
        return correction

    @property
    def plane(self) -> NDArray[np.uint8]:
        """A copy of the corrected mask on the slice on screen."""
        plane: Mask = self.correction.mask[self._over.session.view.slice_index]
        return plane.copy()

    def point(self, voxel: Voxel) -> QPoint:
        """Return where the middle of a voxel lies in the view."""
        return point_of(self._view, voxel)

    def press(
        self,
        voxel: Voxel,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NO_KEY,
    ) -> None:
        """Press a button over a voxel, once the first stroke need not wait any more."""
        self._qtbot.waitUntil(lambda: not self._desk.waiting)
        self._at = self.point(voxel)
        press(self._view, button, self._at, keys)

    def move(self, voxel: Voxel, button: Qt.MouseButton = LEFT) -> None:
        """Move over a voxel with the button down."""
        self._at = self.point(voxel)
        move(self._view, self._at, button)

    def tremble(self) -> None:
        """Move by a pixel of the screen with the left button down."""
        self._at += QPoint(1, 1)
        move(self._view, self._at, LEFT)

    def release(self, button: Qt.MouseButton = LEFT) -> None:
        """Let the button come up where the pointer is."""
        release(self._view, button, self._at)
        QApplication.processEvents()

    def draw(
        self,
        *voxels: Voxel,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NO_KEY,
    ) -> None:
        """Draw from voxel to voxel; one alone is a click."""
        self.press(voxels[0], button, keys)
        for voxel in voxels[1:]:
            self.move(voxel, button)
        self.release(button)

    def hover(self, voxel: Voxel) -> None:
        """Point at a voxel."""
        move(self._view, self.point(voxel))

    def double_click(self, voxel: Voxel) -> None:
        """Click a voxel twice."""
        double_click(self._view, self.point(voxel))
        QApplication.processEvents()

    def settle(self) -> None:
        """Wait until what was drawn is in the journal and everything shown follows it."""
        settle(self._qtbot, self._over)
