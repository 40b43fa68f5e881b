"""The layers of a DenseNet-BC (Huang et al. 2017), written out: for classifiers and encoders."""

import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from core.models.networks.blocks import initialise
from core.models.networks.catalog import DenseArguments
from core.models.networks.weights import EncoderFile, load_encoder


class DenseLayer(nn.Module):
    """BN-ReLU-Conv1x1 to a bottleneck, then BN-ReLU-Conv3x3 to `growth_rate` new channels."""

    def __init__(self, in_channels: int, arguments: DenseArguments) -> None:
        super().__init__()
        between = arguments.bn_size * arguments.growth_rate
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(in_channels, between, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(between)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(between, arguments.growth_rate, 3, padding=1, bias=False)
        self.drop_rate = arguments.drop_rate
        self.checkpointing = arguments.checkpointing

    def forward(self, *earlier: Tensor) -> Tensor:
        """Return new channels (B, growth_rate, H, W) from the outputs of all earlier layers."""
        added: Tensor = self.conv2(self.relu2(self.norm2(self._squeezed(earlier))))
        if self.drop_rate > 0:
            added = functional.dropout(added, self.drop_rate, self.training)
        return added

    def _squeezed(self, earlier: tuple[Tensor, ...]) -> Tensor:
        if not (self.checkpointing and self.training and torch.is_grad_enabled()):
            return self._bottleneck(*earlier)
        # The concatenation and its normalisation are what makes a DenseNet's memory grow with
        # the square of its depth (Pleiss et al. 2017): keep neither, compute both again.
        squeezed: Tensor = checkpoint(
            self._bottleneck,
            *earlier,
            use_reentrant=False,
            preserve_rng_state=False,
            context_fn=self._recompute_contexts,
        )
        return squeezed

    def _bottleneck(self, *earlier: Tensor) -> Tensor:
        bottleneck: Tensor = self.conv1(self.relu1(self.norm1(torch.cat(earlier, dim=1))))
        return bottleneck

    def _recompute_contexts(
        self,
    ) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _statistics_kept(self.norm1)


@contextmanager
def _statistics_kept(norm: nn.BatchNorm2d) -> Iterator[None]:
    """Hold running statistics still, so that a batch passed twice counts once."""
    momentum, batches = norm.momentum, norm.num_batches_tracked
    counted = None if batches is None else batches.clone()
    norm.momentum = 0.0
    try:
        yield
    finally:
        norm.momentum = momentum
        if batches is not None and counted is not None:
            batches.copy_(counted)


class DenseBlock(nn.Module):
    """Layers of which each sees the concatenation of the input and all layers before it."""

    def __init__(self, in_channels: int, layers: int, arguments: DenseArguments) -> None:
        super().__init__()
        for index in range(layers):
            seen = in_channels + index * arguments.growth_rate
            self.add_module(f"denselayer{index + 1}", DenseLayer(seen, arguments))

    def forward(self, x: Tensor) -> Tensor:
        """Return the input and all that the layers add to it, joined along the channels."""
        features = [x]
        for layer in self.children():
            features.append(layer(*features))
        return torch.cat(features, dim=1)


def dense_features(in_channels: int, arguments: DenseArguments) -> tuple[nn.Sequential, list[int]]:
    """Make a DenseNet up to its last normalisation, started from a file where one is given.

    It has torchvision's names, so that weights of its DenseNets load with the preset of that name;
    for other than three input channels they are fitted to the first convolution by
    `weights.fit_channels`. Told with the channels of the stem and of each block.
    """
    features, channels = _features(in_channels, arguments)
    initialise(features)
    file = EncoderFile(arguments.encoder_weights, "conv0.weight", "classifier")
    load_encoder(features, file, rename=_torchvision_name)
    return features, channels


def _features(in_channels: int, arguments: DenseArguments) -> tuple[nn.Sequential, list[int]]:
    channels = arguments.init_features
    skip_channels = [channels]
    features = _stem(in_channels, channels)
    for number, layers in enumerate(arguments.block_config, start=1):
        features.add_module(f"denseblock{number}", DenseBlock(channels, layers, arguments))
        channels += layers * arguments.growth_rate
        skip_channels.append(channels)
        if number < len(arguments.block_config):
            kept = max(int(channels * arguments.compression), 1)
            features.add_module(f"transition{number}", _transition(channels, kept))
            channels = kept
    # torchvision's name, whatever the number of blocks.
    features.add_module("norm5", nn.BatchNorm2d(channels))
    return features, skip_channels


def _stem(in_channels: int, channels: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv0"] = nn.Conv2d(in_channels, channels, 7, stride=2, padding=3, bias=False)
    layers["norm0"] = nn.BatchNorm2d(channels)
    layers["relu0"] = nn.ReLU(inplace=True)
    layers["pool0"] = nn.MaxPool2d(3, stride=2, padding=1)
    return nn.Sequential(layers)


def _transition(channels: int, kept: int) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["norm"] = nn.BatchNorm2d(channels)
    layers["relu"] = nn.ReLU(inplace=True)
    layers["conv"] = nn.Conv2d(channels, kept, 1, bias=False)
    layers["pool"] = nn.AvgPool2d(2)
    return nn.Sequential(layers)


def _torchvision_name(name: str) -> str:
    """Drop torchvision's prefix, and the dot that its first files have within layer names."""
    return re.sub(r"\.(norm|relu|conv)\.([12])\.", r".\1\2.", name.removeprefix("features."))
