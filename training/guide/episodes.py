"""Simulated readers: each corrects one slice click by click, as the network answers.

What a network answered is what the next click is made on, as in the rounds of Sofiiuk, Petrov and
Konushin 2021; but each round teaches, so that no answer is computed for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Generator, Tensor

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.plane_clicks import BOUND
from core.domain.guide import Mark, Window
from core.domain.mask import BoolMask
from core.inference.guide_network import ClickSight, NetworkGuide, network_input
from core.jobs.guide_job_spec import GuideTrainSpec
from core.models.guides import GuideSpec
from training.guide.cases import GuideCase
from training.guide.own_clicks import OwnSlice, varied
from training.learning.augment import Planes, augment_alike
from training.learning.sampler import Batch, slice_weights
from training.learning.train_case import planes

_POOL = 4
_DEEPEST, _EXACT = 0.5, 0.4
_MOST_EDGE = 6
_FEWEST = 3
"""Voxels of an error below which a slice counts as right."""


@dataclass(eq=False)
class Episode:
    """A slice in correction: what is seen (P, h, w), the truth, the probability, marks so far.

    `own` are the marks of a reader that are still to be made; then the simulated one goes on.
    """

    source: tuple[str, int]
    image: NDArray[np.float32]
    truth: BoolMask
    probability: NDArray[np.float32]
    left: int
    marks: list[Mark] = field(default_factory=list)
    own: list[Mark] = field(default_factory=list)

    @property
    def wrong(self) -> BoolMask:
        """The voxels that are not as the truth has them."""
        return np.asarray((self.probability > 0.5) != self.truth)


@dataclass(frozen=True, eq=False)
class Look:
    """One click: where the network looks, what is there, and of which episode it is."""

    episode: Episode
    where: tuple[slice, slice]
    window: Window
    sight: ClickSight

    def answered(self, probability: NDArray[np.float32]) -> None:
        """Go on in the episode from what was answered (side, side), meant with the bump's answer.

        As with a reader: what adds takes nothing away, and the clicked voxel obeys.
        """
        before, mark = self.window.probability, self.window.mark
        mean = (self.sight.back(probability, before) + Bump().answer(self.window)) / 2
        after = np.maximum(mean, before) if mark.adds else np.minimum(mean, before)
        bound = BOUND if mark.adds else 1 - BOUND
        held = np.maximum if mark.adds else np.minimum
        after[mark.rows, mark.columns] = held(after[mark.rows, mark.columns], bound)
        self.episode.probability[self.where] = after
        self.episode.left -= 1


@dataclass(frozen=True, eq=False)
class GuideBatch(Batch):
    """What the network sees (B, 3·C + 3, side, side), the truth there, and the clicks."""

    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, eq=False)
class EpisodeSampler:
    """Draws batches of clicks; all randomness is the generator's, whose state is the sampler's."""

    cases: Sequence[GuideCase]
    spec: GuideTrainSpec
    guide: GuideSpec
    channels: tuple[str, ...]
    generator: Generator
    _pool: list[Episode] = field(default_factory=list)

    @property
    def slices(self) -> int:
        """Number of slices: an epoch sees as many clicks."""
        return sum(len(case.case.mask) for case in self.cases)

    @cached_property
    def weights(self) -> list[Tensor]:
        """The chance of each slice, one tensor (Z,) a case."""
        return [slice_weights(case.case.mask, self.spec.sampling) for case in self.cases]

    def draw(self) -> GuideBatch:
        """Return the next clicks of as many episodes as a batch holds."""
        rng = np.random.default_rng(self._integer(1 << 62))
        self._fill()
        picked = rng.permutation(len(self._pool))[: self.spec.batch_size]
        looks = [self._look(self._pool[index], rng) for index in picked]
        order = tuple(range(len(self.channels)))
        seen = [network_input(k.window, k.sight, order, disc=self.guide.disc) for k in looks]
        truth = [
            k.sight.take(k.episode.truth[k.where][np.newaxis].astype(np.float32)) for k in looks
        ]
        return GuideBatch(
            torch.from_numpy(np.stack(seen)),
            torch.from_numpy(np.stack(truth)).round(),
            tuple(look.episode.source for look in looks),
            tuple(looks),
        )

    def _integer(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self.generator))

    def _fill(self) -> None:
        """Let new episodes begin for those that are over."""
        self._pool[:] = [
            episode
            for episode in self._pool
            if episode.left > 0 and np.count_nonzero(episode.wrong) >= _FEWEST
        ]
        missing = _POOL * self.spec.batch_size - len(self._pool)
        if missing >= self.spec.batch_size or not self._pool:
            self._pool.extend(self._begun(missing))

    @cached_property
    def own(self) -> list[tuple[GuideCase, OwnSlice]]:
        """The slices that readers clicked on."""
        return [(case, each) for case in self.cases for each in case.own if each.marks]

    @property
    def _flair(self) -> int:
        return self.channels.index("FLAIR") if "FLAIR" in self.channels else 0

    def _begun(self, count: int) -> list[Episode]:
        """Return new episodes, images and truth varied as for any training."""
        rng = np.random.default_rng(self._integer(1 << 62))
        owned = int(rng.binomial(count, self.spec.own)) if self.own else 0
        made = [self._own(rng) for _ in range(owned)]
        if count > owned:
            made += self._simulated(count - owned, rng)
        return [each for each in made if np.count_nonzero(each.wrong) >= _FEWEST]

    def _own(self, rng: np.random.Generator) -> Episode:
        """Return a slice that a reader clicked on, as it was found, with the reader's clicks."""
        case, own = self.own[int(rng.integers(len(self.own)))]
        found = varied(
            own,
            planes(case.case.values, own.z, 1).astype(np.float32),
            case.starts[rng.integers(len(case.starts)), own.z],
            how=self.spec.augmentation,
            planes=Planes(len(self.channels), self._flair),
            generator=self.generator,
        )
        said = np.clip(np.rint(found.said), 0, 255).astype(np.uint8)
        start = _ground(found.before.astype(np.uint8), said)
        source = case.case.id, case.case.slice_numbers[own.z]
        left = len(found.marks)
        return Episode(source, found.image, found.after, start, left, own=list(found.marks))

    def _simulated(self, count: int, rng: np.random.Generator) -> list[Episode]:
        """Return slices that a simulated reader is to click on."""
        drawn = [self._slice(rng) for _ in range(count)]
        images = torch.from_numpy(
            np.stack([planes(case.case.values, z, 1) for case, z in drawn]).astype(np.float32)
        )
        masks = _stacked([case.case.mask[z] for case, z in drawn])
        said = _stacked([case.starts[rng.integers(len(case.starts)), z] for case, z in drawn])
        kinds = Planes(len(self.channels), self._flair)
        spec = self.spec.augmentation
        varied, truth, moved = augment_alike(
            images, masks, said, spec, planes=kinds, generator=self.generator
        )
        found = []
        for (case, z), image, mask, level in zip(drawn, varied, truth, moved, strict=True):
            source = case.case.id, case.case.slice_numbers[z]
            inside = mask[0].numpy() > 0.5
            start = self._start(inside, level[0].numpy(), rng)
            left = int(rng.integers(1, self.spec.clicks + 1))
            found.append(Episode(source, image.numpy(), inside, start, left))
        return found

    def _slice(self, rng: np.random.Generator) -> tuple[GuideCase, int]:
        index = int(rng.integers(len(self.cases)))
        weights = self.weights[index].numpy()
        return self.cases[index], int(rng.choice(len(weights), p=weights / weights.sum()))

    def _start(
        self, truth: BoolMask, level: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return the probability an episode starts from."""
        kind = rng.random()
        empty = np.zeros(truth.shape, np.uint8)
        if kind < self.spec.automatic:
            said = np.clip(np.rint(level), 0, 255).astype(np.uint8)
            # As if the reader had set the threshold otherwise.
            cut = float(rng.choice([0.5, 0.5, 0.3, 0.7]))
            return _ground((said > 255 * cut).astype(np.uint8), said, cut)
        if kind < self.spec.automatic + self.spec.by_hand and truth.any():
            return _ground(by_hand(truth, rng).astype(np.uint8))
        return _ground(empty)

    def _look(self, episode: Episode, rng: np.random.Generator) -> Look:
        """Return the next click of an episode and what is seen around it."""
        mark = episode.own.pop(0) if episode.own else self._mark(episode, rng)
        episode.marks.append(mark)
        shape = episode.truth.shape
        reach = int(NetworkGuide(self.guide, (), _nothing).reach(0.5))
        rows, columns = (
            slice(max(int(at.min()) - reach, 0), min(int(at.max()) + reach + 1, side))
            for at, side in zip((mark.rows, mark.columns), shape, strict=True)
        )
        image = episode.image.reshape(3, -1, *shape).swapaxes(0, 1)[:, :, rows, columns]
        inner = (rows.stop - rows.start, columns.stop - columns.start)
        marks = tuple(_held(each.moved(rows.start, columns.start), inner) for each in episode.marks)
        shown = self._flair if rng.random() < 0.7 else int(rng.integers(len(self.channels)))
        part = episode.probability[rows, columns].copy()
        window = Window(part, image, shown, marks)
        return Look(episode, (rows, columns), window, ClickSight.of(window, self.guide.window))

    def _mark(self, episode: Episode, rng: np.random.Generator) -> Mark:
        shape = episode.truth.shape
        if rng.random() < self.spec.wrong:
            return _at(int(rng.integers(shape[0])), int(rng.integers(shape[1])), rng.random() < 0.5)
        row, column = _aim(episode.wrong, rng)
        adds = bool(episode.truth[row, column])
        if rng.random() >= _EXACT:
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0, self.spec.off_by)
            row = int(np.clip(np.rint(row + far * np.sin(angle)), 0, shape[0] - 1))
            column = int(np.clip(np.rint(column + far * np.cos(angle)), 0, shape[1] - 1))
        return _at(row, column, adds)


def by_hand(truth: BoolMask, rng: np.random.Generator) -> BoolMask:
    """Return a mask (Y, X) as a hand might leave it: too wide, narrow, cut off, with an island."""
    mask = truth.copy()
    kind = rng.integers(4)
    if kind == 0:
        mask = ndimage.binary_dilation(mask, iterations=int(rng.integers(1, _MOST_EDGE + 1)))
    elif kind == 1:
        mask = ndimage.binary_erosion(mask, iterations=int(rng.integers(1, _MOST_EDGE + 1)))
    rows, columns = np.nonzero(truth)
    if kind == 2 or rng.random() < 0.3:
        angle = rng.uniform(0, 2 * np.pi)
        down, right = np.ogrid[: truth.shape[0], : truth.shape[1]]
        apart = (down - rows.mean()) * np.sin(angle) + (right - columns.mean()) * np.cos(angle)
        mask = mask & (apart < rng.uniform(-8.0, 12.0))
    if kind == 3 or rng.random() < 0.3:
        row = int(np.clip(rng.normal(rows.mean(), 40), 0, truth.shape[0] - 1))
        column = int(np.clip(rng.normal(columns.mean(), 40), 0, truth.shape[1] - 1))
        down, right = np.ogrid[: truth.shape[0], : truth.shape[1]]
        mask = mask | ((down - row) ** 2 + (right - column) ** 2 <= rng.uniform(3.0, 14.0) ** 2)
    return np.asarray(mask, bool)


def _ground(
    mask: NDArray[np.uint8], said: NDArray[np.uint8] | None = None, cut: float = 0.5
) -> NDArray[np.float32]:
    """Return the probability (Y, X) that clicks on a slice start from, as in the window."""
    scene = Scene(np.zeros((1, 1, *mask.shape), np.uint8), ("",))
    whole = None if said is None else said[np.newaxis]
    return ClickGround(scene, mask[np.newaxis], whole, cut).plane(0)


def _aim(wrong: BoolMask, rng: np.random.Generator) -> tuple[int, int]:
    """Return the deepest voxel of what is wrong, or of one piece of it."""
    pieces, count = ndimage.label(wrong)
    if count > 1 and rng.random() >= _DEEPEST:
        sizes = np.bincount(pieces.ravel())[1:].astype(np.float64)
        chance = np.sqrt(sizes) / np.sqrt(sizes).sum()
        wrong = pieces == 1 + int(rng.choice(count, p=chance))
    rows, columns = np.flatnonzero(wrong.any(axis=1)), np.flatnonzero(wrong.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    cut = np.pad(wrong[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    depth = ndimage.distance_transform_edt(cut)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(row) - 1 + top, int(column) - 1 + left


def _stacked(planes: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(planes).astype(np.float32)).unsqueeze(1)


def _at(row: int, column: int, adds: bool) -> Mark:
    return Mark(np.array([row], np.intp), np.array([column], np.intp), bool(adds))


def _held(mark: Mark, shape: tuple[int, int]) -> Mark:
    """Return the part of a mark that lies in a window."""
    inside = (mark.rows >= 0) & (mark.rows < shape[0])
    inside &= (mark.columns >= 0) & (mark.columns < shape[1])
    return replace(mark, rows=mark.rows[inside], columns=mark.columns[inside])


def _nothing(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values
