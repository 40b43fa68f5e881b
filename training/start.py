"""Where the weights of a training start."""

from pathlib import Path

from torch import nn

from core.domain.errors import ModelError
from core.models.networks.weights import fit_channels, load_weights, read_state_dict
from core.models.registry import read_model
from core.models.train_spec import TrainSpec


def load_start(network: nn.Module, spec: TrainSpec) -> None:
    """Load the parent's weights, or those of an encoder, where the spec names some.

    Raises `ModelError` when they do not fit the network.
    """
    if spec.parent:
        model = read_model(Path(spec.parent))
        state = read_state_dict(model.weights)
        floats = {n: t.float() if t.is_floating_point() else t for n, t in state.items()}
        load_weights(network, floats, source=str(model.weights))
    elif spec.encoder_weights:
        load_part(network, Path(spec.encoder_weights))


def logit_offset(spec: TrainSpec) -> float:
    """Return what is added to the logits: the spec's own, else the parent's."""
    if spec.logit_offset is not None:
        return spec.logit_offset
    return read_model(Path(spec.parent)).spec.logit_offset if spec.parent else 0.0


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
