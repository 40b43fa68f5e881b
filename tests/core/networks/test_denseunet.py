"""Dense U-Net and its variant with squeeze-and-excitation."""

import copy
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from core.domain.errors import ModelError
from core.models.networks.builder import build_network
from core.models.networks.denseunet import DenseUNet
from core.models.networks.se_denseunet import SEDenseUNet, SqueezeExcitation
from core.models.networks.spec import ArgumentValue, NetworkSpec

SMALL: dict[str, ArgumentValue] = {
    "init_features": 8,
    "growth_rate": 4,
    "block_config": [3, 3],
    "bn_size": 2,
}


def build(architecture: str = "denseunet", **arguments: ArgumentValue) -> DenseUNet:
    torch.manual_seed(1)
    spec = NetworkSpec(architecture, 3, {**SMALL, **arguments})
    return cast(DenseUNet, build_network(spec).eval())


def preset(architecture: str, name: str, **arguments: ArgumentValue) -> DenseUNet:
    spec = NetworkSpec(architecture, 3, {"preset": name, **arguments})
    return cast(DenseUNet, build_network(spec).eval())


@pytest.fixture(scope="module")
def densenet121() -> nn.Module:
    torch.manual_seed(3)
    import torchvision

    oracle: nn.Module = torchvision.models.densenet121(weights=None).eval()
    for buffer in oracle.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    return oracle


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_densenet121_has_the_published_parameters() -> None:
    assert parameters(preset("denseunet", "densenet121").features) == 6_953_856


def test_tiny_preset_is_the_default_and_small() -> None:
    assert parameters(preset("denseunet", "tiny")) < 1_000_000
    spec = NetworkSpec("denseunet", 3)
    assert parameters(build_network(spec)) == parameters(preset("denseunet", "tiny"))


def test_densenet121_loads_name_for_name_and_gives_what_torchvision_gives(
    densenet121: nn.Module,
) -> None:
    network = preset("denseunet", "densenet121")
    network.features.load_state_dict(densenet121.get_submodule("features").state_dict())
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        expected = densenet121.get_submodule("features")(x).relu()
        assert torch.allclose(network.encode(x)[-1], expected, atol=1e-4)


@pytest.mark.parametrize("architecture", ["denseunet", "se-denseunet"])
@pytest.mark.parametrize("dotted", [False, True])
def test_file_of_densenet121_starts_the_encoder(
    tmp_path: Path, densenet121: nn.Module, architecture: str, dotted: bool
) -> None:
    state = densenet121.state_dict()
    if dotted:  # The names of torchvision's first published files.
        layers = {f"{kind}{n}": f"{kind}.{n}" for kind in ("norm", "relu", "conv") for n in (1, 2)}
        state = {
            ".".join(layers.get(p, p) if "denselayer" in name else p for p in name.split(".")): t
            for name, t in state.items()
            if "num_batches" not in name
        }
    torch.save(state, tmp_path / "densenet121.pth")
    network = preset(architecture, "densenet121", encoder_weights=str(tmp_path / "densenet121.pth"))
    expected = densenet121.get_submodule("features").state_dict()
    for name, tensor in network.features.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(tensor, expected[name]), name


def test_file_of_other_settings_is_told_by_name(tmp_path: Path, densenet121: nn.Module) -> None:
    torch.save(densenet121.state_dict(), tmp_path / "densenet121.pth")
    with pytest.raises(ModelError, match=r"densenet121\.pth: expected.*denselayer4\.norm1\.weight"):
        preset("denseunet", "tiny", encoder_weights=str(tmp_path / "densenet121.pth"))


def layer_inputs(network: DenseUNet, x: Tensor, block: str) -> list[Tensor]:
    """What the first normalisation of each layer of a block sees."""
    seen: list[Tensor] = []
    layers = list(network.features.get_submodule(block).children())
    hooks = [
        layer.get_submodule("norm1").register_forward_pre_hook(
            lambda _module, inputs: seen.append(inputs[0].clone())
        )
        for layer in layers
    ]
    with torch.no_grad():
        network(x)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("block", ["denseblock1", "denseblock2"])
def test_first_layer_of_a_block_is_seen_by_every_later_layer(block: str) -> None:
    network, x = build(), torch.randn(1, 3, 32, 32)
    before = layer_inputs(network, x, block)
    first = cast(nn.Conv2d, network.features.get_submodule(f"{block}.denselayer1.conv2"))
    with torch.no_grad():
        first.weight.mul_(2.0)
    after = layer_inputs(network, x, block)
    assert len(before) == 3
    assert torch.equal(before[0], after[0])
    start = before[0].shape[1]
    for earlier, later in zip(before[1:], after[1:], strict=True):
        # The new channels of layer 1 stand right after the block's input.
        assert torch.allclose(later[:, start : start + 4], 2 * earlier[:, start : start + 4])
        assert not torch.equal(later, earlier)


def test_layers_see_the_concatenation_of_all_before() -> None:
    network, x = build(), torch.randn(1, 3, 32, 32)
    seen = layer_inputs(network, x, "denseblock1")
    assert [inputs.shape[1] for inputs in seen] == [8, 12, 16]
    for earlier, later in pairwise(seen):
        assert torch.equal(later[:, : earlier.shape[1]], earlier)


def test_compression_sets_what_a_transition_keeps() -> None:
    for compression, kept in ((0.5, 10), (1.0, 20), (0.3, 6)):
        network = build(compression=compression)
        conv = cast(nn.Conv2d, network.features.get_submodule("transition1.conv"))
        assert (conv.in_channels, conv.out_channels) == (20, kept)


def test_bottleneck_follows_bn_size() -> None:
    conv = cast(nn.Conv2d, build(bn_size=3).features.get_submodule("denseblock1.denselayer2.conv1"))
    assert conv.out_channels == 3 * 4


def test_dropout_acts_in_training_only() -> None:
    network, x = build(drop_rate=0.5), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(network(x), network(x))
        network.train()
        assert not torch.equal(network(x), network(x))
        assert torch.equal(build().train()(x), build().train()(x))


@pytest.mark.parametrize("blocks", [1, 2, 3, 5])
def test_any_number_of_blocks_sets_the_stride(blocks: int) -> None:
    network = build(block_config=[2] * blocks)
    assert network.stride == 2 ** (blocks + 1)
    size = 2 * network.stride
    with torch.no_grad():
        assert network(torch.randn(1, 3, size, size)).shape == (1, 1, size, size)


@pytest.mark.parametrize("bfloat16", [False, True])
def test_checkpointing_changes_neither_gradients_nor_statistics(bfloat16: bool) -> None:
    plain, saving = build().train(), build(checkpointing=True).train()
    torch.manual_seed(4)
    x = torch.randn(2, 3, 32, 32)
    for network in (plain, saving):
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = network(x)
        logits.float().square().sum().backward()
    for (name, expected), found in zip(plain.named_parameters(), saving.parameters(), strict=True):
        assert expected.grad is not None, name
        assert found.grad is not None, name
        assert torch.allclose(found.grad, expected.grad, rtol=1e-4, atol=1e-4), name
    statistics = dict(saving.named_buffers())
    for name, buffer in plain.named_buffers():
        assert torch.equal(statistics[name], buffer), name


def test_checkpointing_keeps_less_for_the_backward_pass() -> None:
    kept = []
    for checkpointing in (False, True):
        network = build(checkpointing=checkpointing, block_config=[8, 8]).train()
        held: dict[int, int] = {}

        def pack(tensor: Tensor, held: dict[int, int] = held) -> Tensor:
            held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            logits = network(torch.randn(2, 3, 64, 64))
        kept.append(sum(held.values()))
        logits.sum().backward()
    assert kept[1] < 0.8 * kept[0]


def excited(x: Tensor, *, opened: list[int]) -> Tensor:
    """Logits of an SE dense U-Net with the coefficients of these blocks held at one."""
    network = cast(SEDenseUNet, build("se-denseunet", reduction=2))
    with torch.no_grad():
        for index in opened:
            excite = cast(nn.Linear, network.get_submodule(f"excitations.{index}.excite"))
            excite.weight.zero_()
            excite.bias.fill_(100.0)
        return cast(Tensor, network(x))


def test_with_all_coefficients_one_it_is_the_dense_unet() -> None:
    x = torch.randn(2, 3, 32, 32)
    excitation, plain = build("se-denseunet", reduction=2), build()
    state = excitation.state_dict()
    plain.load_state_dict({n: t for n, t in state.items() if not n.startswith("excitations.")})
    with torch.no_grad():
        assert torch.allclose(excited(x, opened=[0, 1]), plain(x), atol=1e-5)
        assert not torch.allclose(excitation(x), plain(x), atol=1e-3)


@pytest.mark.parametrize("index", [0, 1])
def test_every_block_is_recalibrated_on_the_way_of_the_result(index: int) -> None:
    x = torch.randn(2, 3, 32, 32)
    assert not torch.allclose(excited(x, opened=[index]), excited(x, opened=[]), atol=1e-4)


def test_recalibrated_features_go_to_the_skip_and_to_the_next_block() -> None:
    network = cast(SEDenseUNet, build("se-denseunet", reduction=2))
    closed = copy.deepcopy(network)
    excite = cast(nn.Linear, closed.get_submodule("excitations.0.excite"))
    x = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        excite.weight.zero_()
        excite.bias.fill_(-100.0)
        stem, skip, deepest = closed.encode(x)
        assert torch.equal(stem, network.encode(x)[0])
        assert skip.abs().max() < 1e-6
        # Nothing of the slice reaches the next block through a closed gate.
        assert torch.allclose(deepest, closed.encode(2 * x)[-1], atol=1e-5)
        assert not torch.allclose(network.encode(x)[-1], network.encode(2 * x)[-1], atol=1e-3)


def test_squeeze_and_excitation_is_that_of_monai() -> None:
    ours = SqueezeExcitation(12, 3)
    from monai.networks.blocks.squeeze_and_excitation import ChannelSELayer

    oracle = ChannelSELayer(2, 12, r=3)
    names = {"squeeze": "fc.0", "excite": "fc.2"}
    oracle.load_state_dict(
        {f"{names[n.split('.')[0]]}.{n.split('.')[1]}": t for n, t in ours.state_dict().items()}
    )
    x = torch.randn(2, 12, 5, 7)
    with torch.no_grad():
        assert torch.allclose(ours(x), oracle(x), atol=1e-6)


def test_reduction_sets_the_width_of_the_squeeze() -> None:
    added = parameters(build("se-denseunet", reduction=4)) - parameters(build())
    # Blocks end with 20 and 22 channels.
    assert added == sum(2 * c * (c // 4) + c // 4 + c for c in (20, 22))
