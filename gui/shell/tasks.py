"""Work off the GUI thread: lanes of workers, and tasks that report back on the GUI thread."""

import os
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Literal, NoReturn, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from core.domain.errors import AppError
from core.domain.libraries import missing_library
from core.domain.progress import Cancelled, Progress

T = TypeVar("T")
Lane = Literal["gpu", "io", "idle", "journal", "surfaces"]
Work = Callable[[Progress], T]
Part = Callable[[object], None]
PartWork = Callable[[Progress, Part], T]

_GIVE_WAY_SECONDS = 0.0005
_WORKER_NICENESS = 10
_FEW_CORES = 2
_WORKERS: dict[Lane, int] = {"gpu": 1, "io": 4, "idle": 1, "journal": 1, "surfaces": 1}


FAULT = "Overread has met a fault of its own."
"""What is said in the place of a result, beside the dialog that has the details."""


@dataclass(frozen=True)
class Fault:
    """An error that is a fault of Overread: only its text crosses from the worker."""

    details: str


class Task(QObject, Generic[T]):
    """One piece of work, made by `Lanes.run`.

    `work` runs on a worker and gets a progress hook that raises `Cancelled` after `cancel`. All
    signals are emitted on the GUI thread, and none after `cancel` but `finished`.
    """

    progressed = Signal(float, str)
    succeeded = Signal(object)
    failed = Signal(str)
    faulted = Signal(object)
    parted = Signal(object)
    finished = Signal()
    _reported = Signal(object)

    def __init__(self, work: Work[T], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._cancelled = threading.Event()
        self.ended: Callable[[Task[object]], None] | None = None
        # Emitted by a worker, delivered by the event loop of the thread this object lives in.
        self._reported.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def cancelled(self) -> bool:
        """True once nobody wants the result any more."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the work to stop; its result is dropped whether it does or not."""
        self._cancelled.set()

    def run(self) -> None:
        """Do the work, on a worker."""
        try:
            self._report("succeeded", self._do())
        except Cancelled:
            self._report("stopped", None)
        except AppError as error:
            self._report("failed", str(error))
        except Exception as error:  # noqa: BLE001 - a worker's fault belongs in the bug dialog
            missing = missing_library(error) if isinstance(error, ImportError) else None
            if missing is not None:
                self._report("failed", str(missing))
            else:
                self._report("faulted", Fault(traceback.format_exc()))

    def _do(self) -> T:
        return self._work(self._progress)

    def part(self, value: object) -> None:
        """Hand over part of the result, from the worker."""
        self._report("parted", value)

    def skip(self) -> None:
        """Report the end of a task that never started."""
        self._report("stopped", None)

    def _progress(self, fraction: float, message: str) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self._report("progressed", (fraction, message))

    def _report(self, kind: str, value: object) -> None:
        try:
            self._reported.emit((kind, value))
        except RuntimeError:
            # The window has gone and taken this object with it: nobody is left to tell.
            self._cancelled.set()

    def _deliver(self, report: tuple[str, object]) -> None:
        kind, value = report
        if kind in ("progressed", "parted"):
            if not self.cancelled:
                self._deliver_part(kind, value)
            return
        if not self.cancelled and kind != "stopped":
            getattr(self, kind).emit(value)
        self._end()

    def _end(self) -> None:
        """Tell the end, and let go of everything that listened or was needed for the work."""
        ended, self.ended = self.ended, None
        if ended is not None:
            ended(self)  # type: ignore[arg-type]
        self.finished.emit()
        # Slots are often closures over their task: Qt would keep both for as long as the window.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a signal nobody heard
            for name in ("progressed", "succeeded", "failed", "faulted", "parted", "finished"):
                with suppress(RuntimeError):
                    getattr(self, name).disconnect()
        self._work = _done

    def _deliver_part(self, kind: str, value: object) -> None:
        if kind == "parted":
            self.parted.emit(value)
        elif isinstance(value, tuple):
            self.progressed.emit(*value)


def _done(_progress: Progress) -> NoReturn:
    raise Cancelled


class _TaskInParts(Task[T]):
    """A task whose work hands over parts of its result, without holding the task for it."""

    def __init__(self, work: PartWork[T]) -> None:
        super().__init__(_done)
        self._work_in_parts: PartWork[T] | None = work

    def _do(self) -> T:
        work, self._work_in_parts = self._work_in_parts, None
        if work is None:
            raise Cancelled
        return work(self._progress, self.part)

    def _end(self) -> None:
        super()._end()
        self._work_in_parts = None


def unheard(_sentence: str) -> None:
    """Say nothing of an error: where the reader asks for the same thing it is met again."""


def _give_way() -> None:
    """Let the window's thread go before this one, where threads have a priority of their own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _WORKER_NICENESS)


class Reports(QObject):
    """What the lanes tell the window of any work.

    `faulted` comes with each fault of Overread, `failed` with the sentence of each error that
    whoever started the work does not tell itself.
    """

    faulted = Signal(object)
    failed = Signal(str)


class Lanes:
    """The workers of a window: `gpu` one at a time, `io` four, `idle` what can wait.

    `surfaces` is the one thread that OpenGL draws on.

    `journal` takes one piece of work after the other, in the order they came: what is written
    there is never cancelled, so that closing the window loses nothing.
    """

    def __init__(self) -> None:
        # A worker in Python code gives way this soon, each time the window wants to go on.
        sys.setswitchinterval(_GIVE_WAY_SECONDS)
        if (os.cpu_count() or 1) <= _FEW_CORES:
            # Qt would share each drawing among threads, and wait for a core the model is on.
            os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
        self._pools = {
            lane: ThreadPoolExecutor(count, thread_name_prefix=lane, initializer=_give_way)
            for lane, count in _WORKERS.items()
        }
        self.reports = Reports()
        self._running: set[Task[object]] = set()
        self._kept: set[Task[object]] = set()
        self._closed = False

    def run(
        self,
        lane: Lane,
        work: Work[T],
        done: Callable[[T], object] | None = None,
        **heard: Callable[..., object],
    ) -> Task[T]:
        """Do `work` on a lane and give `done` what it returns; returns the task, to cancel it.

        `heard` are listeners by the names of the task's signals, `failed` most of all: it gets the
        sentence of an error that the reader can meet; without it, `reports` is told. A fault is
        told to `reports` by itself, and `failed` hears of it as well, so that nothing goes on
        waiting; a listener to `faulted` takes its place.
        """
        return self._run_task(lane, Task(work), done, heard)

    def run_in_parts(
        self,
        lane: Lane,
        work: PartWork[T],
        done: Callable[[T], object] | None = None,
        **heard: Callable[..., object],
    ) -> Task[T]:
        """Do as `run` does; `work` also gets a function that takes parts to `parted`."""
        return self._run_task(lane, _TaskInParts(work), done, heard)

    def _run_task(
        self,
        lane: Lane,
        task: Task[T],
        done: Callable[[T], object] | None,
        heard: dict[str, Callable[..., object]],
    ) -> Task[T]:
        if done is not None:
            task.succeeded.connect(done)
        failed = heard.get("failed")
        if failed is None:
            task.failed.connect(self.reports.failed)
        elif "faulted" not in heard:
            task.faulted.connect(lambda _: failed(FAULT))
        for name, listener in heard.items():
            getattr(task, name).connect(listener)
        self.start(lane, task)
        return task

    def start(self, lane: Lane, task: Task[T]) -> None:
        """Run `task` on `lane` when a worker is free; keeps it alive until it has finished.

        After `close` nothing is run: the window is on its way out.
        """
        if self._closed:
            task.cancel()
            return
        held: Task[object] = task  # type: ignore[assignment]
        task.faulted.connect(self.reports.faulted)
        self._running.add(held)
        if lane == "journal":
            self._kept.add(held)
        # No connection: a closure that holds the task would be held by it, out of Python's sight.
        task.ended = self._forget
        self._pools[lane].submit(self._run, task)

    def _forget(self, task: "Task[object]") -> None:
        self._kept.discard(task)
        self._running.discard(task)

    def finish(self, lane: Lane, work: Callable[[], T]) -> T:
        """Do `work` on a lane of one worker, after all that waits there, and wait for it."""
        return self._pools[lane].submit(work).result()

    @property
    def busy(self) -> bool:
        """True while any task is queued or runs."""
        return bool(self._running)

    def cancel(self) -> None:
        """Cancel what runs and waits, but not what is being written; nothing is started after."""
        self._closed = True
        for task in self._running - self._kept:
            task.cancel()

    def close(self) -> None:
        """Cancel everything and wait for it to end."""
        self.cancel()
        for lane, pool in self._pools.items():
            pool.shutdown(wait=True, cancel_futures=lane != "journal")
        for task in self._kept:
            task.cancel()  # written; the window that would hear of it may be gone by then
        self._running.clear()
        self._kept.clear()

    @staticmethod
    def _run(task: Task[T]) -> None:
        if task.cancelled:
            task.skip()
        else:
            task.run()
