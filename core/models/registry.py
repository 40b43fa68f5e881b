"""Models: what one is, where they lie, how one is published and which is the champion.

A model is a folder with `model.json` and `weights.safetensors`. The weights are written first, so
that a half-written model is never listed. An ensemble has no weights: it names its members, which
lie beside it or among the bundled models. Imports no torch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import chain, count
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput
from core.domain.prediction import Postprocessing
from core.domain.volume import LGG_CHANNELS, Volume
from core.io.atomic import write_bytes
from core.io.json_file import decode_json
from core.io.resource_paths import resource
from core.models.acquisition import Acquisition
from core.models.certificates import ANY, TORCH, EngineChoice, certified, fastest, graph_engine
from core.models.contract import content_hash, fitted
from core.models.kept_hash import kept_hash
from core.models.lineage import Lineage
from core.models.model_folder import (
    FORMAT,
    SPEC_FILE,
    WEIGHTS_FILE,
    SpecFile,
    check_id,
    holds_model,
    is_id,
    named,
    read_each,
    require_free,
    require_weights,
    unreadable,
)
from core.models.networks.spec import ArgumentValue, NetworkSpec
from core.models.preprocessing import Preprocessing

CHAMPION_FILE = "champion.json"
GRAPH_ARCHITECTURE = "onnx"
"""The architecture of models of which there is a graph alone: nothing but an engine runs them."""
AMONG_MODELS = "one of the models"
View: TypeAlias = Literal["plain", "mirrored", "in-turn"]
"""What a network is shown of a slice: the slice, its mirror image, or these, member by member."""


class ModelSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything needed to rebuild a model and to run it on a case; stored as `model.json`.

    `metrics` holds figures by name, such as `dsc_native_val`; `trained_on` the case ids. `members`
    are the ids of the models whose mean probability an ensemble is. `flips` averages each network's
    logits of the slice and its mirror image; without it, it is shown the one that `view` says, an
    ensemble's members both `in-turn`. `logit_offset` is added to the logits, so that a probability
    of 0.5 lies where the DSC of cases it never saw was best; an ensemble has its members'.
    `acquisition` says what images it learnt from, None where that is not known. Height and width of
    what the network sees are divisible by `stride`; None where only the network itself tells.
    `output` are the labels of a model that knows several;
    the file of a binary one has no such entry, and `several` is None.
    """

    id: str
    title: str
    architecture: str
    arguments: dict[str, ArgumentValue] = {}
    channels: tuple[str, ...] = LGG_CHANNELS
    preprocessing: Preprocessing = Preprocessing()
    postprocessing: Postprocessing = Postprocessing()
    flips: bool = False
    view: View = "plain"
    logit_offset: float = 0.0
    stride: int | None = None
    output: ModelOutput | msgspec.UnsetType = msgspec.UNSET
    parameters: int | None = None
    acquisition: Acquisition | None = None
    metrics: dict[str, float] = {}
    parent: str | None = None
    trained_on: tuple[str, ...] = ()
    data: str = ""
    licence: str = ""
    members: tuple[str, ...] = ()
    lineage: Lineage | None = None
    format: int = FORMAT

    @property
    def is_graph(self) -> bool:
        """True for a network that was imported as ONNX: torch can neither run nor train it."""
        return self.architecture == GRAPH_ARCHITECTURE

    @property
    def several(self) -> ModelOutput | None:
        """The classes or regions of a model of several labels, None of a binary one."""
        return None if self.output is msgspec.UNSET else self.output

    @property
    def gives(self) -> object:
        """What is compared of the outputs of two models; names and colours do not count."""
        return self.several.told if self.several else None

    @property
    def logits(self) -> int:
        """How many logits its network has."""
        return self.several.logits if self.several else 1

    @property
    def network(self) -> NetworkSpec:
        """The network to build: neighbouring slices are further input channels."""
        planes = 2 * self.preprocessing.neighbours + 1
        return NetworkSpec(self.architecture, len(self.channels) * planes, self.arguments)


MODEL_SPEC = SpecFile(
    SPEC_FILE,
    ModelSpec,
    content=f"a model specification of format {FORMAT}",
    again="Import the weights again",
)


def output_words(spec: ModelSpec) -> str:
    """Return what a model gives in words, such as `classes Necrosis, Oedema`."""
    if spec.several is None:
        return "one lesion"
    return f"{spec.several.kind} {', '.join(each.name for each in spec.several.channels)}"


@dataclass(frozen=True)
class Model:
    """A model that can be run: its specification and the folder that holds its weights.

    `members` are the models of an ensemble, in the order of its specification. `wanted` is the
    engine that is asked for.
    """

    spec: ModelSpec
    folder: Path
    members: tuple["Model", ...] = ()
    wanted: EngineChoice = ANY

    @property
    def weights(self) -> Path:
        """The file of its weights."""
        return self.folder / WEIGHTS_FILE

    @cached_property
    def fingerprint(self) -> str:
        """Hash of weights, network and preprocessing: what a probability depends on."""
        if self.members:
            joined = "+".join(member.fingerprint for member in self.members)
            return blake2b(joined.encode(), digest_size=16).hexdigest()
        spec = self.spec
        before = msgspec.json.encode((spec.network, spec.preprocessing.told))
        before += b"flips" if spec.flips else b""
        before += b"mirrored" if spec.view == "mirrored" else b""
        if spec.logit_offset:
            before += msgspec.json.encode(spec.logit_offset)
        if spec.several:
            before += msgspec.json.encode(spec.several.told)
        try:
            return kept_hash(self.weights, before)
        except OSError as error:
            raise ModelError(unreadable(self.weights, error)) from error

    @cached_property
    def engine(self) -> EngineChoice:
        """The engine to run it by: what is wanted, by `auto` the fastest that is certified.

        An ensemble's members have one each. Raises `ModelError` when the weights cannot be read.
        """
        if self.wanted.engine != "auto":
            return self.wanted
        if self.members:
            return TORCH
        if self.spec.is_graph:
            return graph_engine(self.wanted.precision)
        found = fastest(self.folder, self.weights)
        # A precision that is asked for is torch's, which can compute in any.
        precise = self.wanted.precision not in ("auto", found.precision)
        return EngineChoice("torch", self.wanted.precision) if precise else found

    @property
    def computed(self) -> str:
        """What a probability depends on: the fingerprint, and the engine where it is not torch."""
        names = [member.engine.name for member in self.members or (self,)]
        return ".".join((self.fingerprint, *(name for name in names if name)))

    @property
    def shown(self) -> tuple[str, ...]:
        """What kept predictions may depend on to be shown, each as `computed`; the first is that.

        By `auto` those of torch and of every certified engine are: none of them moves a mask, and
        what was predicted before another engine was chosen, or elsewhere, is still there.
        """
        if self.wanted != ANY:
            return (self.computed,)
        others = (self.with_engine(each).computed for each in (TORCH, *self.certified))
        return tuple(dict.fromkeys((self.computed, *others)))

    @cached_property
    def certified(self) -> tuple[EngineChoice, ...]:
        """The engines that move no mask of it; of an ensemble, those of all its members."""
        if not self.members:
            return certified(self.folder, self.weights)
        first, *others = (member.certified for member in self.members)
        return tuple(each for each in first if all(each in other for other in others))

    def with_engine(self, wanted: EngineChoice) -> "Model":
        """Return this model, to be run by another engine."""
        members = tuple(member.with_engine(wanted) for member in self.members)
        return Model(self.spec, self.folder, members, wanted)

    def with_flips(self, flips: bool) -> "Model":
        """Return this model, averaging with the mirrored slice when `flips` or by its own spec."""
        return self._mirrored if flips and not self.spec.flips else self

    @cached_property
    def _mirrored(self) -> "Model":
        members = tuple(member.with_flips(True) for member in self.members)
        spec = msgspec.structs.replace(self.spec, flips=True, view="plain")
        return Model(spec, self.folder, members, self.wanted)

    @property
    def runs(self) -> bool:
        """True when there are weights to run; False where only predictions are there."""
        return True

    def cut_by(self, post: Postprocessing) -> "Model":
        """Return this model, its probability cut by `post`; what was computed of it is kept."""
        if post == self.spec.postprocessing:
            return self
        other = replace(self, spec=msgspec.structs.replace(self.spec, postprocessing=post))
        for name in ("fingerprint", "engine", "certified"):
            if name in vars(self):
                vars(other)[name] = vars(self)[name]
        if "_mirrored" in vars(self):
            vars(other)["_mirrored"] = self._mirrored.cut_by(post)
        return other

    def fitted(self, volume: Volume) -> Volume:
        """Return the channels of `volume` that this model is given, in its order.

        Raises `ModelError` with a sentence when the volume is not what it was made for.
        """
        return fitted(volume, self.spec.channels, title=self.spec.title)


@dataclass(frozen=True)
class Registry:
    """The models of several folders; an id found twice is taken from the earlier folder.

    New models and the choice of champion are written to the first folder; of several, the last has
    what came with the program and is never written to. `wanted` is the engine
    that its models are run by. The models of `others`, such as those of other datasets, are there
    too, but who is champion there is not heeded.
    """

    roots: tuple[Path, ...]
    wanted: EngineChoice = ANY
    others: tuple[Path, ...] = ()

    @property
    def everywhere(self) -> tuple[Path, ...]:
        """All folders, in the order in which an id is looked for."""
        return (*self.roots, *self.others)

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders of the reader's models, of this dataset and others."""
        return (*(self.roots[:-1] or self.roots), *self.others)

    def models(self) -> tuple[list[Model], list[str]]:
        """Return the models that can be used and a sentence for each folder that cannot."""
        found: dict[str, Model] = {}
        problems: list[str] = []
        box = resource("models")
        bundled = {each.name for each in MODEL_SPEC.folders(box)} if box in self.roots else set()
        for root in self.everywhere:
            here, wrong = read_each(MODEL_SPEC.folders(root), _listed)
            problems += wrong
            for model in here:
                if root != box and model.spec.id in bundled:
                    problems.append(_takes_name(model.folder))
                else:
                    found.setdefault(model.spec.id, model.with_engine(self.wanted))
        return list(found.values()), problems

    def find(self, model_id: str) -> Model:
        """Return the model of that id; raises `ModelError` that lists those there are."""
        return named(*self.models(), model_id, among=AMONG_MODELS)

    def champion(self) -> Model:
        """Return the model that predicts by default; raises `ModelError` when there is none."""
        models, problems = self.models()
        by_id = {model.spec.id: model for model in models}
        for root in self.roots:
            chosen = read_champion(root)
            if chosen in by_id:
                return by_id[chosen]
        if models:
            return models[0]
        raise ModelError(f"Expected a model, found none. Import one. {' '.join(problems)}".strip())

    def promote(self, model_id: str) -> None:
        """Make the model of that id the champion; raises `ModelError` when there is none."""
        self.find(model_id)
        write_champion(self.roots[0], model_id)

    def require_free(self, model_id: str) -> None:
        """Raise `ModelError` for an id that is none, and for one that a model has, of any kind."""
        check_id(model_id)
        for root in self.everywhere:
            require_free(root / model_id)

    def free_name(self, wanted: str, ids: Callable[[str], Sequence[str]]) -> str:
        """Return `wanted`, or it with the first number from 2 whose `ids` no model has.

        For models that are named after what made them, where nobody is asked for an id.
        """
        names = chain((wanted,), (f"{wanted}-{number}" for number in count(2)))
        return next(name for name in names if not any(map(self._is_taken, ids(name))))

    def _is_taken(self, model_id: str) -> bool:
        return any(holds_model(root / model_id) for root in self.everywhere)

    def publish(self, spec: ModelSpec, weights: Path, *, beside: Sequence[Path] = ()) -> Model:
        """Add a model from a file of safetensors; raises `ModelError` when the id is taken.

        The files `beside` go into its folder too, under their names.
        """
        self.require_free(spec.id)
        folder = MODEL_SPEC.publish(self.roots[0], spec, weights, beside=beside)
        return Model(spec, folder)


class _Champion(msgspec.Struct, frozen=True):
    id: str


def read_model(folder: Path) -> Model:
    """Return the model in `folder`; raises `ModelError` naming what is wrong with it."""
    spec = MODEL_SPEC.read(folder)
    _require_view(spec)
    if spec.members:
        return Model(spec, folder, _members(spec, folder))
    return _weighted(spec, folder)


def _require_view(spec: ModelSpec) -> None:
    """Raise `ModelError` for a view that nothing would heed: figures would be told of another."""
    able = ("plain", "in-turn" if spec.members else "mirrored")
    if spec.view not in able or (spec.flips and spec.view != "plain"):
        raise ModelError(
            f"{spec.id}/{SPEC_FILE}: expected the view {able[0]} with flips, without them "
            f"{able[0]} or {able[1]}, found {spec.view}{' with flips' if spec.flips else ''}. "
            "Correct it, or import the model again."
        )


def _listed(folder: Path) -> Model:
    """Return the model in a folder of a registry, whose name is its id."""
    model = read_model(folder)
    if model.spec.id != folder.name:
        raise ModelError(
            f"{folder.name}/{SPEC_FILE}: expected the id {folder.name}, as its folder is named, "
            f"found {model.spec.id}. Rename the folder, or import the weights under another id."
        )
    return model


def _weighted(spec: ModelSpec, folder: Path) -> Model:
    require_weights(folder, SPEC_FILE)
    return Model(spec, folder)


def _members(spec: ModelSpec, folder: Path) -> tuple[Model, ...]:
    """Return the members of an ensemble: from inside it, from beside it, or those in the box."""
    found: list[Model] = []
    for name in spec.members:
        places = (folder / name, folder.parent / name, resource("models") / name)
        # A name that is a path would lead out of the registry.
        inside = places if is_id(name) else ()
        place = next((each for each in inside if (each / SPEC_FILE).is_file()), None)
        stored = None if place is None else MODEL_SPEC.read(place)
        # Members of members are not looked for: an ensemble may name itself.
        alone = place is not None and stored is not None and not stored.members
        member = _weighted(stored, place) if alone and stored and place else None
        if member is None:
            raise ModelError(
                f"{spec.id}: expected its member {name} as a model with weights, found "
                f"{'none' if place is None else 'an ensemble'}. Import it again, or take the "
                "ensemble away."
            )
        found.append(_member_of(spec, len(found), member))
    return tuple(found)


def _member_of(spec: ModelSpec, place: int, member: Model) -> Model:
    """Return the member at a place of an ensemble, shown what it is to see."""
    if spec.flips:
        return member.with_flips(True)
    if spec.view != "in-turn":
        return member
    shown = msgspec.structs.replace(member.spec, view="mirrored" if place % 2 else "plain")
    return replace(member, spec=shown)


def prediction_key(model: Model, volume: Volume) -> str:
    """Return what a cached prediction is filed under.

    It is the same only for the same model, run by the same engine in the same precision, and the
    same image. Raises `ModelError` when the volume has not the channels of the model.
    """
    seen = content_hash(volume, model.spec.channels, title=model.spec.title)
    resamples = any(each.spec.preprocessing.spacing_mm for each in model.members or (model,))
    spacing = f"-{volume.geometry.spacing_mm}" if resamples else ""
    return f"{model.computed}-{seen}{spacing}"


def _takes_name(folder: Path) -> str:
    return (
        f"{folder}: expected an id of its own, found that of a model that comes with Overread, "
        "which is used. Import the weights under another id."
    )


def write_champion(root: Path, model_id: str) -> None:
    """Make the model of that id the champion of a folder of models; atomic."""
    write_bytes(root / CHAMPION_FILE, msgspec.json.encode(_Champion(model_id)))


def read_champion(root: Path) -> str:
    """Return the id of the champion that a folder of models names, empty where it names none."""
    try:
        return decode_json((root / CHAMPION_FILE).read_bytes(), _Champion).id
    except (OSError, msgspec.DecodeError):
        return ""
