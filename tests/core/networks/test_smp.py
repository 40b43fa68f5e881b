"""The architecture that brings segmentation_models_pytorch."""

import subprocess
import sys

import pytest
import torch

from core.domain.errors import ModelError
from core.models.networks.builder import build_network
from core.models.networks.spec import ArgumentValue, NetworkSpec


def spec(**arguments: ArgumentValue) -> NetworkSpec:
    return NetworkSpec("smp", 9, {"encoder": "tu-resnet10t", **arguments})


@pytest.mark.parametrize(
    ("arguments", "stride"),
    [
        ({"decoder": "UnetPlusPlus"}, 32),
        ({"decoder": "unet", "encoder": "resnet18"}, 32),
        ({"decoder": "DeepLabV3Plus", "encoder": "resnet18"}, 16),
        ({"decoder": "PSPNet"}, 8),
        ({"decoder": "Unet", "encoder_depth": 3, "decoder_channels": [32, 16, 8]}, 8),
        ({"decoder": "Segformer", "encoder": "mit_b0"}, 32),
        ({"decoder": "Unet", "encoder": "tu-efficientnet_lite0"}, 32),
        ({"head_stride": 2}, 32),
        ({"head_stride": 2, "encoder_depth": 3, "decoder_channels": [32, 16, 8]}, 8),
    ],
)
def test_any_decoder_with_any_encoder(arguments: dict[str, ArgumentValue], stride: int) -> None:
    network = build_network(spec(**arguments)).eval()
    assert network.stride == stride
    x = torch.randn(1, 9, 3 * stride, 2 * stride)
    with torch.no_grad():
        assert network(x).shape == (1, 1, *x.shape[2:])


def test_parameter_count_is_that_of_the_library() -> None:
    network = build_network(NetworkSpec("smp", 3, {"decoder": "Unet", "encoder": "resnet34"}))
    assert sum(parameter.numel() for parameter in network.parameters()) == 24_436_369


def test_option_of_the_decoder_changes_the_network() -> None:
    plain = build_network(spec()).state_dict().keys()
    assert plain < build_network(spec(decoder_attention_type="scse")).state_dict().keys()


def test_half_the_head_is_the_library_s_network_without_its_last_block() -> None:
    channels: ArgumentValue = [16, 16, 8, 8, 4]
    whole = build_network(spec(decoder_channels=channels)).state_dict()
    half = build_network(spec(decoder_channels=channels, head_stride=2)).state_dict()
    body = {name for name in whole if not name.startswith(("decoder.blocks.4.", "segmentation"))}
    assert {name for name in half if not name.startswith("segmentation")} == body
    assert all(half[name].shape == whole[name].shape for name in body)
    assert half["segmentation_head.0.weight"].shape == (1, 8, 3, 3)


def test_what_lies_deeper_than_the_encoder_s_depth_is_left_out_and_changes_nothing() -> None:
    encoder = "tu-tf_efficientnet_lite0"
    options: dict[str, ArgumentValue] = {"encoder_depth": 4, "decoder_channels": [16, 16, 8, 8]}
    network = build_network(spec(encoder=encoder, **options)).eval()
    import segmentation_models_pytorch as library

    whole = library.Unet(
        encoder,
        encoder_weights=None,
        in_channels=9,
        encoder_depth=4,
        decoder_channels=(16, 16, 8, 8),
    ).eval()
    own, theirs = network.state_dict(), whole.state_dict()
    unread = {
        name
        for name in theirs
        if name.startswith(("encoder.model.blocks.5", "encoder.model.blocks.6"))
    }
    assert theirs.keys() - own.keys() == unread
    network.load_state_dict({name: theirs[name] for name in own})
    x = torch.randn(1, 9, 32, 48)
    with torch.no_grad():
        torch.testing.assert_close(network(x), whole(x))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"decoder": "VNet"}, "Unet, UnetPlusPlus, .* found 'VNet'"),
        ({"encoder": "resnet9"}, "Wrong encoder name"),
        ({"encoder": "tu-resnet9"}, "Unknown model"),
        ({"encoder": "resnet18", "decoder_chanels": [1]}, "decoder_channels, .*found decoder_cha"),
        ({"typo": 1}, "unexpected keyword argument 'typo'"),
        ({"decoder_channels": [3]}, "1 blocks"),
        ({"decoder": "FPN", "head_stride": 2}, "decoder Unet .* found FPN"),
        ({"head_stride": 3}, "head_stride"),
        ({"encoder_weights": "imagenet"}, "found encoder_weights"),
        ({"activation": "sigmoid"}, "found activation"),
        ({"classes": 2}, "found classes"),
        ({"pretrained": True}, "found pretrained"),
        ({"encoder": "tu-hf-hub:timm/resnet18"}, "would be downloaded"),
        ({"encoder": "tu-swin_tiny_patch4_window7_224"}, "slices of any size divisible by 32"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, ArgumentValue], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        build_network(spec(**arguments))


def test_library_is_imported_only_for_its_own_architecture() -> None:
    code = (
        "import sys\n"
        "from core.models.networks.builder import build_network\n"
        "from core.models.networks.spec import NetworkSpec\n"
        "build_network(NetworkSpec('unet', 3, {'init_features': 1}))\n"
        "sys.exit(any(name in sys.modules for name in ('segmentation_models_pytorch', 'timm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
