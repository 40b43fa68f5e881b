"""Networks as ONNX become models: their contract is read or asked for, and shown by a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx_ir
import pytest
import torch

from core.domain.errors import ModelError
from core.inference.graph_import import GraphContract, import_graph
from core.inference.inference_ensemble import open_runner
from core.inference.model_export import export_model
from core.inference.volume_inference import RunOptions
from core.models.certificates import TORCH, EngineChoice
from core.models.ensembles import combine, pack_members, require_trainable
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, Registry, prediction_key
from core.studies.certification import certify
from tests.command_line import run_main
from tests.synthetic import head, volume_of

SIDE = 32
SEEN = Preprocessing(crop="head", size=SIDE)


def network(
    path: Path,
    *ends: str,
    shape: tuple[int | str, ...] = ("batch", 3, SIDE, SIDE),
    features: int = 40,
    scale: float = 3.0,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write two convolutions as ONNX, and what they end in."""
    chance = np.random.default_rng(0)
    planes = shape[1] if isinstance(shape[1], int) else 3
    first = chance.normal(size=(features, planes, 3, 3)).astype(np.float32)
    second = chance.normal(size=(1, features, 1, 1)).astype(np.float32) * scale
    weights = [_constant("first", first), _constant("second", second)]
    given = _value("image", shape)
    steps = [_conv(given, weights[0], 1)]
    steps.append(onnx_ir.node("Relu", [steps[-1].outputs[0]]))
    steps.append(_conv(steps[-1].outputs[0], weights[1], 0))
    for end in ends:
        if end == "Pooled":
            steps += _there_and_back(steps[-1].outputs[0])
            continue
        steps.append(onnx_ir.node(end, [steps[-1].outputs[0]]))
    last = steps[-1].outputs[0]
    last.name, last.dtype = "mask", onnx_ir.DataType.FLOAT
    last.shape = onnx_ir.Shape((shape[0], 1, *shape[2:]))
    graph = onnx_ir.Graph(
        [given], [last], nodes=steps, initializers=weights, opset_imports={"": 17}, name="g"
    )
    whole = onnx_ir.Model(graph, ir_version=10)
    whole.metadata_props.update(metadata or {})
    onnx_ir.save(whole, path)
    return path


def _constant(name: str, values: np.ndarray) -> onnx_ir.Value:
    tensor = onnx_ir.tensor(values, name=name)
    return onnx_ir.Value(
        name=name, shape=tensor.shape, type=onnx_ir.TensorType(tensor.dtype), const_value=tensor
    )


def _value(name: str, shape: tuple[int | str, ...]) -> onnx_ir.Value:
    return onnx_ir.Value(
        name=name, shape=onnx_ir.Shape(shape), type=onnx_ir.TensorType(onnx_ir.DataType.FLOAT)
    )


def _conv(given: Any, weight: Any, padding: int) -> onnx_ir.Node:
    return onnx_ir.node("Conv", [given, weight], attributes={"pads": [padding] * 4})


def _there_and_back(given: Any) -> list[onnx_ir.Node]:
    """Return half the size, twice that, and the sum of it and what was given."""
    half = onnx_ir.node("MaxPool", [given], attributes={"kernel_shape": [2, 2], "strides": [2, 2]})
    flat = onnx_ir.node("ReduceMax", [half.outputs[0]], attributes={"axes": [1], "keepdims": 1})
    deep = onnx_ir.node("Concat", [flat.outputs[0]] * 4, attributes={"axis": 1})
    whole = onnx_ir.node("DepthToSpace", [deep.outputs[0]], attributes={"blocksize": 2})
    return [half, flat, deep, whole, onnx_ir.node("Add", [given, whole.outputs[0]])]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry((tmp_path / "models",))


def found(model: Model, engine: str = "auto") -> np.ndarray:
    chosen = model.with_engine(EngineChoice(engine))
    return open_runner(chosen).predict(volume_of(head(3, (40, 32))), RunOptions("cpu")).probability


def test_a_network_as_onnx_predicts(home: Path, tmp_path: Path, registry: Registry) -> None:
    contract = GraphContract("new", "New", preprocessing=SEEN, threshold=0.4)
    model = import_graph(network(tmp_path / "new.onnx"), contract, registry)
    again = registry.find("new")
    assert again.spec == model.spec
    assert again.spec.postprocessing.threshold == 0.4
    assert again.spec.parameters == 40 * 3 * 9 + 40
    assert again.engine == EngineChoice("openvino", "float32")
    assert len(np.unique(found(again))) > 10
    pytest.importorskip("onnxruntime")
    assert np.abs(found(again).astype(int) - found(again, "onnx")).max() <= 1


def test_probabilities_are_taken_for_what_they_are(
    home: Path, tmp_path: Path, registry: Registry
) -> None:
    plain = import_graph(
        network(tmp_path / "plain.onnx"), GraphContract("plain", preprocessing=SEEN), registry
    )
    seen = import_graph(
        network(tmp_path / "seen.onnx", "Sigmoid"), GraphContract("seen", preprocessing=SEEN),
        registry,
    )  # fmt: skip
    assert np.array_equal(found(seen), found(plain))
    hidden = network(tmp_path / "hidden.onnx", "Sigmoid", "Identity")
    with pytest.raises(ModelError, match="numbers of 0 to 1 alone"):
        import_graph(hidden, GraphContract("hidden", preprocessing=SEEN), registry)
    said = GraphContract("hidden", preprocessing=SEEN, output="probability")
    change = found(import_graph(hidden, said, registry)).astype(int) - found(plain)
    assert np.abs(change).max() <= 1


def test_a_graph_for_one_slice_at_a_time_runs(
    home: Path, tmp_path: Path, registry: Registry
) -> None:
    file = network(tmp_path / "one.onnx", shape=(1, 3, SIDE, SIDE))
    model = import_graph(file, GraphContract("one"), registry)
    assert model.spec.preprocessing.size == SIDE
    assert found(model).any()
    pytest.importorskip("onnxruntime")
    assert np.abs(found(model).astype(int) - found(model, "onnx")).max() <= 1


def test_a_graph_for_some_slices_at_a_time_is_given_as_many(
    home: Path, tmp_path: Path, registry: Registry
) -> None:
    pytest.importorskip("onnxruntime")
    file = network(tmp_path / "two.onnx", shape=(2, 3, SIDE, SIDE))
    model = import_graph(file, GraphContract("two"), registry)
    # Three slices: the second time there is but one.
    assert np.abs(found(model).astype(int) - found(model, "onnx")).max() <= 1


@pytest.mark.parametrize("shape", [("b", 3, "h", SIDE), ("b", 3, SIDE, "w")])
def test_one_side_that_is_fixed_says_the_size_of_slices(
    home: Path, tmp_path: Path, registry: Registry, shape: tuple[int | str, ...]
) -> None:
    pytest.importorskip("onnxruntime")
    model = import_graph(network(tmp_path / "w.onnx", shape=shape), GraphContract("w"), registry)
    assert model.spec.preprocessing.size == SIDE
    assert np.abs(found(model).astype(int) - found(model, "onnx")).max() <= 1


@pytest.mark.parametrize("engine", ["openvino", "onnx"])
def test_slices_that_a_graph_does_not_take_are_told(
    home: Path, tmp_path: Path, registry: Registry, engine: str
) -> None:
    if engine == "onnx":
        pytest.importorskip("onnxruntime")
    # Pooled and taken back, a side that is odd ends one pixel short.
    file = network(tmp_path / "even.onnx", "Pooled", shape=("b", 3, "h", "w"))
    model = import_graph(file, GraphContract("even", stride=2), registry)
    spec = msgspec.structs.replace(model.spec, stride=1)
    odd = replace(model.with_engine(EngineChoice(engine)), spec=spec)
    with pytest.raises(ModelError, match=r"runs on slices of 39×33, found one that does not"):
        open_runner(odd).predict(volume_of(head(3, (39, 33))), RunOptions("cpu"))


def test_slices_of_any_size_keep_theirs(home: Path, tmp_path: Path, registry: Registry) -> None:
    file = network(tmp_path / "any.onnx", shape=("b", "c", "h", "w"))
    model = import_graph(file, GraphContract("any", stride=8), registry)
    assert (model.spec.preprocessing.size, model.spec.stride) == (None, 8)
    assert found(model).any()


def test_another_graph_is_another_model(home: Path, tmp_path: Path, registry: Registry) -> None:
    one = import_graph(network(tmp_path / "a.onnx"), GraphContract("a"), registry)
    two = import_graph(network(tmp_path / "b.onnx", "Relu"), GraphContract("b"), registry)
    volume = volume_of(head(2))
    assert one.weights.read_bytes() == two.weights.read_bytes()
    assert prediction_key(one, volume) != prediction_key(two, volume)


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"shape": ("b", 9, SIDE, SIDE)}, {}, r"an input of 3 channels .* found 9\. .*--channel"),
    ({"shape": ("b", 3, SIDE, 48)}, {}, r"found 32×48"),
    ({}, {"preprocessing": Preprocessing(size=64)}, r"an input of 64 pixels a side, found 32×32"),
    ({"shape": ("b", 3, SIDE)}, {}, r"one input of slices \(B, C, h, w\)"),
    ({"metadata": {"overread": "{}"}}, {}, "the specification of a model under overread"),
    ({"scale": float("nan"), "features": 400}, {}, "weights that are numbers, found NaN"),
    ({"ends": ("Abacus",)}, {}, "a network that runs on slices of 32×32|damaged|cannot read"),
    ({"ends": ("GlobalAveragePool",)}, {}, r"one logit a pixel, .* found \(1, 1, 1\) a slice"),
]


@pytest.mark.parametrize(("made", "said", "sentence"), REFUSED, ids=lambda each: str(each)[:30])
def test_what_does_not_hold_is_told(
    home: Path, tmp_path: Path, registry: Registry,
    made: dict[str, Any], said: dict[str, Any], sentence: str,
) -> None:  # fmt: skip
    options = dict(made)
    file = network(tmp_path / "odd.onnx", *options.pop("ends", ()), **options)
    with pytest.raises(ModelError, match=sentence):
        import_graph(file, GraphContract("odd", **said), registry)
    assert registry.models() == ([], [])


@pytest.mark.parametrize("content", [None, b"", b"\x08\x0a no network", b"PK\x03\x04"])
def test_what_is_no_network_is_told(
    home: Path, tmp_path: Path, registry: Registry, content: bytes | None
) -> None:
    file = tmp_path / "odd.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"odd\.onnx: expected"):
        import_graph(file, GraphContract("odd"), registry)


def test_weights_outside_the_folder_of_the_file_are_not_read(
    home: Path, tmp_path: Path, registry: Registry
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    file = network(inside / "net.onnx")
    whole = onnx_ir.load(file)
    (tmp_path / "secret").write_bytes(bytes(1 << 16))
    first = whole.graph.initializers["first"]
    first.const_value = onnx_ir.ExternalTensor(
        "../secret", 0, first.const_value.nbytes, first.const_value.dtype,
        shape=first.const_value.shape, name="first", base_dir=str(inside),
    )  # fmt: skip
    file.write_bytes(onnx_ir.to_proto(whole).SerializeToString())
    with pytest.raises(ModelError, match=r"expected a file of ONNX|expected a network as ONNX"):
        import_graph(file, GraphContract("net"), registry)


def test_torch_neither_runs_nor_trains_it(home: Path, tmp_path: Path, registry: Registry) -> None:
    model = import_graph(network(tmp_path / "a.onnx"), GraphContract("a"), registry)
    with pytest.raises(ModelError, match=r"imported as ONNX\. Choose the engine openvino"):
        open_runner(model.with_engine(TORCH))
    with pytest.raises(ModelError, match="a network that PyTorch can build to start from"):
        require_trainable(model.spec)
    with pytest.raises(ModelError, match="computes it without a certificate"):
        certify(model, [TORCH], ())
    with pytest.raises(ModelError, match="Export it as onnx or openvino"):
        export_model(model, tmp_path / "out", "pt")


def test_a_packed_ensemble_keeps_the_graphs_of_its_members(
    home: Path, tmp_path: Path, registry: Registry
) -> None:
    import_graph(network(tmp_path / "a.onnx"), GraphContract("a"), registry)
    import_graph(network(tmp_path / "b.onnx", "Relu"), GraphContract("b"), registry)
    both = combine(registry, "both", ["a", "b"])
    expected = found(both)
    packed = pack_members(both)
    assert [member.folder.parent for member in packed.members] == [both.folder] * 2
    assert np.array_equal(found(packed), expected)


def test_the_command_says_what_it_took(home: Path, tmp_path: Path) -> None:
    network(tmp_path / "mine.onnx", "Sigmoid", shape=("b", 2, SIDE, SIDE))
    named = ("--channel", "FLAIR", "--channel", "T1")
    done = run_main(home, "models", "import", tmp_path / "mine.onnx", *named)
    assert "mine imported into" in done.stdout
    shown = run_main(home, "models", "show", "mine").stdout
    spec = msgspec.json.decode(shown[: shown.rindex("}") + 1])
    assert (spec["architecture"], spec["channels"]) == ("onnx", ["FLAIR", "T1"])
    done = run_main(home, "models", "import", tmp_path / "mine.onnx", "--architecture", "unet")
    assert "expected no --architecture" in done.stderr
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "mine.pt")
    done = run_main(home, "models", "import", tmp_path / "mine.pt")
    assert "Expected --architecture, one of unet" in done.stderr
