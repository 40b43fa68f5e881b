"""U-Net and Attention U-Net."""

from typing import cast

import pytest
import torch
from torch import Tensor, nn

from core.models.networks.attention_unet import AttentionUNet
from core.models.networks.builder import build_network
from core.models.networks.spec import NetworkSpec
from core.models.networks.unet import UNet


def build(architecture: str, init_features: int = 4, in_channels: int = 3) -> UNet:
    torch.manual_seed(1)
    spec = NetworkSpec(architecture, in_channels, {"init_features": init_features})
    return cast(UNet, build_network(spec).eval())


def published_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights published for the reference implementation."""
    shapes: dict[str, tuple[int, ...]] = {"conv.weight": (1, width, 1, 1), "conv.bias": (1,)}
    blocks = {
        f"encoder{n}": (f"enc{n}", 3 if n == 1 else width * 2 ** (n - 2)) for n in range(1, 5)
    }
    blocks |= {f"decoder{n}": (f"dec{n}", width * 2**n) for n in range(1, 5)}
    blocks["bottleneck"] = ("bottleneck", width * 8)
    for block, (name, inputs) in blocks.items():
        out = width * 16 if block == "bottleneck" else width * 2 ** (int(block[-1]) - 1)
        for number, channels in ((1, inputs), (2, out)):
            shapes[f"{block}.{name}conv{number}.weight"] = (out, channels, 3, 3)
            for norm in ("weight", "bias", "running_mean", "running_var"):
                shapes[f"{block}.{name}norm{number}.{norm}"] = (out,)
            shapes[f"{block}.{name}norm{number}.num_batches_tracked"] = ()
    for n in range(1, 5):
        shapes[f"upconv{n}.weight"] = (width * 2**n, width * 2 ** (n - 1), 2, 2)
        shapes[f"upconv{n}.bias"] = (width * 2 ** (n - 1),)
    return shapes


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("width", [16, 32])
def test_names_and_shapes_are_the_published_ones(width: int) -> None:
    state = build("unet", width).state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == published_shapes(width)


def test_parameter_count_is_the_published_one() -> None:
    assert parameters(build("unet", 32)) == 7_763_041
    assert parameters(build("unet", 16)) == 1_942_577


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_upsampled_features_come_before_the_skip(level: int) -> None:
    network = build("unet")
    x = torch.randn(2, 3, 32, 32)
    joining = cast(nn.Conv2d, network.get_submodule(f"decoder{level}.dec{level}conv1"))
    with torch.no_grad():
        joining.weight[:, : joining.in_channels // 2] = 0
        before = network(x)
        for parameter in network.bottleneck.parameters():
            parameter.add_(1.0)
        assert torch.equal(network(x), before)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_every_skip_counts(level: int) -> None:
    network = build("unet")
    x = torch.randn(2, 3, 32, 32)
    joining = cast(nn.Conv2d, network.get_submodule(f"decoder{level}.dec{level}conv1"))
    with torch.no_grad():
        before = network(x)
        joining.weight[:, joining.in_channels // 2 :] = 0
        assert not torch.allclose(network(x), before)


def gated(x: Tensor, *, opened: list[int]) -> Tensor:
    """Logits of an Attention U-Net with these gates held open, their coefficients one."""
    network = cast(AttentionUNet, build("attention-unet"))
    with torch.no_grad():
        for index in opened:
            psi = cast(nn.Conv2d, network.get_submodule(f"gates.{index}.psi"))
            psi.weight.zero_()
            assert psi.bias is not None
            psi.bias.fill_(100.0)
        return cast(Tensor, network(x))


def test_with_all_gates_open_it_is_the_unet() -> None:
    x = torch.randn(2, 3, 32, 48)
    attention, plain = build("attention-unet"), build("unet")
    plain.load_state_dict(
        {name: t for name, t in attention.state_dict().items() if not name.startswith("gates.")}
    )
    with torch.no_grad():
        assert torch.allclose(gated(x, opened=[0, 1, 2, 3]), plain(x), atol=1e-5)
        assert not torch.allclose(attention(x), plain(x), atol=1e-3)


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_every_gate_changes_the_logits(index: int) -> None:
    x = torch.randn(2, 3, 32, 32)
    assert not torch.allclose(gated(x, opened=[index]), gated(x, opened=[]), atol=1e-4)


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_gates_see_both_the_skip_and_the_coarser_level(index: int) -> None:
    network = build("attention-unet")
    gate = network.get_submodule(f"gates.{index}")
    width = 4 * 2**index
    skip, gating = torch.randn(1, width, 16, 16), torch.randn(1, 2 * width, 8, 8)
    with torch.no_grad():
        coefficients = gate(skip, gating) / skip
        assert coefficients.min() > 0
        assert coefficients.max() < 1
        assert not torch.allclose(gate(skip, gating + 1) / skip, coefficients)
        # One coefficient weighs all channels of a pixel.
        assert torch.allclose(coefficients, coefficients[:, :1].expand_as(skip), atol=1e-4)
        assert not torch.allclose(gate(skip + 1, gating) / (skip + 1), coefficients, atol=1e-4)


def test_gates_add_the_parameters_of_their_projections() -> None:
    added = parameters(build("attention-unet", 32)) - parameters(build("unet", 32))
    gates = [(32 * 2**n, 16 * 2**n) for n in range(4)]
    assert added == sum(skip * f + (2 * skip * f + f) + (f + 1) for skip, f in gates)
