"""Where the window stands on a screen: whole, its frame included, and as it was left there."""

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QScreen

from core.workspace.settings import WindowPlace

SMALLEST = QSize(1180, 720)
"""What the window is laid out for; a screen that has less room sets it lower."""

WANTED = QSize(1600, 1000)
FRAME = QSize(16, 48)
"""Room for the frame, whose size no window manager tells before the window is on the screen."""


def screen_key(screen: QScreen) -> str:
    """Return what tells a screen from others when it is there again, as large as it was."""
    size = f"{screen.size().width()}×{screen.size().height()}"
    parts = (screen.name(), screen.manufacturer(), screen.model(), screen.serialNumber(), size)
    return " ".join(part for part in parts if part)


def smallest_size(room: QSize) -> QSize:
    """Return how small the window may be made on a screen with that room."""
    return SMALLEST.boundedTo(room - FRAME)


def first_geometry(available: QRect, kept: WindowPlace | None) -> QRect:
    """Return place and size of the window in the free area of a screen.

    As it was left there when that still lies in the area, else as large as wanted or as there is
    room for, in the middle. The place is that of the frame, the size that of what is in it.
    """
    if kept is not None:
        left = QRect(QPoint(kept.x, kept.y) + available.topLeft(), QSize(kept.width, kept.height))
        if available.contains(left):
            return left
    wanted = WANTED if kept is None else QSize(kept.width, kept.height)
    size = wanted.boundedTo(available.size() - FRAME)
    spare = available.size() - FRAME - size
    return QRect(available.topLeft() + QPoint(spare.width() // 2, spare.height() // 2), size)


def kept_place(geometry: QRect, available: QRect, *, maximised: bool) -> WindowPlace:
    """Return what to keep of a window: the place of its frame and the size of what is in it."""
    place = geometry.topLeft() - available.topLeft()
    return WindowPlace(geometry.width(), geometry.height(), place.x(), place.y(), maximised)
