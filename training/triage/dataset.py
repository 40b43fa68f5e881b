"""Labelled slices in memory, and batches in which every class comes as often as the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from core.domain.classification import LabelArray
from core.domain.errors import DataError
from core.domain.mask import Mask
from training.learning.sampler import Batch, Sampler
from training.learning.train_case import TrainCase, planes


@dataclass(frozen=True, eq=False)
class Labelled:
    """Prepared cases and the label of each of their slices, one array (Z,) a case."""

    cases: tuple[TrainCase, ...]
    labels: tuple[LabelArray, ...]

    @property
    def every_label(self) -> LabelArray:
        """The labels of all slices in order, (N,)."""
        return np.concatenate(self.labels)


def lesion_labels(truth: Mask, least: int) -> LabelArray:
    """Return 1 for each slice (Z,) of a ground truth that has at least `least` lesion voxels."""
    return np.asarray(truth.sum(axis=(1, 2), dtype=np.int64) >= least, np.int64)


def require_classes(labelled: Labelled, classes: Sequence[str]) -> None:
    """Raise `DataError` when some class has no example to learn from."""
    counts = np.bincount(labelled.every_label, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if not count]:
        raise DataError(
            f"Expected examples of {', '.join(classes)} to learn from, found none of "
            f"{', '.join(missing)}. Add cases, or choose other classes."
        )


@dataclass(frozen=True, eq=False)
class LabelledBatch(Batch):
    """A batch with a label (B,) a slice; its masks are empty."""

    labels: Tensor


@dataclass(frozen=True, eq=False)
class BalancedSampler(Sampler):
    """Draws a class uniformly, then a case that has it, then one of the case's slices of it."""

    labels: Sequence[LabelArray] = ()

    @cached_property
    def members(self) -> list[list[tuple[int, LabelArray]]]:
        """For each class, the cases that have it, by index, with the indices of their slices."""
        classes = 1 + max(int(labels.max()) for labels in self.labels)
        return [
            [(i, where) for i, own in enumerate(self.labels) if len(where := _where(own, k))]
            for k in range(classes)
        ]

    def draw(self) -> LabelledBatch:
        """Return the next batch."""
        count = self.spec.batch_size
        chosen = torch.randint(len(self.members), (count,), generator=self.generator).tolist()
        drawn = []
        for k in chosen:
            index, slices = self.members[k][self._lot(len(self.members[k]))]
            drawn.append((index, int(slices[self._lot(len(slices))])))
        # In order of cases, so that of several processes each gets few of them.
        drawn.sort()
        return self._labelled(drawn[self.rank * count // self.world : self._end(count)])

    def _lot(self, count: int) -> int:
        return int(torch.randint(count, (1,), generator=self.generator))

    def _end(self, count: int) -> int:
        return (self.rank + 1) * count // self.world

    def _labelled(self, picked: list[tuple[int, int]]) -> LabelledBatch:
        neighbours = self.spec.preprocessing.neighbours
        images = np.stack([planes(self.cases[i].values, z, neighbours) for i, z in picked])
        sources = tuple((self.cases[i].id, self.cases[i].slice_numbers[z]) for i, z in picked)
        tensor = torch.from_numpy(images.astype(np.float32))
        return LabelledBatch(
            tensor,
            torch.zeros(1, 1, 1, 1).expand(len(tensor), 1, *tensor.shape[2:]),
            sources,
            torch.tensor([int(self.labels[i][z]) for i, z in picked]),
        )


def _where(labels: LabelArray, wanted: int) -> LabelArray:
    return np.flatnonzero(labels == wanted).astype(np.int64)
