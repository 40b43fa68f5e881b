"""Take a foreign file of weights into the registry. Imports torch."""

import tempfile
from pathlib import Path

import msgspec
import safetensors.torch

from core.models import Model, ModelSpec, Registry, check_id
from core.networks.builder import build_network
from core.networks.weights import load_weights, read_state_dict


def import_weights(file: Path, spec: ModelSpec, registry: Registry, *, half: bool = False) -> Model:
    """Check the weights in `file` against `spec` by name and shape, and publish them as a model.

    `file` is a .pt or .pth state dict or a .safetensors; nothing in it is executed. Stored as
    safetensors, in float16 when `half`. Raises `ModelError` that tells wrong keys and shapes.
    """
    check_id(spec.id)
    state = read_state_dict(file)
    network = build_network(spec.network, load_encoder=False)
    load_weights(network, state, source=str(file))
    parameters = sum(p.numel() for p in network.parameters())
    spec = msgspec.structs.replace(spec, parameters=parameters)
    stored = {
        name: (tensor.half() if half and tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        safetensors.torch.save_file(stored, path)
        return registry.publish(spec, path)
