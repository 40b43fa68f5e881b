"""What units of the tests do; other processes import it."""

import os
import signal
from pathlib import Path

from core.domain.errors import DataError
from tests import patience


def double(task: int) -> bytes:
    return str(2 * task).encode()


def write_down(task: tuple[str, int]) -> bytes:
    """Leave a line, so that it can be counted how often a unit was done."""
    folder, number = task
    with (Path(folder) / f"{number}.done").open("a") as file:
        file.write("done\n")
    return double(number)


def wait_for_go(task: tuple[str, int]) -> bytes:
    """Do a unit once the file `go` is there, so that a run can be ended before it is."""
    patience.until((Path(task[0]) / "go").exists)
    return write_down(task)


def refuse(task: int) -> bytes:
    raise DataError(f"{task}: expected another number.")


def die_once(task: tuple[str, int]) -> bytes:
    """End this process as if it were killed, the first time that it is asked."""
    folder, number = task
    mark = Path(folder) / f"{number}.killed"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return double(number)


def die(task: int) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return double(task)
