"""What a calibration measures of cases, as units: each case is done once, in any process."""

from collections.abc import Sequence
from functools import partial

import msgspec

from core.domain.errors import DataError
from core.domain.progress import Progress, silent
from core.io.cases.case import Case
from core.models.provenance import CaseInput
from core.studies.expected_dsc_study import DoubtRow, Measurements, measure
from core.studies.scores.case_task import CaseTask
from core.studies.scores.case_units import Spread, case_outcomes
from core.studies.scores.model_task import ModelTask, opened


class _Measured(msgspec.Struct, frozen=True):
    row: DoubtRow
    made_from: CaseInput


def doubt_unit(task: CaseTask, *, flips: bool = False) -> bytes:
    """Return DSC and doubt of one case; raises `DataError` when there are none."""
    model, predictor = opened(task.model)
    found = measure([task.case], model, predictor, flips=flips)
    for said in found.failed.values():
        raise DataError(said)
    return msgspec.msgpack.encode(_Measured(found.rows[0], found.inputs[task.case.id]))


def measure_spread(
    cases: Sequence[Case],
    model: ModelTask,
    spread: Spread,
    *,
    flips: bool = False,
    progress: Progress = silent,
) -> Measurements:
    """Return what `measure` does, of the cases in their order, done where `spread` says."""
    tasks = [CaseTask(case, model) for case in cases]
    kind = f"calibrate{' with flips' if flips else ''}"
    outcomes = case_outcomes(kind, partial(doubt_unit, flips=flips), tasks, spread, progress)
    found = [
        msgspec.msgpack.decode(each.content, type=_Measured)
        for each in outcomes.values()
        if not each.failed
    ]
    failed = {case: each.failed for case, each in outcomes.items() if each.failed}
    inputs = {each.row.case: each.made_from for each in found}
    return Measurements(tuple(each.row for each in found), failed, inputs)
