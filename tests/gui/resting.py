"""When a window has come to rest: no work is under way, and nothing is put off any more."""

from PySide6.QtCore import QCoreApplication, QTimerEvent
from PySide6.QtWidgets import QApplication
from shiboken6 import getAllValidWrappers

from gui.shell.tasks import Lanes
from gui.widgets.later import Later


def put_off() -> list[Later]:
    """Return all that is put off, what comes first before the rest, of whatever window."""
    alive = (each for each in getAllValidWrappers() if isinstance(each, Later))
    return sorted((each for each in alive if each.isActive()), key=Later.remainingTime)


def has_rested(lanes: Lanes) -> bool:
    """Whether nothing is under way; what only waits for some rest is given it, and done now.

    So no test depends on how long something is put off, or takes that long itself. What one task or
    timer leads to is started by what it reports: the window has come to rest once this has been so
    twice, see `is_at_rest`.
    """
    QApplication.processEvents()
    if lanes.busy:
        return False
    waiting = put_off()
    for later in waiting:
        if later.isActive():  # what came before may have stopped it
            QCoreApplication.sendEvent(later, QTimerEvent(later.timerId()))
    return not waiting


def is_at_rest(lanes: Lanes) -> bool:
    """Whether the window has come to rest; it is let work a little, and brought nearer to it."""
    return has_rested(lanes) and has_rested(lanes)
