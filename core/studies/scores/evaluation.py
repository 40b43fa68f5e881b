"""Score predictions of many cases; what is told of them is in `evaluation_report`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.domain.errors import AppError
from core.domain.progress import Progress, silent
from core.domain.protocol import Protocol
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import read_case
from core.models.provenance import CaseInput, input_of
from core.models.registry import Model
from core.studies.scores.case_score import (
    EvaluationRow,
    SliceRow,
    score_case_and_slices,
    score_labels,
)
from core.studies.scores.second_opinion import SecondOpinion, Verified


@dataclass(frozen=True)
class Outcome:
    """Rows of the cases that could be scored, and a sentence for each that could not.

    `label_rows` are those of each region and label of the cases that have several, `slice_rows`
    those of every slice. `notices` are sentences about files of cases that were scored all the
    same; `inputs` say by case what each was read from, `verified` is what medpy found of the
    figures.
    """

    rows: tuple[EvaluationRow, ...]
    failed: dict[str, str]
    device: str
    seconds: float
    notices: tuple[str, ...] = ()
    inputs: dict[str, CaseInput] = field(default_factory=dict)
    verified: Verified | None = None
    label_rows: tuple[EvaluationRow, ...] = ()
    slice_rows: tuple[SliceRow, ...] = ()


def evaluate_cases(
    cases: Sequence[Case],
    model: Model,
    predictor: Predictor,
    *,
    protocol: Protocol = "native",
    opinion: SecondOpinion | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Score `model` on each of `cases`; one that fails is told in the outcome, the rest go on.

    `opinion` is given every figure to compute it again.
    """
    rows: list[EvaluationRow] = []
    label_rows: list[EvaluationRow] = []
    slices: list[SliceRow] = []
    notices: list[str] = []
    failed: dict[str, str] = {}
    inputs: dict[str, CaseInput] = {}
    device, seconds = "", 0.0
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_ground_truth()
            prediction = predictor(loaded, inner)
            row, own = score_case_and_slices(loaded, prediction, model, protocol, opinion)
            rows.append(row)
            label_rows += score_labels(loaded, prediction, model, protocol, opinion)
            slices += own
            device, seconds = prediction.device, seconds + prediction.seconds
            notices += loaded.notices
            inputs[case.id] = input_of(loaded)
        except AppError as error:
            failed[case.id] = str(error)
    verified = None if opinion is None else opinion.found
    return Outcome(
        tuple(rows),
        failed,
        device,
        seconds,
        tuple(notices),
        inputs,
        verified,
        tuple(label_rows),
        tuple(slices),
    )
