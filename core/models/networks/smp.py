"""Any decoder and encoder of segmentation_models_pytorch (Iakubovskii 2019), by name."""

import copy
import inspect
from collections.abc import Callable
from typing import cast

import segmentation_models_pytorch as library
import torch
from timm.models.efficientnet import EfficientNetFeatures
from torch import nn

from core.domain.errors import ModelError
from core.models.networks.catalog import SmpArguments
from core.models.networks.network import Network

# Set here, or a way to a download, to a second output or to values that are no logits.
_RESERVED = frozenset(
    {
        "encoder_name",
        "encoder_weights",
        "in_channels",
        "classes",
        "activation",
        "aux_params",
        "pretrained",
        "pretrained_cfg",
        "checkpoint_path",
    }
)
_TIMM = "tu-"
_FAILURES = (KeyError, TypeError, ValueError, RuntimeError, AttributeError, AssertionError)


def build_smp(in_channels: int, arguments: SmpArguments, outputs: int = 1) -> Network:
    """Return the library's own module, with its names and random weights, never downloaded.

    Raises ModelError when the library knows no such decoder, encoder or option, or when the
    network takes slices of one size only.
    """
    decoder = _find_decoder(arguments.decoder)
    _check_options(decoder, arguments)
    try:
        network = decoder(
            encoder_name=arguments.encoder,
            encoder_weights=None,
            in_channels=in_channels,
            classes=outputs,
            **arguments.options,
        )
    except _FAILURES as error:
        raise ModelError(
            f"Expected a decoder, encoder and options that segmentation_models_pytorch can join, "
            f"found {arguments.decoder} with {arguments.encoder}, of which it says: "
            f"{_first_line(error)}. Correct the arguments of smp."
        ) from error
    _leave_out_unread(network.encoder)
    if arguments.head_stride > 1:
        _halve_head(network, outputs)
    network.stride = _find_stride(network, in_channels, outputs)
    # A Network in all but its base class, which is the library's.
    return cast(Network, network)


def _find_decoder(name: str) -> Callable[..., library.base.SegmentationModel]:
    decoders = library.MODEL_ARCHITECTURES_MAPPING
    if name.lower() not in decoders:
        known = ", ".join(decoder.__name__ for decoder in decoders.values())
        raise ModelError(
            f"Expected one of the decoders {known}, found {name!r}. Choose one of these."
        )
    return cast(Callable[..., library.base.SegmentationModel], decoders[name.lower()])


def _check_options(decoder: Callable[..., object], arguments: SmpArguments) -> None:
    if ":" in arguments.encoder:
        raise ModelError(
            f"Expected the name of an encoder that is installed, found {arguments.encoder!r}, "
            f"which would be downloaded. Name one of the library's or of timm's (tu-NAME)."
        )
    takes = set(inspect.signature(decoder).parameters) - {"kwargs"}
    options = set(arguments.options)
    # The library ignores what it does not know, save for timm's encoders, which check it.
    unknown = set() if arguments.encoder.startswith(_TIMM) else options - takes
    if refused := sorted(unknown | options & _RESERVED):
        raise ModelError(
            f"Expected options of {arguments.decoder} among "
            f"{', '.join(sorted(takes - _RESERVED))}, found {', '.join(refused)}. "
            f"Correct or remove them."
        )


def _leave_out_unread(encoder: nn.Module) -> None:
    """Drop the stages of a timm EfficientNet that lie deeper than `encoder_depth`.

    timm keeps them though nobody reads them: of EfficientNet-Lite0 at depth 4 they are two thirds
    of the weights, which would be stored without ever having been trained.
    """
    stages = getattr(encoder, "model", None)
    if isinstance(stages, EfficientNetFeatures):
        read = stages.feature_info.get_dicts(["stage"])[-1]["stage"]
        stages.blocks = stages.blocks[:read]


def _halve_head(network: nn.Module, outputs: int) -> None:
    """Leave out the last block of a Unet's decoder; its logits are made twofold, bilinearly.

    Without the block at full resolution a training of EfficientNet-Lite0 went from 10.3 to 11.8
    slices a second on one thread of a processor.
    """
    if not isinstance(network, library.Unet) or len(network.decoder.blocks) < 2:
        raise ModelError(
            f"Expected the decoder Unet with two blocks or more for head_stride=2, found "
            f"{type(network).__name__}. Remove head_stride, or take Unet."
        )
    network.decoder.blocks = network.decoder.blocks[:-1]
    channels = network.decoder.blocks[-1].conv2[0].out_channels
    network.segmentation_head = nn.Sequential(
        nn.Conv2d(channels, outputs, kernel_size=3, padding=1),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
    )


def _find_stride(network: nn.Module, in_channels: int, outputs: int) -> int:
    """Return the stride of the encoder, or twice it where the decoder halves once more.

    Tried on shapes alone, without computing, at odd multiples of the stride.
    """
    stride: int = network.encoder.output_stride  # type: ignore[union-attr, assignment]
    trial = copy.deepcopy(network).eval().to("meta")
    failure: Exception | None = None
    for candidate in (stride, 2 * stride):
        slices = torch.zeros(1, in_channels, 5 * candidate, 7 * candidate, device="meta")
        try:
            with torch.no_grad():
                logits = trial(slices)
        except _FAILURES as error:
            failure = error
        else:
            if logits.shape == (1, outputs, *slices.shape[2:]):
                return candidate
    told = f" ({_first_line(failure)})" if failure else ""
    raise ModelError(
        f"Expected a network for slices of any size divisible by {stride}, found one that takes "
        f"some only{told}. Give the option dynamic_img_size or strict_img_size, where a "
        f"transformer has one, or choose another encoder."
    )


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.strip().splitlines()[0][:200].rstrip(".") if text.strip() else type(error).__name__
