"""Networks computed by torch, on any of its devices. Imports torch."""

import contextlib
from contextlib import AbstractContextManager

import torch

from core.domain.errors import ModelError
from core.domain.volume import FloatArray
from core.inference.loaded_network import MemoryShort
from core.inference.torch_device import (
    autocast,
    limit_threads,
    memory_errors_ignored,
    release_memory,
    resolve_device,
)
from core.models.any_model import AnyModel
from core.models.classifiers import ClassifierModel
from core.models.networks.builder import build_classifier, build_network
from core.models.networks.network import SliceNetwork
from core.models.networks.weights import load_weights, read_state_dict
from core.models.registry import Model

_CPU_BATCH = 4
_CUDA_BATCH = 16


class TorchNetwork:
    """A network in torch, evaluating.

    `precision` is `auto` for what pays on the device, else `float32` or `bfloat16`.
    """

    def __init__(self, network: SliceNetwork, precision: str = "auto") -> None:
        self.network = network.eval()
        self._precision = precision
        self._device = torch.device("cpu")

    @property
    def stride(self) -> int:
        """What height and width of its slices are divisible by."""
        return self.network.stride

    def place(self, device: str) -> str:
        """Go to a device, `auto` the fastest; raises `ModelError` when there is no such."""
        self._device = resolve_device(device)
        self.network.to(self._device)
        return str(self._device)

    def batch_size(self, device: str) -> int:
        """Return how many slices at once suit a device."""
        return _CPU_BATCH if torch.device(device).type == "cpu" else _CUDA_BATCH

    def logits(self, values: FloatArray) -> FloatArray:
        """Return logits of slices (B, C, h, w): (B, K, h, w), or (B, K) of a classifier.

        Raises `MemoryShort`.
        """
        found: FloatArray | None = None
        # Nothing is mended while the error lives: its traceback pins the batch's tensors.
        with memory_errors_ignored():
            found = self._computed(values)
        if found is None:
            release_memory()
            raise MemoryShort
        return found

    def _computed(self, values: FloatArray) -> FloatArray:
        tensor = torch.from_numpy(values).to(self._device, memory_format=torch.channels_last)
        with torch.inference_mode(), self._mixed():
            return self.network(tensor).float().cpu().numpy()  # type: ignore[no-any-return]

    def _mixed(self) -> AbstractContextManager[object]:
        if self._precision == "float32":
            return contextlib.nullcontext()
        if self._precision == "bfloat16":
            return torch.autocast(self._device.type, dtype=torch.bfloat16)
        return autocast(self._device)


def open_torch(model: AnyModel, precision: str = "auto", threads: int = 0) -> TorchNetwork:
    """Load a model's network; raises `ModelError` when the weights do not fit it."""
    limit_threads(threads or None)
    return TorchNetwork(trained_network(model).to(memory_format=torch.channels_last), precision)


def trained_network(model: AnyModel) -> SliceNetwork:
    """Return a model's network with its weights, in float32 whatever they are stored as.

    Raises `ModelError` when the weights do not fit.
    """
    network: SliceNetwork
    if isinstance(model, Model) and model.spec.is_graph:
        raise ModelError(
            f"{model.spec.title}: expected a network that PyTorch can build, found one imported "
            "as ONNX. Choose the engine openvino or onnx, and the device auto or cpu."
        )
    if isinstance(model, ClassifierModel):
        classes = len(model.spec.classes)
        network = build_classifier(model.spec.network, classes, load_encoder=False)
    else:
        network = build_network(model.spec.network, model.spec.logits, load_encoder=False)
    stored = read_state_dict(model.weights)
    state = {n: t.float() if t.is_floating_point() else t for n, t in stored.items()}
    load_weights(network, state, source=str(model.weights))
    return network.eval()
