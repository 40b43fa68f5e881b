"""U-Net (Ronneberger, Fischer, Brox 2015) with batch normalisation."""

import torch
from torch import Tensor, nn

from core.models.networks.blocks import double_conv, initialise, upsampling
from core.models.networks.catalog import UNetArguments
from core.models.networks.network import Network


class UNet(Network):
    """Four levels down and up; a level below has twice the channels.

    Layers are named, and skips joined after the upsampled features, as in the reference
    implementation of Buda, Saha and Mazurowski 2019, so that weights published for it fit.
    """

    stride = 16

    def __init__(self, in_channels: int, arguments: UNetArguments, outputs: int = 1) -> None:
        super().__init__()
        width = arguments.init_features
        self.encoder1 = double_conv(in_channels, width, name="enc1")
        self.pool1 = nn.MaxPool2d(2)
        self.encoder2 = double_conv(width, width * 2, name="enc2")
        self.pool2 = nn.MaxPool2d(2)
        self.encoder3 = double_conv(width * 2, width * 4, name="enc3")
        self.pool3 = nn.MaxPool2d(2)
        self.encoder4 = double_conv(width * 4, width * 8, name="enc4")
        self.pool4 = nn.MaxPool2d(2)
        self.bottleneck = double_conv(width * 8, width * 16, name="bottleneck")
        self.upconv4 = upsampling(width * 16, width * 8)
        self.decoder4 = double_conv(width * 16, width * 8, name="dec4")
        self.upconv3 = upsampling(width * 8, width * 4)
        self.decoder3 = double_conv(width * 8, width * 4, name="dec3")
        self.upconv2 = upsampling(width * 4, width * 2)
        self.decoder2 = double_conv(width * 4, width * 2, name="dec2")
        self.upconv1 = upsampling(width * 2, width)
        self.decoder1 = double_conv(width * 2, width, name="dec1")
        self.conv = nn.Conv2d(width, outputs, 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of slices (B, C, H, W)."""
        enc1 = self.encoder1(x)
        enc2 = self.encoder2(self.pool1(enc1))
        enc3 = self.encoder3(self.pool2(enc2))
        enc4 = self.encoder4(self.pool3(enc3))
        coarse = self.bottleneck(self.pool4(enc4))
        dec4 = self.decoder4(torch.cat((self.upconv4(coarse), self.skip(4, enc4, coarse)), dim=1))
        dec3 = self.decoder3(torch.cat((self.upconv3(dec4), self.skip(3, enc3, dec4)), dim=1))
        dec2 = self.decoder2(torch.cat((self.upconv2(dec3), self.skip(2, enc2, dec3)), dim=1))
        dec1 = self.decoder1(torch.cat((self.upconv1(dec2), self.skip(1, enc1, dec2)), dim=1))
        logits: Tensor = self.conv(dec1)
        return logits

    def skip(self, level: int, features: Tensor, gating: Tensor) -> Tensor:  # noqa: ARG002
        """Return what the decoder of a level gets of the encoder's features; here all of them.

        `gating` are the features of the level below, at half the height and width.
        """
        return features
