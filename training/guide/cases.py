"""Cases that a simulated reader clicks at, with what a model says of them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.domain.progress import Progress, part, silent
from core.domain.volume import Volume
from core.inference.inference_ensemble import AnyRunner, open_runner
from core.inference.preprocess import to_grid
from core.io.atomic import atomic_path
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.jobs.guide_job_spec import GuideTrainSpec
from core.models.registry import Model
from training.cases.corrections import Corrections
from training.cases.dataset import load_cases, require_lesions
from training.cases.lessons import Lessons
from training.cases.split import Split
from training.guide.own_clicks import OwnSlice, own_slices
from training.learning.train_case import TrainCase

_DIMMED = 2
"""How many more times a model looks at a case, each time at images made worse."""

_BIAS = 0.35
_GAMMA = 0.45
_NOISE = 0.06
_KNOTS = 4


@dataclass(frozen=True, eq=False)
class GuideCase:
    """A prepared case and what a model says of it.

    `starts` (N, Z, h, w) uint8 are 255 times the probability: of the images as they are, then of
    images made worse, where it errs as it would on patients it has not seen. `own` are the slices
    on which readers clicked.
    """

    case: TrainCase
    starts: NDArray[np.uint8]
    own: tuple[OwnSlice, ...] = ()


@dataclass(frozen=True, eq=False)
class HeldCase:
    """A case that chooses the weights, as a reader has it: on its own grid."""

    loaded: LoadedCase
    probability: NDArray[np.uint8]


def guide_split(cases: Split, starts: Model) -> Split:
    """Return the split with as many cases to choose that `starts` has not learnt from, if it can.

    Such a model is too good on the cases it knows, and leaves nothing to correct there. Those that
    choose are drawn evenly from the unseen ones in the order of their ids; the others are learnt.
    """
    seen = set(starts.spec.trained_on)
    every = (*cases.fit, *cases.selection)
    unseen = sorted((case for case in every if case.id not in seen), key=lambda case: case.id)
    count = len(cases.selection)
    if len(unseen) < count or len(unseen) == len(every):
        return cases
    held = tuple(unseen[(2 * n + 1) * len(unseen) // (2 * count)] for n in range(count))
    return replace(cases, fit=tuple(case for case in every if case not in held), selection=held)


def load_guide_cases(
    cases: Sequence[Case],
    spec: GuideTrainSpec,
    model: Model,
    store: Path,
    *,
    corrections: Corrections | None = None,
    progress: Progress = silent,
) -> list[GuideCase]:
    """Return the cases, decoded and prepared, with what `model` says and readers clicked.

    A correction stands in for the ground truth. Raises `DataError` for a case without either.
    """
    prepared = load_cases(
        cases,
        spec,
        stride=1,
        store=store,
        lessons=Lessons(corrections),
        progress=part(progress, 0.0, 0.3),
    )
    require_lesions(prepared)
    own = own_slices(corrections, prepared)
    runner, found = open_runner(model), []
    for index, (case, ready) in enumerate(zip(cases, prepared, strict=True)):
        progress(0.3 + 0.7 * index / len(cases), f"{case.id}: what {model.spec.title} says")
        rng = np.random.default_rng([spec.seed, *case.id.encode()])
        starts = _kept_starts(case, ready, runner, rng, store)
        found.append(GuideCase(ready, starts, own.get(case.id, ())))
    return found


def _kept_starts(
    case: Case, ready: TrainCase, runner: AnyRunner, rng: np.random.Generator, store: Path
) -> NDArray[np.uint8]:
    """Return what a model says of a case, kept in the job so that going on need not ask again."""
    path = store / f"{case.id}-starts.npy"
    with suppress(OSError, ValueError, EOFError):
        kept: NDArray[np.uint8] = np.load(path)
        if kept.shape == (1 + _DIMMED, *ready.mask.shape):
            return kept
    volume = read_case(case).volume
    images = [volume, *(made_worse(volume, rng) for _ in range(_DIMMED))]
    starts = np.stack([_seen(runner, image, ready) for image in images])
    with atomic_path(path) as temporary:
        np.save(temporary, starts)
    return starts


def load_held(
    cases: Sequence[Case],
    model: Model,
    *,
    corrections: Corrections | None = None,
    progress: Progress = silent,
) -> list[HeldCase]:
    """Return the cases that choose the weights, as the model has them; corrected where they are."""
    runner, found = open_runner(model), []
    for index, case in enumerate(cases):
        progress(index / len(cases), case.id)
        loaded = read_case(case)
        shape, truth = loaded.volume.geometry.shape, loaded.ground_truth
        made = None if corrections is None else corrections.read(case, truth, shape)
        if made is not None:
            loaded = replace(loaded, ground_truth=made.mask(case.region))
        found.append(HeldCase(loaded, runner.predict(loaded.volume).probability))
    return found


def made_worse(volume: Volume, rng: np.random.Generator) -> Volume:
    """Return a volume under a smooth field of gain, another contrast and noise, channel by channel.

    The values stay between the lowest and the highest there were, in the same type.
    """
    pixels = volume.pixels.astype(np.float32)
    low = pixels.min(axis=(1, 2, 3), keepdims=True)
    extent = np.maximum(pixels.max(axis=(1, 2, 3), keepdims=True) - low, 1e-6)
    share = (pixels - low) / extent
    share = np.stack([_dimmed(channel, rng) for channel in share])
    values = np.clip(share, 0.0, 1.0) * extent + low
    whole = volume.pixels.dtype.kind in "iu"
    worse = (np.rint(values) if whole else values).astype(volume.pixels.dtype)
    return replace(volume, pixels=worse)


def _dimmed(channel: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a channel (Z, Y, X) of values 0 to 1 made worse."""
    knots = rng.normal(0.0, _BIAS, (_KNOTS,) * 3)
    zoom = [size / _KNOTS for size in channel.shape]
    gain = np.exp(ndimage.zoom(knots, zoom, order=1, grid_mode=True, mode="nearest"))
    bent = np.clip(channel * gain, 0.0, 1.0) ** np.exp(rng.uniform(-_GAMMA, _GAMMA))
    noise = rng.normal(0.0, rng.uniform(0.0, _NOISE), channel.shape)
    return np.asarray(bent + noise * (bent > 0), np.float32)


def _seen(runner: AnyRunner, volume: Volume, ready: TrainCase) -> NDArray[np.uint8]:
    """Return what a model says of a volume, on the grid that is trained on."""
    found = runner.predict(volume).probability.astype(np.float32)
    if ready.change is not None:
        found = np.asarray(ready.change.apply(found), np.float32)
    return np.asarray(np.clip(np.rint(to_grid(found, ready.grid, fill=0.0)), 0, 255), np.uint8)
