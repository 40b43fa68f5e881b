"""The network: imported when it is built."""

from torch import Tensor, nn

from overread import Network
from overread_example.catalog import ExampleArguments


class ExampleNet(Network):
    """Two convolutions from slices (B, C, H, W) to logits (B, 1, H, W)."""

    stride = 1

    def __init__(self, in_channels: int, arguments: ExampleArguments) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, arguments.width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(arguments.width, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits
