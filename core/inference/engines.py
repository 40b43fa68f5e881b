"""What computes networks: torch, OpenVINO, ONNX Runtime and what other packages add.

A row imports its library only when a model is opened with it. Another package adds one with an
entry point `overread.engines` that leads to an `InferenceEngine`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from core.domain.errors import ModelError
from core.domain.plugins import plugins
from core.inference.loaded_network import InferenceEngine, LoadedNetwork
from core.io.layouts.registry import layouts
from core.io.readers import readers
from core.models.any_model import AnyModel
from core.models.certificates import PRECISIONS, EngineChoice
from core.models.networks.catalog import Architecture
from core.models.processor import has_accelerator


def _open_torch(model: AnyModel, precision: str, threads: int) -> LoadedNetwork:
    from core.inference.torch_network import open_torch

    return open_torch(model, precision, threads)


def _open_openvino(model: AnyModel, precision: str, threads: int) -> LoadedNetwork:
    from core.inference.openvino_network import OpenVinoNetwork

    return OpenVinoNetwork(model, precision, threads)


def _open_onnx(model: AnyModel, precision: str, threads: int) -> LoadedNetwork:
    from core.inference.onnx_network import OnnxNetwork

    return OnnxNetwork(model, precision, threads)


_OURS = (
    InferenceEngine("torch", "PyTorch", ("float32", "bfloat16"), _open_torch),
    InferenceEngine("openvino", "OpenVINO", PRECISIONS["openvino"], _open_openvino),
    InferenceEngine("onnx", "ONNX Runtime", PRECISIONS["onnx"], _open_onnx),
)


def engines() -> Mapping[str, InferenceEngine]:
    """Return the engines by their ids: ours, then those that other packages add."""
    added = plugins("engines", InferenceEngine).found.values()
    return MappingProxyType({**{each.id: each for each in added}, **{e.id: e for e in _OURS}})


def left_out() -> tuple[str, ...]:
    """Return a sentence for each thing of another package that cannot be used."""
    networks, engines = plugins("networks", Architecture), plugins("engines", InferenceEngine)
    return (*layouts()[1], *readers()[1], *networks.broken, *engines.broken)


def devices() -> list[str]:
    """Return the devices a model can run on here, the fastest first.

    Torch, which knows them, is loaded only where there may be more than the processor.
    """
    if not has_accelerator():
        return ["cpu"]
    from core.inference.torch_device import torch_devices as all_devices

    return all_devices()


def check_device(device: str) -> None:
    """Raise `ModelError` for a device there is not."""
    there = ("auto", *devices())
    if device not in there and not (device == "cuda" and "cuda:0" in there):
        raise ModelError(
            f"Expected a device among {', '.join(there)}, found {device!r}. Choose one."
        )


def engine_titles() -> tuple[tuple[str, str], ...]:
    """Return what a reader may choose among, as (id, title); what others add is looked up."""
    first = ("auto", "Fastest certified engine")
    return (first, *((each.id, each.title) for each in engines().values()))


def open_network(
    model: AnyModel, *, threads: int = 0, wanted: EngineChoice | None = None
) -> LoadedNetwork:
    """Load the network of a model with the engine it is to be run by, or the one that is wanted.

    Raises `ModelError` for an engine or precision there is not, and where the model cannot be run
    by it.
    """
    wanted = wanted or model.engine
    known = engines()
    if wanted.engine not in known:
        raise ModelError(
            f"Expected one of the engines auto, {', '.join(known)}, found {wanted.engine!r}. "
            "Choose one of these."
        )
    engine = known[wanted.engine]
    if wanted.precision not in ("auto", *engine.precisions):
        raise ModelError(
            f"Expected one of the precisions auto, {', '.join(engine.precisions)} of "
            f"{engine.title}, found {wanted.precision!r}. Choose one of these."
        )
    return engine.open(model, wanted.precision, threads)
