"""U-Net with a DenseNet-BC (Huang et al. 2017) as encoder."""

from torch import Tensor
from torch.nn import functional

from core.models.networks.blocks import Decoder
from core.models.networks.catalog import DenseUNetArguments
from core.models.networks.dense_layers import dense_features
from core.models.networks.network import Network

_NARROWEST = 8


class DenseUNet(Network):
    """Encoder features at strides 2, 4, 8, ..., a U-Net decoder up to full resolution.

    `features` are those of `dense_features`.
    """

    def __init__(self, in_channels: int, arguments: DenseUNetArguments, outputs: int = 1) -> None:
        super().__init__()
        self.blocks = len(arguments.block_config)
        self.stride = 2 ** (self.blocks + 1)
        self.features, self.skip_channels = dense_features(in_channels, arguments)
        widest = arguments.init_features * 2**self.blocks // 4
        widths = [max(widest >> step, _NARROWEST) for step in range(self.blocks + 1)]
        self.decoder = Decoder(self.skip_channels, widths, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of slices (B, C, H, W)."""
        logits: Tensor = self.decoder(self.encode(x))
        return logits

    def encode(self, x: Tensor) -> list[Tensor]:
        """Return features at strides 2, 4, ...: the stem's, then those of each dense block."""
        layers = dict(self.features.named_children())
        features = [layers["relu0"](layers["norm0"](layers["conv0"](x)))]
        current = layers["pool0"](features[0])
        for number in range(1, self.blocks):
            features.append(self.recalibrate(number, layers[f"denseblock{number}"](current)))
            current = layers[f"transition{number}"](features[-1])
        last = self.recalibrate(self.blocks, layers[f"denseblock{self.blocks}"](current))
        return [*features, functional.relu(layers["norm5"](last))]

    def recalibrate(self, number: int, features: Tensor) -> Tensor:  # noqa: ARG002
        """Return what goes on from a dense block, to the next and to the skip; here all of it."""
        return features
