"""Pieces of a long work that any process can do: a case, a fold, a trial of a search.

A unit is named by a hash of all that its outcome depends on. What it found is kept under that name
as soon as it is there, so that the same command after a crash does only what is left.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import msgspec

from core.domain.errors import AppError
from core.domain.progress import Progress, silent
from core.io.atomic import write_bytes

UNITS_FOLDER = ".units"
_SUM_BYTES = 8


@dataclass(frozen=True)
class Unit:
    """One piece: `work`, a function of a module, makes the outcome of `task` alone.

    `key` is a hash of all that the outcome depends on (`unit_key`), `name` is told to readers.
    `cpus` and `gpus`, which may be a share of one, are what it needs while it runs; None takes a
    card where there are any. Task and work go to other processes, so both can be pickled.
    """

    key: str
    name: str
    work: Callable[[Any], bytes]
    task: object
    cpus: int = 1
    gpus: float | None = 0.0


@dataclass(frozen=True)
class UnitOutcome:
    """What a unit found, or a sentence that says why it found nothing."""

    content: bytes = b""
    failed: str = ""


class UnitRunner(Protocol):
    """Does units in some process on some machine; none of them knows of another."""

    @property
    def one_at_a_time(self) -> bool:
        """Whether a unit ends before the next begins."""

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        """Yield each unit with its outcome, in the order in which they end."""


def unit_key(kind: str, *parts: object) -> str:
    """Return the key of a unit: a hash of its kind and of what msgspec can write as JSON."""
    return blake2b(msgspec.json.encode((kind, *parts)), digest_size=16).hexdigest()


def cards_of(device: str) -> float | None:
    """Return the cards that a unit needs which computes on a device."""
    return None if device == "auto" else float(device.startswith("cuda"))


def do_unit(unit: Unit) -> UnitOutcome:
    """Do a unit here; an error of the reader's data is its outcome."""
    try:
        return UnitOutcome(unit.work(unit.task))
    except AppError as error:
        return UnitOutcome(failed=str(error))


def run_units(
    units: Sequence[Unit], runner: UnitRunner, store: Path, *, progress: Progress = silent
) -> dict[str, UnitOutcome]:
    """Return the outcomes by key, in the order of the units; one that is in `store` is not done.

    Outcomes are kept there as they come, failures never. Raises `WorkspaceError` when they cannot
    be written; `progress` may raise `Cancelled`.
    """
    wanted = {unit.key: unit for unit in units}
    found = {key: UnitOutcome(kept) for key in wanted if (kept := _kept(store, key)) is not None}
    left = [unit for key, unit in wanted.items() if key not in found]
    progress(len(found) / max(len(wanted), 1), "")
    for unit, outcome in runner.outcomes(left) if left else ():
        if not outcome.failed:
            write_bytes(store / unit.key, _sum(outcome.content) + outcome.content)
        found[unit.key] = outcome
        progress(len(found) / len(wanted), unit.name)
    return {key: found[key] for key in wanted}


def _kept(store: Path, key: str) -> bytes | None:
    """Return what is kept of a unit, None where nothing is, or something that is damaged."""
    try:
        content = (store / key).read_bytes()
    except OSError:
        return None
    found = content[_SUM_BYTES:]
    return found if content[:_SUM_BYTES] == _sum(found) else None


def _sum(content: bytes) -> bytes:
    return blake2b(content, digest_size=_SUM_BYTES).digest()
