"""DenseNet-BC (Huang et al. 2017) as a classifier of slices."""

from torch import Tensor, nn
from torch.nn import functional

from core.models.networks.catalog import DenseNetArguments
from core.models.networks.dense_layers import dense_features
from core.models.networks.network import Classifier


class DenseNet(Classifier):
    """Dense features, their mean over the plane, one linear layer; weights named as torchvision."""

    def __init__(self, in_channels: int, arguments: DenseNetArguments, *, classes: int) -> None:
        super().__init__()
        self.blocks = len(arguments.block_config)
        self.stride = 2 ** (self.blocks + 1)
        self.features, self.channels = dense_features(in_channels, arguments)
        self.classifier = nn.Linear(self.channels[-1], classes)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return class logits (B, K) of slices (B, C, H, W)."""
        logits: Tensor = self.classifier(self.pooled(x))
        return logits

    def pooled(self, x: Tensor) -> Tensor:
        """Return the features (B, F) that the classifier sees."""
        current = x
        for name, layer in self.features.named_children():
            current = layer(current)
            if name.startswith("denseblock") and name != f"denseblock{self.blocks}":
                current = self.recalibrate(int(name.removeprefix("denseblock")), current)
        return self.recalibrate(self.blocks, functional.relu(current)).mean(dim=(2, 3))

    def recalibrate(self, number: int, features: Tensor) -> Tensor:  # noqa: ARG002
        """Return what goes on from a dense block; of the last, what is pooled. Here all of it."""
        return features
