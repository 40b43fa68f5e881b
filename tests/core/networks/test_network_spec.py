"""The catalogue and the check of a spec, and that neither imports torch."""

import subprocess
import sys

import msgspec
import pytest

from core.domain.errors import ModelError
from core.models.networks.builder import build_network, shapes_alone
from core.models.networks.catalog import DenseUNetArguments, SmpArguments, UNetArguments
from core.models.networks.spec import (
    ARCHITECTURES,
    ArgumentValue,
    NetworkSpec,
    find_architecture,
    resolve_arguments,
)


def test_catalogue_is_read_without_importing_torch() -> None:
    code = (
        "import sys, core.models.networks\n"
        "from core.models.networks.spec import ARCHITECTURES, NetworkSpec, resolve_arguments\n"
        "[row.arguments for row in ARCHITECTURES.values()]\n"
        "resolve_arguments(NetworkSpec('unet', 3))\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_are_complete() -> None:
    assert set(ARCHITECTURES) >= {
        "unet",
        "attention-unet",
        "resunet34",
        "unetpp",
        "denseunet",
        "se-denseunet",
        "smp",
    }
    for name, row in ARCHITECTURES.items():
        assert row.id == name
        assert row.title
        assert row.credit
        for argument in row.arguments:
            assert argument.meaning, argument.name
            assert argument.kind, argument.name


def test_defaults_of_the_rows_are_valid_arguments() -> None:
    for name, row in ARCHITECTURES.items():
        given = {argument.name: argument.default for argument in row.arguments}
        assert resolve_arguments(NetworkSpec(name, 3, given)) == resolve_arguments(
            NetworkSpec(name, 3)
        )


def test_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        ARCHITECTURES["other"] = ARCHITECTURES["unet"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        ARCHITECTURES["unet"].title = "other"  # type: ignore[misc]


def test_spec_survives_json() -> None:
    spec = NetworkSpec("denseunet", 9, {"block_config": [2, 2], "drop_rate": 0.5, "preset": "tiny"})
    assert msgspec.json.decode(msgspec.json.encode(spec), type=NetworkSpec) == spec


def test_preset_fills_what_is_not_given() -> None:
    spec = NetworkSpec("denseunet", 3, {"preset": "densenet121", "growth_rate": 8})
    arguments = resolve_arguments(spec)
    assert isinstance(arguments, DenseUNetArguments)
    assert arguments.block_config == (6, 12, 24, 16)
    assert arguments.init_features == 64
    assert arguments.growth_rate == 8


def test_whole_number_passes_for_a_number() -> None:
    arguments = resolve_arguments(NetworkSpec("denseunet", 3, {"compression": 1}))
    assert isinstance(arguments, DenseUNetArguments)
    assert arguments.compression == 1.0


def test_further_arguments_are_options_of_the_open_architecture() -> None:
    arguments = resolve_arguments(NetworkSpec("smp", 3, {"decoder": "FPN", "encoder_depth": 4}))
    assert arguments == SmpArguments(decoder="FPN", options={"encoder_depth": 4})


def test_unknown_architecture_is_told_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"unet, attention-unet, .* found 'vnet'\. Choose"):
        find_architecture("vnet")
    with pytest.raises(ModelError, match="found 'vnet'"):
        build_network(NetworkSpec("vnet", 3))


@pytest.mark.parametrize(
    ("architecture", "arguments", "told"),
    [
        ("unet", {"depth": 5}, r"unet among init_features, found depth\. Correct"),
        (
            "unet",
            {"init_features": "32"},
            r"init_features .* number >= 1 and <= 1024, found '32'",
        ),
        ("unet", {"init_features": True}, "found True"),
        ("unet", {"init_features": 1.5}, r"found 1\.5"),
        ("unet", {"init_features": 0}, r"found 0\. Correct it, or leave it out for 32"),
        ("unetpp", {"level": 5}, "whole number >= 1 and <= 4, found 5"),
        ("unetpp", {"deep_supervision": 1}, "true or false, found 1"),
        ("resunet34", {"encoder": "resnet9"}, "one of resnet18, resnet34, resnet50, found"),
        ("resunet34", {"encoder_weights": 3}, "text, found 3"),
        ("denseunet", {"preset": "big"}, "one of densenet121, tiny, found 'big'"),
        ("denseunet", {"preset": [1]}, r"one of densenet121, tiny, found \[1\]"),
        ("denseunet", {"block_config": []}, r"a list of 1 to 5 items.* found \[\]"),
        ("denseunet", {"block_config": [2, 0]}, r"found \[2, 0\]"),
        ("denseunet", {"drop_rate": 1.0}, "a number >= 0 and < 1, found 1.0"),
        ("se-denseunet", {"reduction": -1}, "found -1"),
        ("smp", {"decoder": 4}, "decoder of smp to be text, found 4"),
    ],
)
def test_wrong_argument_is_told_with_what_was_expected(
    architecture: str, arguments: dict[str, ArgumentValue], told: str
) -> None:
    with pytest.raises(ModelError, match=told):
        build_network(NetworkSpec(architecture, 3, arguments))


def test_no_input_channel_is_refused() -> None:
    with pytest.raises(ModelError, match="at least one input channel"):
        resolve_arguments(NetworkSpec("unet", 0))


def test_arguments_are_frozen() -> None:
    arguments = resolve_arguments(NetworkSpec("unet", 3))
    assert isinstance(arguments, UNetArguments)
    with pytest.raises(AttributeError):
        arguments.init_features = 3  # type: ignore[misc]


def test_the_shapes_of_a_network_need_neither_weights_nor_torch_s_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = NetworkSpec("unet", 3, {"init_features": 2})
    expected = build_network(spec, 4).state_dict()
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)  # whoever imports it now fails
    with shapes_alone():
        found = build_network(spec, 4)
    assert all(weight.is_meta for weight in found.parameters())
    shapes = {name: tensor.shape for name, tensor in found.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in expected.items()}
