"""Weights a training starts from, and what the command line makes of its options."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from core.domain.errors import AppError, ModelError
from core.models.networks.builder import build_network
from core.models.networks.spec import ArgumentValue, NetworkSpec
from core.models.registry import Registry
from core.models.train_spec import make_spec
from tests.synthetic import publish_unet
from tests.training.making import make_dataset, write_split
from training.command import train
from training.run.convert_encoder import main as convert
from training.run.start import load_part
from training.run.train_options import TrainOptions, spec_of

ENCODER = "tu-tf_efficientnet_lite0"
DEPTHS = (1, 2, 2, 3, 3, 4, 1)
LAYERS = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
}
FIRST = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}


def _published(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the encoder's weights under the names of the published file."""
    named: dict[str, Tensor] = {"_conv_head.weight": torch.zeros(4, 4, 1, 1)}
    for name, tensor in state.items():
        parts = name.removeprefix("encoder.model.").split(".")
        if parts[0] != "blocks":
            stem = {"conv_stem": "_conv_stem", "bn1": "_bn0"}[parts[0]]
            named[".".join((stem, *parts[1:]))] = tensor
            continue
        stage, place, layer, *rest = parts[1:]
        number = sum(DEPTHS[: int(stage)]) + int(place)
        layer = (FIRST if stage == "0" else LAYERS)[layer]
        named[".".join(("_blocks", str(number), layer, *rest))] = tensor
    return named


def _smp(channels: int, depth: int = 5) -> torch.nn.Module:
    widths: ArgumentValue = [16, 16, 8, 8, 8][:depth]
    arguments = {"encoder": ENCODER, "encoder_depth": depth, "decoder_channels": widths}
    return build_network(NetworkSpec("smp", channels, arguments)).eval()


@pytest.mark.parametrize(("depth", "stages"), [(5, []), (4, ["--stages", "5"])])
def test_published_lite_weights_give_the_features_they_had(
    depth: int, stages: list[str], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    source = _smp(3)
    state = source.state_dict()
    encoder = {n: t for n, t in state.items() if n.startswith("encoder.")}
    torch.save(_published(encoder), tmp_path / "lite.pth")
    assert convert([str(tmp_path / "lite.pth"), str(tmp_path / "part.safetensors"), *stages]) == 0
    target = _smp(9, depth)
    load_part(target, tmp_path / "part.safetensors")
    # In double precision, so that the order of sums over 3 or 9 channels tells nothing.
    source.double()
    target.double()
    slices = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    alone = torch.cat((torch.zeros_like(slices), slices, torch.zeros_like(slices)), dim=1)
    with torch.no_grad():
        for expected, found in zip(
            source.encoder(slices)[1 : depth + 1], target.encoder(alone)[1:], strict=True
        ):
            torch.testing.assert_close(found, expected)


def test_a_file_that_is_no_lite_encoder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"conv1.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "other.pth")
    assert convert([str(tmp_path / "other.pth"), str(tmp_path / "part.safetensors")]) == 1
    assert "found conv1.weight" in capsys.readouterr().err


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    part = tmp_path / "part.safetensors"
    safetensors.torch.save_file({"encoder.other.weight": torch.zeros(1)}, part)
    with pytest.raises(ModelError, match=r"found encoder\.other\.weight"):
        load_part(_smp(3), part)


def _options(tmp_path: Path, **changes: object) -> TrainOptions:
    given = {
        "architecture": "unet",
        "data": make_dataset(tmp_path) if not (tmp_path / "data").exists() else tmp_path / "data",
        "split": write_split(tmp_path / "split.json"),
        "out": tmp_path / "job",
    }
    return TrainOptions(**{**given, **changes})  # type: ignore[arg-type]


def test_options_train_a_model_into_the_registry_and_resume_finds_it_done(tmp_path: Path) -> None:
    registry = Registry((tmp_path / "models",))
    options = _options(
        tmp_path,
        max_steps=2,
        size=32,
        batch_size=2,
        loss="dice",
        arguments=("init_features=2",),
        settings=("selection_cases=1", 'augmentation={"flip":0}'),
        model_id="mine",
    )
    model = train(options, registry, echo=None)
    assert model is not None
    assert registry.find("mine").spec == model.spec
    assert model.spec.preprocessing.size == 32
    child = spec_of(_options(tmp_path, start_from="mine", model_id="child"), registry)
    assert child.parent == str(model.folder)
    assert child.arguments == {"init_features": 2}
    assert child.preprocessing == model.spec.preprocessing
    assert child.freeze_norms
    assert child.learning_rate == 1e-4


def test_presets_give_way_to_what_is_given(tmp_path: Path) -> None:
    registry = Registry((tmp_path / "models",))
    spec = spec_of(_options(tmp_path, preset="reference", learning_rate=0.5), registry)
    assert (spec.optimiser, spec.learning_rate, spec.loss, spec.epochs) == (
        "adam",
        0.5,
        "dice",
        100,
    )
    assert (spec.augmentation.scale, spec.augmentation.rotation) == (0.05, 15.0)
    assert spec.sampling == "reference"
    limited = spec_of(_options(tmp_path, preset="reference", minutes=3.0), registry)
    assert (limited.epochs, limited.minutes) == (None, 3.0)
    assert limited.model_id == "job"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"settings": ("nonsense=1",)}, "--set: expected NAME=VALUE of"),
        ({"settings": ("clip=-1",)}, "Expected settings of a training"),
        ({"loss": "hinge"}, "Expected settings of a training"),
        ({"arguments": ("init_features=none",)}, "init_features of unet to be a whole number"),
        ({"start_from": "absent"}, "Expected one of the models"),
        ({"start_from": "tiny", "architecture": "unetpp"}, "expected its architecture unet"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    registry = Registry((tmp_path / "models",))
    publish_unet(tmp_path / "models")
    with pytest.raises(AppError, match=told):
        spec_of(_options(tmp_path, **changes), registry)


def test_a_preset_alone_is_a_whole_training_but_for_its_data() -> None:
    for name in ("cpu", "gpu", "reference"):
        spec = make_spec(name, {"architecture": "unet", "data": "d", "split": "s"}, {})
        assert spec.has_budget
