"""Work off the GUI thread: where results arrive, in which order, and what is dropped."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from core.domain.errors import DataError
from core.domain.progress import Cancelled, Progress
from gui.shell.tasks import FAULT, Fault, Lanes, Task
from tests import patience

"""Seconds after which a test gives up waiting for a worker."""


@pytest.fixture
def lanes(qtbot: QtBot) -> Iterator[Lanes]:
    made = Lanes()
    yield made
    made.close()


def heard(task: Task[object]) -> list[tuple[str, object]]:
    """Return a list that grows with everything a task says."""
    said: list[tuple[str, object]] = []
    task.progressed.connect(lambda fraction, text: said.append(("progressed", (fraction, text))))
    for name in ("parted", "succeeded", "failed", "faulted"):
        getattr(task, name).connect(lambda value, name=name: said.append((name, value)))
    task.finished.connect(lambda: said.append(("finished", None)))
    return said


def done(said: list[tuple[str, object]]) -> bool:
    return ("finished", None) in said


def test_results_arrive_on_the_gui_thread(qtbot: QtBot, lanes: Lanes) -> None:
    arrived: list[tuple[str, int]] = []

    def work(progress: Progress) -> int:
        progress(0.5, "half")
        task.part("piece")
        return threading.get_ident()

    task: Task[int] = Task(work)
    worked: list[int] = []
    task.succeeded.connect(worked.append)
    for name in ("progressed", "parted", "succeeded", "finished"):
        getattr(task, name).connect(
            lambda *_, name=name: arrived.append((name, threading.get_ident()))
        )
    with qtbot.waitSignal(task.finished):
        lanes.start("io", task)

    here = threading.get_ident()
    assert arrived == [(n, here) for n in ("progressed", "parted", "succeeded", "finished")]
    assert worked != [here]
    assert not lanes.busy


def test_progress_and_parts_arrive_in_order_before_the_result(qtbot: QtBot, lanes: Lanes) -> None:
    def work(progress: Progress) -> object:
        for number in range(50):
            progress(number / 50, str(number))
            task.part(number)
        return "whole"

    task: Task[object] = Task(work)
    said = heard(task)
    lanes.start("idle", task)
    qtbot.waitUntil(lambda: done(said))

    assert [value for name, value in said if name == "parted"] == list(range(50))
    assert [value for name, value in said if name == "progressed"] == [
        (number / 50, str(number)) for number in range(50)
    ]
    assert said[-2:] == [("succeeded", "whole"), ("finished", None)]


def test_an_error_of_the_data_is_a_sentence(qtbot: QtBot, lanes: Lanes) -> None:
    def work(progress: Progress) -> object:
        raise DataError("Expected this, found that.")

    task: Task[object] = Task(work)
    said = heard(task)
    lanes.start("io", task)
    qtbot.waitUntil(lambda: done(said))

    assert said == [("failed", "Expected this, found that."), ("finished", None)]


def test_any_other_error_is_a_fault_with_its_traceback(qtbot: QtBot, lanes: Lanes) -> None:
    def broken_work(progress: Progress) -> object:
        raise ZeroDivisionError("a mistake")

    task: Task[object] = Task(broken_work)
    said = heard(task)
    lanes.start("io", task)
    qtbot.waitUntil(lambda: done(said))

    (name, fault), end = said
    assert (name, end) == ("faulted", ("finished", None))
    assert isinstance(fault, Fault)
    assert "broken_work" in fault.details
    assert "ZeroDivisionError: a mistake" in fault.details


def broken(_: Progress) -> object:
    raise ZeroDivisionError("a mistake")


def refused(_: Progress) -> object:
    raise DataError("Expected this, found that.")


@pytest.mark.parametrize(
    ("work", "listeners", "told"),
    [
        (refused, (), ["notifier: Expected this, found that."]),
        (refused, ("failed",), ["failed: Expected this, found that."]),
        (broken, (), ["dialog"]),
        (broken, ("failed",), [f"failed: {FAULT}", "dialog"]),
        (broken, ("failed", "faulted"), ["faulted", "dialog"]),
    ],
)
def test_whatever_goes_wrong_is_told_without_being_asked_to(
    qtbot: QtBot,
    lanes: Lanes,
    work: Callable[[Progress], object],
    listeners: tuple[str, ...],
    told: list[str],
) -> None:
    """A failure goes to who hears it, else to the notifier; a fault always to the bug dialog."""
    said: list[str] = []
    lanes.reports.failed.connect(lambda sentence: said.append(f"notifier: {sentence}"))
    lanes.reports.faulted.connect(lambda _: said.append("dialog"))
    every: dict[str, Callable[..., object]] = {
        "failed": lambda sentence: said.append(f"failed: {sentence}"),
        "faulted": lambda _: said.append("faulted"),
    }
    task = lanes.run("io", work, None, **{name: every[name] for name in listeners})
    with qtbot.waitSignal(task.finished):
        pass
    assert said == told


def test_what_is_to_be_written_is_written_though_all_else_is_cancelled(qtbot: QtBot) -> None:
    lanes, release, written = Lanes(), threading.Event(), []
    lanes.run("journal", lambda _: release.wait(patience.SECONDS))
    lanes.run("journal", lambda _: written.append("step"))
    other = lanes.run("gpu", lambda progress: release.wait(patience.SECONDS))
    lanes.cancel()
    release.set()
    lanes.close()
    assert written == ["step"]
    assert other.cancelled


@pytest.mark.parametrize("error", [None, DataError("late"), ValueError("late")])
def test_cancel_drops_whatever_comes_after_it(
    qtbot: QtBot, lanes: Lanes, error: Exception | None
) -> None:
    started, cancelled = threading.Event(), threading.Event()

    def work(progress: Progress) -> object:
        started.set()
        assert cancelled.wait(patience.SECONDS)
        task.part("late")
        if error is not None:
            raise error
        return "late"

    task: Task[object] = Task(work)
    said = heard(task)
    lanes.start("io", task)
    assert started.wait(patience.SECONDS)
    task.cancel()
    cancelled.set()
    qtbot.waitUntil(lambda: done(said))

    assert said == [("finished", None)]


def test_a_result_that_waits_to_be_delivered_is_dropped_too(qtbot: QtBot) -> None:
    task: Task[object] = Task(lambda _: "stale")
    said = heard(task)
    worker = threading.Thread(target=task.run)
    worker.start()
    worker.join(patience.SECONDS)
    task.cancel()
    qtbot.waitUntil(lambda: done(said))

    assert said == [("finished", None)]


def test_the_progress_hook_stops_cancelled_work(qtbot: QtBot, lanes: Lanes) -> None:
    cancelled = threading.Event()
    steps: list[str] = []

    def work(progress: Progress) -> object:
        progress(0.1, "heard")
        assert cancelled.wait(patience.SECONDS)
        steps.append("before")
        try:
            progress(0.2, "too late")
        except Cancelled:
            steps.append("stopped")
            raise
        return steps.append("after")

    task: Task[object] = Task(work)
    with qtbot.waitSignal(task.progressed):
        lanes.start("io", task)
    task.cancel()
    with qtbot.waitSignal(task.finished):
        cancelled.set()

    assert steps == ["before", "stopped"]


def test_the_gpu_lane_runs_one_at_a_time_in_order(qtbot: QtBot, lanes: Lanes) -> None:
    order: list[int] = []
    inside: list[int] = []
    most: list[int] = []

    def work_of(number: int) -> Task[None]:
        def work(progress: Progress) -> None:
            inside.append(number)
            most.append(len(inside))
            order.append(number)
            inside.remove(number)

        return Task(work)

    for task in [work_of(number) for number in range(20)]:
        lanes.start("gpu", task)
    qtbot.waitUntil(lambda: not lanes.busy)

    assert order == list(range(20))
    assert set(most) == {1}


def test_the_io_lane_runs_four_at_once(qtbot: QtBot, lanes: Lanes) -> None:
    together = threading.Barrier(4, timeout=patience.SECONDS)
    tasks: list[Task[int]] = [Task(lambda _: together.wait()) for _ in range(4)]
    said = [heard(task) for task in tasks]
    for task in tasks:
        lanes.start("io", task)
    qtbot.waitUntil(lambda: not lanes.busy)

    assert {name for one in said for name, _ in one} == {"succeeded", "finished"}


def test_a_slow_lane_does_not_hold_up_another(qtbot: QtBot, lanes: Lanes) -> None:
    release = threading.Event()
    slow: Task[bool] = Task(lambda _: release.wait(patience.SECONDS))
    quick: Task[str] = Task(lambda _: "quick")
    lanes.start("gpu", slow)
    with qtbot.waitSignal(quick.succeeded) as came:
        lanes.start("io", quick)

    assert came.args == ["quick"]
    assert lanes.busy
    with qtbot.waitSignal(slow.finished):
        release.set()


def test_work_cancelled_in_the_queue_never_starts(qtbot: QtBot, lanes: Lanes) -> None:
    release, ran = threading.Event(), []
    first: Task[bool] = Task(lambda _: release.wait(patience.SECONDS))
    second: Task[None] = Task(lambda _: ran.append(2))
    third: Task[None] = Task(lambda _: ran.append(3))
    said = heard(second)
    for task in (first, second, third):
        lanes.start("gpu", task)  # type: ignore[arg-type]
    second.cancel()
    release.set()
    qtbot.waitUntil(lambda: not lanes.busy)

    assert ran == [3]
    assert said == [("finished", None)]


def test_close_waits_for_what_runs_and_drops_what_waits(qtbot: QtBot) -> None:
    lanes = Lanes()
    started, steps = threading.Event(), []

    def work(progress: Progress) -> None:
        started.set()
        try:
            while True:
                progress(0.0, "on")
        finally:
            steps.append("ended")

    running: Task[None] = Task(work)
    waiting: Task[None] = Task(lambda _: steps.append("never"))
    said = heard(running) + heard(waiting)
    lanes.start("gpu", running)
    lanes.start("gpu", waiting)
    assert started.wait(patience.SECONDS)
    lanes.close()

    assert steps == ["ended"]
    assert not lanes.busy
    assert not [t for t in threading.enumerate() if t.name.startswith("gpu")]
    assert "succeeded" not in {name for name, _ in said}


def test_nothing_is_started_once_the_lanes_are_closed(qtbot: QtBot) -> None:
    lanes = Lanes()
    lanes.close()
    ran: list[int] = []
    late: Task[None] = Task(lambda _: ran.append(1))
    lanes.start("io", late)

    assert late.cancelled
    assert not lanes.busy
    assert not [t for t in threading.enumerate() if t.name.startswith("io")]
    assert ran == []


def test_a_task_that_qt_has_taken_apart_is_no_fault(qtbot: QtBot) -> None:
    started, gone, ended = threading.Event(), threading.Event(), []

    def work(progress: Progress) -> None:
        started.set()
        assert gone.wait(patience.SECONDS)

    task: Task[None] = Task(work)

    def run() -> None:
        task.run()
        ended.append(task.cancelled)

    worker = threading.Thread(target=run)
    worker.start()
    assert started.wait(patience.SECONDS)
    delete(task)
    gone.set()
    worker.join(patience.SECONDS)

    assert ended == [True]


def test_a_thousand_tasks_leave_nothing_behind(qtbot: QtBot, lanes: Lanes) -> None:
    living: weakref.WeakSet[Task[object]] = weakref.WeakSet()
    held: weakref.WeakSet[Pixels] = weakref.WeakSet()

    def start() -> None:
        pixels = Pixels()
        held.add(pixels)
        task: Task[object] = Task(lambda progress: pixels)
        living.add(task)
        task.succeeded.connect(lambda found: (task, pixels, found))
        lanes.start("io", task)

    for _ in range(1000):
        start()
    qtbot.waitUntil(lambda: not lanes.busy)
    gc.collect()
    assert len(living) == 0
    assert len(held) == 0


class Pixels:
    """What a change of case brings into memory."""
