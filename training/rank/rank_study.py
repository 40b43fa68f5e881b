"""Recipes one after the other over the same folds; one that loses after a few is given up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.domain.errors import AppError, DataError
from core.jobs.runners import RunnerPlace
from core.models.fold_file import FOLD_FILE, FoldFile, read_fold_file
from core.models.registry import Model, Registry
from core.workspace.settings import home
from core.workspace.splits import read_split
from core.workspace.workspace_folder import registry
from training.folds.fold_command import cross_validate
from training.folds.fold_ensemble import score_together
from training.rank.rank_rows import RankedFolds, budget, loses, ranked_row, read_ranked
from training.run.recipe_files import expanded
from training.run.train_options import TrainOptions, model_id_of

_TOGETHER = "+"
_DEALT_BY = 42
"""Recipes of other seeds are judged by the same folds, so that their models can be joined."""


@dataclass(frozen=True)
class RankStudy:
    """What all recipes have alike; each gets a folder of its name in `out`.

    A recipe that is worse than the first after `stop_after` folds is given up there; 0 never. With
    `start`, the id of a model, there are no folds: each goes on from its weights with the train of
    the split, and is judged by its val.
    """

    data: Path
    split: Path
    out: Path
    folds: int
    stop_after: int
    settings: tuple[str, ...]
    device: str
    where: RunnerPlace
    start: str = ""


def ranked(study: RankStudy, names: Sequence[str]) -> Iterator[str]:
    """Yield a row for each recipe as its folds end; raises `AppError` for what does not fit."""
    if study.start and not read_split(study.split).val:
        raise DataError(
            f"{study.split}: expected judges that {study.start} has not learnt from, found no val. "
            "Add it."
        )
    first: RankedFolds | None = None
    for name in _all_names(study, names):
        found = _folds_of(study, name, first)
        yield ranked_row(found, first)
        first = first or found


def _all_names(study: RankStudy, names: Sequence[str]) -> list[str]:
    """Return the names with series spelt out; raises `AppError` before hours of training."""
    found: list[str] = []
    for name in names:
        if _TOGETHER in name:
            _require_parts(study, name, found)
        ready = _TOGETHER in name or _is_done(Path(name))
        found += [name] if ready else expanded(name)
    return found


def _require_parts(study: RankStudy, name: str, before: Sequence[str]) -> None:
    """Raise `DataError` for a part of a mean that is not there, nor trained before it."""
    parts = name.split(_TOGETHER)
    there = (_is_done(_folder_of(study, part)) or part in before for part in parts)
    lacking = [part for part, is_there in zip(parts, there, strict=True) if not is_there]
    if lacking or len(set(parts)) < len(parts):
        raise DataError(
            f"{name}: expected different recipes that are ranked before it, found "
            f"{(lacking or parts)[0]!r}. Name them before their mean."
        )


def _folder_of(study: RankStudy, part: str) -> Path:
    return Path(part) if _is_done(Path(part)) else study.out / part.replace("/", "-")


def _is_done(folder: Path) -> bool:
    return (folder / FOLD_FILE).is_file()


def _folds_of(study: RankStudy, name: str, first: RankedFolds | None) -> RankedFolds:
    if _TOGETHER in name:
        return _together(study, name)
    if _is_done(Path(name)):
        return _read(Path(name), Path(name).name)
    out = study.out / name.replace("/", "-")
    if first is not None and not study.start and 0 < study.stop_after < study.folds:
        _train(study, name, out, stop_after=study.stop_after)
        found = _read(out, name)
        if loses(found, first):
            return found
    _train(study, name, out, stop_after=0)
    return _read(out, name)


def _train(study: RankStudy, name: str, out: Path, *, stop_after: int) -> None:
    options = TrainOptions(
        architecture="",
        data=study.data,
        split=study.split,
        out=out,
        recipe=name,
        device=study.device,
        settings=study.settings,
        stop_after=stop_after,
        deal_seed=_DEALT_BY,
        start_from=study.start,
    )
    options = replace(options, model_id=_models_name(study, options))
    dealt = (0 if study.start else study.folds, 1, "")
    cross_validate(options, "segment", dealt, study.where)


def _models_name(study: RankStudy, options: TrainOptions) -> str:
    """Return what the models of a recipe are called, each with its fold after it.

    The recipe's name where no model has it: the same recipe may be ranked on other cases, or from
    another model. What was begun keeps its names.
    """
    begun = read_fold_file(options.out)
    if begun is not None:
        return begun.models[0].rpartition("-")[0]
    folds = 1 if study.start else study.folds
    models, wanted = registry(home()), model_id_of(options)
    return models.free_name(wanted, lambda name: [f"{name}-f{n + 1}" for n in range(folds)])


def _read(out: Path, name: str) -> RankedFolds:
    file = _fold_file(out)
    return read_ranked(out, name=name, folds=len(file.folds), steps=budget(out, file))


def _fold_file(out: Path) -> FoldFile:
    file = read_fold_file(out)
    if file is None:
        raise DataError(
            f"{out}: expected the folder of a training with --folds, found no {FOLD_FILE}."
        )
    return file


def _together(study: RankStudy, name: str) -> RankedFolds:
    """Return what the mean of the models of several recipes says, each fold by its own models."""
    parts = name.split(_TOGETHER)
    outs = [_folder_of(study, part) for part in parts]
    files = [_fold_file(out) for out in outs]
    if any(file.folds != files[0].folds for file in files):
        raise AppError(f"{name}: expected recipes over the same folds, found others. Rank them.")
    out = study.out / name.replace("/", "-")
    models = registry(home())
    members = {
        fold: [_model(models, file.models[place], name) for file in files]
        for place, fold in enumerate(files[0].folds)
    }
    score_together(out, files[0], members, study.data)
    return read_ranked(out, name=name, folds=len(files[0].folds))


def _model(models: Registry, model_id: str, name: str) -> Model:
    try:
        return models.find(model_id)
    except AppError as error:
        raise AppError(
            f"{name}: expected the model {model_id} of its folds, found none. Rank the recipes "
            "without +, so that they are trained to the end."
        ) from error
