"""One model over many cases as units: each case is done once, in any process of any machine."""

import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from core.domain.errors import DataError
from core.domain.progress import Progress, silent
from core.inference.prediction_service import Predictor
from core.io.atomic import write_bytes
from core.jobs.units import (
    UNITS_FOLDER,
    Unit,
    UnitOutcome,
    UnitRunner,
    cards_of,
    run_units,
    unit_key,
)
from core.models.lineage import code_version
from core.models.provenance import CaseInput, files_hash
from core.models.registry import Model, read_model
from core.studies.export.mask_files import Written, predict_masks
from core.studies.scores.case_score import EvaluationRow, SliceRow
from core.studies.scores.case_task import CaseTask
from core.studies.scores.evaluation import Outcome, evaluate_cases
from core.studies.scores.model_task import opened
from core.studies.scores.second_opinion import SecondOpinion, Verified, all_verified

Followed = Callable[[Model, Predictor], Predictor]


@dataclass(frozen=True)
class Spread:
    """Where units are done, and the folder of results in which what they found is kept.

    `told` says what is to be said before a run, where all are done in this process.
    """

    runner: UnitRunner
    out: Path
    told: Followed | None = None

    @property
    def store(self) -> Path:
        """The folder of what units found."""
        return self.out / UNITS_FOLDER


class _Scored(msgspec.Struct, frozen=True):
    row: EvaluationRow
    device: str
    seconds: float
    notices: tuple[str, ...]
    made_from: CaseInput
    verified: Verified | None = None
    label_rows: tuple[EvaluationRow, ...] = ()
    slice_rows: tuple[SliceRow, ...] = ()


class _Masks(msgspec.Struct, frozen=True):
    files: dict[str, bytes]
    notices: tuple[str, ...]


def score_unit(task: CaseTask, *, told: Followed | None = None) -> bytes:
    """Return the figures of one case; raises `DataError` when there are none."""
    model, predictor = _opened(task, told)
    opinion = SecondOpinion() if task.verify else None
    found = evaluate_cases([task.case], model, predictor, protocol=task.protocol, opinion=opinion)
    _require(found.failed)
    scored = _Scored(
        found.rows[0],
        found.device,
        found.seconds,
        found.notices,
        found.inputs[task.case.id],
        found.verified,
        found.label_rows,
        found.slice_rows,
    )
    return msgspec.msgpack.encode(scored)


def mask_unit(task: CaseTask, *, told: Followed | None = None) -> bytes:
    """Return the files of the mask of one case; raises `DataError` when there is none."""
    model, predictor = _opened(task, told)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        written = predict_masks(
            [task.case], model, predictor, out=place, format_name=task.format_name
        )
        _require(written.failed)
        paths = sorted(path for path in place.rglob("*") if path.is_file())
        files = {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}
    return zlib.compress(msgspec.msgpack.encode(_Masks(files, written.notices)))


def _opened(task: CaseTask, told: Followed | None) -> tuple[Model, Predictor]:
    model, predictor = opened(task.model)
    return model, predictor if told is None else told(model, predictor)


def evaluate_spread(
    tasks: Sequence[CaseTask], spread: Spread, *, progress: Progress = silent
) -> Outcome:
    """Return what `evaluate_cases` does, of the cases in their order, done where `spread` says."""
    outcomes = case_outcomes("evaluate", score_unit, tasks, spread, progress)
    found = [
        msgspec.msgpack.decode(each.content, type=_Scored)
        for each in outcomes.values()
        if not each.failed
    ]
    return Outcome(
        tuple(each.row for each in found),
        {case: each.failed for case, each in outcomes.items() if each.failed},
        found[-1].device if found else "",
        sum(each.seconds for each in found),
        tuple(notice for each in found for notice in each.notices),
        {each.row.case: each.made_from for each in found},
        all_verified([each.verified for each in found if each.verified is not None]),
        tuple(row for each in found for row in each.label_rows),
        tuple(row for each in found for row in each.slice_rows),
    )


def predict_spread(
    tasks: Sequence[CaseTask], spread: Spread, *, out: Path, progress: Progress = silent
) -> Written:
    """Write the masks that `predict_masks` does, done where `spread` says."""
    outcomes = case_outcomes("predict", mask_unit, tasks, spread, progress)
    failed: dict[str, str] = {}
    notices: list[str] = []
    for case, outcome in outcomes.items():
        if outcome.failed:
            failed[case] = outcome.failed
            continue
        masks = msgspec.msgpack.decode(zlib.decompress(outcome.content), type=_Masks)
        for name, content in masks.files.items():
            write_bytes(out / name, content)
        notices += masks.notices
    return Written(failed, tuple(notices))


def case_outcomes(
    kind: str,
    work: Callable[..., bytes],
    tasks: Sequence[CaseTask],
    spread: Spread,
    progress: Progress,
) -> dict[str, UnitOutcome]:
    """Return the outcomes by case, in the order of the tasks, each done once for its `kind`."""
    if spread.told is not None:
        work = partial(work, told=spread.told)
    units = [_unit(kind, work, task) for task in tasks]
    found = run_units(units, spread.runner, spread.store, progress=progress)
    return {task.case.id: found[unit.key] for task, unit in zip(tasks, units, strict=True)}


def _unit(kind: str, work: Callable[[CaseTask], bytes], task: CaseTask) -> Unit:
    case, model = task.case, task.model
    how = (model.computed, model.device, model.skip_below, task.protocol, task.format_name)
    post = read_model(Path(model.folder)).spec.postprocessing
    chosen = repr((case.channels, case.region, case.roles, case.labels))
    given = () if case.given_spacing_mm is None else (case.given_spacing_mm,)
    named = tuple(table.read_bytes() for table in case.tables)
    of = (case.id, files_hash(case), *given)
    key = unit_key(kind, code_version(), how, post, task.verify, *of, chosen, *named)
    return Unit(key, case.id, work, task, gpus=cards_of(model.device))


def _require(failed: dict[str, str]) -> None:
    if failed:
        raise DataError(next(iter(failed.values())))
