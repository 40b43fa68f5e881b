"""When a window has come to rest: no work is under way, and nothing is put off any more."""

from typing import cast

from PySide6.QtCore import QCoreApplication, QTimerEvent
from PySide6.QtWidgets import QApplication
from shiboken6 import getAllValidWrappers

from gui.shell.tasks import Lanes
from gui.widgets.later import Later


def put_off() -> list[Later]:
    """Return all that is put off, what comes first before the rest, of whatever window."""
    # Thousands are asked each time: `isinstance` would search each of the others for its class.
    alive = [cast(Later, e) for e in getAllValidWrappers() if issubclass(type(e), Later)]
    return sorted((each for each in alive if each.isActive()), key=Later.remainingTime)


def give_rest() -> bool:
    """Do now what is put off, so that no test depends on how long that is, or takes as long.

    Return whether anything was.
    """
    waiting = put_off()
    for later in waiting:
        if later.isActive():  # what came before may have stopped it
            QCoreApplication.sendEvent(later, QTimerEvent(later.timerId()))
    return bool(waiting)


def is_at_rest(lanes: Lanes) -> bool:
    """Whether the window has come to rest; it is let work a little, and brought nearer to it.

    What one task or timer leads to is started by what it reports: nothing may be left twice.
    """
    return _has_rested(lanes) and _has_rested(lanes)


def _has_rested(lanes: Lanes) -> bool:
    QApplication.processEvents()
    if lanes.busy:
        return False
    return not give_rest()
