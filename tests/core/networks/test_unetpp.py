"""U-Net++: nested skips, deep supervision, pruning."""

import copy
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from core.domain.errors import ModelError
from core.models.networks.builder import build_network
from core.models.networks.complexity import measure_network
from core.models.networks.spec import ArgumentValue, NetworkSpec
from core.models.networks.unetpp import UNetPlusPlus


def build(**arguments: ArgumentValue) -> UNetPlusPlus:
    torch.manual_seed(1)
    spec = NetworkSpec("unetpp", 3, {"init_features": 4, **arguments})
    return cast(UNetPlusPlus, build_network(spec).eval())


def slices(batch: int = 2) -> Tensor:
    torch.manual_seed(2)
    return torch.randn(batch, 3, 32, 48)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameter_count_is_that_of_the_paper_with_normalisation() -> None:
    network = build(init_features=32)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    # A normalisation has scale and shift where the paper's 9.04 M network has a bias.
    assert parameters(network) - sum(norm.num_features for norm in norms) == 9_042_276
    assert parameters(network) == 9_045_924


def test_every_level_has_logits_for_the_loss() -> None:
    network, x = build(), slices()
    with torch.no_grad():
        levels = network.forward_all(x)
        assert [logits.shape for logits in levels] == [(2, 1, 32, 48)] * 4
        assert torch.equal(network(x), levels[-1])
    assert len({logits.sum().item() for logits in levels}) == 4


def test_ensemble_averages_the_levels() -> None:
    network, x = build(ensemble=True, level=3), slices()
    with torch.no_grad():
        assert torch.allclose(network(x), sum(network.forward_all(x), torch.zeros(())) / 3)


def test_without_deep_supervision_only_the_deepest_has_logits() -> None:
    network, x = build(deep_supervision=False), slices()
    with torch.no_grad():
        assert len(network.forward_all(x)) == 1
        assert torch.equal(network.forward_all(x)[0], network(x))
    assert parameters(build()) - parameters(network) == 3 * (4 + 1)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_pruned_network_gives_the_logits_of_its_level_for_less(level: int) -> None:
    whole, x = build(), slices()
    pruned = copy.deepcopy(whole)
    pruned.prune(level)
    with torch.no_grad():
        assert torch.equal(pruned(x), whole.forward_all(x)[level - 1])
    assert pruned.stride == 2**level
    before, after = (
        measure_network(network, in_channels=3, size=32) for network in (whole, pruned)
    )
    assert after.parameters < before.parameters
    assert after.gmac < before.gmac
    assert after.batch_megabytes < before.batch_megabytes


@pytest.mark.parametrize("level", [1, 2, 3])
def test_weights_of_the_whole_network_load_into_a_pruned_one(level: int) -> None:
    whole, x = build(), slices()
    with torch.no_grad():
        for parameter in whole.parameters():
            parameter.mul_(1.1)
        pruned = build(level=level)
        pruned.load_state_dict(whole.state_dict())
        assert torch.equal(pruned(x), whole.forward_all(x)[level - 1])
    assert copy.deepcopy(pruned).load_state_dict(whole.state_dict()).unexpected_keys == []


def test_pruned_network_still_refuses_strange_weights() -> None:
    pruned = build(level=2)
    with pytest.raises(RuntimeError, match="Unexpected key"):
        pruned.load_state_dict({**pruned.state_dict(), "nodes.x9_9.conv1.weight": torch.zeros(1)})


def test_pruning_step_by_step_is_pruning_at_once() -> None:
    network, x = build(), slices()
    with torch.no_grad():
        expected = network.forward_all(x)[0]
        network.prune(3)
        network.prune(1)
        assert torch.equal(network(x), expected)


def test_pruning_back_to_a_dropped_level_is_refused() -> None:
    network = build(level=2)
    with pytest.raises(ModelError, match="from 1 to 2, found 3"):
        network.prune(3)
    with pytest.raises(ModelError, match="found 0"):
        network.prune(0)


def test_pruning_without_deep_supervision_is_refused() -> None:
    with pytest.raises(ModelError, match="Train with deep_supervision"):
        build(deep_supervision=False, level=2)


def test_smallest_level_takes_slices_divisible_by_two() -> None:
    with torch.no_grad():
        assert build(level=1)(torch.randn(1, 3, 34, 38)).shape == (1, 1, 34, 38)


@pytest.mark.parametrize("column", [2, 3, 4])
def test_nodes_join_all_earlier_nodes_of_their_row(column: int) -> None:
    network, x = build(), slices()
    node = cast(nn.Conv2d, network.get_submodule(f"nodes.x0_{column}.conv1"))
    with torch.no_grad():
        before = network.forward_all(x)[column - 1]
        for earlier in range(column):
            kept = node.weight.clone()
            node.weight[:, earlier * 4 : (earlier + 1) * 4] = 0
            assert not torch.allclose(network.forward_all(x)[column - 1], before)
            node.weight.copy_(kept)
        assert node.in_channels == 4 * (column + 1)
