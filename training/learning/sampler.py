"""Batches of slices, drawn by lot: which case, which slice, and how often each label."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.domain.label_set import HIGHEST, LabelMap
from core.domain.mask import Mask
from core.models.train_spec import TrainSpec
from training.learning.slice_store import SliceStore, slice_store
from training.learning.train_case import TrainCase


@dataclass(frozen=True, eq=False)
class Batch:
    """Images (B, P, h, w), masks (B, 1, h, w) float32 and where each slice is from.

    Of several labels the masks hold their values. With teachers the masks are (B, 2, h, w): beside
    each is the probability that they give.
    """

    images: Tensor
    masks: Tensor
    sources: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        """Name its slices, as a reader finds them."""
        return ", ".join(f"{case} slice {number}" for case, number in self.sources)


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws batches: a case by lot, so that a long one counts no more, then one of its slices.

    All randomness is the generator's, on the CPU; its state is the sampler's state. Of `world`
    processes, each with the same generator, the one of that `rank` gets its part of every batch.
    Where only some cases are `fresh`, the others are replayed in the share of the spec. Of several
    labels each is drawn alike (`balanced_chances`), unless the spec samples otherwise. Slices are
    kept on a graphics card, where the `device` is one that has room for them.
    """

    cases: Sequence[TrainCase]
    spec: TrainSpec
    generator: Generator
    rank: int = 0
    world: int = 1
    fresh: frozenset[str] = field(default=frozenset(), kw_only=True)
    device: torch.device = field(default=torch.device("cpu"), kw_only=True)

    @cached_property
    def shares(self) -> Tensor:
        """The chance of each case (N,)."""
        if self._joint is not None:
            return torch.stack([each.sum() for each in self._joint])
        return self._dealt

    @cached_property
    def weights(self) -> list[Tensor]:
        """The chance of each slice, one tensor (Z,) a case."""
        if self._joint is not None:
            return [each / each.sum() for each in self._joint]
        return [slice_weights(case.mask, self.spec.sampling) for case in self.cases]

    @cached_property
    def chances(self) -> list[Tensor]:
        """The chance of each slice of each case to be drawn next, (Z,) a case."""
        return [share * each for share, each in zip(self.shares, self.weights, strict=True)]

    @cached_property
    def _dealt(self) -> Tensor:
        """The chance of each case (N,) before labels are looked at."""
        is_fresh = torch.tensor([case.id in self.fresh for case in self.cases])
        count = int(is_fresh.sum())
        if count in (0, len(self.cases)):
            return torch.full((len(self.cases),), 1 / len(self.cases), dtype=torch.float64)
        replay = self.spec.replay
        fresh, old = (1 - replay) / count, replay / (len(self.cases) - count)
        return torch.where(is_fresh, fresh, old).double()

    @cached_property
    def _joint(self) -> list[Tensor] | None:
        """The chances where labels are balanced, None where there is one lesion."""
        labels = self.cases[0].labels
        if labels is None or self.spec.sampling != "area":
            return None
        return balanced_chances([case.mask for case in self.cases], labels.values, self._dealt)

    @property
    def slices(self) -> int:
        """Number of slices: an epoch sees as many."""
        return sum(len(case.mask) for case in self.cases)

    def draw(self) -> Batch:
        """Return the next batch."""
        count = self.spec.batch_size
        chosen = torch.multinomial(
            self.shares, count, replacement=True, generator=self.generator
        ).tolist()
        drawn = [
            (i, int(torch.multinomial(self.weights[i], 1, generator=self.generator)))
            for i in chosen
        ]
        # In order of cases, so that of several processes each gets few of them.
        drawn.sort()
        own = drawn[self.rank * count // self.world : (self.rank + 1) * count // self.world]
        sources = tuple((self.cases[i].id, self.cases[i].slice_numbers[z]) for i, z in own)
        return Batch(*self._slices.batch(own), sources)

    @cached_property
    def _slices(self) -> SliceStore:
        return slice_store(self.cases, self.spec.preprocessing.neighbours, self.device)


def slice_weights(mask: Mask, sampling: str) -> Tensor:
    """Return the chance (Z,) of each slice of a case; uniform where no slice has lesion or label.

    `area`: 0.7 of it by the root of the lesion's area. `reference`: by the area plus a tenth of
    the case's mean area, as the public reference implementation does.
    """
    area = torch.from_numpy(np.count_nonzero(mask, axis=(1, 2))).double()
    uniform = torch.full_like(area, 1 / len(area))
    if not area.any() or sampling == "uniform":
        return uniform
    if sampling == "reference":
        raised = area + 0.1 * area.mean()
        return raised / raised.sum()
    return 0.7 * area.sqrt() / area.sqrt().sum() + 0.3 * uniform


def balanced_chances(
    maps: Sequence[LabelMap], values: Sequence[int], dealt: Tensor
) -> list[Tensor]:
    """Return the chance of each slice, (Z,) a case, of label maps (Z, h, w) that hold `values`.

    Cases are `dealt` (N,). 0.3 of the chance is so, and uniform within a case; of the rest each
    label that is there has the same, which goes to the cases that hold it as they are dealt, and in
    a case by the root of the label's area: what is rare is drawn as often as what is everywhere.
    """
    areas = [torch.from_numpy(_areas(each, values)).double().sqrt() for each in maps]
    there = torch.stack([area.sum(dim=0) > 0 for area in areas])  # (N, L)
    spread = [
        share / len(area) * torch.ones(len(area)) for share, area in zip(dealt, areas, strict=True)
    ]
    seen = there.any(dim=0)
    if not seen.any():
        return [each.double() for each in spread]
    held = dealt[:, None] * there
    by_label = held / held.sum(dim=0).clamp_min(1e-12) / int(seen.sum())
    found = []
    for share, area, even in zip(by_label, areas, spread, strict=True):
        within = area / area.sum(dim=0).clamp_min(1e-12)
        found.append(0.7 * within @ share + 0.3 * even)
    return found


def _areas(label_map: LabelMap, values: Sequence[int]) -> NDArray[np.int64]:
    """Return the pixels of each value on each slice, (Z, L)."""
    counts = [np.bincount(plane.ravel(), minlength=HIGHEST + 1) for plane in label_map]
    return np.stack(counts)[:, list(values)]
