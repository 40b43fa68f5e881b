"""Triage over many cases: which slices a classifier says hold a lesion, as a table.

The classifier is given by the caller, so that no torch is imported here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from core.domain.errors import AppError
from core.domain.progress import Progress, silent
from core.domain.triage import Triage
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.csv_file import write_csv
from core.io.json_file import write_json
from core.models.classifiers import ClassifierModel
from core.models.provenance import CaseInput, input_of, made_from


@dataclass(frozen=True)
class TriageRow:
    """A line of triage.csv; `number` is that of the file name."""

    case: str
    number: int
    probability: float


@dataclass(frozen=True)
class TriageOutcome:
    """Rows of the cases that could be read, a sentence for each that could not, and notices.

    `inputs` say what each case was read from.
    """

    rows: tuple[TriageRow, ...]
    failed: dict[str, str]
    notices: tuple[str, ...]
    seconds: float
    inputs: dict[str, CaseInput] = field(default_factory=dict)


TriageOf: TypeAlias = Callable[[LoadedCase, Progress], Triage]
"""Triages one case: given by the caller, so that this module needs no torch."""


def triage_cases(
    cases: Sequence[Case], triager: TriageOf, *, progress: Progress = silent
) -> TriageOutcome:
    """Triage each of `cases`; one that fails is told in the outcome, the rest go on."""
    rows: list[TriageRow] = []
    notices: list[str] = []
    failed: dict[str, str] = {}
    inputs: dict[str, CaseInput] = {}
    seconds = 0.0
    for case, inner in each_case(cases, progress):
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
        inputs[case.id] = input_of(loaded)
        seconds += found.seconds
    return TriageOutcome(tuple(rows), failed, tuple(notices), seconds, inputs)


def write_triage(path: Path, outcome: TriageOutcome, model: ClassifierModel) -> None:
    """Write rows as CSV (case, slice, probability) and what they were made from as JSON beside."""
    cells = ((row.case, row.number, f"{row.probability:.6f}") for row in outcome.rows)
    write_csv(path, ("case", "slice", "probability"), cells)
    made = made_from((model,), outcome.inputs)
    write_json(path.with_suffix(".json"), made)
