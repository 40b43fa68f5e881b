"""U-Net with a ResNet (He et al. 2016) of torchvision as encoder."""

from torch import Tensor, nn
from torchvision.models import ResNet, resnet18, resnet34, resnet50

from core.models.networks.blocks import Decoder
from core.models.networks.catalog import ResUNetArguments
from core.models.networks.network import Network
from core.models.networks.weights import EncoderFile, load_encoder

_ENCODERS = {"resnet18": resnet18, "resnet34": resnet34, "resnet50": resnet50}
_WIDTHS = [256, 128, 64, 32, 16]
_STEM = 64


class ResUNet(Network):
    """Encoder features at strides 2 to 32, a decoder up to full resolution.

    The encoder keeps torchvision's names. For other than three input channels its first
    convolution is made anew, and file weights are fitted to it by `weights.fit_channels`.
    """

    stride = 32

    def __init__(self, in_channels: int, arguments: ResUNetArguments, outputs: int = 1) -> None:
        super().__init__()
        self.encoder = _encoder(in_channels, arguments.encoder)
        load_encoder(self.encoder, EncoderFile(arguments.encoder_weights, "conv1.weight", "fc"))
        self.decoder = Decoder(_feature_channels(self.encoder), _WIDTHS, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of slices (B, C, H, W)."""
        logits: Tensor = self.decoder(self.encode(x))
        return logits

    def encode(self, x: Tensor) -> list[Tensor]:
        """Return features at strides 2, 4, 8, 16 and 32."""
        encoder = self.encoder
        features = [encoder.relu(encoder.bn1(encoder.conv1(x)))]
        current = encoder.maxpool(features[0])
        for stage in (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4):
            current = stage(current)
            features.append(current)
        return features


def _encoder(in_channels: int, name: str) -> ResNet:
    encoder = _ENCODERS[name](weights=None)
    stem = nn.Conv2d(in_channels, _STEM, 7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")
    encoder.conv1 = stem
    del encoder.fc
    return encoder


def _feature_channels(encoder: ResNet) -> list[int]:
    stages = (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4)
    # The last batch normalisation of a stage has the channels of its output.
    norms = [[m for m in s[-1].children() if isinstance(m, nn.BatchNorm2d)][-1] for s in stages]
    return [_STEM, *(norm.num_features for norm in norms)]
