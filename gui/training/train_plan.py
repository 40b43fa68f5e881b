"""From what is open to what can be trained, and from the reader's choice to a training."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import msgspec

from core.annotation.versions import Version
from core.io.cases.case import Case
from core.io.datasets.dataset import short_names
from core.jobs.job_folder import JobFolder
from core.jobs.job_start import JobProgram
from core.jobs.train_preview import TrainPreview, seconds_needed
from core.jobs.training_job import SPLIT_FILE, make_job, make_training, taken_over
from core.models.model_listing import read_argument
from core.models.networks.catalog import ARCHITECTURES
from core.models.registry import Model
from core.models.train_spec import FINE_TUNING, Changes, PresetName, TrainSpec, make_spec
from core.workspace.splits import SplitFile, split_hash
from gui.training.ground import Ground
from gui.training.train_form import (
    BaseModel,
    CaseChoice,
    CaseKind,
    TrainForm,
    TrainOffer,
    TrainSettings,
    fresh_cases,
    label_names,
    model_id,
    problems,
    replayed_cases,
)
from gui.training.train_judges import split_choice, split_of

FRESH = BaseModel("", "A fresh network")


def make_offer(ground: Ground, *, job_number: int, devices: Sequence[str]) -> TrainOffer:
    """Return what the dialog offers."""
    # An ensemble has no weights of its own to start from.
    starts = [model for model in ground.models if not model.members]
    bases = (FRESH, *(_base(model, ground.champion) for model in starts))
    names = short_names([case.id for case in ground.dataset.cases])
    presets: tuple[PresetName, ...] = get_args(PresetName)
    models: list[Model | None] = [None, *starts]
    settings = {
        ("" if model is None else model.spec.id, preset): default_settings(preset, model)
        for model in models
        for preset in presets
    }
    labels, regions = label_names(ground.dataset.cases)
    chosen = ground.chosen
    offer = TrainOffer(
        job_name=f"Job {job_number}",
        bases=bases,
        architectures=tuple(
            (a.id, a.title, ", ".join(arg.name for arg in a.arguments))
            for a in ARCHITECTURES.values()
        ),
        cases=tuple(_choice(case, ground, names) for case in ground.dataset.cases),
        devices=tuple(devices),
        taken=ground.taken,
        settings=settings,
        labels=labels,
        regions=regions,
        region="" if chosen is msgspec.UNSET else chosen.region,
        cluster=find_spec("ray") is not None,
    )
    mark = split_hash(ground.frozen) if ground.frozen else ""
    frozen = ground.frozen is not None
    return replace(offer, split=split_choice(ground.split.val, offer, frozen=frozen, mark=mark))


def default_settings(preset: PresetName, parent: Model | None) -> TrainSettings:
    """Return the schedule of a preset, or of a fine-tuning."""
    changes: Changes = dict(FINE_TUNING) if parent else {}
    required: Changes = {"architecture": "unet", "data": "", "split": ""}
    spec = make_spec(preset, required, changes)
    size = parent.spec.preprocessing.size if parent else spec.preprocessing.size
    return TrainSettings(
        loss=spec.loss,
        epochs=spec.epochs,
        minutes=spec.minutes,
        learning_rate=spec.learning_rate,
        batch_size=spec.batch_size,
        size=size,
        replay=spec.replay,
    )


def train_spec(form: TrainForm, offer: TrainOffer, ground: Ground, split: Path) -> TrainSpec:
    """Return the training the reader chose; raises `AppError` for what does not fit."""
    parent = next((m for m in ground.models if m.spec.id == form.base), None)
    # Made once as the preset has it, so that what the dialog does not ask stays the preset's.
    required: Changes = {
        "architecture": parent.spec.architecture if parent else form.architecture,
        "data": str(ground.dataset.root.absolute()),
        "split": str(split.absolute()),
        "model_id": model_id(form.title),
        "title": form.title.strip(),
        "models": str(ground.workspace.models.absolute()),
        "corrections": str(ground.workspace.folder.absolute()) if ground.versions else "",
        "device": form.device,
        "loss": form.loss,
        "learning_rate": form.learning_rate,
        "batch_size": form.batch_size,
    }
    known = parent.spec.several if parent else None
    # A parent of the same kind goes on with its own labels.
    if form.learn is not None and form.learn != (known.kind if known else None):
        required["labels"] = {"kind": form.learn}
    budget: Changes = {"epochs": form.epochs, "minutes": form.minutes}
    own = _parental(form, offer, parent) if parent else {"arguments": _arguments(form)}
    spec = make_spec(form.preset, {**own, **required}, budget)
    spec = msgspec.structs.replace(spec, chosen=ground.chosen)
    if parent is not None:
        return spec
    prepared = msgspec.structs.replace(spec.preprocessing, size=form.size)
    return msgspec.structs.replace(spec, preprocessing=prepared)


def training_split(form: TrainForm, offer: TrainOffer) -> SplitFile:
    """Return the split of a training: what the reader chose to learn from, and the judges."""
    train = (*fresh_cases(form, offer), *replayed_cases(form, offer))
    return SplitFile(train, form.judges)


def prepare_training(
    path: Path, form: TrainForm, offer: TrainOffer, ground: Ground
) -> tuple[JobFolder, JobProgram]:
    """Make the folder of a training, its split beside it; freezes the cases that judge."""
    split = training_split(form, offer)
    spec = train_spec(form, offer, ground, path / SPLIT_FILE)
    # A split that would learn from a judge is refused, whatever the dialog let through.
    store = ground.workspace.store
    judges = ground.frozen or split_of(form.judges, offer)
    return make_training(path, spec, split, store, judges=judges, cluster=form.cluster), "train"


def prepare_preview(path: Path, form: TrainForm, offer: TrainOffer, ground: Ground) -> JobFolder:
    """Make the folder of a preview; freezes nothing and names no model."""
    split = training_split(form, offer)
    return make_job(path, train_spec(form, offer, ground, path / SPLIT_FILE), split)


def time_needed(
    form: TrainForm, offer: TrainOffer, ground: Ground, preview: TrainPreview
) -> float | None:
    """Return the seconds that what the reader chose takes, from timed steps; None where unknown."""
    if problems(form, offer).keys() - {"title"}:
        return None
    spec = train_spec(form, offer, ground, Path(SPLIT_FILE))
    return seconds_needed(spec, preview) * form.several.rounds


def _base(model: Model, champion: str) -> BaseModel:
    spec = model.spec
    return BaseModel(
        spec.id,
        spec.title,
        spec.id == champion,
        len(spec.channels),
        frozenset(spec.trained_on),
        spec.several.kind if spec.several else None,
    )


def _choice(case: Case, ground: Ground, names: Mapping[str, str]) -> CaseChoice:
    version = ground.versions.get(case.id)
    note = "" if version is None else f"version {version.number} by {version.author}"
    locked = ""
    if ground.frozen is not None and case.id in ground.frozen.val:
        locked = "judges models, frozen"
    elif version is None and not case.has_ground_truth:
        locked = "no ground truth, no correction"
    kind: CaseKind = "corrected" if version else "truth" if case.has_ground_truth else "none"
    slices, truth = case.slice_count or 0, case.has_ground_truth
    doubt = "" if version is None or locked else _doubt(version)
    return CaseChoice(case.id, names[case.id], slices, kind, note, locked, truth, doubt)


def _doubt(version: Version) -> str:
    """Say why a correction should not be learnt from before somebody has looked at it."""
    if not version.far_smaller:
        return ""
    return f"{version.voxels:,} voxels, the ground truth has {version.truth_voxels:,}"


def _parental(form: TrainForm, offer: TrainOffer, parent: Model) -> Changes:
    asked = ("epochs", "learning_rate")  # of the reader
    return {
        **{name: value for name, value in taken_over(parent).items() if name not in asked},
        "cases": fresh_cases(form, offer),
        "replay": form.replay if replayed_cases(form, offer) else 0.0,
    }


def _arguments(form: TrainForm) -> dict[str, object]:
    return dict(read_argument(text) for text in form.arguments.split())
