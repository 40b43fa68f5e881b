"""Cross-validation in one command: folds of the training part, each a unit, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.domain.errors import DataError
from core.domain.progress import Progress, silent
from core.io.json_file import decode_json
from core.io.write_guard import refuse_inside
from core.jobs.units import UNITS_FOLDER, Unit, UnitRunner, cards_of, run_units, unit_key
from core.models.fold_file import FoldFile, read_fold_file, write_fold_file
from core.models.model_folder import check_id
from core.models.registry import read_model
from core.models.train_spec import TrainSpec
from core.studies.fold_figures import FoldSummary
from core.workspace.splits import SplitFile
from training.folds.fold_cases import FoldPool, freeze_judges, refuse_known, training_pool
from training.folds.fold_summary import write_folds
from training.folds.fold_unit import FoldFound, FoldTask, do_fold
from training.folds.folds import deal_folds

FOLDS_FOLDER, _MASKS_FOLDER = "folds", "masks"


@dataclass(frozen=True)
class FoldPlan:
    """How a dataset is dealt out: `folds` times `repeats`, cases of one of `groups` together.

    Of no folds the split is taken as it is: its train learns, its val is the one fold that judges.

    Each fold is trained by so many `processes`. Only the first `stop_after` are done, 0 all. The
    first repeat is dealt by `seed`, None that of the training.
    """

    folds: int
    repeats: int = 1
    groups: Mapping[str, str] | None = None
    processes: int = 1
    stop_after: int = 0
    seed: int | None = None


def run_folds(
    spec: TrainSpec,
    split: SplitFile | None,
    plan: FoldPlan,
    out: Path,
    *,
    runner: UnitRunner,
    progress: Progress = silent,
) -> FoldSummary:
    """Train and judge every fold and write what they say into `out`; done folds are not redone.

    The folds are made of `split.train`, or of all cases with ground truth that are no frozen
    judges. A split that has judges freezes them where none are, as in every training, once nothing
    is left to refuse; the folds themselves freeze nothing. Raises `DataError` when `out` holds
    folds of other settings or cases, for a parent that knows one of the cases, and when a fold
    fails, after the others are done.
    """
    refuse_inside(Path(spec.data), out)
    check_id(f"{spec.model_id}-r{plan.repeats}-f{plan.folds}")
    judges = split.val if split is not None and not plan.folds else ()
    pool = training_pool(spec, split, plan.groups or {}, progress, judges=judges)
    refuse_known(spec, judges or [case.id for case in pool.cases])
    tasks = _tasks(spec, plan, pool, out, queued=runner.one_at_a_time, judges=judges)
    file = _plan_file(out, spec, pool, tasks)
    if split is not None:
        freeze_judges(Path(spec.data), split)
    write_fold_file(out, file)
    units = [_unit(task, pool) for task in tasks[: plan.stop_after or None]]
    outcomes = run_units(units, runner, out / UNITS_FOLDER, progress=progress)
    failed = [outcome.failed for outcome in outcomes.values() if outcome.failed]
    if failed:
        raise DataError(
            f"{len(failed)} of {len(units)} folds failed: {failed[0]} The same command does what "
            "is left."
        )
    found = [decode_json(outcome.content, FoldFound) for outcome in outcomes.values()]
    title = f"{spec.title or spec.model_id}: DSC of {len(pool.cases)} cases out of fold"
    return write_folds(out, found, seed=spec.seed, title=title)


def _tasks(
    spec: TrainSpec,
    plan: FoldPlan,
    pool: FoldPool,
    out: Path,
    *,
    queued: bool,
    judges: tuple[str, ...],
) -> list[FoldTask]:
    tasks = []
    for repeat in range(1, plan.repeats + 1):
        seed = spec.seed + repeat - 1
        lot = seed if plan.seed is None else plan.seed + repeat - 1
        dealt = (judges,) if judges else deal_folds(pool.cases, plan.folds, seed=lot)
        for fold, judged in enumerate(dealt, start=1):
            name = f"f{fold}" if plan.repeats == 1 else f"r{repeat}-f{fold}"
            own = spec.of_fold(name, seed=seed)
            train = tuple(case.id for case in pool.cases if case.id not in judged)
            place = (out / FOLDS_FOLDER / name).absolute()
            masks = (out / _MASKS_FOLDER / f"r{repeat}").absolute()
            parts = SplitFile(train, judged)
            tasks.append(
                FoldTask(repeat, fold, own, parts, str(place), str(masks), queued, plan.processes)
            )
    return tasks


def _unit(task: FoldTask, pool: FoldPool) -> Unit:
    hashes = {name: pool.hashes[name] for name in (*task.split.train, *task.split.val)}
    taught = [read_model(Path(t)).fingerprint for t in task.spec.refined.teachers]
    parts = (task.repeat, task.fold, task.spec.portable(), task.split, hashes)
    key = unit_key("fold", *parts, *([taught] if taught else []))
    name = Path(task.folder).name
    cpus = max(task.spec.threads, 1) * task.processes
    cards = cards_of(task.spec.device)
    gpus = cards and cards * task.processes
    return Unit(key, name, do_fold, task, cpus=cpus, gpus=gpus)


def _plan_file(out: Path, spec: TrainSpec, pool: FoldPool, tasks: list[FoldTask]) -> FoldFile:
    """Return what the folder will say of its folds; raises `DataError` where it says other."""
    key = unit_key("folds", spec.portable(), pool.hashes, [task.split for task in tasks])
    known = read_fold_file(out)
    if known is not None and known.key != key:
        raise DataError(
            f"{out}: expected the folds of these settings and cases, found those of others. "
            "Choose another --out."
        )
    folds = {Path(task.folder).name: task.split.val for task in tasks}
    return FoldFile(key=key, folds=folds, models=tuple(task.spec.model_id for task in tasks))
