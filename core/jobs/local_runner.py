"""Units on this computer: one after the other here, or in several processes at once."""

import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING

from core.inference.child_environment import own_imports
from core.jobs.units import Unit, UnitOutcome, do_unit

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext
    from multiprocessing.queues import SimpleQueue

_MOST_BREAKS = 3


@dataclass(frozen=True)
class LocalRunner:
    """Does units in `workers` processes, with one in this process itself.

    Where there are graphics cards, each process sees one of the `cards`, dealt out in turn.
    """

    workers: int = 1
    cards: int = 0

    @property
    def one_at_a_time(self) -> bool:
        """Whether a unit ends before the next begins."""
        return self.workers == 1

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        """Yield each unit with its outcome, as they end; a killed process costs only its unit.

        That is done again by another, at most three times in a row.
        """
        if self.workers == 1:
            for unit in units:
                yield unit, do_unit(unit)
            return
        left, breaks = list(units), 0
        while left:
            before = len(left)
            for unit, outcome in self._round(left):
                left.remove(unit)
                yield unit, outcome
            breaks = breaks + 1 if len(left) == before else 0
            if breaks == _MOST_BREAKS:
                yield from ((unit, _given_up(unit)) for unit in left)
                return

    def _round(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        """Yield outcomes until all are there or a process is gone."""
        # A fork would take over the threads of torch, which then wait for ever.
        context = multiprocessing.get_context("spawn")
        with own_imports():
            yield from self._pooled(units, context)

    def _pooled(
        self, units: Sequence[Unit], context: "SpawnContext"
    ) -> Iterator[tuple[Unit, UnitOutcome]]:
        workers = min(self.workers, len(units))
        cards: SimpleQueue[int] | None = context.SimpleQueue() if self.cards else None
        for worker in range(workers if cards is not None else 0):
            cards.put(worker % self.cards)  # type: ignore[union-attr]
        pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(cards,))
        try:
            futures = {pool.submit(do_unit, unit): unit for unit in units}
            for future in as_completed(futures):
                try:
                    yield futures[future], future.result()
                except BrokenProcessPool:
                    continue
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(cards: "SimpleQueue[int] | None") -> None:
    """Make ready a process: it sees one card, and ends when the one that started it is gone."""
    if cards is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(cards.get())
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _given_up(unit: Unit) -> UnitOutcome:
    return UnitOutcome(
        failed=f"{unit.name}: expected its process to end well, found it gone {_MOST_BREAKS} "
        "times. Run it again with --workers 1: what it says last is seen there."
    )
