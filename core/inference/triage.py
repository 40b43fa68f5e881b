"""Triage: which slices of a case a classifier says hold a lesion. Imports no torch.

The probabilities come from `core.inference.inference_triage`; what follows from them is here.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import AppError
from core.domain.mask import Mask
from core.domain.progress import Progress, part, silent
from core.io.atomic import write_bytes
from core.io.case import Case
from core.io.case_reader import LoadedCase, read_case

LIKELY = 0.5
SURE = 0.9
"""Probability from which a slice without a mask is a contradiction; below 1 - SURE a mask is."""

ContradictionKind: TypeAlias = Literal["mask missing", "mask unexpected"]


@dataclass(frozen=True, eq=False)
class Triage:
    """`probability` (Z,) that a slice holds a lesion, in the order of the volume's slices."""

    probability: NDArray[np.float64]
    slice_numbers: tuple[int, ...]
    model_id: str
    device: str
    seconds: float

    @property
    def highest(self) -> float:
        """The case's own figure: the probability of its likeliest slice."""
        return float(self.probability.max())


@dataclass(frozen=True)
class Contradiction:
    """A slice, by index, on which triage and mask disagree."""

    index: int
    kind: ContradictionKind
    probability: float


@dataclass(frozen=True)
class TriageRow:
    """A line of triage.csv; `number` is that of the file name."""

    case: str
    number: int
    probability: float


@dataclass(frozen=True)
class TriageOutcome:
    """Rows of the cases that could be read, a sentence for each that could not, and notices."""

    rows: tuple[TriageRow, ...]
    failed: dict[str, str]
    notices: tuple[str, ...]
    seconds: float


Triager: TypeAlias = Callable[[LoadedCase, Progress], Triage]
"""Triages one case: given by the caller, so that this module needs no torch."""


def next_likely(
    probability: NDArray[np.float64], index: int, *, step: int = 1, threshold: float = LIKELY
) -> int | None:
    """Return the next index after `index` in the direction of `step` whose slice is likely.

    None when there is none; it does not start again at the other end.
    """
    places = range(index + step, len(probability) if step > 0 else -1, step)
    return next((z for z in places if probability[z] > threshold), None)


def likely_slices(probability: NDArray[np.float64], *, threshold: float) -> list[int]:
    """Return the indices a segmentation has to look at when it skips slices below `threshold`."""
    return [int(z) for z in np.flatnonzero(probability >= threshold)]


def contradictions(
    probability: NDArray[np.float64], mask: Mask, *, sure: float = SURE
) -> list[Contradiction]:
    """Return the slices said to hold a lesion with no mask (Z, Y, X) on them, and the reverse.

    Ordered by how sure triage is, the surest first.
    """
    there = [bool(plane.any()) for plane in mask]
    found = [
        Contradiction(z, "mask unexpected" if there[z] else "mask missing", float(chance))
        for z, chance in enumerate(probability)
        if (chance <= 1 - sure if there[z] else chance >= sure)
    ]
    return sorted(found, key=lambda c: (-abs(c.probability - 0.5), c.index))


def triage_cases(
    cases: Sequence[Case], triager: Triager, *, progress: Progress = silent
) -> TriageOutcome:
    """Triage each of `cases`; one that fails is told in the outcome, the rest go on."""
    rows: list[TriageRow] = []
    notices: list[str] = []
    failed: dict[str, str] = {}
    seconds = 0.0
    for index, case in enumerate(cases):
        progress(index / len(cases), case.id)
        inner = part(progress, index / len(cases), (index + 1) / len(cases))
        try:
            loaded = read_case(case)
            loaded.require_whole()
            found = triager(loaded, inner)
        except AppError as error:
            failed[case.id] = str(error)
            continue
        pairs = zip(found.slice_numbers, found.probability, strict=True)
        rows += [TriageRow(case.id, number, float(chance)) for number, chance in pairs]
        notices += loaded.notices
        seconds += found.seconds
    progress(1.0, "done")
    return TriageOutcome(tuple(rows), failed, tuple(notices), seconds)


def write_triage(path: Path, rows: Sequence[TriageRow]) -> None:
    """Write rows as CSV: case, slice, probability; atomic."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("case", "slice", "probability"))
    writer.writerows((row.case, row.number, f"{row.probability:.6f}") for row in rows)
    write_bytes(path, text.getvalue().encode())
