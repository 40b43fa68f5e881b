"""What every network of the catalogue is."""

from torch import nn


class Network(nn.Module):
    """A module from slices (B, C, H, W) to logits (B, 1, H, W), never through a sigmoid.

    H and W must be divisible by `stride`.
    """

    stride: int
