"""Parameters, multiply-adds and memory of a network, against figures worked out by hand."""

import pytest
import torch
from torch import Tensor, nn

from core.models.networks.builder import build_network
from core.models.networks.complexity import measure_network
from core.models.networks.spec import NetworkSpec


def test_plain_convolution_is_counted_exactly() -> None:
    network = nn.Conv2d(3, 8, 3, padding=1)
    complexity = measure_network(network, in_channels=3, size=64, batch=5)
    pixels = 64 * 64
    assert complexity.parameters == 3 * 8 * 9 + 8
    assert complexity.gmac == pytest.approx(3 * 8 * 9 * pixels / 1e9)
    weights = complexity.parameters * 4
    assert complexity.batch_megabytes == pytest.approx((weights + 5 * (3 + 8) * pixels * 4) / 1e6)


def test_freed_activations_are_not_counted_twice() -> None:
    """Of a chain only the input, one activation and the next are alive at once."""
    chain = nn.Sequential(*(nn.Conv2d(4, 4, 1, bias=False) for _ in range(10)))
    complexity = measure_network(chain, in_channels=4, size=32, batch=1)
    weights = 10 * 16 * 4
    # The caller's slice stays, as do the input and the output of the layer at work.
    assert complexity.batch_megabytes == pytest.approx((weights + 3 * 4 * 32 * 32 * 4) / 1e6)


def test_views_and_work_in_place_take_no_memory() -> None:
    class Viewing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 4))

        def forward(self, x: Tensor) -> Tensor:
            return (x + 0.0).relu_().reshape(1, -1).t() * self.weight.t()[0, 0]

    complexity = measure_network(Viewing(), in_channels=4, size=16, batch=1)
    tensor = 4 * 16 * 16 * 4
    assert complexity.batch_megabytes == pytest.approx((16 * 4 + 3 * tensor) / 1e6)


def test_figures_of_a_known_network() -> None:
    import torchvision

    network = torchvision.models.resnet18(weights=None)
    complexity = measure_network(network, in_channels=3, size=224)
    weights = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    assert complexity.parameters == weights.meta["num_params"]
    # The library's figure leaves out nothing that FlopCounterMode counts.
    assert complexity.gmac == pytest.approx(weights.meta["_ops"], rel=0.01)


def test_network_comes_back_as_it_was() -> None:
    network = build_network(NetworkSpec("unet", 3, {"init_features": 2}))
    network.encoder1.eval()  # type: ignore[union-attr]
    modes = [module.training for module in network.modules()]
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    measure_network(network, in_channels=3, size=32)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_memory_grows_with_the_batch_and_work_with_the_area() -> None:
    network = build_network(NetworkSpec("unet", 3, {"init_features": 2}))
    one = measure_network(network, in_channels=3, size=32, batch=1)
    two = measure_network(network, in_channels=3, size=32, batch=2)
    large = measure_network(network, in_channels=3, size=64, batch=1)
    assert two.batch_megabytes > one.batch_megabytes
    assert two.gmac == one.gmac
    assert large.gmac == pytest.approx(4 * one.gmac)
