"""The options of `train`, and the settings of a training that they describe."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from core.domain.errors import AppError, ModelError, reason
from core.io.json_file import decode_json
from core.jobs.training_job import taken_over
from core.models.ensembles import require_trainable
from core.models.model_listing import read_argument, spec_from_options
from core.models.refinements import FOLD_MARK
from core.models.registry import Model, ModelSpec, Registry
from core.models.train_spec import Changes, PresetName, TrainSpec, make_spec
from core.models.wanted_labels import read_names
from core.workspace.chosen_labels import label_choice
from training.run.encoders import is_published, published_encoder
from training.run.recipe_files import recipe_file

SpecT = TypeVar("SpecT", bound=TrainSpec)


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What `train` was given; None and empty leave the preset's or the default value.

    `arguments` are NAME=VALUE of the architecture, `settings` NAME=JSON of `TrainSpec`,
    `preprocessing` is JSON. `start_from` is the id of a model, whose architecture, arguments and
    preprocessing are then taken over; `cases`, `replay` and `corrections` say what it learns from.
    `nproc` processes train it together. `config` is the `job.json` of another training, whose
    settings are taken where no option says otherwise, `recipe` the name of one in
    `training/recipes`. `teachers` are ids of models whose probabilities it learns, of cases of the
    folder `unlabelled` alone; with folds `{fold}` in an id stands for f1, f2 and so on, and only
    the first `stop_after` folds are done (0: all); folds are dealt by `deal_seed`, by the
    training's own where it is None. `labels` or `regions` are names to learn as
    classes or as regions, `all` for all there are. `region` is the one that is lesion, as
    `evaluate --region` names it.
    """

    architecture: str
    data: Path
    split: Path
    out: Path
    preset: PresetName = "cpu"
    loss: str | None = None
    epochs: int | None = None
    max_steps: int | None = None
    minutes: float | None = None
    batch_size: int | None = None
    size: int | None = None
    learning_rate: float | None = None
    seed: int | None = None
    device: str | None = None
    arguments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    preprocessing: str = ""
    encoder_weights: Path | None = None
    start_from: str = ""
    cases: tuple[str, ...] = ()
    replay: float | None = None
    corrections: Path | None = None
    model_id: str = ""
    title: str = ""
    loggers: tuple[str, ...] = ()
    best_by: str | None = None
    config: Path | None = None
    recipe: str = ""
    teachers: tuple[str, ...] = ()
    unlabelled: Path | None = None
    stop_after: int = 0
    deal_seed: int | None = None
    resume: bool = False
    nproc: int = 1
    labels: str | None = None
    regions: str | None = None
    region: str = ""


def spec_of(options: TrainOptions, registry: Registry) -> TrainSpec:
    """Return the training that options describe; raises `AppError` for what does not fit."""
    if options.best_by:
        raise AppError(
            "--best-by: not expected with --task segment, whose weights the DSC chooses."
        )
    spec = _plain(options, registry)
    if is_published(spec.encoder_weights):
        weights = str(published_encoder(spec.encoder_weights))
        spec = msgspec.structs.replace(spec, encoder_weights=weights)
    return as_chosen(_taught(spec, options, registry), options)


def as_chosen(spec: SpecT, options: TrainOptions) -> SpecT:
    """Return a training whose masks mean what is chosen of its folder now, and its region.

    The settings of another training of that folder bring along what was chosen for that one.
    """
    if spec.chosen is not msgspec.UNSET and not options.region:
        return spec
    chosen = label_choice(Path(spec.data), options.region)
    return msgspec.structs.replace(spec, chosen=chosen)


def _taught(spec: TrainSpec, options: TrainOptions, registry: Registry) -> TrainSpec:
    """Return a training with the teachers and unlabelled cases of the options."""
    changes: Changes = {}
    if options.teachers:
        found = tuple(str(_teacher(registry, each).absolute()) for each in options.teachers)
        changes["teachers"] = found
    if options.unlabelled is not None:
        changes["unlabelled"] = str(options.unlabelled.absolute())
    if not changes:
        return spec
    return msgspec.structs.replace(
        spec, refinements=msgspec.structs.replace(spec.refined, **changes)
    )


def _teacher(registry: Registry, model_id: str) -> Path:
    """Return the folder of a teacher; one of a fold lies where trainings put their models."""
    if FOLD_MARK in model_id:
        return registry.roots[0] / model_id
    return registry.find(model_id).folder


def _plain(options: TrainOptions, registry: Registry) -> TrainSpec:
    """Return the training without what depends on other models."""
    if options.config is not None or options.recipe:
        return _configured(options, registry)
    parent = registry.find(options.start_from) if options.start_from else None
    model = _described(options, parent)
    required: Changes = {
        "architecture": model.architecture,
        "data": str(options.data.absolute()),
        "split": str(options.split.absolute()),
        "model_id": model.id,
        "title": model.title,
        "models": str(registry.roots[0].absolute()),
    }
    changes = _parental(options, parent) if parent else _own(options, model)
    given = _given(options)
    if any(given.get(budget) is not None for budget in ("max_steps", "minutes")):
        changes.pop("epochs", None)
    spec = make_spec(options.preset, required, {**changes, **given})
    if options.size is not None:
        prepared = msgspec.structs.replace(spec.preprocessing, size=options.size)
        spec = msgspec.structs.replace(spec, preprocessing=prepared)
    return spec


def _configured(options: TrainOptions, registry: Registry) -> TrainSpec:
    """Return the settings in a file, as `job.json` of a training is, with the options over them.

    Id, title and the folder of models are those of a new training.
    """
    path = options.config or recipe_file(options.recipe)
    if options.config is None and not options.data.parts:
        raise AppError(
            f"--recipe {options.recipe}: expected a folder of cases, found none. Give --data."
        )
    try:
        known = decode_json(path.read_bytes(), Changes)
    except OSError as error:
        raise AppError(
            f"--config {path}: expected the settings of a training, found: {reason(error)}."
        ) from error
    except msgspec.DecodeError as error:
        raise AppError(
            f"--config {path}: expected JSON as in the job.json of a training, found: {error}."
        ) from error
    if options.start_from:
        known = _started(options, known, registry.find(options.start_from))
    places = {"data": options.data, "split": options.split}
    given: Changes = {name: str(p.absolute()) for name, p in places.items() if p.parts}
    if options.architecture:
        given["architecture"] = options.architecture
    if options.arguments:
        held = known.get("arguments")
        own = dict(held) if isinstance(held, dict) else {}
        given["arguments"] = {**own, **dict(read_argument(text) for text in options.arguments)}
    new: Changes = {
        "model_id": model_id_of(options),
        "title": options.title or model_id_of(options),
        "models": str(registry.roots[0].absolute()),
    }
    if any(_given(options).get(budget) for budget in ("epochs", "max_steps", "minutes")):
        for budget in ("epochs", "max_steps", "minutes"):
            known.pop(budget, None)
    known.setdefault("split", "")
    spec = make_spec("cpu", {}, {**_of_data(known, given), **_given(options), **new})
    if options.size is None:
        return spec
    prepared = msgspec.structs.replace(spec.preprocessing, size=options.size)
    return msgspec.structs.replace(spec, preprocessing=prepared)


def _of_data(known: Changes, given: Changes) -> Changes:
    """Return settings as they are `given`, without what was chosen of another folder's labels."""
    other = given.get("data", known.get("data")) != known.get("data")
    left_out = {"chosen"} if other else set[str]()
    return {name: value for name, value in (known | given).items() if name not in left_out}


def _started(options: TrainOptions, known: Changes, parent: Model) -> Changes:
    """Return the settings of a recipe that starts from the weights of a model, not an encoder's.

    Raises `AppError` for a network, or images, that are not the model's.
    """
    if options.config is not None:
        raise AppError("--from: not expected with --config, whose parent it has. Omit it.")
    require_trainable(parent.spec)
    own = make_spec("cpu", {"data": "", "split": ""}, known)
    for name in ("architecture", "arguments", "preprocessing"):
        if (wanted := getattr(own, name)) != (held := getattr(parent.spec, name)):
            raise AppError(
                f"--recipe {options.recipe} --from {parent.spec.id}: expected the {name} of the "
                f"model, {held}, found {wanted}. Its weights do not fit: choose another recipe."
            )
    return {**known, "encoder_weights": "", "parent": str(parent.folder.absolute())}


def _described(options: TrainOptions, parent: Model | None) -> ModelSpec:
    """Return id, title, architecture and arguments of the model to be."""
    if parent is None:
        return spec_from_options(
            model_id_of(options),
            options.title,
            options.architecture,
            arguments=list(options.arguments),
            preprocessing=options.preprocessing or "{}",
        )
    title = options.title or f"{parent.spec.title}, fine-tuned"
    return msgspec.structs.replace(parent.spec, id=model_id_of(options), title=title)


def _given(options: TrainOptions) -> Changes:
    same = ("loss", "epochs", "max_steps", "minutes", "batch_size", "learning_rate", "seed")
    given: Changes = {name: getattr(options, name) for name in (*same, "device", "replay")}
    given["loggers"] = options.loggers or None
    given["labels"] = _wanted(options)
    for name in ("encoder_weights", "corrections"):
        if (path := getattr(options, name)) is not None:
            given[name] = str(path if is_published(str(path)) else path.absolute())
    chosen = {name: value for name, value in given.items() if value is not None}
    return {
        **chosen,
        **dict(read_setting(text, TrainSpec.__struct_fields__) for text in options.settings),
    }


def _wanted(options: TrainOptions) -> Changes | None:
    """Return the labels or regions to learn, None for one lesion or what the parent gives."""
    if options.labels is not None and options.regions is not None:
        raise AppError(
            "--labels and --regions: expected one of them, found both. Labels exclude each other, "
            "regions may overlap: choose which the model is to give."
        )
    if options.labels is not None:
        return {"kind": "classes", "names": read_names(options.labels)}
    if options.regions is not None:
        return {"kind": "regions", "names": read_names(options.regions)}
    return None


def _own(options: TrainOptions, model: ModelSpec) -> Changes:
    changes: Changes = {"arguments": model.arguments}
    if options.preprocessing:
        changes["preprocessing"] = msgspec.to_builtins(model.preprocessing)
    if options.cases or options.replay is not None:
        raise AppError(
            "--case and --replay: expected a model to fine-tune (--from), found none. "
            "Give one, or leave them out."
        )
    return changes


def _parental(options: TrainOptions, parent: Model) -> Changes:
    """Return what a training takes over from its parent; it learns slowly, with frozen norms."""
    spec = parent.spec
    other = options.architecture not in ("", spec.architecture)
    if other or options.arguments or options.preprocessing:
        raise ModelError(
            f"--from {spec.id}: expected its architecture {spec.architecture} without --arg and "
            f"--preprocessing, which it brings along, found others. Leave them out."
        )
    return {
        **taken_over(parent),
        "cases": options.cases,
    }


def read_setting(text: str, names: Sequence[str]) -> tuple[str, object]:
    """Return name and value of `--set`, NAME=JSON or NAME=TEXT of `names`; raises `AppError`."""
    name, equals, value = text.partition("=")
    if not equals or name not in names:
        raise AppError(f"--set: expected NAME=VALUE of {', '.join(names)}, found {text!r}.")
    try:
        return name, decode_json(value, object)
    except msgspec.DecodeError:
        return name, value


def model_id_of(options: TrainOptions) -> str:
    """Return the id that was given, else one made from the name of the folder of results."""
    return options.model_id or re.sub(r"[^A-Za-z0-9._-]", "-", options.out.absolute().name)
