"""What every network of the catalogues is."""

from torch import nn


class SliceNetwork(nn.Module):
    """A module from slices (B, C, H, W) to logits, never through a sigmoid or softmax.

    H and W must be divisible by `stride`.
    """

    stride: int


class Network(SliceNetwork):
    """A segmentation network: its logits are (B, K, H, W), of a binary one (B, 1, H, W)."""


class Classifier(SliceNetwork):
    """A classifier: its logits are (B, K), one a class."""
