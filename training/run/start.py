"""Where the weights of a training start."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput
from core.models.ensembles import require_trainable
from core.models.networks.builder import build_network, shapes_alone
from core.models.networks.network import Network
from core.models.networks.spec import NetworkSpec
from core.models.networks.weights import fit_channels, load_weights, read_state_dict
from core.models.registry import Model, ModelSpec, read_model
from core.models.train_spec import TrainSpec


@dataclass(frozen=True)
class StartingWeights:
    """Where the weights of a training come from: `source` in words, and what is `new` in it."""

    source: str = ""
    new: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """A sentence on it, empty for weights that were all drawn anew."""
        if not self.source:
            return ""
        new = f"new are {', '.join(self.new)}" if self.new else "none is new"
        return f"Weights start from {self.source}; {new}."


def parent_of(spec: TrainSpec) -> ModelSpec | None:
    """Return the model that a training starts from, None for none; raises `ModelError`."""
    if not spec.parent:
        return None
    parent = read_model(Path(spec.parent)).spec
    require_trainable(parent)
    return parent


def start_network(
    spec: TrainSpec, channels: Sequence[str], output: ModelOutput | None
) -> tuple[Network, StartingWeights]:
    """Return the network of a training with the weights it starts from, and which these are."""
    logits = output.logits if output else 1
    network = build_network(described(spec, channels), logits, load_encoder=not spec.parent)
    return network, load_start(network, spec, output)


def stride_of(spec: TrainSpec, channels: Sequence[str]) -> int:
    """Return the stride of the network of a training, without making its weights."""
    with shapes_alone():
        return build_network(described(spec, channels), load_encoder=False).stride


def described(spec: TrainSpec, channels: Sequence[str]) -> NetworkSpec:
    """Return the network of a training; neighbouring slices are further input channels."""
    planes = len(channels) * (2 * spec.preprocessing.neighbours + 1)
    return NetworkSpec(spec.architecture, planes, spec.arguments)


def load_start(
    network: nn.Module, spec: TrainSpec, output: ModelOutput | None = None
) -> StartingWeights:
    """Load the parent's weights, or those of an encoder, where the spec names some.

    A parent that gives something else than `output` lends all but its last layers, which stay as
    they are drawn. Raises `ModelError` when the weights do not fit the network.
    """
    if spec.parent:
        model = read_model(Path(spec.parent))
        state = read_state_dict(model.weights)
        floats = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
        same = model.spec.gives == (output.told if output else None)
        new = () if same else _heads(network, model)
        own = network.state_dict()
        load_weights(
            network, {**floats, **{name: own[name] for name in new}}, source=str(model.weights)
        )
        return StartingWeights(model.spec.id, new)
    if spec.encoder_weights:
        load_part(network, Path(spec.encoder_weights))
        return StartingWeights(Path(spec.encoder_weights).name)
    return StartingWeights()


def _heads(network: nn.Module, parent: Model) -> tuple[str, ...]:
    """Return the tensors whose shape goes with the number of logits, whatever it is here."""
    described = parent.spec.network
    with shapes_alone():
        one, two = (build_network(described, n, load_encoder=False).state_dict() for n in (1, 2))
    return tuple(n for n in network.state_dict() if n in one and one[n].shape != two[n].shape)


def logit_offset(spec: TrainSpec, output: ModelOutput | None = None) -> float:
    """Return what is added to the logits: the spec's own, else that of a parent alike."""
    if spec.logit_offset is not None:
        return spec.logit_offset
    if not spec.parent:
        return 0.0
    parent = read_model(Path(spec.parent)).spec
    return parent.logit_offset if parent.gives == (output.told if output else None) else 0.0


def usual_share(spec: TrainSpec) -> float:
    """Return the smallest share of components that the parent keeps, 0 without a parent."""
    return read_model(Path(spec.parent)).spec.postprocessing.smallest_share if spec.parent else 0.0


def load_part(network: nn.Module, path: Path) -> None:
    """Load weights for a part of a network, by name; the rest stays as it was.

    The first convolution is fitted to the input channels by `fit_channels`. Raises `ModelError`
    when the file has a name or a shape that the network has not.
    """
    own = network.state_dict()
    part = read_state_dict(path)
    unknown = sorted(part.keys() - own.keys())
    if unknown:
        raise ModelError(
            f"{path}: expected weights for a part of the network, found {unknown[0]} and "
            f"{len(unknown) - 1} more that it does not have. Choose weights for this encoder."
        )
    for name, tensor in part.items():
        if tensor.ndim == 4 and tensor.shape[1:] != own[name].shape[1:]:
            part[name] = fit_channels(tensor, own[name].shape[1])
    load_weights(network, {**own, **part}, source=str(path))
