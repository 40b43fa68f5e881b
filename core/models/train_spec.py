"""What a training is: its data, network, loss, schedule and augmentation; imports no torch.

The window and the command line write a `TrainSpec` into a job folder; the trainer reads it there.
"""

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeAlias

import msgspec
from msgspec import Meta

from core.domain.errors import AppError
from core.io.json_file import json_text
from core.models.known_names import known_loss, known_network
from core.models.label_choice import LabelChoice
from core.models.networks.arguments import ArgumentValue
from core.models.preprocessing import Preprocessing
from core.models.refinements import NO_LIGHT, NO_REFINEMENTS, Light, Refinements
from core.models.wanted_labels import WantedLabels

LossName: TypeAlias = Literal["bce-dice", "dice", "soft-iou", "focal-tversky"]
LoggerName: TypeAlias = Literal["mlflow", "wandb"]
PresetName: TypeAlias = Literal["cpu", "gpu", "reference"]
Changes: TypeAlias = dict[str, object]

_SELECTED_EVERY: Mapping[str, float] = MappingProxyType(
    {"minutes": 3.0, "epochs": 1.0, "max_steps": 150.0}
)
_FEWEST_SELECTIONS, _USUAL_SELECTIONS, _MOST_SELECTIONS = 4, 20, 60

_Share = Annotated[float, Meta(ge=0, le=1)]
_Amount = Annotated[float, Meta(ge=0)]
_Count = Annotated[int, Meta(ge=1)]


class Augmentation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How far a slice is varied; each value is drawn anew for each slice, uniform where not said.

    `flip`: chance of left–right. `rotation`: degrees either way. `scale`, `shift`: share of the
    side either way. `elastic`: standard deviation of the displacement at the control points, as a
    share of the side, on half of the slices. `gain` (share) and `offset` (standard deviations of
    the channel) are a channel's. `gamma`: exponent exp(±gamma) on half of the slices. `noise`:
    highest standard deviation. `missing`: chance for each channel but FLAIR to be replaced by
    FLAIR, which is how the public data code a missing sequence. `carve`: chance of getting the
    lesion of another slice of the batch. `light` is what a slice may be lit by beside all this.
    """

    flip: _Share = 0.5
    rotation: Annotated[float, Meta(ge=0, le=180)] = 20.0
    scale: Annotated[float, Meta(ge=0, lt=1)] = 0.18
    shift: _Share = 0.08
    elastic: Annotated[float, Meta(ge=0, le=0.1)] = 0.01
    gain: Annotated[float, Meta(ge=0, lt=1)] = 0.25
    offset: _Amount = 0.3
    gamma: _Amount = 0.35
    noise: _Amount = 0.08
    missing: _Share = 0.12
    carve: _Share = 0.0
    light: Light | msgspec.UnsetType = msgspec.UNSET

    @property
    def lit(self) -> Light:
        """What a slice is lit by."""
        return NO_LIGHT if self.light is msgspec.UNSET else self.light


class TrainSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One training, complete: together with the data and the seed it gives the model.

    `data` is a folder of cases, `split` a file {"train": [case ids], "val": [case ids]}. Of
    `train`, `selection_cases` drawn by `seed` are held out to choose the best weights; `val` is
    scored once, at the end. The budget is `epochs`, `max_steps` or `minutes` of training, whichever
    ends first; the learning rate follows the share of it that is spent. `selections` is how often
    in the budget the weights are scored; after `patience` of them without a better one training
    ends (0: never). `sampling` draws a case uniformly, then a slice: `area` by 0.7·√lesion area +
    0.3 uniform, `reference` by lesion area plus a tenth of its mean, `uniform`. `ema` averages
    weights with this decay (0: off), `clip` is the highest norm of the gradient (0: off).
    `encoder_weights` is a file of weights for part of the network, by name; `parent` the folder of
    a model to start from. Fine-tuning draws `replay` of its slices from the cases the parent has
    seen and the rest from `cases`, by default those of `train` it has not; `corrections` is a
    folder of readers' masks, <CASE>_<n>_mask.tif, that stand in for the ground truth.
    `channels` are those of the cases that are learnt from, by name or role, all when empty; a
    parent brings its own along. The candidate goes to the folder `models`, by default one in the
    job folder. `threads` 0 leaves one core to the window. `logit_offset` is the model's
    (`ModelSpec`), None the parent's or none: it changes the cut, not the gradients. `loggers`
    write figures and pictures into the job's folder beside TensorBoard's, and open no connection.
    `labels` are the classes or regions that are learnt; without them one lesion is, or what the
    parent gives, and files and keys of such a training say nothing of labels. `chosen` is what the
    masks of its cases mean, as the reader had it when the training was made; without it they mean
    what their files say. `refinements` are what it does beside the plain training.
    """

    architecture: str
    data: str
    split: str
    model_id: str = ""
    title: str = ""
    arguments: dict[str, ArgumentValue] = {}
    preprocessing: Preprocessing = Preprocessing(crop="head", size=256, neighbours=1)
    loss: LossName = "bce-dice"
    optimiser: Literal["adam", "adamw"] = "adamw"
    learning_rate: Annotated[float, Meta(gt=0)] = 1e-3
    encoder_learning_rate: Annotated[float, Meta(gt=0)] | None = None
    weight_decay: _Amount = 1e-2
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: Annotated[float, Meta(ge=0, lt=1)] = 0.05
    clip: _Amount = 1.0
    ema: Annotated[float, Meta(ge=0, lt=1)] = 0.999
    batch_size: _Count = 16
    epochs: _Count | None = None
    max_steps: _Count | None = None
    minutes: Annotated[float, Meta(gt=0)] | None = None
    selections: _Count = _USUAL_SELECTIONS
    selection_cases: _Count = 10
    patience: Annotated[int, Meta(ge=0)] = 0
    checkpoint_minutes: Annotated[float, Meta(gt=0)] = 3.0
    sampling: Literal["area", "reference", "uniform"] = "area"
    augmentation: Augmentation = Augmentation()
    seed: int = 42
    precision: Literal["auto", "float32"] = "auto"
    device: str = "auto"
    threads: Annotated[int, Meta(ge=0)] = 0
    memory_gib: Annotated[float, Meta(gt=0)] = 4.0
    logit_offset: float | None = None
    freeze_norms: bool = False
    encoder_weights: str = ""
    parent: str = ""
    cases: tuple[str, ...] = ()
    replay: _Share = 0.5
    corrections: str = ""
    models: str = ""
    channels: tuple[str, ...] = ()
    data_title: str = ""
    licence: str = ""
    loggers: tuple[LoggerName, ...] = ()
    labels: WantedLabels | msgspec.UnsetType = msgspec.UNSET
    chosen: LabelChoice | msgspec.UnsetType = msgspec.UNSET
    refinements: Refinements | msgspec.UnsetType = msgspec.UNSET

    @property
    def refined(self) -> Refinements:
        """What it does beside the plain training."""
        return NO_REFINEMENTS if self.refinements is msgspec.UNSET else self.refinements

    @property
    def wanted_labels(self) -> WantedLabels | None:
        """The classes or regions to learn, None where nobody asked for any."""
        return None if self.labels is msgspec.UNSET else self.labels

    @property
    def has_budget(self) -> bool:
        """Whether anything says when training ends."""
        return any(v is not None for v in (self.epochs, self.max_steps, self.minutes))

    def of_fold(self, name: str, *, seed: int) -> Self:
        """Return the training of a fold: named after it, as those of its teachers that are."""
        taught = self.refinements
        if taught is not msgspec.UNSET:
            taught = taught.of_fold(name)
        return msgspec.structs.replace(
            self,
            seed=seed,
            model_id=f"{self.model_id}-{name}",
            title=f"{self.title or self.model_id}, {name}",
            refinements=taught,
        )

    def portable(self) -> Self:
        """Return these settings without the paths of one computer: the last name of each stays."""
        changes: Changes = {
            name: PurePath(getattr(self, name)).name
            for name in ("data", "split", "parent", "encoder_weights", "corrections")
            if getattr(self, name)
        }
        if self.refinements is not msgspec.UNSET:
            changes["refinements"] = self.refinements.portable()
        return msgspec.structs.replace(self, models="", **changes)

    def portable_text(self) -> str:
        """Return the portable settings as JSON that a person can read, as model cards tell them."""
        return json_text(self.portable())


FINE_TUNING: Changes = {
    "epochs": 10,
    "learning_rate": 1e-4,
    "freeze_norms": True,
    "warmup": 0.1,
}
"""Settings of a training that starts from a model: slow, short, batch-norm statistics frozen."""


def preset(name: PresetName) -> Changes:
    """Return the settings a preset gives, by the names of `TrainSpec`; the rest are its defaults.

    `reference` is the published setting: Adam 1e-4, batch 16, scale 0.05, rotation 15°, flip 0.5,
    100 epochs, slices weighted by lesion area, Dice loss (Buda et al. 2019 and its public port).
    """
    if name == "reference":
        return _reference()
    if name == "gpu":
        return {"epochs": 100, "batch_size": 32, "learning_rate": 2e-3}
    return {"minutes": 60.0}


def selections_of(budget: Mapping[str, object]) -> int:
    """Return how often the weights of a training of that length are scored, by its first limit.

    Every 3 minutes, epoch or 150 steps, from 4 to 60 times: a short training is not spent on
    scoring, and of a long one no good weights are missed.
    """
    lengths = (
        value / every
        for name, every in _SELECTED_EVERY.items()
        if isinstance(value := budget.get(name), int | float)
    )
    shortest = min(lengths, default=float(_USUAL_SELECTIONS))
    return min(max(round(shortest), _FEWEST_SELECTIONS), _MOST_SELECTIONS)


def make_spec(name: PresetName, required: Changes, changes: Changes) -> TrainSpec:
    """Return the spec of a preset with `changes` made to it; raises `AppError` for what is wrong.

    Networks and losses may have the names that others give them.

    A budget among `changes` replaces the preset's; `selections` follow it where nothing says
    otherwise.
    """
    base = preset(name)
    budgets = ("epochs", "max_steps", "minutes")
    if any(changes.get(budget) is not None for budget in budgets):
        base = {key: value for key, value in base.items() if key not in budgets}
    given = {key: value for key, value in changes.items() if value is not None}
    whole = {**base, **required, **given}
    whole.setdefault("selections", selections_of(whole))
    for key, known in (("loss", known_loss), ("architecture", known_network)):
        if isinstance(called := whole.get(key), str):
            whole[key] = known(called)
    try:
        return msgspec.convert(whole, TrainSpec)
    except msgspec.ValidationError as error:
        raise AppError(
            f"Expected settings of a training as its job.json has them, found: {error}. Change "
            "that one; `train --help` says how they are given."
        ) from error


def _reference() -> Changes:
    none = {"shift": 0.0, "elastic": 0.0, "gain": 0.0, "offset": 0.0}
    return {
        "preprocessing": {"intensity": "reference", "crop": "head", "size": 256},
        "loss": "dice",
        "optimiser": "adam",
        "learning_rate": 1e-4,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0.0,
        "clip": 0.0,
        "ema": 0.0,
        "batch_size": 16,
        "epochs": 100,
        "selections": 100,
        "sampling": "reference",
        "augmentation": {
            **none,
            "flip": 0.5,
            "rotation": 15.0,
            "scale": 0.05,
            "gamma": 0.0,
            "noise": 0.0,
            "missing": 0.0,
        },
    }
