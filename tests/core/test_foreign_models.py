"""Models of other programs: a checkpoint of nnU-Net, a bundle of MONAI, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from core.domain.errors import ModelError
from core.domain.grid import Grid
from core.domain.volume import Volume
from core.inference.inference_ensemble import open_runner
from core.inference.model_export import export_model
from core.inference.preprocess import prepare
from core.inference.torch_network import trained_network
from core.inference.volume_inference import RunOptions
from core.models.model_import import SaidOfModel, import_foreign, import_weights
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, ModelSpec, Registry

_FILES = Path(__file__).parent / "foreign"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry((tmp_path / "models",))


def _import(file: Path, registry: Registry, **options: Any) -> Model:
    made = ModelSpec(id="theirs", title="Theirs", architecture="")
    found = import_foreign(file, made, SaidOfModel(**options), registry)
    assert found is not None
    return found[0]


def _monai_unet(arguments: dict[str, Any]) -> nn.Module:
    from monai.networks.nets import UNet  # most of what MONAI can do comes with it

    network: nn.Module = UNet(spatial_dims=2, **arguments)
    return network


def _logits(model: Model, slices: Tensor) -> Tensor:
    network = trained_network(model).eval()
    with torch.no_grad():
        logits: Tensor = network(slices)
    return logits


@pytest.mark.parametrize("name", ["plain", "residual", "regions"])
def test_a_network_of_nnunet_says_what_it_said(name: str, registry: Registry) -> None:
    model = _import(_FILES / f"{name}.pth", registry)
    made = safetensors.torch.load_file(_FILES / f"{name}.safetensors")
    ours, theirs = _logits(model, made["slices"]), made["logits"]
    if name == "plain":
        assert model.spec.several is None
        ours, theirs = torch.sigmoid(ours), torch.softmax(theirs, dim=1)[:, 1:]
    else:
        assert model.spec.several is not None
        assert model.spec.several.kind == ("classes" if name == "residual" else "regions")
    assert (ours - theirs).abs().max() < 1e-5
    assert model.spec.channels == ("T1", "FLAIR")
    assert model.spec.stride == 4
    assert model.spec.preprocessing == Preprocessing(intensity="box", spacing_mm=(0.0, 1.0, 1.0))


def test_a_case_is_prepared_for_it_as_nnunet_does(registry: Registry) -> None:
    model = _import(_FILES / "plain.pth", registry)
    rng = np.random.default_rng(3)
    pixels = np.zeros((2, 3, 16, 24), np.int16)
    pixels[:, :, 4:, 2:20] = rng.integers(-50, 900, (2, 3, 12, 18))
    grid = Grid((3, 16, 24), given_spacing_mm=(5.0, 1.0, 1.0))
    volume = Volume(pixels, ("T1", "FLAIR"), (1, 2, 3), grid)
    found = open_runner(model).predict(volume, RunOptions("cpu")).probability

    box = pixels[:, :, 4:, 2:20].astype(np.float64)
    mean, deviation = (f(axis=(1, 2, 3), keepdims=True) for f in (box.mean, box.std))
    slices = torch.from_numpy(((pixels - mean) / deviation).astype(np.float32)).transpose(0, 1)
    wanted = torch.sigmoid(_logits(model, slices))[:, 0].numpy()
    assert np.abs(found.astype(np.float64) / 255 - wanted).max() < 1 / 255


@given(
    seed=st.integers(0, 99),
    kind=st.sampled_from(["image", "box", "nonzero"]),
    dtype=st.sampled_from(["uint8", "int16", "float32"]),
)
def test_mean_and_deviation_are_of_what_they_are_said_to_be(
    seed: int, kind: Any, dtype: str
) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.zeros((2, 3, 32, 32), dtype)
    pixels[:, 1:, 5:30, 3:20] = (rng.random((2, 2, 25, 17)) * 200).astype(dtype)
    volume = Volume(pixels, ("A", "B"), (1, 2, 3), Grid((3, 32, 32)))
    prepared = prepare(volume, Preprocessing(intensity=kind), stride=1).values
    for channel, made in zip(pixels.astype(np.float64), prepared, strict=True):
        assert np.allclose(made, _standard(channel, pixels, kind), atol=1e-4)


def _standard(channel: NDArray[np.float64], pixels: NDArray[Any], kind: str) -> NDArray[np.float64]:
    if kind == "image":
        return (channel - channel.mean()) / channel.std()
    if kind == "nonzero":
        inside = channel != 0
        return np.where(inside, (channel - channel[inside].mean()) / channel[inside].std(), 0)
    where = np.argwhere((pixels != 0).any(axis=0))
    (z0, y0, x0), (z1, y1, x1) = where.min(axis=0), where.max(axis=0) + 1
    box = channel[z0:z1, y0:y1, x0:x1]
    return (channel - box.mean()) / box.std()


def _changed(tmp_path: Path, change: Any) -> Path:
    checkpoint = torch.load(_FILES / "plain.pth", weights_only=False)
    change(checkpoint["init_args"]["plans"], checkpoint["init_args"])
    torch.save(checkpoint, tmp_path / "checkpoint_final.pth")
    return tmp_path / "checkpoint_final.pth"


def _of_2d(plans: Any, **changes: Any) -> None:
    plans["configurations"]["2d"].update(changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p, _: _of_2d(p, patch_size=[8, 32, 32]), "expected a 2-D configuration"),
        (
            lambda p, _: _of_2d(p, normalization_schemes=["CTNormalization"] * 2),
            "expected ZScoreNormalization of every channel alike",
        ),
        (lambda p, _: _of_2d(p, use_mask_for_norm=[True, False]), "within a mask: True, False"),
        (lambda p, _: p.update(transpose_forward=[2, 0, 1]), "slices lie in another plane"),
        (
            lambda p, _: p["configurations"]["2d"]["architecture"].update(
                network_class_name="their.own.MultiTaskUNet"
            ),
            "found their.own.MultiTaskUNet",
        ),
        (lambda _, i: i.pop("dataset_json"), "expected plans, a configuration and a dataset.json"),
    ],
)
def test_what_of_nnunet_has_no_place_is_refused(
    change: Any, said: str, tmp_path: Path, registry: Registry
) -> None:
    with pytest.raises(ModelError, match=said):
        _import(_changed(tmp_path, change), registry)
    assert registry.models()[0] == []


_ODD_PLANS: tuple[Any, ...] = (
    lambda p, _: p["configurations"]["2d"]["architecture"]["arch_kwargs"].pop("strides"),
    lambda p, _: p["configurations"]["2d"]["architecture"]["arch_kwargs"].update(n_stages="many"),
    lambda p, _: p["configurations"]["2d"]["architecture"].update(arch_kwargs=[1, 2]),
    lambda p, _: _of_2d(p, spacing=[]),
    lambda p, _: p["configurations"]["2d"].update(inherits_from="nobody"),
    lambda _, i: i["dataset_json"].update(labels=3),
    lambda _, i: i.update(dataset_json=[1]),
    lambda _, i: i.update(plans=None),
)


@pytest.mark.parametrize("change", _ODD_PLANS)
def test_plans_that_are_odd_are_refused_in_a_sentence(
    change: Any, tmp_path: Path, registry: Registry
) -> None:
    with pytest.raises(ModelError, match="expected"):
        _import(_changed(tmp_path, change), registry)


@pytest.mark.parametrize(
    "change",
    [{"channels": None}, {"channels": 3}, {"strides": ["a"]}, {"norm": 7}, {"out_channels": "x"}],
)
def test_a_bundle_that_is_odd_is_refused_in_a_sentence(
    change: dict[str, Any], tmp_path: Path, registry: Registry
) -> None:
    folder = _small(tmp_path)
    path = folder / "configs" / "inference.json"
    told = json.loads(path.read_text())
    told["network_def"].update(change)
    path.write_text(json.dumps(told))
    with pytest.raises(ModelError, match="expected"):
        _import(folder, registry)


def test_plans_of_earlier_versions_say_the_same_network(tmp_path: Path, registry: Registry) -> None:
    def change(plans: Any, given_to: Any) -> None:
        told = plans["configurations"]["2d"]
        given = told.pop("architecture")["arch_kwargs"]
        assert given["features_per_stage"] == [4, 6, 8]
        told.update(
            UNet_class_name="PlainConvUNet",
            UNet_base_num_features=4,
            unet_max_num_features=6,
            n_conv_per_stage_encoder=given["n_conv_per_stage"],
            n_conv_per_stage_decoder=given["n_conv_per_stage_decoder"],
            pool_op_kernel_sizes=given["strides"],
            conv_kernel_sizes=given["kernel_sizes"],
        )
        plans["configurations"]["mine"] = {"inherits_from": "2d"}
        given_to["configuration"] = "mine"

    # Only the widths differ, and these are told by name.
    with pytest.raises(ModelError, match=r"encoder.stages.2.0.convs.0.conv.weight of shape"):
        _import(_changed(tmp_path, change), registry)


def test_an_architecture_of_another_name_says_to_give_the_checkpoint_alone(
    registry: Registry,
) -> None:
    spec = ModelSpec(id="m", title="M", architecture="unet")
    with pytest.raises(ModelError, match="give its checkpoint"):
        import_weights(_FILES / "plain.pth", spec, registry)


def _bundle(folder: Path, network: nn.Module, arguments: dict[str, Any], *names: str) -> Path:
    """Write a bundle as MONAI's documentation lays one out."""
    (folder / "models").mkdir(parents=True)
    (folder / "configs").mkdir()
    torch.save(network.state_dict(), folder / "models" / "model.pt")
    outputs = dict(enumerate(names))
    metadata = {
        "data_source": "noise",
        "copyright": "CC0",
        "network_data_format": {
            "inputs": {"image": {"channel_def": {"0": "T1", "1": "FLAIR"}, "num_channels": 2}},
            "outputs": {"pred": {"channel_def": outputs, "num_channels": len(outputs)}},
        },
    }
    inference = {
        "imports": ["$import glob"],
        "spatial": 2,
        "channels": arguments["channels"],
        "network_def": {
            "_target_": "UNet",
            **arguments,
            "spatial_dims": "@spatial",
            "channels": "@channels",
        },
        "network": "$@network_def.to(@device)",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "LoadImaged", "keys": "image"},
                {"_target_": "NormalizeIntensityd", "keys": "image", "nonzero": True},
            ],
        },
    }
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (folder / "configs" / "inference.json").write_text(json.dumps(inference))
    return folder


@pytest.mark.parametrize(
    ("names", "further"),
    [
        (("lesion",), {"num_res_units": 2}),
        (("background", "lesion"), {"num_res_units": 2, "norm": "BATCH"}),
        (("background", "lesion"), {"num_res_units": 0, "act": "RELU", "bias": False}),
        (
            ("background", "necrosis", "oedema"),
            {"num_res_units": 1, "norm": ["INSTANCE", {"affine": True}], "dropout": 0.1},
        ),
        (("background", "lesion"), {"act": ["LEAKYRELU", {"negative_slope": 0.2}]}),
    ],
)
def test_a_bundle_of_monai_says_what_its_network_says(
    names: tuple[str, ...], further: dict[str, Any], tmp_path: Path, registry: Registry
) -> None:
    torch.manual_seed(5)
    arguments: dict[str, Any] = {
        "in_channels": 2,
        "out_channels": len(names),
        "channels": [4, 6, 8],
        "strides": [2, 2],
        **further,
    }
    given = {n: tuple(v) if isinstance(v, list) else v for n, v in arguments.items()}
    network = _monai_unet(given)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    network.eval()
    model = _import(_bundle(tmp_path / "bundle", network, arguments, *names), registry)
    slices = torch.randn(2, 2, 16, 24)
    with torch.no_grad():
        theirs = network(slices)
    ours = _logits(model, slices)
    if names == ("background", "lesion"):
        ours, theirs = torch.sigmoid(ours), torch.softmax(theirs, dim=1)[:, 1:]
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() < 1e-5
    assert model.spec.channels == ("T1", "FLAIR")
    assert model.spec.preprocessing == Preprocessing(intensity="nonzero")
    assert model.spec.licence == "CC0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"_target_": "SegResNet"}, "expected a network_def of MONAI's UNet, found SegResNet"),
        ({"spatial_dims": 3}, "expected a network of 2 dimensions, found 3"),
        ({"channels": "$[2 ** n for n in range(3)]"}, "would have to be executed"),
        ({"norm": "GROUP"}, "found norm group"),
    ],
)
def test_what_of_a_bundle_has_no_place_is_refused(
    change: dict[str, Any], said: str, tmp_path: Path, registry: Registry
) -> None:
    folder = _small(tmp_path)
    path = folder / "configs" / "inference.json"
    told = json.loads(path.read_text())
    told["network_def"].update(change)
    path.write_text(json.dumps(told))
    with pytest.raises(ModelError, match=said):
        _import(folder, registry)


def _small(tmp_path: Path) -> Path:
    arguments: dict[str, Any] = {
        "in_channels": 2,
        "out_channels": 1,
        "channels": [4, 8],
        "strides": [2],
    }
    return _bundle(tmp_path / "bundle", _monai_unet(arguments), arguments, "lesion")


def test_preparation_without_a_word_here_is_asked_for(tmp_path: Path, registry: Registry) -> None:
    folder = _small(tmp_path)
    path = folder / "configs" / "inference.json"
    told = json.loads(path.read_text())
    told["preprocessing"]["transforms"] = [{"_target_": "ScaleIntensityd", "keys": "image"}]
    path.write_text(json.dumps(told))
    with pytest.raises(ModelError, match=r"found ScaleIntensity\. Say what comes nearest"):
        _import(folder, registry)
    asked = Preprocessing(intensity="image", size=64)
    assert _import(folder, registry, preprocessing=asked).spec.preprocessing == asked


def test_a_bundle_without_weights_says_where_they_belong(
    tmp_path: Path, registry: Registry
) -> None:
    folder = _small(tmp_path)
    (folder / "models" / "model.pt").rename(folder / "models" / "model.ts")
    with pytest.raises(ModelError, match=r"a model\.ts alone is a program"):
        _import(folder, registry)


def test_a_bundle_that_was_exported_comes_back(tmp_path: Path, registry: Registry) -> None:
    model = _import(_FILES / "residual.pth", registry)
    folder = export_model(model, tmp_path / "exported", "bundle")
    again = Registry((tmp_path / "others",))
    back = _import(folder, again)
    assert back.spec == model.spec
    assert back.fingerprint == model.fingerprint
