"""Several trainings as one job: the folds of a dataset, or the trials of a search."""

from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from core.domain.errors import AppError
from core.io.json_file import decode_json
from core.jobs.job_folder import JobFolder, create_job
from core.jobs.runners import RunnerName, RunnerPlace
from core.jobs.training_job import SPLIT_FILE
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile

TriedValue: TypeAlias = bool | int | float | str | None
"""A value of a setting that a search tries."""

Tried: TypeAlias = dict[str, tuple[TriedValue, ...]]
"""By name of a setting the values that a search tries."""

FOLD_DSC = "fold_dsc"
"""The name of the figure that each fold adds to the curves of its job."""

_ARGUMENT = "arg."


class UnitJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`train` several times: as `folds` that are dealt out `repeats` times, or as trials.

    Folds are made of the cases to learn from of the split beside it; those with the same value in
    the table of `group`, FILE:COLUMN, stay together. Trials are all combinations of the values
    `tried`, by name of a setting, with a dot before a part of one, or `arg.NAME`; with `stop_early`
    the budget is spent in rounds, after each of which go the trials below the median.
    """

    title: str
    model_id: str
    train: TrainSpec
    folds: Annotated[int, Meta(ge=0)] = 0
    repeats: Annotated[int, Meta(ge=1)] = 1
    group: str = ""
    tried: Tried = {}
    stop_early: bool = False
    runner: RunnerName = "local"
    workers: Annotated[int, Meta(ge=1)] = 1
    address: str = ""

    @property
    def place(self) -> RunnerPlace:
        """Where the trainings are done."""
        return {"name": self.runner, "workers": self.workers, "address": self.address}


def make_unit_job(path: Path, spec: UnitJob, split: SplitFile) -> JobFolder:
    """Make the folder of such a job, its split beside it; it freezes nothing."""
    own = msgspec.structs.replace(spec.train, split=str((path / SPLIT_FILE).absolute()))
    spec = msgspec.structs.replace(spec, train=own)
    return create_job(path, spec, beside={SPLIT_FILE: msgspec.json.encode(split)})


def read_tried(text: str) -> Tried:
    """Return what `learning_rate=1e-3,1e-4 loss=dice,soft-iou` says; raises `AppError`."""
    found: Tried = {}
    for word in text.split():
        name, equals, values = word.partition("=")
        if not equals or not values.strip(","):
            raise AppError(f"Expected NAME=VALUE,VALUE to try, found {word}.")
        outer = name.partition(".")[0]
        if not name.startswith(_ARGUMENT) and outer not in TrainSpec.__struct_fields__:
            raise AppError(
                f"Expected the name of a setting of a training, as learning_rate, or arg.NAME, "
                f"found {name}."
            )
        found[name] = tuple(dict.fromkeys(_value(v) for v in values.split(",") if v))
    return found


def _value(text: str) -> TriedValue:
    try:
        value: TriedValue = decode_json(text, TriedValue)  # type: ignore[arg-type]
    except msgspec.DecodeError:
        return text
    return value
