"""U-Net++ (Zhou et al. 2018): nested dense skips, deep supervision, pruning."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.domain.errors import ModelError
from core.models.networks.blocks import double_conv, initialise, upsampling
from core.models.networks.catalog import UNetPlusPlusArguments
from core.models.networks.network import Network

DEPTH = 4


class UNetPlusPlus(Network):
    """Node (i, j) joins all nodes (i, 0..j-1) with the upsampled node (i + 1, j - 1).

    Node (0, level) gives the logits of a level. With deep supervision each level has logits of
    its own, on which the loss is taken, and the network can be pruned to a level (figure 3 of
    the paper). Batch normalisation stands where the paper's convolutions have a bias.
    """

    def __init__(
        self, in_channels: int, arguments: UNetPlusPlusArguments, outputs: int = 1
    ) -> None:
        super().__init__()
        self.deep_supervision = arguments.deep_supervision
        self.ensemble = arguments.ensemble
        self.level = DEPTH
        self.stride = 2**DEPTH
        self.pool = nn.MaxPool2d(2)
        self.nodes = nn.ModuleDict()
        self.ups = nn.ModuleDict()
        self.heads = nn.ModuleDict()
        self._dropped: tuple[str, ...] = ()
        widths = [arguments.init_features * 2**row for row in range(DEPTH + 1)]
        self._add_nodes(in_channels, widths)
        for level in range(1 if self.deep_supervision else DEPTH, DEPTH + 1):
            self.heads[_name(0, level)] = nn.Conv2d(widths[0], outputs, 1)
        initialise(self)
        self.register_load_state_dict_pre_hook(_forget_dropped)  # type: ignore[no-untyped-call]
        self.prune(arguments.level)

    def _add_nodes(self, in_channels: int, widths: list[int]) -> None:
        inputs = [in_channels, *widths]
        for row, column in _triangle(DEPTH):
            if column == 0:
                self.nodes[_name(row, 0)] = double_conv(inputs[row], widths[row])
            else:
                joined = widths[row] * (column + 1)
                self.ups[_name(row, column)] = upsampling(widths[row + 1], widths[row])
                self.nodes[_name(row, column)] = double_conv(joined, widths[row])

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, K, H, W) of the chosen level, or as ensemble the mean over levels."""
        if self.ensemble:
            return torch.stack(self.forward_all(x)).mean(dim=0)
        logits: Tensor = self.heads[_name(0, self.level)](self._top_row(x)[-1])
        return logits

    def forward_all(self, x: Tensor) -> list[Tensor]:
        """Return the logits of every level that has some, shallowest first, each (B, K, H, W)."""
        top = self._top_row(x)
        levels = range(1, self.level + 1) if self.deep_supervision else [self.level]
        return [self.heads[_name(0, level)](top[level]) for level in levels]

    def _top_row(self, x: Tensor) -> list[Tensor]:
        rows: list[list[Tensor]] = [[] for _ in range(self.level + 1)]
        for row, column in _triangle(self.level):
            if column == 0:
                joined = x if row == 0 else self.pool(rows[row - 1][0])
            else:
                upsampled = self.ups[_name(row, column)](rows[row + 1][column - 1])
                joined = torch.cat((*rows[row], upsampled), dim=1)
            rows[row].append(self.nodes[_name(row, column)](joined))
        return rows[0]

    def prune(self, level: int) -> None:
        """Drop all nodes deeper than a level; weights of the whole network still load.

        Raises ModelError when the level is gone already or has no logits of its own.
        """
        if level == self.level:
            return
        if not self.deep_supervision:
            raise ModelError(
                f"Expected level {DEPTH} for a U-Net++ without deep supervision, found {level}. "
                f"Train with deep_supervision, or use level {DEPTH}."
            )
        if not 1 <= level < self.level:
            raise ModelError(
                f"Expected a level from 1 to {self.level}, found {level}. Choose one of these."
            )
        self._drop(set(_triangle(self.level)) - set(_triangle(level)))
        self.level = level
        self.stride = 2**level

    def _drop(self, nodes: set[tuple[int, int]]) -> None:
        gone = {_name(*node) for node in nodes}
        groups = {"nodes": self.nodes, "ups": self.ups, "heads": self.heads}
        for group, modules in groups.items():
            found = sorted(gone & set(modules))
            for name in found:
                del modules[name]
            self._dropped += tuple(f"{group}.{name}." for name in found)


def _triangle(level: int) -> Iterator[tuple[int, int]]:
    """Yield the nodes (row, column) of a network of this level, each after those it is made of."""
    for diagonal in range(level + 1):
        for column in range(diagonal + 1):
            yield diagonal - column, column


def _name(row: int, column: int) -> str:
    return f"x{row}_{column}"


def _forget_dropped(
    network: UNetPlusPlus, state: dict[str, Tensor], prefix: str, *_: object
) -> None:
    dropped = tuple(prefix + name for name in network._dropped)
    for name in [name for name in state if name.startswith(dropped)]:
        del state[name]
