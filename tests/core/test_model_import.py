"""Weights from anywhere: nothing in them runs, and what does not fit is told by name."""

import pickle
import warnings
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from core.domain.errors import ModelError
from core.inference.volume_inference import Runner, RunOptions
from core.models.model_import import import_weights
from core.models.networks.builder import build_network
from core.models.networks.spec import NetworkSpec
from core.models.networks.weights import read_state_dict
from core.models.preprocessing import Preprocessing
from core.models.registry import ModelSpec, Registry
from tests.synthetic import head, volume_of

SPEC = ModelSpec(id="new", title="New", architecture="unet", arguments={"init_features": 2})


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    return build_network(SPEC.network).state_dict()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry((tmp_path / "models",))


def assert_imported(registry: Registry, state: dict[str, torch.Tensor]) -> None:
    model = registry.find("new")
    stored = safetensors.torch.load_file(model.weights)
    assert stored.keys() == state.keys()
    assert all(torch.equal(stored[name], state[name]) for name in state)
    assert model.spec.stride == 16
    assert model.spec.parameters == sum(p.numel() for p in build_network(SPEC.network).parameters())


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "weights 权重.PT", "w.bin"])
@pytest.mark.parametrize(
    "wrap",
    [
        dict,
        OrderedDict,
        lambda state: {"state_dict": state, "epoch": 3, "loss": 0.1},
        lambda state: {"model_state_dict": state, "optimizer": {"lr": 0.1}},
        lambda state: {f"module.{key}": tensor for key, tensor in state.items()},
        lambda state: {"state_dict": {f"module.{k}": t for k, t in state.items()}},
    ],
    ids=["plain", "ordered", "state_dict", "model_state_dict", "module", "both"],
)
def test_every_way_to_save_a_state_dict_is_read(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor], wrap: object, name: str
) -> None:
    torch.save(wrap(state), tmp_path / name)  # type: ignore[operator]
    import_weights(tmp_path / name, SPEC, registry)
    assert_imported(registry, state)


def test_safetensors_are_read(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor]
) -> None:
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    import_weights(tmp_path / "w.safetensors", SPEC, registry)
    assert_imported(registry, state)


def test_names_of_the_public_reference_fit(tmp_path: Path, registry: Registry) -> None:
    wide = ModelSpec(id="ref", title="Reference", architecture="unet")
    state = build_network(wide.network).state_dict()
    named = {
        "encoder1.enc1conv1.weight": (32, 3, 3, 3),
        "encoder4.enc4norm2.running_var": (256,),
        "bottleneck.bottleneckconv1.weight": (512, 256, 3, 3),
        "upconv4.weight": (512, 256, 2, 2),
        "decoder4.dec4norm1.weight": (256,),
        "conv.bias": (1,),
    }
    assert {name: tuple(state[name].shape) for name in named} == named
    torch.save(state, tmp_path / "unet.pth")
    assert import_weights(tmp_path / "unet.pth", wide, registry).spec.parameters == 7_763_041


@pytest.mark.parametrize("source", [torch.float32, torch.float16, torch.bfloat16])
def test_half_precision_is_kept_and_runs(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor], source: torch.dtype
) -> None:
    given = {n: t.to(source) if t.is_floating_point() else t for n, t in state.items()}
    torch.save(given, tmp_path / "w.pt")
    model = import_weights(tmp_path / "w.pt", SPEC, registry, half=True)
    stored = safetensors.torch.load_file(model.weights)
    assert {t.dtype for t in stored.values()} == {torch.float16, torch.int64}
    assert all(torch.equal(stored[n], given[n].to(stored[n].dtype)) for n in given)
    found = Runner(model).predict(volume_of(head(1)), RunOptions("cpu"))
    assert found.probability.shape == (1, 40, 32)


class Payload:
    """An object whose unpickling would write a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.write_text, (self.target, "owned")


@pytest.mark.parametrize("way", ["value", "beside", "wrapped", "legacy", "whole file"])
def test_code_is_refused_and_does_not_run(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor], way: str
) -> None:
    evil, path = Payload(tmp_path / "owned"), tmp_path / "w.pt"
    if way == "value":
        torch.save({**state, "conv.weight": evil}, path)
    elif way == "beside":
        torch.save({**state, "extra": evil}, path)
    elif way == "wrapped":
        torch.save({"state_dict": state, "optimizer": evil}, path)
    elif way == "legacy":
        torch.save({**state, "extra": evil}, path, _use_new_zipfile_serialization=False)
    else:
        path.write_bytes(pickle.dumps(evil, protocol=2))
    with pytest.raises(ModelError, match=r"w.pt: expected .*needs code") as error:
        import_weights(path, SPEC, registry)
    assert not (tmp_path / "owned").exists()
    assert "Save the model's state_dict()" in str(error.value)
    assert registry.models() == ([], [])


@pytest.mark.parametrize("name", ["program.pt", "program.pt2"])
def test_programs_are_refused_with_the_way_round(
    tmp_path: Path, registry: Registry, name: str
) -> None:
    if name.endswith("2"):  # as torch.export.save writes it
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("program/archive_format", "pt2")
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.script(torch.nn.Conv2d(3, 1, 1)).save(tmp_path / name)
    with pytest.raises(ModelError, match=r"TorchScript, .* torch\.onnx\.export") as error:
        import_weights(tmp_path / name, SPEC, registry)
    assert "state_dict()" in str(error.value)


def test_wrong_names_and_shapes_are_told(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor]
) -> None:
    del state["conv.bias"]
    state["head.weight"] = torch.zeros(1)
    state["conv.weight"] = torch.zeros(1, 5, 1, 1)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError) as error:
        import_weights(tmp_path / "w.pt", SPEC, registry)
    told = str(error.value)
    assert "w.pt: expected weights of these names and shapes" in told
    assert "no conv.bias" in told
    assert "unknown head.weight" in told
    assert "conv.weight of shape (1, 5, 1, 1) instead of (1, 2, 1, 1)" in told
    assert registry.models() == ([], [])
    assert not registry.roots[0].exists()


def test_another_width_or_number_of_channels_is_told(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor]
) -> None:
    torch.save(state, tmp_path / "w.pt")
    wide = ModelSpec(id="new", title="New", architecture="unet", arguments={"init_features": 4})
    deep = ModelSpec(
        id="new",
        title="New",
        architecture="unet",
        arguments={"init_features": 2},
        preprocessing=Preprocessing(neighbours=1),
    )
    with pytest.raises(ModelError, match=r"encoder1.enc1conv1.weight of shape .* and \d+ more"):
        import_weights(tmp_path / "w.pt", wide, registry)
    with pytest.raises(ModelError, match=r"\(2, 3, 3, 3\) instead of \(2, 9, 3, 3\)"):
        import_weights(tmp_path / "w.pt", deep, registry)


@pytest.mark.parametrize("content", [b"", b"\x80\x02}q\x00.", b"PK\x03\x04"])
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_files_of_another_kind_are_told(
    tmp_path: Path, registry: Registry, content: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name}: expected a (PyTorch )?state dict"):
        import_weights(tmp_path / name, SPEC, registry)


@pytest.mark.parametrize("name", ["missing.pt", "missing.safetensors", "folder.pt"])
def test_files_that_cannot_be_opened_are_told(
    tmp_path: Path, registry: Registry, name: str
) -> None:
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(ModelError, match=rf"{name}: expected a file of weights, found that it can"):
        import_weights(tmp_path / name, SPEC, registry)


def test_id_is_refused_before_anything_is_read(tmp_path: Path, registry: Registry) -> None:
    bad = ModelSpec(id="../up", title="Up", architecture="unet")
    with pytest.raises(ModelError, match="model id"):
        import_weights(tmp_path / "missing.pt", bad, registry)


def test_importing_twice_is_refused_and_keeps_the_first(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor]
) -> None:
    torch.save(state, tmp_path / "w.pt")
    import_weights(tmp_path / "w.pt", SPEC, registry)
    torch.save({n: torch.zeros_like(t) for n, t in state.items()}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="expected an id no model has yet"):
        import_weights(tmp_path / "w.pt", SPEC, registry)
    assert_imported(registry, state)


def test_weights_that_are_no_numbers_are_refused(
    tmp_path: Path, registry: Registry, state: dict[str, torch.Tensor]
) -> None:
    state["conv.weight"] = state["conv.weight"] * float("nan")
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"w.pt: expected .* found .*conv.weight"):
        import_weights(tmp_path / "w.pt", SPEC, registry)
    state["conv.weight"] = torch.full_like(state["conv.weight"], 1e6)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"float16"):
        import_weights(tmp_path / "w.pt", SPEC, registry, half=True)
    assert np.isfinite(import_weights(tmp_path / "w.pt", SPEC, registry).spec.parameters or 0)


def _state(architecture: str, **arguments: object) -> dict[str, torch.Tensor]:
    spec = NetworkSpec(architecture, 3, arguments)  # type: ignore[arg-type]
    return build_network(spec).state_dict()


def test_a_checkpoint_of_lightning_is_read_without_its_code(tmp_path: Path) -> None:
    # As Lightning 2.6 writes it: a module of a network and a loss with a buffer, and its settings.
    state = {f"net.{name}": tensor for name, tensor in _state("unet", init_features=2).items()}
    content = {
        "epoch": 1,
        "global_step": 2,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": OrderedDict({**state, "criterion.pos_weight": torch.ones(1)}),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'l'}": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [{"state": {}, "param_groups": [{"lr": 1e-3}]}],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 1e-3, "weights": (0.1, 0.9), "metric": np.float64(0.5)},
    }
    torch.save(content, tmp_path / "last.ckpt")
    spec = ModelSpec(id="lit", title="Lit", architecture="unet", arguments={"init_features": 2})
    model = import_weights(tmp_path / "last.ckpt", spec, Registry((tmp_path / "models",)))
    assert read_state_dict(model.weights).keys() == _state("unet", init_features=2).keys()


def test_a_refusal_names_the_network_that_is_nearest(tmp_path: Path) -> None:
    torch.save(_state("resunet34"), tmp_path / "other.pt")
    spec = ModelSpec(id="m", title="M", architecture="unet")
    with pytest.raises(ModelError, match="are those of resunet34 with its own arguments"):
        import_weights(tmp_path / "other.pt", spec, Registry((tmp_path / "models",)))


def test_weights_of_an_nnunet_are_known_by_their_names(tmp_path: Path) -> None:
    names = (
        "encoder.stages.0.0.convs.0.conv.weight",
        "decoder.transpconvs.0.weight",
        "decoder.seg_layers.0.weight",
    )
    torch.save(
        {
            "network_weights": {name: torch.zeros(1) for name in names},
            "logging": {"mean_fg_dice": [np.float64(0.5)]},
            "current_epoch": 1,
            "trainer_name": "nnUNetTrainer",
        },
        tmp_path / "checkpoint_final.pth",
    )
    spec = ModelSpec(id="m", title="M", architecture="unet")
    with pytest.raises(ModelError, match="those of an nnU-Net: give its checkpoint"):
        import_weights(tmp_path / "checkpoint_final.pth", spec, Registry((tmp_path / "models",)))
