"""Fit the expected DSC of a model on cases with ground truth, and judge it on others."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from core.domain.errors import AppError, ModelError
from core.domain.progress import Progress, silent
from core.domain.uncertainty import CaseDoubt, doubt, mirrored, unmirrored
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.csv_file import write_csv
from core.io.json_file import write_json
from core.models.provenance import CaseInput, Made, input_of, made_from
from core.models.registry import Model
from core.review.expected_dsc import Calibration, fit_calibration, judge_fit
from core.studies.scores.case_score import score_case
from core.studies.uncertainty_figures import draw_expected_dsc
from core.workspace.splits import SplitFile

CSV_FILE, SUMMARY_FILE, FIGURE_FILE = "expected_dsc.csv", "expected_dsc.json", "expected_dsc.png"


FEWEST_CALIBRATED = 20
"""Fewer cases were seen to make the expectation of others worse than no calibration."""


class DoubtRow(msgspec.Struct, frozen=True, kw_only=True):
    """One case: its DSC, which looks at the truth, and its doubt, which does not."""

    case: str
    dsc: float
    doubt: CaseDoubt


class CalibrationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `expected_dsc.json` says: areas are under the reading curve, random order has 0.5.

    `disagreement_spearman` is that of the flips' disagreement, where it was measured.
    """

    model: str
    calibrated_on: int
    method: str
    left_out_error: float
    judged_on: int
    bad: int
    spearman: float | None
    mean_absolute_error: float
    uncalibrated_error: float
    reading_area: float | None
    best_area: float | None
    disagreement_spearman: float | None = None
    made: Made | None = None


@dataclass(frozen=True)
class Measurements:
    """The cases that could be measured, and a sentence for each that could not."""

    rows: tuple[DoubtRow, ...]
    failed: dict[str, str]
    inputs: dict[str, CaseInput] = field(default_factory=dict)


def calibration_cases(split: SplitFile, model: Model) -> tuple[str, ...]:
    """Return the cases of `train` to fit on: those no gradient of the model has seen, if told.

    A model is surer and better on what it learnt from, so a fit there expects too much.
    """
    held = set(model.spec.lineage.selection) if model.spec.lineage else set()
    unseen = tuple(name for name in split.train if name in held)
    return unseen or split.train


def require_enough(cases: int, *, judges: int = 1) -> None:
    """Raise `ModelError` for fewer than twenty cases to calibrate on, or none to judge it on."""
    if not judges:
        raise ModelError(
            "Expected cases in the split's val to judge the calibration on, found none. Add some."
        )
    if cases < FEWEST_CALIBRATED:
        raise ModelError(
            f"Expected at least {FEWEST_CALIBRATED} cases to calibrate on, found {cases}. Add "
            "cases with ground truth."
        )


def fit_measured(rows: Sequence[DoubtRow]) -> Calibration:
    """Return the calibration of measured cases; raises `ModelError` for fewer than twenty."""
    require_enough(len(rows))
    soft, dsc = [row.doubt.soft_dsc for row in rows], [row.dsc for row in rows]
    return fit_calibration(soft, dsc, cases=[row.case for row in rows])


def measure(
    cases: Sequence[Case],
    model: Model,
    predictor: Predictor,
    *,
    flips: bool = False,
    progress: Progress = silent,
) -> Measurements:
    """Return DSC and doubt of each case; with `flips` from the model and its mirror image."""
    rows: list[DoubtRow] = []
    failed: dict[str, str] = {}
    inputs: dict[str, CaseInput] = {}
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            loaded.require_ground_truth()
            rows.append(_measure(loaded, model, predictor, flips, inner))
            inputs[case.id] = input_of(loaded)
        except AppError as error:
            failed[case.id] = str(error)
    return Measurements(tuple(rows), failed, inputs)


def write_calibration_study(
    out: Path, model: Model, calibration: Calibration, judged_on: Measurements
) -> CalibrationSummary:
    """Write expected_dsc.csv, .json and .png of the cases a calibration is judged on."""
    rows = judged_on.rows
    dsc = [row.dsc for row in rows]
    soft = [row.doubt.soft_dsc for row in rows]
    expected = [calibration.apply(value) for value in soft]
    judged = judge_fit(expected, dsc)
    split = [row.doubt.disagreement for row in rows]
    known = [value for value in split if value is not None]
    summary = CalibrationSummary(
        model=model.spec.id,
        calibrated_on=len(calibration.fitted_on),
        method=calibration.method,
        left_out_error=calibration.error,
        judged_on=judged.cases,
        bad=judged.bad,
        spearman=judged.spearman,
        mean_absolute_error=judged.mean_absolute_error,
        uncalibrated_error=float(np.mean(np.abs(np.subtract(soft, dsc)))),
        reading_area=judged.area,
        best_area=judged.best_area,
        disagreement_spearman=_agreement(known, dsc),
        made=made_from((model,), judged_on.inputs),
    )
    _write_csv(out / CSV_FILE, rows, expected)
    write_json(out / SUMMARY_FILE, summary)
    draw_expected_dsc(expected, dsc, judged, out / FIGURE_FILE)
    return summary


def _measure(
    loaded: LoadedCase, model: Model, predictor: Predictor, flips: bool, progress: Progress
) -> DoubtRow:
    straight = predictor(loaded, progress)
    members = [straight]
    if flips:
        mirror = predictor(replace(loaded, volume=mirrored(loaded.volume)), progress)
        members.append(unmirrored(mirror))
    post = model.spec.postprocessing
    alone = doubt([straight], post)
    together = doubt(members, post)
    return DoubtRow(
        case=loaded.case.id,
        dsc=score_case(loaded, straight, model, "native").dsc,
        doubt=msgspec.structs.replace(alone, disagreement=together.disagreement),
    )


def _agreement(disagreement: Sequence[float], dsc: Sequence[float]) -> float | None:
    if len(disagreement) != len(dsc):
        return None
    return judge_fit([1 - value for value in disagreement], dsc).spearman


def _write_csv(path: Path, rows: Sequence[DoubtRow], expected: Sequence[float]) -> None:
    cells = []
    for row, value in zip(rows, expected, strict=True):
        split = row.doubt.disagreement
        figures = [f"{number:.6f}" for number in (row.dsc, value, row.doubt.soft_dsc)]
        cells.append((row.case, *figures, "" if split is None else f"{split:.6f}"))
    write_csv(path, ("case", "dsc", "expected_dsc", "soft_dsc", "flip_disagreement"), cells)
