"""What readers said of cases and measured on them, as reports and tables tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.io.cases.case import Case
from core.review.measurements import (
    MEASUREMENTS_FILE,
    Measurement,
    all_measurements,
    measurements_csv,
)
from core.review.reviews import Review, reviews
from core.workspace.store import Store


@dataclass(frozen=True)
class ReaderRecords:
    """Reviews by case id, and measurements by case and age."""

    reviews: Mapping[str, Review]
    measured: Sequence[Measurement]


def reader_records(store: Store, cases: Sequence[Case]) -> ReaderRecords:
    """Return what was said in a workspace, and what was measured on `cases`."""
    return ReaderRecords(reviews(store), all_measurements(store, cases))


def write_measured(folder: Path, measured: Sequence[Measurement]) -> list[Path]:
    """Write the table of measurements into a folder, where there are any; returns its files."""
    if not measured:
        return []
    measurements_csv(folder / MEASUREMENTS_FILE, measured)
    return [folder / MEASUREMENTS_FILE]
