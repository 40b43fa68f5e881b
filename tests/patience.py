"""How long tests wait for what comes: so long that only what never comes is given up."""

import time
from collections.abc import Callable

SECONDS = 240.0
"""For something that is under way; a wait that succeeds costs nothing of it."""

MILLISECONDS = round(SECONDS * 1000)

PROCESS_SECONDS = 800.0
"""For a process to do all it was started for; `timeout` in `pyproject.toml` is longer."""

_LOOK_SECONDS = 0.02


def until(condition: Callable[[], bool]) -> None:
    """Look again and again, where nothing tells, whether something another process does is done."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {SECONDS:.0f} s"
        time.sleep(_LOOK_SECONDS)
