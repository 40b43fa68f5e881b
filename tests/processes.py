"""The child processes of a process, where the system lists them."""

import os
import threading
from pathlib import Path

from tests import patience


def children(of: int | None = None) -> set[int]:
    """Return the children of a process, by default this one; none where they are not listed."""
    parent = os.getpid() if of is None else of
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if int(fields[1]) == parent:
            found.add(int(status.parent.name))
    return found


def wait_for_job(process: int) -> None:
    """Wait until the process of a job that was started here has ended."""
    for waiting in threading.enumerate():
        if waiting.name == f"job {process}":
            waiting.join(timeout=patience.PROCESS_SECONDS)
            assert not waiting.is_alive()
