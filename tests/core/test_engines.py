"""Engines that compute networks: the same answer as torch, chosen only where that was shown."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from core.cli.models import certify_model
from core.domain.errors import ModelError
from core.inference.child_environment import child_environment
from core.inference.engines import check_device, engines, open_network
from core.inference.graph_import import GraphContract, import_graph
from core.inference.inference_ensemble import open_runner
from core.inference.loaded_network import LoadedNetwork, begin
from core.inference.model_export import ExportFormat, export_model
from core.inference.model_graph import prepare_graph
from core.inference.torch_network import trained_network
from core.inference.volume_inference import RunOptions
from core.io.datasets.dataset import scan
from core.io.resource_paths import resource
from core.models.certificates import (
    GRAPH_FILE,
    TORCH,
    Certificate,
    EngineChoice,
    engine_for,
    file_hash,
    read_certificates,
    valid_certificates,
    write_certificates,
)
from core.models.model_changes import copy_model
from core.models.model_import import import_weights
from core.models.network_graph import EXACT_END
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, ModelSpec, Registry, prediction_key, read_model
from core.studies.certification import certify
from core.workspace.settings import HOME_VARIABLE
from tests.core.conftest import Graphed
from tests.synthetic import head, publish_unet, volume_of, write_case

EXACT = EngineChoice("openvino", "float32")
MIXED = EngineChoice("openvino", "mixed")
OPENVINO, ONNX = "openvino", "onnx"
SEEN = Preprocessing(crop="head", size=32)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="module")
def whole(home: Path, graphed: Graphed) -> Model:
    """A model with its graph; tests that change it copy its folder."""
    return graphed("one")


@pytest.fixture
def model(whole: Model, tmp_path: Path) -> Model:
    folder = tmp_path / "models" / whole.spec.id
    folder.mkdir(parents=True)
    for path in whole.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return read_model(folder)


def certified(model: Model, **changes: object) -> Model:
    """Return the model with a certificate that was never earned."""
    kept = valid_certificates(model.folder, model.weights)
    assert kept is not None
    made = Certificate(
        engine="openvino", precision="float32", cases=3, largest_voxel=0.004, mean_voxel=0.0,
        largest_dsc=0.0, mean_dsc=0.0, speed=2.0,
    )  # fmt: skip
    made = msgspec.structs.replace(made, **changes)
    write_certificates(model.folder, msgspec.structs.replace(kept, certificates=(made,)))
    return read_model(model.folder)


def opened(model: Model, engine: str) -> LoadedNetwork:
    if engine == ONNX:
        pytest.importorskip("onnxruntime", reason="the extra overread[onnx]")
    network = open_network(model, wanted=EngineChoice(engine, "float32"))
    assert network.place("cpu") == "cpu"
    return network


@pytest.mark.parametrize("engine", ["torch", OPENVINO, ONNX])
def test_every_engine_gives_the_logits_of_the_network(whole: Model, engine: str) -> None:
    values = np.random.default_rng(0).normal(size=(5, 3, 32, 32)).astype(np.float32)
    with torch.no_grad():
        expected = trained_network(whole)(torch.from_numpy(values)).numpy()
    network = opened(whole, engine)
    assert np.abs(network.logits(values) - expected).max() < 1e-3
    assert np.abs(expected).max() > 0.1
    assert network.stride == 16


def test_a_prediction_is_the_same_by_openvino(whole: Model) -> None:
    volume = volume_of(head(6, (40, 32)))
    found = [
        open_runner(whole.with_flips(True).with_engine(each)).predict(volume, RunOptions("cpu"))
        for each in (EngineChoice("torch", "float32"), EXACT)
    ]
    assert np.abs(found[0].probability.astype(int) - found[1].probability).max() <= 1
    assert found[0].probability.any()
    assert len({each.key for each in found}) == 2


def test_the_graph_holds_no_weights(whole: Model) -> None:
    assert (whole.folder / GRAPH_FILE).stat().st_size < whole.weights.stat().st_size
    assert str(whole.folder).encode() not in (whole.folder / GRAPH_FILE).read_bytes()


def test_auto_is_torch_until_something_faster_is_certified(model: Model) -> None:
    assert model.engine == TORCH
    assert certified(model).engine == EXACT
    assert certified(model, largest_dsc=0.006).engine == TORCH
    assert certified(model, speed=0.9).engine == TORCH
    assert certified(model, engine="abacus").engine == TORCH
    assert certified(model, largest_dsc=None).engine == EXACT
    assert certified(model, largest_dsc=None, largest_voxel=0.03).engine == TORCH


def test_a_precision_asked_for_is_had(model: Model) -> None:
    made = certified(model)
    assert made.with_engine(EngineChoice("auto", "float32")).engine == EXACT
    wanted = EngineChoice("auto", "bfloat16")
    assert made.with_engine(wanted).engine == EngineChoice("torch", "bfloat16")


def test_mixed_computes_what_float32_does_but_for_its_roundings(whole: Model) -> None:
    slices = np.random.default_rng(2).normal(size=(5, 3, 32, 32)).astype(np.float32)
    exact, mixed = (open_network(whole, wanted=each) for each in (EXACT, MIXED))
    expected = exact.logits(slices)
    assert np.abs(mixed.logits(slices) - expected).max() < 0.05 * np.abs(expected).max()
    # Another size, several batches at once, one of which nobody waits for.
    wide = np.random.default_rng(3).normal(size=(3, 3, 48, 32)).astype(np.float32)
    alone = mixed.logits(wide[1:])
    dropped, fetched = begin(mixed, wide[:1]), begin(mixed, wide[1:])
    assert np.array_equal(fetched(), alone)
    del dropped
    assert np.array_equal(mixed.logits(wide[1:]), alone)


def test_what_was_compiled_is_taken_up_again_and_made_anew_where_it_is_damaged(
    whole: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    slices = np.random.default_rng(4).normal(size=(2, 3, 32, 32)).astype(np.float32)
    fresh = {each: open_network(whole, wanted=each).logits(slices) for each in (EXACT, MIXED)}
    kept = sorted((tmp_path / "compiled").iterdir())
    assert len(kept) == 3  # one of float32, two parts of mixed
    for choice, expected in fresh.items():
        assert np.array_equal(open_network(whole, wanted=choice).logits(slices), expected)
    assert sorted((tmp_path / "compiled").iterdir()) == kept
    for path in kept:
        path.write_bytes(b"no compiled graph")
    for choice, expected in fresh.items():
        assert np.array_equal(open_network(whole, wanted=choice).logits(slices), expected)
    assert all(path.stat().st_size > 100 for path in kept)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_damaged_compiled_graph_moves_no_number(
    whole: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: float
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    slices = np.random.default_rng(4).normal(size=(2, 3, 32, 32)).astype(np.float32)
    expected = open_network(whole, wanted=EXACT).logits(slices)
    (kept,) = (tmp_path / "compiled").iterdir()
    content = bytearray(kept.read_bytes())
    middle = int(len(content) * place)
    for index in range(middle, middle + 400):
        content[index] ^= 0x40
    kept.write_bytes(content)
    assert np.array_equal(open_network(whole, wanted=EXACT).logits(slices), expected)
    assert kept.read_bytes() != content


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_where_no_compiled_graph_can_be_kept_slices_are_computed_all_the_same(
    whole: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    slices = np.random.default_rng(4).normal(size=(2, 3, 32, 32)).astype(np.float32)
    expected = open_network(whole, wanted=EXACT).logits(slices)
    (kept,) = (tmp_path / "compiled").iterdir()
    kept.unlink()
    if taken == "file":
        kept.mkdir()
    else:
        kept.parent.rmdir()
        kept.parent.touch()
    assert np.array_equal(open_network(whole, wanted=EXACT).logits(slices), expected)


def test_a_graph_that_names_no_exact_part_is_not_mixed(model: Model) -> None:
    path = model.folder / GRAPH_FILE
    path.write_bytes(path.read_bytes().replace(EXACT_END.encode(), b"another_1"))
    made = read_certificates(model.folder)
    assert made is not None
    write_certificates(model.folder, msgspec.structs.replace(made, graph=file_hash(path)))
    with pytest.raises(ModelError, match="expected a graph that says which part"):
        open_network(model, wanted=MIXED)
    assert open_network(model, wanted=EXACT).stride == 16


@pytest.mark.parametrize("there", [False, True])
def test_mixed_is_chosen_where_the_processor_computes_in_it(
    model: Model, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr("core.models.certificates.has_bfloat16", lambda: there)
    assert certified(model, precision="mixed").engine == (MIXED if there else TORCH)


@pytest.mark.parametrize(
    ("engine", "precision"), [("openvino", "int3"), ("openvino", ""), ("onnx", "mixed")]
)
def test_a_certificate_of_a_precision_there_is_not_chooses_nothing(
    model: Model, monkeypatch: pytest.MonkeyPatch, engine: str, precision: str
) -> None:
    monkeypatch.setattr("core.models.certificates.find_spec", lambda _: object())
    made = certified(model, engine=engine, precision=precision)
    assert made.engine == TORCH


def test_other_weights_or_another_graph_end_a_certificate(model: Model) -> None:
    made = certified(model)
    graph = (made.folder / GRAPH_FILE).read_bytes()
    (made.folder / GRAPH_FILE).write_bytes(graph + b" ")
    assert read_model(made.folder).engine == TORCH
    with pytest.raises(ModelError, match=r"expected network\.onnx and its certificates"):
        open_network(made, wanted=EXACT)
    (made.folder / GRAPH_FILE).write_bytes(graph)
    assert read_model(made.folder).engine == EXACT
    made.weights.write_bytes(made.weights.read_bytes() + b" ")
    assert read_model(made.folder).engine == TORCH


def test_a_key_tells_engines_and_precisions_apart(model: Model) -> None:
    volume = volume_of(head(2))
    choices = [
        TORCH,
        EngineChoice("torch", "bfloat16"),
        EXACT,
        EngineChoice("openvino", "bfloat16"),
    ]
    keys = [prediction_key(model.with_engine(each), volume) for each in choices]
    assert len(set(keys)) == len(keys)
    assert prediction_key(model, volume) == keys[0]
    assert prediction_key(certified(model), volume) == keys[2]


def test_what_another_engine_predicted_stays_where_it_moves_no_mask(model: Model) -> None:
    exact, rough = EngineChoice("openvino", "float32"), EngineChoice("openvino", "bfloat16")
    plain = model.with_engine(TORCH).computed
    assert model.shown == (plain,)
    made = certified(model)
    assert made.engine == exact
    assert set(made.shown) == {made.computed, plain}
    # Here torch is the fastest, or has a graphics card: what OpenVINO found is shown all the same.
    slower = certified(model, speed=0.5)
    assert slower.engine == TORCH
    assert set(slower.shown) == {plain, made.computed}
    # An engine that is asked for shows its own alone, and one that moves masks is never as good.
    assert made.with_engine(exact).shown == (made.computed,)
    assert made.with_engine(TORCH).shown == (plain,)
    moving = certified(model, precision="bfloat16", largest_dsc=0.02)
    assert moving.with_engine(rough).computed not in moving.shown
    mirrored = made.with_flips(True)
    assert set(mirrored.shown) == {mirrored.computed, model.with_flips(True).computed}
    assert not set(mirrored.shown) & set(made.shown)


def test_a_certificate_of_another_processor_counts(model: Model) -> None:
    assert certified(model, processor="Another one").engine == EXACT


def test_members_of_an_ensemble_have_their_own_engines(model: Model) -> None:
    made = certified(model)
    other = publish_unet(made.folder.parent, "other")
    folder = made.folder.parent / "both"
    folder.mkdir()
    both = ModelSpec(id="both", title="Both", architecture="", members=("tiny", "other"))
    (folder / "model.json").write_bytes(msgspec.json.encode(both))
    found = Registry((made.folder.parent,)).find("both")
    assert [each.engine for each in found.members] == [EXACT, TORCH]
    volume = volume_of(head(3, (40, 32)))
    done = open_runner(found).predict(volume)
    assert done.key == prediction_key(found, volume)
    assert done.key != prediction_key(found.with_engine(TORCH), volume)
    assert other.engine == TORCH


def test_engines_there_are_not_are_sentences(whole: Model) -> None:
    with pytest.raises(ModelError, match=r"one of the engines auto, .*, found 'abacus'"):
        open_network(whole, wanted=EngineChoice("abacus"))
    with pytest.raises(ModelError, match="precisions auto, float32, mixed, bfloat16 of OpenVINO"):
        open_network(whole, wanted=EngineChoice("openvino", "float8"))
    with pytest.raises(ModelError, match="device auto or cpu for the engine openvino"):
        open_network(whole, wanted=EXACT).place("cuda:1")
    with pytest.raises(ModelError, match="Expected a device among auto"):
        check_device("abacus")
    assert set(engines()) >= {"torch", OPENVINO, ONNX}
    assert engine_for("cuda:0", "auto", "auto") == EngineChoice("torch", "auto")


def test_a_model_for_slices_of_any_size_keeps_torch(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="slices of one size"):
        prepare_graph(publish_unet(tmp_path))


def test_a_certificate_tells_what_was_measured(model: Model, tmp_path: Path) -> None:
    for name in "AB":
        write_case(tmp_path / "data", name, slices=3, shape=(40, 32))
    cases = scan(tmp_path / "data").cases
    found, mixed = certify(model, [EXACT, MIXED], cases)
    assert (found.cases, found.engine, found.precision) == (2, "openvino", "float32")
    assert found.largest_voxel <= 1 / 255 + 1e-4
    assert found.largest_dsc == pytest.approx(0, abs=1e-2)
    assert found.speed > 0
    assert set(found.versions) == {"torch", "openvino"}
    kept = valid_certificates(model.folder, model.weights)
    assert kept is not None
    assert kept.certificates == (found, mixed)
    assert (mixed.precision, mixed.cases) == ("mixed", 2)
    assert mixed.speed > 0
    (again,) = certify(model, [EXACT], cases[:1])
    kept = valid_certificates(model.folder, model.weights)
    assert kept is not None
    assert kept.certificates == (mixed, again)


@pytest.mark.parametrize("engine", ["torch", "auto"])
def test_torch_is_not_held_against_itself(tmp_path: Path, engine: str) -> None:
    with pytest.raises(ModelError, match=r"--engine: expected one that is held against torch"):
        certify_model("tiny", tmp_path, engine=engine)


def test_a_certificate_says_what_follows_for_auto(model: Model) -> None:
    def verdict(**changes: object) -> str:
        kept = valid_certificates(certified(model, **changes).folder, model.weights)
        assert kept is not None
        return kept.certificates[0].verdict

    assert "may choose it" in verdict()
    kept = valid_certificates(model.folder, model.weights)
    assert kept is not None
    without = msgspec.structs.replace(kept.certificates[0], largest_dsc=None)
    assert ", a DSC by 0.0000;" in kept.certificates[0].measured
    assert "DSC" not in without.measured
    assert "PyTorch, which is faster" in verdict(speed=0.7)
    assert "does not choose it: 0.005 is" in verdict(largest_dsc=0.006)
    assert "does not choose it: 0.02 is" in verdict(largest_dsc=None, largest_voxel=0.03)


def test_onnx_runtime_warns_of_nothing(whole: Model, capfd: pytest.CaptureFixture[str]) -> None:
    bundled = read_model(resource("models") / "lite0")
    for each in (whole, bundled):
        opened(each, ONNX)
    assert capfd.readouterr() == ("", "")


_ALONE = """
import sys
import numpy as np
from pathlib import Path
from core.inference.graph_import import GraphContract, import_graph
from core.inference.inference_ensemble import open_runner
from core.models.registry import read_model
from tests.core.conftest import Graphed
from tests.synthetic import head, volume_of
model = read_model(Path(sys.argv[1]))
open_runner(model).predict(volume_of(head(2, (40, 32))))
print(*sorted({name.split(".")[0] for name in sys.modules} & {"torch", "timm", "openvino"}))
print(sys.modules["openvino_telemetry"], "multiprocessing.process" in sys.modules)
"""


def test_a_certified_model_runs_without_torch(model: Model, home: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, str(certified(model).folder)],
        cwd=root, capture_output=True, encoding="utf-8",
        env=child_environment(), check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == "openvino"


def test_openvino_tells_nobody_that_it_is_used(model: Model, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, str(certified(model).folder)],
        cwd=Path(__file__).parents[2], capture_output=True, encoding="utf-8",
        env=child_environment(), check=True,
    )  # fmt: skip
    # It sends from a process that it forks, if it can import what sends.
    assert done.stdout.splitlines()[1] == "None False"


def logits_of(path: Path, values: np.ndarray) -> np.ndarray:
    openvino = pytest.importorskip("openvino")
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(path, "CPU", exact)(values)[0]


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_an_exported_network_stands_alone(whole: Model, tmp_path: Path, kind: ExportFormat) -> None:
    path = export_model(whole, tmp_path / "out" / "model", kind)
    values = np.random.default_rng(1).normal(size=(2, 3, 32, 32)).astype(np.float32)
    with torch.no_grad():
        expected = trained_network(whole)(torch.from_numpy(values)).numpy()
    assert np.abs(logits_of(path, values) - expected).max() < 0.05
    assert whole.spec.title.encode() in path.read_bytes()
    with pytest.raises(ModelError, match="expected a name that is free"):
        export_model(whole, path, kind)


@pytest.mark.parametrize("kind", ["safetensors", "pt"])
def test_exported_weights_come_back(whole: Model, tmp_path: Path, kind: ExportFormat) -> None:
    path = export_model(whole, tmp_path / "model", kind)
    spec = msgspec.structs.replace(whole.spec, id="again")
    again = import_weights(path, spec, Registry((tmp_path / "models",)))
    volume = volume_of(head(2, (40, 32)))
    found = [
        open_runner(each.with_engine(TORCH)).predict(volume, RunOptions("cpu"))
        for each in (whole, again)
    ]
    assert np.array_equal(found[0].probability, found[1].probability)
    kept = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=ModelSpec)
    assert kept == whole.spec


def test_an_exported_graph_comes_back(whole: Model, home: Path, tmp_path: Path) -> None:
    registry = Registry((tmp_path / "models",))
    file = export_model(whole, tmp_path / "tiny", "onnx")
    back = import_graph(file, GraphContract("back"), registry)
    assert back.spec.logit_offset == whole.spec.logit_offset == 0.3
    assert (back.spec.title, back.spec.preprocessing) == (whole.spec.title, SEEN)
    again = import_graph(export_model(back, tmp_path / "2", "onnx"), GraphContract("2"), registry)
    models = [back, copy_model(registry, "back", "copied"), again, whole.with_engine(EXACT)]
    volume = volume_of(head(2, (40, 32)))
    found = [open_runner(each).predict(volume, RunOptions("cpu")) for each in models]
    assert all(np.array_equal(each.probability, found[0].probability) for each in found)
    assert found[0].probability.any()


def test_an_ensemble_is_exported_by_its_members(whole: Model, tmp_path: Path) -> None:
    mean = Model(msgspec.structs.replace(whole.spec, members=("tiny",)), tmp_path, (whole,))
    with pytest.raises(ModelError, match=r"the mean of tiny\. Export these instead"):
        export_model(mean, tmp_path / "mean", "onnx")


@pytest.mark.parametrize("engine", ["torch", OPENVINO])
def test_batches_may_be_begun_before_others_are_fetched(whole: Model, engine: str) -> None:
    lot = np.random.default_rng(1)
    batches = [lot.normal(size=(n, 3, 32, 32)).astype(np.float32) for n in (3, 1, 4)]
    network = opened(whole, engine)
    alone = [network.logits(each) for each in batches]
    first, dropped, last = (begin(network, each) for each in batches)
    assert np.array_equal(last(), alone[2])
    assert np.array_equal(first(), alone[0])
    del dropped  # of a run that was cancelled
    assert np.array_equal(network.logits(batches[1]), alone[1])
