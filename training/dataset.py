"""The cases of a training in memory, decoded once, and batches of their slices."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.domain.errors import DataError, ModelError
from core.domain.mask import Mask
from core.domain.prediction import quantise
from core.domain.progress import Progress, silent
from core.domain.volume import Volume
from core.inference.preprocess import PlaneGrid, Prepared, from_grid, prepare, to_grid
from core.inference.resample_step import SpacingChange
from core.io.atomic import atomic_path
from core.io.case import Case
from core.io.case_reader import read_case
from core.models.acquisition import Acquisition, acquisition_of
from core.models.contract import fitted, mapping
from core.models.lineage import GROUND_TRUTH
from core.models.train_spec import TrainSpec
from training.corrections import Corrections

_HALF = 0.5
_GIB = 1 << 30


@dataclass(frozen=True, eq=False)
class TrainCase:
    """A prepared case: `values` (C, Z, h, w) float16 and `mask` (Z, h, w) on the network's grid.

    `truth` (Z, Y, X) is what it is learnt from on the native grid, and `origin` says what that is.
    `change` leads from there to the voxels the network sees, None where they are the same;
    `slice_numbers` are those of the slices it sees. `fingerprint` is a hash of the voxels and of
    that truth, `acquisition` what the images are.
    """

    id: str
    values: NDArray[np.float16]
    mask: Mask
    truth: Mask
    grid: PlaneGrid
    slice_numbers: tuple[int, ...]
    channels: tuple[str, ...]
    origin: str = GROUND_TRUTH
    fingerprint: str = ""
    change: SpacingChange | None = None
    acquisition: Acquisition = field(default_factory=Acquisition)

    def prepared(self, neighbours: int) -> Prepared:
        """Return what inference would see of this case."""
        return Prepared(self.values.astype(np.float32), self.grid, neighbours, self.change)

    @property
    def seen_truth(self) -> Mask:
        """The truth (Z', Y', X') on the voxels that are cropped and resized for the network."""
        if self.change is None:
            return self.truth
        return np.asarray(self.change.apply(self.truth) > _HALF, np.uint8)

    def native(self, probability: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return what a network says (Z, h, w) quantised, on the native grid."""
        found = from_grid(probability, self.grid)
        return quantise(found if self.change is None else self.change.back(found))


def load_cases(
    cases: Sequence[Case],
    spec: TrainSpec,
    *,
    stride: int,
    store: Path,
    corrections: Corrections | None = None,
    progress: Progress = silent,
) -> list[TrainCase]:
    """Return the cases, decoded and prepared; beyond `memory_gib` memory-mapped from `store`.

    A correction stands in for the ground truth of its case. Raises `DataError` for a case without
    usable ground truth or with other channels.
    """
    loaded: list[TrainCase] = []
    room = int(spec.memory_gib * _GIB)
    for index, case in enumerate(cases):
        progress(index / len(cases), case.id)
        item = _load(case, spec, stride, corrections)
        room -= item.values.nbytes
        if room < 0:
            item = _mapped(item, store / f"{case.id}.npy")
        loaded.append(item)
        if item.channels != loaded[0].channels:
            raise DataError(
                f"{case.id}: expected the channels {', '.join(loaded[0].channels)} as in "
                f"{loaded[0].id}, found {', '.join(item.channels)}. Train on cases of one kind."
            )
    return loaded


def require_lesions(cases: Sequence[TrainCase]) -> None:
    """Raise `DataError` when no case has any lesion: there would be nothing to learn."""
    if not any(case.mask.any() for case in cases):
        raise DataError(
            f"Expected lesion in some of the {len(cases)} cases to learn from, found every mask "
            "empty. Check the masks: any value above zero is lesion."
        )


def _load(case: Case, spec: TrainSpec, stride: int, corrections: Corrections | None) -> TrainCase:
    loaded = read_case(case)
    loaded.require_whole()
    volume = loaded.volume
    if spec.channels:
        volume = _learnt(volume, spec.channels, case.id)
    truth, origin = loaded.ground_truth, GROUND_TRUTH
    shape = loaded.volume.geometry.shape
    if corrections is not None and (found := corrections.read(case, truth, shape)):
        truth, origin = found
    if truth is None:
        raise DataError(
            f"{case.id}: expected masks that can be read, found none. {' '.join(loaded.notices)}"
        )
    prepared = prepare(volume, spec.preprocessing, stride=stride)
    change = prepared.change
    seen = truth.astype(np.float32) if change is None else change.apply(truth)
    mask = to_grid(seen, prepared.grid, fill=0.0) > _HALF
    return TrainCase(
        case.id,
        prepared.values.astype(np.float16),
        mask.astype(np.uint8),
        truth,
        prepared.grid,
        _numbers(volume, prepared),
        volume.channels,
        origin,
        _fingerprint(loaded.volume, truth),
        change,
        acquisition_of(volume),
    )


def _numbers(volume: Volume, prepared: Prepared) -> tuple[int, ...]:
    """Return for each slice the network sees the number of the one of the case it lies in."""
    if prepared.change is None:
        return volume.slice_numbers
    native, there = prepared.change.native[0], prepared.change.there[0]
    return tuple(volume.slice_numbers[int((i + 0.5) * native / there)] for i in range(there))


def _learnt(volume: Volume, channels: tuple[str, ...], case_id: str) -> Volume:
    """Return the channels that are learnt from; a model's sentence would ask for another model."""
    try:
        mapping(channels, volume.channels, volume.roles, title=case_id)
    except ModelError as error:
        raise DataError(
            f"{case_id}: expected the channels {', '.join(channels)} that are learnt from, found "
            f"{', '.join(volume.channels)}. Train on cases of one kind, or correct the roles of "
            "its channels."
        ) from error
    return fitted(volume, channels, title=case_id)


def _fingerprint(volume: Volume, truth: Mask) -> str:
    digest = blake2b(volume.content_hash().encode(), digest_size=16)
    digest.update(np.packbits(truth > 0).tobytes())
    return digest.hexdigest()


def _mapped(case: TrainCase, path: Path) -> TrainCase:
    with atomic_path(path) as temporary:
        np.save(temporary, case.values)
    values: NDArray[np.float16] = np.load(path, mmap_mode="r")
    return replace(case, values=values)


@dataclass(frozen=True, eq=False)
class Batch:
    """Images (B, P, h, w), masks (B, 1, h, w) float32 and where each slice is from."""

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
    Where only some cases are `fresh`, the others are replayed in the share of the spec.
    """

    cases: Sequence[TrainCase]
    spec: TrainSpec
    generator: Generator
    rank: int = 0
    world: int = 1
    fresh: frozenset[str] = field(default=frozenset(), kw_only=True)

    @cached_property
    def shares(self) -> Tensor:
        """The chance of each case (N,)."""
        is_fresh = torch.tensor([case.id in self.fresh for case in self.cases])
        count = int(is_fresh.sum())
        if count in (0, len(self.cases)):
            return torch.full((len(self.cases),), 1 / len(self.cases), dtype=torch.float64)
        replay = self.spec.replay
        fresh, old = (1 - replay) / count, replay / (len(self.cases) - count)
        return torch.where(is_fresh, fresh, old).double()

    @cached_property
    def weights(self) -> list[Tensor]:
        """The chance of each slice, one tensor (Z,) a case."""
        return [slice_weights(case.mask, self.spec.sampling) for case in self.cases]

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
        return self._batch([(self.cases[index], z) for index, z in own])

    def _batch(self, picked: list[tuple[TrainCase, int]]) -> Batch:
        neighbours = self.spec.preprocessing.neighbours
        images = np.stack([planes(case.values, z, neighbours) for case, z in picked])
        masks = np.stack([case.mask[z] for case, z in picked]).astype(np.float32)
        sources = tuple((case.id, case.slice_numbers[z]) for case, z in picked)
        return Batch(
            torch.from_numpy(images.astype(np.float32)),
            torch.from_numpy(masks).unsqueeze(1),
            sources,
        )


def planes(values: NDArray[np.float16], z: int, neighbours: int) -> NDArray[np.float16]:
    """Return a slice and its neighbours ((2·neighbours + 1)·C, h, w) in the order of inference."""
    last = values.shape[1] - 1
    offsets = range(-neighbours, neighbours + 1)
    return np.concatenate([values[:, min(max(z + o, 0), last)] for o in offsets])


def slice_weights(mask: Mask, sampling: str) -> Tensor:
    """Return the chance (Z,) of each slice of a case; uniform where no slice has lesion.

    `area`: 0.7 of it by the root of the lesion's area. `reference`: by the area plus a tenth of
    the case's mean area, as the public reference implementation does.
    """
    area = torch.from_numpy(mask.sum(axis=(1, 2), dtype=np.int64)).double()
    uniform = torch.full_like(area, 1 / len(area))
    if not area.any() or sampling == "uniform":
        return uniform
    if sampling == "reference":
        raised = area + 0.1 * area.mean()
        return raised / raised.sum()
    return 0.7 * area.sqrt() / area.sqrt().sum() + 0.3 * uniform
