"""What holds for every network: shapes, gradients, types, and a state dict that comes back."""

import copy

import pytest
import torch
from torch import Tensor

from core.models.networks.builder import build_network
from core.models.networks.network import Network
from core.models.networks.spec import ARCHITECTURES, ArgumentValue, NetworkSpec
from core.models.networks.unetpp import UNetPlusPlus

SMALL: dict[str, dict[str, ArgumentValue]] = {
    "unet": {"init_features": 4},
    "attention-unet": {"init_features": 4},
    "resunet34": {"encoder": "resnet18"},
    "unetpp": {"init_features": 4},
    "denseunet": {"init_features": 8, "growth_rate": 4, "block_config": [2, 3, 2, 2]},
    "se-denseunet": {
        "init_features": 8,
        "growth_rate": 4,
        "block_config": [2, 3, 2, 2],
        "reduction": 2,
    },
    "nnunet": {
        "features": [4, 8, 8],
        "strides": [1, 2, 2],
        "kernels": [3, 3, 3],
        "residual": True,
        "bias": False,  # a bias before a normalisation has no gradient
    },
    "monai-unet": {
        "features": [4, 8, 8],
        "strides": [2, 2],
        "bias": False,
        "norm": "instance-affine",
        "head_channels": 4,
    },
    # Without the zeros that hide a block from its gradient at the start.
    "smp": {"decoder": "Unet", "encoder": "tu-resnet10t", "zero_init_last": False},
}
IDS = list(ARCHITECTURES)


def build(architecture: str, in_channels: int = 3, outputs: int = 1) -> Network:
    torch.manual_seed(1)
    return build_network(NetworkSpec(architecture, in_channels, SMALL[architecture]), outputs)


def slices(network: Network, *, batch: int, height: int, width: int, channels: int = 3) -> Tensor:
    torch.manual_seed(2)
    return torch.randn(batch, channels, height * network.stride, width * network.stride)


@pytest.mark.parametrize("channels", [1, 3, 9])
@pytest.mark.parametrize("architecture", IDS)
def test_logits_have_the_shape_of_the_slices(architecture: str, channels: int) -> None:
    network = build(architecture, channels).eval()
    for height, width in ((1, 2), (3, 1), (2, 2)):
        x = slices(network, batch=2, height=height, width=width, channels=channels)
        with torch.no_grad():
            assert network(x).shape == (2, 1, *x.shape[2:])


@pytest.mark.parametrize("architecture", IDS)
def test_several_labels_have_logits_each_and_share_all_but_the_last_layer(
    architecture: str,
) -> None:
    network, binary = build(architecture, outputs=4).eval(), build(architecture).state_dict()
    with torch.no_grad():
        logits = network(x := slices(network, batch=2, height=1, width=2))
    assert logits.shape == (2, 4, *x.shape[2:])
    changed = {n for n, t in network.state_dict().items() if t.shape != binary[n].shape}
    assert changed
    assert all(network.state_dict()[name].shape[0] == 4 for name in changed)
    assert all("head" in name or name.startswith("conv.") for name in changed)


@pytest.mark.parametrize("architecture", IDS)
def test_values_are_logits_and_not_probabilities(architecture: str) -> None:
    network = build(architecture).eval()
    with torch.no_grad():
        logits = network(10 * slices(network, batch=2, height=2, width=2))
    assert logits.min() < 0 or logits.max() > 1
    assert logits.std() > 0


@pytest.mark.parametrize("architecture", IDS)
def test_gradient_reaches_every_parameter(architecture: str) -> None:
    network = build(architecture)
    x = slices(network, batch=2, height=2, width=3)
    outputs = network.forward_all(x) if isinstance(network, UNetPlusPlus) else [network(x)]
    weights = torch.randn(outputs[0].shape)
    sum(((logits * weights).sum() for logits in outputs), torch.zeros(())).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("architecture", IDS)
def test_channels_last_and_bfloat16_give_nearly_the_same(architecture: str) -> None:
    network = build(architecture).eval()
    x = slices(network, batch=2, height=2, width=2)
    with torch.no_grad():
        plain = network(x)
        fast = network.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            reduced = fast(x.to(memory_format=torch.channels_last)).float()
    assert (plain - reduced).abs().max() < 0.1 * plain.abs().max()


@pytest.mark.parametrize("architecture", IDS)
def test_trains_a_step_under_autocast(architecture: str) -> None:
    network = build(architecture)
    x = slices(network, batch=2, height=2, width=2)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(4):
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(x)
        target = (x[:, :1] > 0).float()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), target)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("architecture", IDS)
def test_weights_move_to_another_network_of_the_spec(architecture: str) -> None:
    first, second = build(architecture).eval(), build(architecture).eval()
    x = slices(first, batch=1, height=2, width=2)
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(0.01)
        assert not torch.equal(first(x), second(x))
        second.load_state_dict(first.state_dict())
        assert torch.equal(first(x), second(x))
        assert torch.equal(copy.deepcopy(first)(x), first(x))
