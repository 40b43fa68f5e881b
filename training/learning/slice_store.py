"""Where the slices of a batch are taken from: the cases in memory, or a graphics card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.domain.prediction import SURE
from training.learning.train_case import TrainCase, planes

_ROOM = 0.5
"""The share of a card's free memory that slices may take; the rest is the network's."""


class SliceStore(Protocol):
    """Hands out slices, each with its neighbours and mask."""

    def batch(self, picked: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Return images (B, P, h, w) and masks (B, 1 or 2, h, w), float32.

        `picked` are places of cases and of slices in them.
        """


@dataclass(frozen=True, eq=False)
class CaseSlices:
    """Slices as they lie in the cases, in memory or mapped from files."""

    cases: Sequence[TrainCase]
    neighbours: int

    def batch(self, picked: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Return images and masks on the processor."""
        images = np.stack([planes(self.cases[i].values, z, self.neighbours) for i, z in picked])
        masks = np.stack([_targets(self.cases[i], slice(z, z + 1))[:, 0] for i, z in picked])
        return torch.from_numpy(images.astype(np.float32)), torch.from_numpy(masks)


class DeviceSlices:
    """All slices of the cases on a device, where batches are put together without a copy there."""

    def __init__(self, cases: Sequence[TrainCase], neighbours: int, device: torch.device) -> None:
        depths = [len(case.mask) for case in cases]
        self._first = np.concatenate(([0], np.cumsum(depths))).tolist()
        self._offsets = range(-neighbours, neighbours + 1)
        values = [torch.from_numpy(np.ascontiguousarray(c.values)).movedim(1, 0) for c in cases]
        self._values = torch.cat([each.to(device) for each in values])
        levels = [torch.from_numpy(_levels(case)).movedim(1, 0) for case in cases]
        self._levels = torch.cat([each.to(device) for each in levels])
        self._device = device

    def batch(self, picked: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
        """Return images and masks on the device."""
        middle = torch.tensor([self._first[i] + z for i, z in picked], device=self._device)
        ends = [(self._first[i], self._first[i + 1] - 1) for i, _ in picked]
        low, high = torch.tensor(ends, device=self._device).unbind(1)
        near = [self._values[torch.clamp(middle + o, low, high)] for o in self._offsets]
        levels = self._levels[middle].float()
        masks = torch.cat((levels[:, :1], levels[:, 1:] / SURE), dim=1)
        return torch.cat(near, dim=1).float(), masks


def slice_store(cases: Sequence[TrainCase], neighbours: int, device: torch.device) -> SliceStore:
    """Return the slices on a graphics card that has room for them, else as they lie."""
    if device.type == "cuda":
        wanted = sum(case.values.nbytes + _levels(case).nbytes for case in cases)
        if wanted < _ROOM * torch.cuda.mem_get_info(device)[0]:
            return DeviceSlices(cases, neighbours, device)
    return CaseSlices(cases, neighbours)


def _levels(case: TrainCase) -> NDArray[np.uint8]:
    """Return the mask of a case, and what its teachers say beside it, (1 or 2, Z, h, w)."""
    found = [case.mask] if case.taught is None else [case.mask, case.taught]
    return np.stack(found)


def _targets(case: TrainCase, where: slice) -> NDArray[np.float32]:
    """Return some slices of them as float32, probabilities 0 to 1."""
    mask = case.mask[where].astype(np.float32)
    if case.taught is None:
        return mask[np.newaxis]
    return np.stack((mask, case.taught[where].astype(np.float32) / SURE))
