"""What the training of a classifier is; imports no torch."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from core.io.json_file import decode_json
from core.jobs.job_folder import JOB_FILE
from core.models.preprocessing import Preprocessing
from core.models.train_spec import Changes, TrainSpec

TaskName: TypeAlias = Literal["triage", "classify"]

BestBy: TypeAlias = Literal["auroc", "accuracy", "loss"]
"""What chooses the weights: the highest AUROC or accuracy, or the lowest cross-entropy."""

TRIAGE_CLASSES = ("no lesion", "lesion")


class ClassifySpec(TrainSpec, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One training of a classifier; what `TrainSpec` says holds, but for the loss and the sampling.

    `triage` learns from a folder of cases which slices hold at least `lesion_voxels` of lesion;
    `classify` from pictures in `data/<class>/` or `data/{train,val}/<class>/`, of which the first
    layout is split by lot, `val_share` of each class held out (`split` is then not read). The
    first group of `patient` in a name is whose picture it is: those of one patient stay together.
    The loss is the cross-entropy of labels smoothed by `label_smoothing`; `best_by` chooses the
    weights.
    """

    task: TaskName = "triage"
    loss: Literal["cross-entropy"] = "cross-entropy"  # type: ignore[assignment]
    lesion_voxels: Annotated[int, Meta(ge=1)] = 10
    label_smoothing: Annotated[float, Meta(ge=0, lt=1)] = 0.05
    best_by: BestBy = "auroc"
    patient: str = ""
    val_share: Annotated[float, Meta(gt=0, lt=1)] = 0.2
    preprocessing: Preprocessing = Preprocessing(crop="head", size=128, neighbours=1)


def task_defaults(task: TaskName) -> Changes:
    """Return the settings that a task changes, by the names of `ClassifySpec`."""
    if task == "triage":
        return {"task": task}
    return {"task": task, "preprocessing": {"crop": "none", "size": 128, "neighbours": 0}}


def task_of(folder: Path) -> str:
    """Return the task of the training in a job folder: `segment` where none is named."""
    try:
        return decode_json((folder / JOB_FILE).read_bytes(), _Tasked).task
    except (OSError, msgspec.DecodeError):
        return "segment"


class _Tasked(msgspec.Struct, frozen=True):
    task: str = "segment"
