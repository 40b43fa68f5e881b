"""The child processes of a process, where the system lists them."""

import os
import threading
from pathlib import Path

from tests import patience


def children(of: int | None = None) -> set[int]:
    """Return the children of a process, by default this one; none where they are not listed."""
    parent = os.getpid() if of is None else of
    listed = list(Path(f"/proc/{parent}/task").glob("*/children"))
    if listed:  # where the system tells them by their parent, no other process need be looked at
        return {int(child) for each in listed for child in _text(each).split()}
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        fields = _text(status).rpartition(")")[2].split()
        if fields and int(fields[1]) == parent:
            found.add(int(status.parent.name))
    return found


def _text(file: Path) -> str:
    """Return what a file of the system says; nothing once its process or thread has ended."""
    try:
        return file.read_text()
    except OSError:
        return ""


def wait_for_job(process: int) -> None:
    """Wait until the process of a job that was started here has ended."""
    for waiting in threading.enumerate():
        if waiting.name == f"job {process}":
            waiting.join(timeout=patience.PROCESS_SECONDS)
            assert not waiting.is_alive()
