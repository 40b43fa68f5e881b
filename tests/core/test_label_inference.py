"""Models of several labels on a volume: every channel, every engine, ensembles, and the cache."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.domain.label_set import LabelSet
from core.domain.model_output import ModelOutput, OutputKind
from core.domain.prediction import Focus, Postprocessing, quantise
from core.inference.engine import Engine
from core.inference.inference_ensemble import open_runner
from core.inference.preprocess import prepare
from core.inference.torch_network import trained_network
from core.inference.volume_inference import Runner, RunOptions
from core.io.datasets.prediction_file import load_prediction, read_prediction, save_prediction
from core.models.certificates import EngineChoice
from core.models.ensembles import combine
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, ModelSpec, Registry, read_model
from tests.core.conftest import Graphed
from tests.core.test_model_output import TUMOUR
from tests.synthetic import head, publish_unet, volume_of

CPU = RunOptions("cpu")
KINDS: tuple[OutputKind, ...] = ("classes", "regions")


def several(root: Path, kind: OutputKind, model_id: str = "three", **fields: object) -> Model:
    made = ModelOutput(kind=kind, labels=TUMOUR)
    return publish_unet(root, model_id, output=made, **fields)


@pytest.mark.parametrize("kind", KINDS)
def test_every_channel_is_that_of_a_plain_forward_pass(tmp_path: Path, kind: OutputKind) -> None:
    model, volume = several(tmp_path, kind).with_engine(EngineChoice("torch", "float32")), head(3)
    prepared = prepare(volume_of(volume), model.spec.preprocessing, stride=16)
    with torch.no_grad():
        logits = trained_network(model)(torch.from_numpy(prepared.batch(range(3))))
    expected = logits.softmax(1)[:, 1:] if kind == "classes" else logits.sigmoid()
    found = Runner(model).predict(volume_of(volume), CPU)
    assert found.several is not None
    assert found.several.channels.shape == (3, *volume.shape[1:])
    plain = quantise(expected.movedim(1, 0).numpy())
    y, x = (
        slice(-box, -box + size)
        for box, size in zip(prepared.grid.box[::2], volume.shape[2:], strict=True)
    )
    apart = np.abs(found.several.channels.astype(int) - plain[..., y, x])
    assert apart.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_flips_average_every_channel_with_the_mirrored_slice(
    tmp_path: Path, kind: OutputKind
) -> None:
    model = several(tmp_path, kind)
    volume = volume_of(head(2))
    found = Runner(model.with_flips(True)).predict(volume, CPU).several
    mirrored = volume_of(np.ascontiguousarray(volume.pixels[..., ::-1]))
    turned = Runner(model.with_flips(True)).predict(mirrored, CPU).several
    assert found is not None
    assert turned is not None
    apart = np.abs(found.channels.astype(float) - turned.channels[..., ::-1])
    assert apart.mean() < 2


@pytest.fixture(scope="module", params=KINDS)
def with_graph(request: pytest.FixtureRequest, graphed: Graphed) -> Model:
    """A model of each kind, its graph beside it."""
    return graphed(request.param)


@pytest.mark.parametrize("engine", ["openvino", "onnx"])
def test_engines_without_torch_give_the_same_channels(with_graph: Model, engine: str) -> None:
    model = with_graph
    assert model.spec.several is not None
    volume = volume_of(head(2))
    exact = Runner(model.with_engine(EngineChoice("torch", "float32"))).predict(volume, CPU)
    other = Runner(model.with_engine(EngineChoice(engine, "float32"))).predict(volume, CPU)
    assert exact.several is not None
    assert other.several is not None
    apart = exact.several.channels.astype(int) - other.several.channels
    assert np.abs(apart).max() <= 1
    assert exact.key != other.key


def test_an_ensemble_is_the_mean_of_every_channel(tmp_path: Path) -> None:
    members = [several(tmp_path, "classes", f"m{n}", seed=n) for n in (1, 2)]
    model = combine(Registry((tmp_path,)), "both", ["m1", "m2"])
    assert model.spec.several == members[0].spec.several
    volume, seen = volume_of(head(2)), {}

    def take(indices: Sequence[int], values: NDArray[np.uint8]) -> None:
        seen.update(dict(zip(indices, np.moveaxis(values, 1, 0), strict=True)))

    found = open_runner(model).predict(volume, CPU, on_slices=take)
    each = [Runner(member).predict(volume, CPU).several for member in members]
    assert found.several is not None
    total = sum(one.channels.astype(float) for one in each if one is not None)
    assert np.abs(found.several.channels - total / 2).max() <= 0.5
    assert np.array_equal(np.stack([seen[z] for z in range(2)], axis=1), found.several.channels)


def test_models_of_other_labels_make_no_ensemble(tmp_path: Path) -> None:
    several(tmp_path, "classes", "a")
    several(tmp_path, "regions", "b")
    with pytest.raises(Exception, match="expected classes Necrosis, Oedema, Enhancing as a has"):
        combine(Registry((tmp_path,)), "both", ["a", "b"])


def test_the_engines_process_gives_the_same_and_every_channel_as_it_comes(
    tmp_path: Path, lender: Engine
) -> None:
    model, volume, parts = several(tmp_path, "regions"), volume_of(head(3)), []
    found = lender.predict(
        volume, model, device="cpu", on_slices=lambda z, values: parts.append(values.shape)
    )
    here = Runner(model).predict(volume, CPU)
    assert found.several is not None
    assert here.several is not None
    apart = found.several.channels.astype(int) - here.several.channels
    assert np.abs(apart).mean() < 1  # another number of threads adds in another order
    assert (found.key, found.focus) == (here.key, here.focus)
    assert {shape[0] for shape in parts} == {3}


def test_a_kept_prediction_comes_back_with_labels_and_focus(tmp_path: Path) -> None:
    found = Runner(several(tmp_path, "regions")).predict(volume_of(head(2)), CPU)
    path = tmp_path / "kept.npz"
    save_prediction(path, found.focused(Focus(TUMOUR, TUMOUR.region("Enhancing tumour"))))
    back = load_prediction(path, key=found.key)
    assert back is not None
    assert back.several is not None
    assert found.several is not None
    assert np.array_equal(back.several.channels, found.several.channels)
    assert back.several.output == found.several.output
    assert back.focus == TUMOUR.region("Whole tumour")
    again = back.label_map(Postprocessing())
    assert np.array_equal(again, found.label_map(Postprocessing()))


def test_a_kept_prediction_of_other_channels_is_a_miss(tmp_path: Path) -> None:
    found = Runner(several(tmp_path, "regions")).predict(volume_of(head(2)), CPU)
    path = tmp_path / "kept.npz"
    save_prediction(path, found)
    with np.load(path) as archive:
        entries = dict(archive)
    np.savez(path, **{**entries, "probability": entries["probability"][:2]})
    assert read_prediction(path) is None


def test_labels_change_the_fingerprint_and_their_names_do_not(tmp_path: Path) -> None:
    model = several(tmp_path, "regions")
    renamed = LabelSet(
        TUMOUR.labels,
        tuple(type(region)(region.name.upper(), region.values) for region in TUMOUR.regions),
    )
    spec = model.spec

    def fingerprint(output: ModelOutput | msgspec.UnsetType) -> str:
        return Model(msgspec.structs.replace(spec, output=output), model.folder).fingerprint

    named = ModelOutput(kind="regions", labels=renamed)
    assert fingerprint(named) == model.fingerprint
    assert fingerprint(ModelOutput(kind="classes", labels=TUMOUR)) != model.fingerprint
    assert fingerprint(msgspec.UNSET) != model.fingerprint


def test_the_file_of_a_binary_model_says_nothing_of_labels(tmp_path: Path) -> None:
    model = publish_unet(tmp_path)
    assert b'"output"' not in (model.folder / "model.json").read_bytes()
    assert read_model(model.folder).spec.several is None


def test_what_a_binary_model_is_filed_under_is_what_it_always_was(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"weights")
    spec = ModelSpec(
        id="m",
        title="M",
        architecture="unet",
        arguments={"init_features": 2},
        preprocessing=Preprocessing(size=64),
        flips=True,
        logit_offset=0.5,
    )
    # Taken from the version before there were models of several labels.
    assert Model(spec, tmp_path).fingerprint == "914abfcfe1f2dc9fbebfd27eeb9c81c7"
