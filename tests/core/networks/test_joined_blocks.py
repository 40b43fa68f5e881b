"""A Unet that upsamples by transposed convolutions gives what it gave before."""

from typing import Any

import pytest
import torch
from torch import nn

from core.models.networks.builder import build_network
from core.models.networks.spec import NetworkSpec

_SMALL: dict[str, Any] = {
    "encoder": "resnet18",
    "encoder_depth": 3,
    "decoder_channels": [8, 6, 4],
}


def _network(**changes: Any) -> nn.Module:
    torch.manual_seed(1)
    network: nn.Module = build_network(NetworkSpec("smp", 3, {**_SMALL, **changes}))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.running_mean)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2)  # type: ignore[arg-type]
    return network.eval()


def _joined(network: nn.Module) -> nn.Module:
    # The library comes with it, and not before these tests begin.
    from core.models.networks.joined_blocks import with_joined_upsampling

    return with_joined_upsampling(network)


@pytest.mark.parametrize("changes", [{}, {"decoder_interpolation": "nearest"}])
def test_values_and_names_are_those_of_the_network(changes: dict[str, Any]) -> None:
    network = _network(**changes)
    joined = _joined(network)
    assert joined is not network
    assert joined.state_dict().keys() == network.state_dict().keys()
    slices = torch.randn(2, 3, 40, 56)
    with torch.no_grad():
        expected, found = network(slices), joined(slices)
    assert expected.std() > 0.1
    # The border too, where the enlarged plane was padded with zeros.
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"decoder_attention_type": "scse", "decoder_channels": [32, 16, 16]},
        {"decoder_interpolation": "bilinear"},
        {"decoder": "Linknet", "decoder_channels": None},
    ],
)
def test_what_upsamples_otherwise_stays_as_it_is(changes: dict[str, Any]) -> None:
    wanted = {name: value for name, value in {**_SMALL, **changes}.items() if value is not None}
    network: nn.Module = build_network(NetworkSpec("smp", 3, wanted)).eval()
    assert _joined(network) is network
