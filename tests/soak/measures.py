"""What a long run must not gather: memory, open files, threads, timers, work, widgets."""

import gc
import os
import threading
from pathlib import Path

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui.app.program import Program
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Task

_SELF = Path("/proc/self")


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What the process holds after so many actions; 0 where the system does not tell."""

    actions: int
    seconds: float
    rss_mib: float
    handles: int
    threads: int
    timers: int
    widgets: int
    tasks: int
    cases: int


def measure(program: Program, *, actions: int, seconds: float) -> Measure:
    """Count what is held now, after what can go has gone."""
    gc.collect()
    alive = gc.get_objects()
    return Measure(
        actions=actions,
        seconds=round(seconds, 1),
        rss_mib=_rss_mib(),
        handles=_entries(_SELF / "fd"),
        threads=threading.active_count(),
        timers=len(program.window.findChildren(QTimer)),
        widgets=len(QApplication.allWidgets()),
        tasks=sum(issubclass(type(each), Task) for each in alive),
        cases=sum(type(each) is OpenCase for each in alive),
    )


def _rss_mib() -> float:
    try:
        pages = int((_SELF / "statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def _entries(folder: Path) -> int:
    return len(list(folder.iterdir())) if folder.exists() else 0
