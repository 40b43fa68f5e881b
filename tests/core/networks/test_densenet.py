"""DenseNet classifiers and their variant with squeeze-and-excitation."""

from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from core.domain.errors import ModelError
from core.models.networks.builder import build_classifier, build_network
from core.models.networks.densenet import DenseNet
from core.models.networks.se_densenet import SEDenseNet
from core.models.networks.spec import ARCHITECTURES, CLASSIFIERS, ArgumentValue, NetworkSpec

SMALL: dict[str, ArgumentValue] = {
    "init_features": 8,
    "growth_rate": 4,
    "block_config": [3, 2],
    "bn_size": 2,
}
IDS = list(CLASSIFIERS)
PUBLISHED = {
    "densenet121": 7_978_856,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
}


def build(architecture: str = "densenet", classes: int = 2, **arguments: ArgumentValue) -> DenseNet:
    torch.manual_seed(1)
    spec = NetworkSpec(architecture, 3, {**SMALL, **arguments})
    return cast(DenseNet, build_classifier(spec, classes).eval())


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.fixture(scope="module")
def oracle() -> nn.Module:
    torch.manual_seed(3)
    import torchvision

    network: nn.Module = torchvision.models.densenet121(weights=None).eval()
    for name, buffer in network.named_buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5) if "var" in name else buffer.uniform_(-0.2, 0.2)
    return network


def test_no_classifier_is_listed_as_a_segmentation_network() -> None:
    assert not set(CLASSIFIERS) & set(ARCHITECTURES)
    with pytest.raises(ModelError, match="Expected one of the architectures unet"):
        build_network(NetworkSpec("densenet", 3))
    with pytest.raises(ModelError, match="Expected one of the architectures densenet"):
        build_classifier(NetworkSpec("unet", 3), 2)


def test_densenet121_gives_what_torchvision_gives_with_the_same_weights(oracle: nn.Module) -> None:
    network = build_classifier(NetworkSpec("densenet", 3, {"preset": "densenet121"}), 1000).eval()
    network.load_state_dict(oracle.state_dict())
    x = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        expected = oracle(x)
        assert expected.std() > 0.01
        assert torch.allclose(network(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("preset", PUBLISHED)
def test_presets_have_the_published_parameters_and_names(preset: str) -> None:
    import torchvision

    with torch.device("meta"):
        reference = torchvision.models.get_model(preset, weights=None)
    network = build_classifier(NetworkSpec("densenet", 3, {"preset": preset}), 1000)
    assert parameters(network) == PUBLISHED[preset]
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in reference.state_dict().items()}


def test_file_of_densenet121_starts_the_features(tmp_path: Path, oracle: nn.Module) -> None:
    path = tmp_path / "densenet121.pth"
    torch.save(oracle.state_dict(), path)
    arguments: dict[str, ArgumentValue] = {"preset": "densenet121", "encoder_weights": str(path)}
    network = build_classifier(NetworkSpec("se-densenet", 9, arguments), 2)
    expected = oracle.state_dict()
    for name, tensor in network.state_dict().items():
        if name.startswith("features.dense"):
            assert torch.equal(tensor, expected[name]), name


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("architecture", IDS)
def test_logits_are_one_a_class_for_any_size(architecture: str, classes: int) -> None:
    network = build(architecture, classes)
    for height, width in ((1, 2), (3, 1)):
        x = torch.randn(2, 3, height * network.stride, width * network.stride)
        with torch.no_grad():
            assert network(x).shape == (2, classes)


@pytest.mark.parametrize("architecture", IDS)
def test_gradient_reaches_every_parameter(architecture: str) -> None:
    network = build(architecture, reduction=2) if architecture != "densenet" else build()
    network.train()
    logits = network(torch.randn(4, 3, 32, 32))
    (logits * torch.randn(logits.shape)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_growth_rate_and_blocks_set_the_width_that_is_pooled() -> None:
    for growth, blocks, width in ((4, [3, 2], 18), (6, [3, 2], 25), (4, [3], 20)):
        network = build(growth_rate=growth, block_config=blocks)
        assert network.stride == 2 ** (len(blocks) + 1)
        assert network.pooled(torch.randn(1, 3, 16, 16)).shape == (1, width)


def test_dropout_acts_in_training_only() -> None:
    network, x = build(drop_rate=0.5), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(network(x), network(x))
        network.train()
        assert not torch.equal(network(x), network(x))


def gated(x: Tensor, bias: float, *, index: int) -> tuple[Tensor, Tensor]:
    """Pooled features and logits with the coefficients of a block held at sigmoid(bias)."""
    network = cast(SEDenseNet, build("se-densenet", reduction=2))
    with torch.no_grad():
        excite = cast(nn.Linear, network.get_submodule(f"excitations.{index}.excite"))
        excite.weight.zero_()
        excite.bias.fill_(bias)
        return network.pooled(x), network(x)


def test_last_excitation_weighs_exactly_what_is_pooled() -> None:
    x = torch.randn(2, 3, 32, 32)
    pooled, logits = gated(x, 100.0, index=1)
    halved, other = gated(x, 0.0, index=1)
    assert pooled.abs().max() > 0.01
    assert torch.allclose(halved, pooled / 2, atol=1e-6)
    assert not torch.allclose(other, logits, atol=1e-4)
    assert gated(x, -100.0, index=1)[0].abs().max() < 1e-6


@pytest.mark.parametrize("index", [0, 1])
def test_the_output_depends_on_every_excitation(index: int) -> None:
    x = torch.randn(2, 3, 32, 32)
    network = cast(SEDenseNet, build("se-densenet", reduction=2))
    with torch.no_grad():
        assert not torch.allclose(gated(x, 100.0, index=index)[1], network(x), atol=1e-4)


def test_with_all_coefficients_one_it_is_the_densenet() -> None:
    excitation, plain = build("se-densenet", reduction=2), build()
    state = excitation.state_dict()
    plain.load_state_dict({n: t for n, t in state.items() if not n.startswith("excitations.")})
    with torch.no_grad():
        for index in (0, 1):
            excite = cast(nn.Linear, excitation.get_submodule(f"excitations.{index}.excite"))
            excite.weight.zero_()
            excite.bias.fill_(100.0)
        x = torch.randn(2, 3, 32, 32)
        assert torch.allclose(excitation(x), plain(x), atol=1e-6)
