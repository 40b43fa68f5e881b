"""Take a foreign file of weights into the registry. Imports torch."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import safetensors.torch
import torch
from torch import Tensor

from core.domain.errors import ModelError
from core.models.networks.builder import build_network
from core.models.networks.spec import NetworkSpec
from core.models.networks.weights import load_weights, read_state_dict
from core.models.registry import Model, ModelSpec, Registry, check_id

_TRIED = ("unet", "attention-unet", "unetpp", "resunet34", "denseunet", "se-denseunet", "smp")


def import_weights(file: Path, spec: ModelSpec, registry: Registry, *, half: bool = False) -> Model:
    """Check the weights in `file` against `spec` by name and shape, and publish them as a model.

    `file` is a .pt or .pth state dict or a .safetensors; nothing in it is executed. Stored as
    safetensors, in float16 when `half`. Raises `ModelError` that tells wrong keys and shapes.
    """
    check_id(spec.id)
    state = read_state_dict(file)
    network = build_network(spec.network, spec.logits, load_encoder=False)
    try:
        load_weights(network, state, source=str(file))
    except ModelError as error:
        raise ModelError(f"{error} {nearest_fit(state)}".rstrip()) from error
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
            "The names are those of an nnU-Net: write its 2-D network as ONNX with "
            "torch.onnx.export, and import that with --labels or --regions."
        )
    best, most = "", 0
    for name in _TRIED:
        with torch.device("meta"):
            own = build_network(NetworkSpec(name, 3, {})).state_dict()
        common = len(own.keys() & state.keys())
        if common > most:
            best, most = name, common
    if 2 * most < len(state):
        return ""
    return f"Of {len(state)} names {most} are those of {best} with its own arguments."


def _require_numbers(stored: Mapping[str, Tensor], file: Path) -> None:
    odd = [name for name, tensor in stored.items() if not torch.isfinite(tensor).all()]
    if odd:
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        raise ModelError(
            f"{file}: expected weights that are numbers, found NaN or infinity in {odd[0]}{more}. "
            "Save the state dict of a step before, or import without half: float16 ends at 65504."
        )
