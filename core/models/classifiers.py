"""Classifier models: what one is, where they lie and how one is published. Imports no torch.

A classifier is a folder with `classifier.json` and `weights.safetensors`. The name of its
specification keeps it out of every list of segmentation models, beside which it may lie.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from core.domain.errors import ModelError
from core.domain.volume import LGG_CHANNELS, Volume
from core.io.atomic import write_bytes
from core.io.json_file import decode_json
from core.models.acquisition import Acquisition
from core.models.certificates import EngineChoice, fastest
from core.models.contract import fitted
from core.models.kept_hash import kept_hash
from core.models.model_folder import (
    CLASSIFIER_FILE,
    FORMAT,
    WEIGHTS_FILE,
    SpecFile,
    named,
    read_each,
    require_weights,
    unreadable,
)
from core.models.networks.spec import ArgumentValue, NetworkSpec
from core.models.preprocessing import Preprocessing

PROMOTED_FILE = "promoted-classifiers.json"


class ClassifierSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything needed to rebuild a classifier and to run it; stored as `classifier.json`.

    Logits are divided by `temperature` before the softmax. `threshold` is the probability of the
    second class above which 95 % of the selection part's negatives are left out. A slice counted as
    lesion in training from `lesion_voxels` up. Height and width of what the network sees are
    divisible by `stride`; None where only the network itself tells. `trained_on` are case ids.
    `acquisition` says what images it learnt from, None where that is not known.
    """

    id: str
    title: str
    task: str
    classes: tuple[str, ...]
    architecture: str
    arguments: dict[str, ArgumentValue] = {}
    channels: tuple[str, ...] = LGG_CHANNELS
    preprocessing: Preprocessing = Preprocessing()
    temperature: float = 1.0
    threshold: float = 0.5
    stride: int | None = None
    lesion_voxels: int = 1
    parameters: int | None = None
    acquisition: Acquisition | None = None
    metrics: dict[str, float] = {}
    trained_on: tuple[str, ...] = ()
    data: str = ""
    licence: str = ""
    format: int = FORMAT

    @property
    def network(self) -> NetworkSpec:
        """The network to build: neighbouring slices are further input channels."""
        planes = 2 * self.preprocessing.neighbours + 1
        return NetworkSpec(self.architecture, len(self.channels) * planes, self.arguments)


CLASSIFIER_SPEC = SpecFile(
    CLASSIFIER_FILE,
    ClassifierSpec,
    content="the specification of a classifier",
    again="Train it again",
)


@dataclass(frozen=True)
class ClassifierModel:
    """A classifier that can be run: its specification and the folder that holds its weights."""

    spec: ClassifierSpec
    folder: Path

    @property
    def weights(self) -> Path:
        """The file of its weights."""
        return self.folder / WEIGHTS_FILE

    @cached_property
    def engine(self) -> EngineChoice:
        """The engine to run it by: the fastest that is certified, else torch."""
        return fastest(self.folder, self.weights)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of weights, network, preprocessing and temperature: what a probability is of."""
        spec = self.spec
        before = msgspec.json.encode((spec.network, spec.preprocessing.told, spec.temperature))
        try:
            return kept_hash(self.weights, before)
        except OSError as error:
            raise ModelError(unreadable(self.weights, error)) from error

    def fitted(self, volume: Volume) -> Volume:
        """Return the channels of `volume` that this model is given, in its order.

        Raises `ModelError` with a sentence when the volume is not what it was made for.
        """
        return fitted(volume, self.spec.channels, title=self.spec.title)


@dataclass(frozen=True)
class Classifiers:
    """The classifiers of several folders; an id found twice is taken from the earlier folder.

    New ones, and which is promoted, are written to the first folder.
    """

    roots: tuple[Path, ...]

    def models(self, task: str = "triage") -> tuple[list[ClassifierModel], list[str]]:
        """Return the usable classifiers of a task and a sentence for each folder that is not.

        The promoted one is the first.
        """
        models, problems = self.all()
        promoted = self.promoted(task)
        own = [model for model in models if model.spec.task == task]
        return sorted(own, key=lambda model: model.spec.id != promoted), problems

    def promoted(self, task: str) -> str:
        """Return the id of the classifier that is promoted for a task, empty where none is."""
        return next((p for root in self.roots if (p := _promoted(root).get(task, ""))), "")

    def promote(self, model: ClassifierModel) -> None:
        """Make a classifier the one of its task that is taken by default."""
        chosen = {**_promoted(self.roots[0]), model.spec.task: model.spec.id}
        write_bytes(self.roots[0] / PROMOTED_FILE, msgspec.json.encode(chosen) + b"\n")

    def all(self) -> tuple[list[ClassifierModel], list[str]]:
        """Return the usable classifiers of all tasks and a sentence for each folder that is not."""
        folders = (each for root in self.roots for each in CLASSIFIER_SPEC.folders(root))
        return read_each(folders, read_classifier)

    def find(self, model_id: str = "", task: str = "triage") -> ClassifierModel:
        """Return the classifier of that id, the promoted one, else the first, when none is given.

        Raises `ModelError` that lists those there are.
        """
        models, problems = self.models(task)
        if models and not model_id:
            return models[0]
        among = f"a model of the task {task} among"
        advice = f"Choose one, or train one with --task {task}."
        return named(models, problems, model_id, among=among, advice=advice)

    def publish(self, spec: ClassifierSpec, weights: Path) -> ClassifierModel:
        """Add a classifier from a file of safetensors; raises `ModelError` when the id is taken."""
        return ClassifierModel(spec, CLASSIFIER_SPEC.publish(self.roots[0], spec, weights))


def _promoted(root: Path) -> dict[str, str]:
    """Return the ids by task that a folder of models names."""
    try:
        return decode_json((root / PROMOTED_FILE).read_bytes(), dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def read_classifier(folder: Path) -> ClassifierModel:
    """Return the classifier in `folder`; raises `ModelError` naming what is wrong with it."""
    spec = CLASSIFIER_SPEC.read(folder)
    require_weights(folder, CLASSIFIER_FILE)
    return ClassifierModel(spec, folder)
