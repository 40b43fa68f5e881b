"""How long readers had a case before them, a day and a case; pauses are left out by who counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.io.csv_file import write_csv
from core.workspace.store import Store

COLUMNS = ("day", "reader", "case", "seconds")
"""Columns of the file, in order; an empty day was not kept."""


@dataclass(frozen=True)
class TimeSpent:
    """What a reader spent on a case on one day: ISO 8601 of the local calendar, "" if not known."""

    day: str
    reader: str
    case_id: str
    seconds: float


@dataclass(frozen=True)
class DaySpent:
    """What a reader spent on one day, over how many cases."""

    day: str
    reader: str
    cases: int
    seconds: float


def add_seconds(
    store: Store, case_id: str, reader: str, seconds: float, *, day: date | None = None
) -> None:
    """Add to the time a reader has spent on a case, today where no `day` is given.

    Raises `ValueError` below 0.
    """
    if seconds < 0:
        raise ValueError(f"time spent must be 0 or more, got {seconds}")
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO time_spent VALUES (?, ?, ?, ?) ON CONFLICT (case_id, reader, day) "
            "DO UPDATE SET seconds = seconds + excluded.seconds",
            (case_id, reader, (day or date.today()).isoformat(), seconds),
        )


def seconds_spent(store: Store, case_id: str) -> float:
    """Return the time all readers together have spent on a case."""
    query = "SELECT SUM(seconds) FROM time_spent WHERE case_id = ?"
    ((seconds,),) = store.read_as(tuple[float | None], query, case_id)
    return seconds or 0.0


def seconds_by_case(store: Store) -> dict[str, float]:
    """Return the same for all cases that anybody has spent time on."""
    query = "SELECT case_id, SUM(seconds) FROM time_spent GROUP BY case_id"
    return dict(store.read_as(tuple[str, float], query))


def times_spent(store: Store) -> list[TimeSpent]:
    """Return who spent how long on which case and day, the newest day first."""
    query = (
        "SELECT day, reader, case_id, seconds FROM time_spent ORDER BY day DESC, reader, case_id"
    )
    return [TimeSpent(*row) for row in store.read_as(tuple[str, str, str, float], query)]


def by_day(times: Sequence[TimeSpent]) -> list[DaySpent]:
    """Return the sums of a reader and a day, in the order they come."""
    found: dict[tuple[str, str], list[TimeSpent]] = {}
    for time in times:
        found.setdefault((time.day, time.reader), []).append(time)
    return [
        DaySpent(day, reader, len({t.case_id for t in of}), sum(t.seconds for t in of))
        for (day, reader), of in found.items()
    ]


def write_times(path: Path, times: Sequence[TimeSpent]) -> None:
    """Write a row for each day, reader and case; raises `FileError`."""
    write_csv(path, COLUMNS, ((t.day, t.reader, t.case_id, f"{t.seconds:.0f}") for t in times))
