"""DenseNet classifier with squeeze-and-excitation (Hu et al. 2018) after each dense block."""

from torch import Tensor, nn

from core.models.networks.blocks import initialise
from core.models.networks.catalog import SEDenseNetArguments
from core.models.networks.densenet import DenseNet
from core.models.networks.se_denseunet import SqueezeExcitation


class SEDenseNet(DenseNet):
    """The DenseNet whose blocks pass on weighed channels; the last weighing is what is pooled."""

    def __init__(self, in_channels: int, arguments: SEDenseNetArguments, *, classes: int) -> None:
        super().__init__(in_channels, arguments, classes=classes)
        gates = (SqueezeExcitation(width, arguments.reduction) for width in self.channels[1:])
        self.excitations = nn.ModuleList(gates)
        initialise(self.excitations)

    def recalibrate(self, number: int, features: Tensor) -> Tensor:
        """Weigh each channel of a dense block's features."""
        weighed: Tensor = self.excitations[number - 1](features)
        return weighed
