"""Take a network as ONNX into the registry: a graph that runs without torch.

What the file does not tell is asked for, and a run shows whether it holds before anything is kept.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np

from core.domain.errors import ModelError, reason
from core.domain.model_output import ModelOutput, OutputKind
from core.domain.volume import LGG_CHANNELS, FloatArray
from core.inference.engines import open_network
from core.io.json_file import decode_json
from core.models.certificates import (
    CERTIFICATES_FILE,
    GRAPH_FILE,
    Certificates,
    file_hash,
    write_certificates,
)
from core.models.model_folder import WEIGHTS_FILE, check_id
from core.models.preprocessing import Preprocessing
from core.models.registry import GRAPH_ARCHITECTURE, Model, ModelSpec, Registry
from core.models.stored_tensors import stored_tensors

GraphOutput: TypeAlias = Literal["auto", "logits", "probability"]
SPEC_ENTRY = "overread"
"""The name that a specification has among what a file of ONNX tells of itself."""
_INPUT, _OUTPUT = "slices", "logits"
_SMALLEST = 1024
"""Bytes from which a constant is kept beside the graph; smaller ones stay in it."""
_CLIP_OPSET = 11
_NEAREST = 1e-6
_DEFAULT_STRIDE = 32
_TRIED_SIDE = 64


@dataclass(frozen=True)
class GraphContract:
    """What is said of a network beside its file; None or empty where the file is to tell.

    `channels` are named in the order of its input, slice by slice with `neighbours`. `output` says
    whether it ends in logits or in a probability; a last sigmoid is seen without being told.
    `labels` are the classes or regions of one that gives several.
    """

    model_id: str
    title: str = ""
    channels: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    output: GraphOutput = "auto"
    threshold: float | None = None
    stride: int | None = None
    labels: ModelOutput | None = None


def import_graph(file: Path, contract: GraphContract, registry: Registry) -> Model:
    """Publish the network in `file`, a segmentation of slices (B, C, h, w) into (B, K, h, w).

    A file that `models export` wrote tells all of itself. Raises `ModelError` for a file that
    cannot be read, and for a network that does not do what is said of it.
    """
    check_id(contract.model_id)
    whole = _read(file)
    shape = _input_shape(file, whole.graph)
    spec = _with_input(file, _spec(file, whole, contract), shape)
    kind = spec.several.kind if spec.several else None
    is_logits = _end_in_logits(file, whole, contract.output, kind)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write(whole, folder, file)
        graph = file_hash(folder / GRAPH_FILE)
        weights = file_hash(folder / WEIGHTS_FILE)
        write_certificates(folder, Certificates(weights=weights, graph=graph))
        spec = msgspec.structs.replace(spec, arguments={"graph": graph})
        _check(file, Model(spec, folder), told=is_logits)
        beside = (folder / GRAPH_FILE, folder / CERTIFICATES_FILE)
        return registry.publish(spec, folder / WEIGHTS_FILE, beside=beside)


def _read(file: Path) -> Any:
    try:
        import onnx_ir
    except ImportError as error:
        raise ModelError(
            f"Expected the library {error.name}, which reads ONNX, found that it is not installed. "
            "Install onnx-ir with pip."
        ) from error
    try:
        file.open("rb").close()
        whole = onnx_ir.load(file)
        onnx_ir.external_data.load_to_model(whole)
    except OSError as error:
        raise ModelError(
            f"{file}: expected a file of ONNX, found that it cannot be read ({reason(error)}). "
            "Check the path, and that the file of its weights lies beside it."
        ) from error
    # What a damaged file raises has no class of its own, neither there nor in protobuf.
    except Exception as error:
        raise ModelError(
            f"{file}: expected a network as ONNX, found a file that is damaged or of another kind. "
            "Export it anew with torch.onnx.export."
        ) from error
    return whole


def _input_shape(file: Path, graph: Any) -> tuple[int | None, ...]:
    """Return (B, C, h, w) of the one input, None for what may be of any size."""
    fed = [each for each in graph.inputs if each.name not in graph.initializers]
    sizes = [] if len(fed) != 1 or fed[0].shape is None else list(fed[0].shape)
    kind = fed[0].dtype.name if len(fed) == 1 and fed[0].dtype is not None else ""
    if len(sizes) != 4 or kind != "FLOAT" or len(graph.outputs) != 1:
        raise ModelError(
            f"{file}: expected one input of slices (B, C, h, w) in float32 and one output, found "
            f"{len(fed)} inputs ({', '.join(map(str, sizes))} {kind.lower()}) and "
            f"{len(graph.outputs)} outputs. Export the network alone, in float32."
        )
    return tuple(size if isinstance(size, int) else None for size in sizes)


def _spec(file: Path, whole: Any, contract: GraphContract) -> ModelSpec:
    """Return what the file tells of itself, and over it what is said."""
    kept = whole.metadata_props.get(SPEC_ENTRY)
    told = ModelSpec(id=contract.model_id, title=contract.model_id, architecture="")
    if kept is not None:
        try:
            told = decode_json(kept.encode(), ModelSpec)
        except msgspec.DecodeError as error:
            raise ModelError(
                f"{file}: expected the specification of a model under {SPEC_ENTRY}, found: "
                f"{error}. Export it anew, or with the version of Overread that wrote it."
            ) from error
    post = told.postprocessing
    if contract.threshold is not None:
        post = msgspec.structs.replace(post, threshold=contract.threshold)
    return msgspec.structs.replace(
        told,
        id=contract.model_id,
        title=contract.title or told.title,
        architecture=GRAPH_ARCHITECTURE,
        channels=contract.channels or told.channels or LGG_CHANNELS,
        preprocessing=contract.preprocessing or told.preprocessing,
        postprocessing=post,
        output=contract.labels or told.output,
        stride=contract.stride or told.stride,
        parameters=_parameters(whole.graph),
        members=(),
    )


def _parameters(graph: Any) -> int:
    tensors = (each.const_value for each in graph.initializers.values())
    return sum(t.size for t in tensors if t is not None and t.dtype.is_floating_point())


def _with_input(file: Path, spec: ModelSpec, shape: tuple[int | None, ...]) -> ModelSpec:
    """Return the specification, its size and stride those of the input; raises `ModelError`."""
    _, planes, height, width = shape
    seen = spec.preprocessing
    if planes is not None and planes != spec.network.in_channels:
        raise ModelError(
            f"{file}: expected an input of {spec.network.in_channels} channels "
            f"({', '.join(spec.channels)}, with {seen.neighbours} neighbours on each side), found "
            f"{planes}. Name its channels with --channel, and the neighbours in --preprocessing."
        )
    # Slices are squares: where one side is of any size, the other says which.
    height, width = height or width, width or height
    stride = spec.stride or (_DEFAULT_STRIDE if height is None else 1)
    if height is None:
        return msgspec.structs.replace(spec, stride=stride)
    side = None if seen.size is None else -(-seen.size // stride) * stride
    if height != width or (side not in (None, height)):
        raise ModelError(
            f"{file}: expected an input of {side or 'as many'} pixels a side, found "
            f"{height}×{width}. Give its size in --preprocessing, or export it for squares."
        )
    fixed = msgspec.structs.replace(seen, size=seen.size or height)
    return msgspec.structs.replace(spec, stride=stride, preprocessing=fixed)


def _end_in_logits(
    file: Path, whole: Any, output: GraphOutput, kind: OutputKind | None = None
) -> bool:
    """Take a last sigmoid away, or undo the probability it is said to end in.

    Return whether it is known to end in logits.
    """
    graph = whole.graph
    last = graph.outputs[0].producer()
    ends = ("Sigmoid",) if kind != "classes" else ("Softmax",)
    if last is not None and last.op_type in ends and output != "logits":
        graph.outputs[0] = last.inputs[0]
        if not last.outputs[0].uses():
            graph.remove(last)
        return True
    if output == "probability":
        # The logit of a softmax has another softmax; its logarithm has the same.
        _add_logit(file, whole, alone=kind != "classes")
    return output != "auto"


def _add_logit(file: Path, whole: Any, *, alone: bool) -> None:
    import onnx_ir

    if whole.opset_imports.get("", 0) < _CLIP_OPSET:
        raise ModelError(
            f"{file}: expected a network of ONNX's opset {_CLIP_OPSET} or later, found "
            f"{whole.opset_imports.get('', 'none')}. Export it anew with opset_version=17."
        )
    graph = whole.graph
    end = graph.outputs[0]

    def constant(name: str, value: float) -> Any:
        tensor = onnx_ir.tensor(np.array(value, np.float32), name=f"overread.{name}")
        made = onnx_ir.Value(
            name=tensor.name,
            shape=onnx_ir.Shape(()),
            type=onnx_ir.TensorType(tensor.dtype),
            const_value=tensor,
        )
        graph.register_initializer(made)
        return made

    def node(kind: str, *inputs: Any) -> Any:
        made = onnx_ir.Node("", kind, list(inputs), num_outputs=1)
        made.outputs[0].name = f"overread.{kind.lower()}.{len(graph)}"
        made.outputs[0].dtype, made.outputs[0].shape = end.dtype, end.shape
        graph.append(made)
        return made.outputs[0]

    inside = node("Clip", end, constant("lowest", _NEAREST), constant("highest", 1 - _NEAREST))
    if not alone:
        graph.outputs[0] = node("Log", inside)
        return
    other = node("Sub", constant("one", 1.0), inside)
    graph.outputs[0] = node("Sub", node("Log", inside), node("Log", other))


def _write(whole: Any, folder: Path, file: Path) -> None:
    """Write the graph, and beside it the file of its weights, which the graph refers to."""
    import onnx_ir
    from safetensors.numpy import save_file

    graph = whole.graph
    graph.inputs[0].name, graph.outputs[0].name = _INPUT, _OUTPUT
    whole.metadata_props.clear()
    kinds = (onnx_ir.DataType.FLOAT, onnx_ir.DataType.FLOAT16)
    kept: dict[str, Any] = {}
    for name, value in graph.initializers.items():
        tensor = value.const_value
        if tensor is not None and tensor.dtype in kinds and tensor.nbytes >= _SMALLEST:
            kept[name] = np.ascontiguousarray(tensor.numpy())
    odd = next((name for name, values in kept.items() if not np.isfinite(values).all()), None)
    if odd is not None:
        raise ModelError(
            f"{file}: expected weights that are numbers, found NaN or infinity in {odd}. "
            "Export the network of a step before."
        )
    save_file(kept, folder / WEIGHTS_FILE)
    places = stored_tensors(folder / WEIGHTS_FILE)
    for name in kept:
        value = graph.initializers[name]
        value.const_value = onnx_ir.ExternalTensor(
            WEIGHTS_FILE,
            places[name].offset,
            places[name].length,
            value.const_value.dtype,
            shape=value.const_value.shape,
            name=name,
            base_dir=str(folder),
        )
    onnx_ir.save(whole, folder / GRAPH_FILE)


def _check(file: Path, model: Model, *, told: bool) -> None:
    """Run the network on noise; raises `ModelError` where it does not give logits of slices."""
    spec = model.spec
    stride = spec.stride or 1
    side = -(-(spec.preprocessing.size or _TRIED_SIDE) // stride) * stride
    noise = np.random.default_rng(0).normal(size=(2, spec.network.in_channels, side, side))
    network = open_network(model)
    network.place("cpu")
    try:
        logits: FloatArray = network.logits(noise.astype(np.float32))
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
    if logits.shape != (2, spec.logits, side, side) or not np.isfinite(logits).all():
        counted = "one logit" if spec.logits == 1 else f"{spec.logits} logits"
        wanted = "Let the network end in one channel, the foreground's, or say with --labels or "
        raise ModelError(
            f"{file}: expected {counted} a pixel, (B, {spec.logits}, {side}, {side}), found "
            f"{logits.shape[1:]} a slice{'' if np.isfinite(logits).all() else ', not all numbers'}."
            f" {wanted}--regions what its channels are; of labels the background is the first."
        )
    if not told and logits.min() >= 0 and logits.max() <= 1:
        raise ModelError(
            f"{file}: expected logits, found numbers of 0 to 1 alone. If they are a probability, "
            "say so with --output probability, else --output logits."
        )
