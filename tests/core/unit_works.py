"""What units of the tests do; other processes import it."""

import os
import signal
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from core.domain.errors import DataError
from core.jobs.unit_inputs import Inputs, PlaceOf
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


class KillsTheHead:
    """A task that kills or stops the head of the cluster while it is handed over."""

    def __init__(self, head: int, how: int, task: tuple[str, int]) -> None:
        self._head, self._how, self._task = head, how, task

    def __reduce__(self) -> tuple[type[tuple[str, int]], tuple[tuple[str, int]]]:
        os.kill(self._head, self._how)
        return tuple, (self._task,)


@dataclass(frozen=True)
class Reading:
    """A task that reads a file of its own and one of a folder, which may be sent along."""

    file: Path
    folder: Path

    def inputs(self) -> Inputs:
        return Inputs((self.file,), (self.folder,))

    def moved(self, own: PlaceOf, shared: PlaceOf) -> "Reading":
        return replace(self, file=own(self.file), folder=shared(self.folder))


def read_both(task: Reading) -> bytes:
    """Return the places without what differs from machine to machine, and what lies there."""
    if not task.file.is_file():
        raise DataError(f"{task.file}: expected a file, found none.")
    found = task.file.read_bytes() + (task.folder / "inside" / "weights").read_bytes()
    return found + str(Path(tempfile.gettempdir()) in task.file.parents).encode()


def meet(task: tuple[str, int, int]) -> bytes:
    """Wait for as many units as there are to be at work at once; return the card that is seen."""
    folder, number, count = task
    (Path(folder) / f"{number}.here").touch()
    patience.until(lambda: len(list(Path(folder).glob("*.here"))) == count)
    return os.environ.get("CUDA_VISIBLE_DEVICES", "none").encode()
