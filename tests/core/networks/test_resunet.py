"""U-Net with a ResNet encoder, and encoders started from a file."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import torch
from torch import nn

from core.domain.errors import ModelError
from core.models.networks.builder import build_network
from core.models.networks.spec import ArgumentValue, NetworkSpec

if TYPE_CHECKING:  # it loads torchvision
    from core.models.networks.resunet import ResUNet


def build(in_channels: int = 3, **arguments: ArgumentValue) -> "ResUNet":
    torch.manual_seed(1)
    spec = NetworkSpec("resunet34", in_channels, {"encoder": "resnet18", **arguments})
    return cast("ResUNet", build_network(spec).eval())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvision publishes them, with weights of its own."""
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    import torchvision

    torch.save(torchvision.models.resnet18(weights=None).state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("encoder", "published_parameters"),
    [("resnet18", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032)],
)
def test_encoder_has_the_parameters_of_torchvision_without_its_classifier(
    encoder: str, published_parameters: int
) -> None:
    network = build(encoder=encoder)
    classifier = 1000 * ((2048 if encoder == "resnet50" else 512) + 1)
    counted = sum(parameter.numel() for parameter in network.encoder.parameters())
    assert counted == published_parameters - classifier


def test_decoder_has_the_parameters_of_the_library_it_follows() -> None:
    library = build_network(NetworkSpec("smp", 3, {"encoder": "resnet34"}))
    heads = (16 * 9 + 1) - (16 + 1)
    ours = sum(parameter.numel() for parameter in build(encoder="resnet34").parameters())
    assert ours == sum(parameter.numel() for parameter in library.parameters()) - heads


@pytest.mark.parametrize("encoder", ["resnet18", "resnet50"])
def test_encoder_gives_what_torchvision_gives(encoder: str) -> None:
    torch.manual_seed(3)
    import torchvision

    oracle = torchvision.models.get_model(encoder, weights=None).eval()
    network = build(encoder=encoder)
    network.encoder.load_state_dict(
        {name: t for name, t in oracle.state_dict().items() if not name.startswith("fc.")}
    )
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        deepest = network.encode(x)[-1]
        assert torch.allclose(oracle.fc(deepest.mean(dim=(2, 3))), oracle(x), atol=1e-4)


def test_input_passes_through_blocks_whose_residual_is_nothing() -> None:
    network = build()
    stage = network.encoder.layer1
    x = torch.rand(1, 64, 16, 16)
    with torch.no_grad():
        assert not torch.allclose(stage(x), x)
        for block in stage.children():
            for parameter in block.get_submodule("bn2").parameters():
                parameter.zero_()
        assert torch.equal(stage(x), x)


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_every_skip_counts(step: int) -> None:
    network, x = build(), torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        features = network.encode(x)
        before = network.decoder(features)
        features[step] = torch.zeros_like(features[step])
        assert not torch.allclose(network.decoder(features), before)


def test_file_of_weights_starts_the_encoder(published: Path) -> None:
    network = build(encoder_weights=str(published))
    for name, tensor in torch.load(published, weights_only=True).items():
        if not name.startswith("fc."):
            assert torch.equal(network.encoder.state_dict()[name], tensor), name


def test_file_is_left_alone_when_trained_weights_follow() -> None:
    spec = NetworkSpec("resunet34", 3, {"encoder_weights": "gone.pth", "encoder": "resnet18"})
    assert build_network(spec, load_encoder=False).stride == 32
    with pytest.raises(ModelError, match=r"gone\.pth: expected a file of weights"):
        build_network(spec)


def test_one_channel_takes_the_sum_over_rgb(published: Path) -> None:
    colour, grey = (build(n, encoder_weights=str(published)) for n in (3, 1))
    x = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        repeated = colour.encoder.conv1(x.expand(-1, 3, -1, -1))
        assert torch.allclose(grey.encoder.conv1(x), repeated, atol=1e-5)


def test_neighbours_of_a_slice_start_near_nothing(published: Path) -> None:
    one, three = (build(n, encoder_weights=str(published)) for n in (3, 9))
    x = torch.randn(1, 9, 64, 64)
    with torch.no_grad():
        previous, this, following = (one.encoder.conv1(part) for part in x.chunk(3, dim=1))
        expected = this + 0.05 * (previous + following)
        assert torch.allclose(three.encoder.conv1(x), expected, atol=1e-5)


def test_other_channel_numbers_keep_the_sum_of_the_kernel(published: Path) -> None:
    colour, four = (build(n, encoder_weights=str(published)) for n in (3, 4))
    expected = colour.encoder.conv1.weight.sum(dim=1)
    assert torch.allclose(four.encoder.conv1.weight.sum(dim=1), expected, atol=1e-5)


def test_weights_of_another_encoder_are_told_by_name(published: Path) -> None:
    with pytest.raises(ModelError) as raised:
        build(encoder="resnet34", encoder_weights=str(published))
    assert str(published) in str(raised.value)
    assert "no layer1.2.conv1.weight" in str(raised.value)
    with pytest.raises(ModelError, match=r"layer1\.0\.conv1\.weight of shape .* instead of"):
        build(encoder="resnet50", encoder_weights=str(published))


def test_new_first_convolution_is_drawn_as_torchvision_draws_it() -> None:
    weight = cast(nn.Conv2d, build(9).encoder.conv1).weight
    assert weight.std().item() == pytest.approx((2 / (64 * 49)) ** 0.5, rel=0.05)
