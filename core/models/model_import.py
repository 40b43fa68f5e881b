"""Take a foreign file of weights into the registry. Imports torch."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import msgspec
import safetensors.torch
import torch
from torch import Tensor

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput
from core.models.foreign.foreign_model import ForeignModel
from core.models.foreign.monai_bundle import read_bundle
from core.models.foreign.nnunet_checkpoint import is_nnunet, read_nnunet
from core.models.model_folder import check_id
from core.models.networks.builder import build_network, shapes_alone
from core.models.networks.spec import NetworkSpec
from core.models.networks.weights import load_weights, read_checkpoint, read_state_dict
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, ModelSpec, Registry

# What settings raise that are of another kind than their names promise.
_ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
_SAID = 160
_TRIED = ("unet", "attention-unet", "unetpp", "resunet34", "denseunet", "se-denseunet", "smp")


def import_weights(file: Path, spec: ModelSpec, registry: Registry, *, half: bool = False) -> Model:
    """Check the weights in `file` against `spec` by name and shape, and publish them as a model.

    `file` is a .pt or .pth state dict or a .safetensors; nothing in it is executed. Stored as
    safetensors, in float16 when `half`. Raises `ModelError` that tells wrong keys and shapes.
    """
    check_id(spec.id)
    state = read_state_dict(file)
    return _publish(file, ForeignModel(spec, state), registry, half=half)


@dataclass(frozen=True)
class SaidOfModel:
    """What is said of a model of another program, instead of what its file tells.

    `output` is heeded of a bundle, whose metadata may be silent. Stored as float16 when `half`.
    """

    channels: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    output: ModelOutput | None = None
    half: bool = False


def import_foreign(
    file: Path, spec: ModelSpec, said: SaidOfModel, registry: Registry
) -> tuple[Model, tuple[str, ...]] | None:
    """Publish a checkpoint of nnU-Net or a bundle of MONAI, which tell what network they are of.

    Return the model and what was taken to mean what, None for a file of plain weights. Its id,
    title and threshold are those of `spec`. Raises `ModelError` for one that has no place here.
    """
    check_id(spec.id)
    found = _read_foreign(file, spec, said)
    if found is None:
        return None
    own = msgspec.structs.replace(
        found.spec,
        channels=said.channels or found.spec.channels,
        preprocessing=said.preprocessing or found.spec.preprocessing,
    )
    return _publish(file, replace(found, spec=own), registry, half=said.half), found.said


def _read_foreign(file: Path, spec: ModelSpec, said: SaidOfModel) -> ForeignModel | None:
    try:
        return _told_by(file, spec, said)
    except _ODD as error:
        raise ModelError(
            f"{file}: expected settings as nnU-Net 2 or MONAI write them, found something else "
            f"({type(error).__name__}: {str(error)[:_SAID]}). Write the network as ONNX with "
            "torch.onnx.export, and import that."
        ) from error


def _told_by(file: Path, spec: ModelSpec, said: SaidOfModel) -> ForeignModel | None:
    if file.is_dir():
        return read_bundle(file, spec, preprocessing=said.preprocessing, output=said.output)
    content = read_checkpoint(file)
    return read_nnunet(file, content, spec) if is_nnunet(content) else None


def _publish(file: Path, found: ForeignModel, registry: Registry, *, half: bool) -> Model:
    """Check the weights against the network, and publish them as numbers alone."""
    spec = found.spec
    network = build_network(spec.network, spec.logits, load_encoder=False)
    try:
        load_weights(network, found.state, source=str(file))
    except ModelError as error:
        raise ModelError(f"{error} {nearest_fit(found.state)}".rstrip()) from error
    parameters = sum(p.numel() for p in network.parameters())
    spec = msgspec.structs.replace(spec, parameters=parameters, stride=network.stride)
    stored = {
        name: (tensor.half() if half and tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    _require_numbers(stored, file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        safetensors.torch.save_file(stored, path)
        return registry.publish(spec, path)


def nearest_fit(state: Mapping[str, Tensor]) -> str:
    """Return a sentence on which network the names of weights are likest to, empty for none."""
    if any(name.startswith("decoder.transpconvs.") for name in state):
        return (
            "The names are those of an nnU-Net: give its checkpoint (checkpoint_final.pth) as it "
            "is and no --architecture, for its plans tell the network."
        )
    if any(name.startswith("1.submodule.") for name in state):
        return (
            "The names are those of MONAI's UNet: give its bundle, the folder, and no "
            "--architecture, or monai-unet with its own arguments and the last layer as head."
        )
    best, most = "", 0
    for name in _TRIED:
        common = len(_names_of(name) & state.keys())
        if common > most:
            best, most = name, common
    if 2 * most < len(state):
        return ""
    return f"Of {len(state)} names {most} are those of {best} with its own arguments."


@cache
def _names_of(architecture: str) -> frozenset[str]:
    """Return the names of all weights of an architecture with its own arguments."""
    with shapes_alone():
        return frozenset(build_network(NetworkSpec(architecture, 3, {})).state_dict())


def _require_numbers(stored: Mapping[str, Tensor], file: Path) -> None:
    odd = [name for name, tensor in stored.items() if not torch.isfinite(tensor).all()]
    if odd:
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        raise ModelError(
            f"{file}: expected weights that are numbers, found NaN or infinity in {odd[0]}{more}. "
            "Save the state dict of a step before, or import without half: float16 ends at 65504."
        )
