"""The graph of a network as ONNX, whose weights stay where they are: in the safetensors beside it.

Engines without torch read it. The file is small, for it holds no weight: each is named with its
place in `weights.safetensors` and cast to float32 as it is read.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.domain.errors import ModelError
from core.models.network_graph import EXACT_END
from core.models.networks.exact_part import exact_end
from core.models.stored_tensors import StoredTensor, stored_tensors

INPUT, OUTPUT = "slices", "logits"


def write_graph(network: nn.Module, weights: Path, target: Path, *, shape: tuple[int, ...]) -> None:
    """Write the graph of `network`, for slices of `shape` (C, h, w), to `target`.

    `weights` is its file of safetensors, by the names that the network has for them, in the same
    folder. Raises `ModelError` when the graph cannot be made, and when the libraries for it are
    not installed.
    """
    try:
        import onnx_ir
        import onnxscript  # noqa: F401 - torch makes graphs with it
    except ImportError as error:
        raise ModelError(
            f"Expected the library {error.name}, which makes graphs of networks, found that it is "
            "not installed. Install onnxscript with pip."
        ) from error
    model = _exported(_quickened(network.eval()), shape)
    stored = stored_tensors(weights)
    graph = model.graph
    if (end := exact_end(graph)) is not None:
        end.name = EXACT_END
    for name in [name for name in graph.initializers if name in stored]:
        _bind(onnx_ir, graph, name, stored[name], weights)
    # What is told of each node's origin is five times the graph, and holds paths.
    for node in graph:
        node.metadata_props.clear()
        node.doc_string = None
    for value in (*graph.inputs, *graph.outputs, *graph.initializers.values()):
        value.metadata_props.clear()
    model.metadata_props.clear()
    onnx_ir.save(model, target)


def _quickened(network: nn.Module) -> nn.Module:
    """Return a network of the same values and weights that engines compute in less time."""
    if not type(network).__module__.startswith("segmentation_models_pytorch."):
        return network
    from core.models.networks.joined_blocks import with_joined_upsampling

    return with_joined_upsampling(network)


def _exported(network: nn.Module, shape: tuple[int, ...]) -> Any:
    """Return the graph as torch makes it, not yet optimised: so weights keep names and values."""
    example = torch.zeros(2, *shape)
    with _quiet():
        try:
            program = torch.onnx.export(
                network,
                (example,),
                dynamo=True,
                optimize=False,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                input_names=[INPUT],
                output_names=[OUTPUT],
                verbose=False,
            )
        # Whatever tracing a network may raise: the libraries have no class for it.
        except Exception as error:
            raise ModelError(
                f"Expected a network whose graph can be written as ONNX, found one where it "
                f"cannot ({type(error).__name__}). Use the engine torch for it."
            ) from error
    assert program is not None
    return program.model


def _bind(library: Any, graph: Any, name: str, place: StoredTensor, weights: Path) -> None:
    """Let a weight be read from the safetensors file, and be float32 from there on."""
    types = {
        "F16": library.DataType.FLOAT16,
        "BF16": library.DataType.BFLOAT16,
        "F32": library.DataType.FLOAT,
        "I64": library.DataType.INT64,
    }
    value = graph.initializers.pop(name)
    tensor = library.ExternalTensor(
        weights.name,
        place.offset,
        place.length,
        types[place.dtype],
        shape=library.Shape(place.shape),
        name=f"{name}.stored",
        base_dir=str(weights.parent),
    )
    source = library.Value(
        name=tensor.name,
        shape=tensor.shape,
        type=library.TensorType(tensor.dtype),
        const_value=tensor,
    )
    graph.register_initializer(source)
    wanted = library.AttrInt64("to", int(value.dtype))
    cast = library.Node("", "Cast", [source], [wanted], num_outputs=1)
    cast.outputs[0].name, cast.outputs[0].dtype = name, value.dtype
    cast.outputs[0].shape = value.shape
    value.replace_all_uses_with(cast.outputs[0])
    graph.insert_before(graph[0], cast)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the libraries tell of their own future off the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
