"""Models of several labels as files for other programs, and back."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from core.domain.errors import ModelError
from core.domain.model_output import ModelOutput, OutputKind
from core.inference.graph_import import GraphContract, import_graph
from core.inference.inference_ensemble import open_runner
from core.inference.model_export import export_model
from core.inference.torch_network import trained_network
from core.inference.volume_inference import RunOptions
from core.models.certificates import EngineChoice
from core.models.model_import import import_weights
from core.models.networks.builder import build_network
from core.models.networks.weights import read_state_dict
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, ModelSpec, Registry
from core.models.wanted_labels import read_output
from tests.core.conftest import Graphed
from tests.core.test_label_inference import KINDS, several
from tests.core.test_model_output import TUMOUR
from tests.core.test_torch_bundle import _parsed
from tests.synthetic import head, volume_of

SEEN = Preprocessing(crop="head", size=32)


def channels(model: Model) -> np.ndarray:
    found = open_runner(model).predict(volume_of(head(2)), RunOptions("cpu")).several
    assert found is not None
    return found.channels.astype(int)


Sent = Callable[[OutputKind], tuple[Model, Path]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, graphed: Graphed) -> Sent:
    """A model of a kind and its file of ONNX, made once."""

    @cache
    def made(kind: OutputKind) -> tuple[Model, Path]:
        model = graphed(kind)
        return model, export_model(model, tmp_path_factory.mktemp("exported") / "net", "onnx")

    return made


def _small(root: Path, kind: OutputKind) -> Model:
    """Publish a network of few layers, whose graph is soon made, with random weights."""
    spec = ModelSpec(
        id="small",
        title="Small",
        architecture="monai-unet",
        arguments={"features": [2, 4], "strides": [2], "units": 0, "norm": "batch"},
        preprocessing=SEEN,
        output=ModelOutput(kind=kind, labels=TUMOUR),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = build_network(spec.network, spec.logits).state_dict()
    file = root.with_suffix(".safetensors")
    save_file({name: tensor * 4 for name, tensor in state.items()}, file)
    return Registry((root,)).publish(spec, file)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """A model of a kind, and its network as another program exports it, ending in probabilities."""

    @cache
    def made(kind: OutputKind) -> tuple[Model, Path]:
        place = tmp_path_factory.mktemp("ended")
        model = _small(place / "models", kind)
        network = trained_network(model)
        end = torch.nn.Softmax(1) if kind == "classes" else torch.nn.Sigmoid()
        whole = torch.nn.Sequential(network, end).eval()
        shape = torch.zeros(1, 3, 32, 32)
        file = place / "foreign.onnx"
        torch.onnx.export(whole, (shape,), file, dynamo=True, verbose=False)
        return model, file

    return made


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_goes_out_and_comes_back_with_its_labels(
    tmp_path: Path, exported: Sent, kind: OutputKind
) -> None:
    model, file = exported(kind)
    back = import_graph(file, GraphContract("back"), Registry((tmp_path / "others",)))
    assert back.spec.several == model.spec.several
    exact = channels(model.with_engine(EngineChoice("torch", "float32")))
    assert np.abs(channels(back) - exact).max() <= 1


def _hide_end(file: Path, target: Path) -> Path:
    """Write the network of a file so that it cannot be seen what it ends in."""
    whole = onnx.load(file)
    (end,) = whole.graph.output
    whole.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(1), "one"))
    whole.graph.node.append(onnx.helper.make_node("Mul", [end.name, "one"], ["hidden"]))
    end.name = "hidden"
    onnx.save(whole, target)
    return target


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("told", [False, True])
def test_a_foreign_network_may_end_in_probabilities(
    tmp_path: Path, ended: Sent, kind: OutputKind, told: bool
) -> None:
    model, file = ended(kind)
    if told:
        file = _hide_end(file, tmp_path / "hidden.onnx")
    names = {"classes": ("A,B,C", ""), "regions": ("A,B,C", "W=1+2+3,T=1+3,E=3")}
    contract = GraphContract(
        "foreign",
        preprocessing=SEEN,
        output="probability" if told else "auto",
        labels=read_output(*names[kind]),
    )
    back = import_graph(file, contract, Registry((tmp_path / "others",)))
    assert back.spec.several is not None
    assert back.spec.several.told == ModelOutput(kind=kind, labels=TUMOUR).told
    exact = channels(model.with_engine(EngineChoice("torch", "float32")))
    assert np.abs(channels(back) - exact).max() <= 1


def test_a_network_of_other_channels_than_said_is_refused(tmp_path: Path, exported: Sent) -> None:
    _, file = exported("regions")
    contract = GraphContract("back", labels=read_output("A,B", ""))
    import_graph(file, contract, Registry((tmp_path / "one",)))  # two labels and background: three
    contract = GraphContract("back", labels=read_output("A,B,C", ""))
    with pytest.raises(ModelError, match="expected 4 logits a pixel"):
        import_graph(file, contract, Registry((tmp_path / "two",)))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", KINDS)
def test_monai_runs_the_bundle_and_knows_its_channels(tmp_path: Path, kind: OutputKind) -> None:
    model = several(tmp_path / "models", kind, logit_offset=0.5)
    folder = export_model(model, tmp_path / "bundle", "bundle")
    said = json.loads((folder / "configs" / "metadata.json").read_text())
    pred = said["network_data_format"]["outputs"]["pred"]
    names = [region.name for region in model.spec.several.channels]  # type: ignore[union-attr]
    expected = ["background", *names] if kind == "classes" else names
    assert list(pred["channel_def"].values()) == expected
    assert pred["num_channels"] == len(expected)
    slices = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        logits = trained_network(model)(slices)
        found = _parsed(folder, "probabilities")(logits)  # type: ignore[operator]
    if kind == "regions":
        torch.testing.assert_close(found, torch.sigmoid(logits + 0.5))
    else:
        raised = logits + torch.tensor([0, 0.5, 0.5, 0.5])[:, None, None]
        torch.testing.assert_close(found, raised.softmax(1))


def test_weights_are_imported_with_the_labels_that_are_said(tmp_path: Path) -> None:
    model = several(tmp_path / "models", "classes")
    file = tmp_path / "weights.safetensors"
    save_file(read_state_dict(model.weights), file)
    spec = ModelSpec(
        id="back",
        title="Back",
        architecture="unet",
        arguments=model.spec.arguments,
        output=read_output("A,B,C", ""),  # type: ignore[arg-type]
    )
    back = import_weights(file, spec, Registry((tmp_path / "others",)))
    assert np.array_equal(channels(back), channels(model))


def test_what_is_said_of_regions_is_read_or_refused_in_a_sentence() -> None:
    found = read_output("Necrosis,Oedema", "Whole=1+2,Core=1")
    assert found is not None
    assert found.paints == (2, 1)
    assert [label.name for label in found.labels.labels] == ["Necrosis", "Oedema"]
    assert read_output("", "") is None
    for wrong in ("Whole", "Whole=a", "Core=1,Whole=1"):
        with pytest.raises(ModelError, match="expected NAME=1\\+3"):
            read_output("", wrong)
