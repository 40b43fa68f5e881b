"""Several models on one case: their mean, how many agree where, and how sure each is."""

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from itertools import combinations
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from core.domain.components import MaskLike
from core.domain.mask import binarise
from core.domain.metrics import overlap
from core.domain.prediction import LabelProbabilities, Postprocessing, Prediction, SaidLabels

ENSEMBLE = "ensemble"
"""Model id of a mean of several models, which no weights stand behind."""

_LEAST_PROBABILITY = 0.05


def mean_prediction(predictions: Sequence[Prediction]) -> Prediction:
    """Return the mean of the probabilities of several models as a prediction of its own.

    Where all of them know the same labels, it does too, with the focus of the first. Raises
    `ValueError` without predictions or when their shapes differ.
    """
    if not predictions:
        raise ValueError("an ensemble needs at least one prediction")
    mean = _mean([each.probability for each in predictions])
    several = _mean_labels([each.several for each in predictions])
    focus = predictions[0].focus if several else None
    if several is not None and focus is not None:
        mean = several.of(focus)
    keys = "+".join(sorted(each.key for each in predictions))
    return Prediction(
        mean,
        ENSEMBLE,
        f"{ENSEMBLE}-{blake2b(keys.encode(), digest_size=16).hexdigest()}",
        predictions[0].device,
        sum(each.seconds for each in predictions),
        several,
        focus,
    )


def _mean(levels: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    total = np.zeros(levels[0].shape, np.uint16)
    for each in levels:
        if each.shape != total.shape:
            raise ValueError(f"predictions are {total.shape} and {each.shape}")
        total += each
    return mean_levels(total, len(levels))


def _mean_labels(given: Sequence[SaidLabels | None]) -> LabelProbabilities | None:
    """Return the mean of what models say of the same labels, None where these differ."""
    known = [each for each in given if each is not None]
    if len(known) < len(given) or any(k.output.told != known[0].output.told for k in known):
        return None
    return LabelProbabilities(_mean([each.channels for each in known]), known[0].output)


def mean_levels(total: NDArray[np.uint16], count: int) -> NDArray[np.uint8]:
    """Return the mean of `count` quantised probabilities from their sum, of any shape."""
    # Half a step rounds down, as `quantise` does: a mean of exactly 0.5 is no lesion.
    return ((2 * total.astype(np.uint32) + count - 1) // (2 * count)).astype(np.uint8)


def ensemble_postprocessing(models: Sequence[Postprocessing]) -> Postprocessing:
    """Return how the mean becomes a mask: above 0.5, then whatever all models do besides."""
    return Postprocessing(
        largest_component=all(post.largest_component for post in models),
        fill_holes=all(post.fill_holes for post in models),
        smallest_share=min((post.smallest_share for post in models), default=0.0),
    )


def agreement_map(masks: Sequence[MaskLike]) -> NDArray[np.uint8]:
    """Return how many of `masks` call each voxel foreground; raises `ValueError` without masks."""
    if not masks:
        raise ValueError("an agreement map needs at least one mask")
    counts = np.zeros(masks[0].shape, np.uint8)
    for mask in masks:
        counts += binarise(mask)
    return counts


def models_disagreement(masks: Sequence[MaskLike]) -> float | None:
    """Return 1 less the mean DSC over all pairs of `masks`, None for fewer than two."""
    pairs = list(combinations(masks, 2))
    return 1.0 - fmean(overlap(*pair).dsc for pair in pairs) if pairs else None


def mean_uncertainty(probability: NDArray[np.uint8]) -> float:
    """Return how unsure a quantised probability is where it sees anything, from 0 to 1.

    The mean binary entropy in bits of the voxels whose probability is 0.05 or more: taken over the
    whole volume, background would drown it. 0 when there are none.
    """
    # uint8 has 256 values: counting them is far faster than a logarithm for every voxel.
    counts = level_counts(probability)
    counts[: int(np.ceil(_LEAST_PROBABILITY * 255))] = 0
    seen = int(counts.sum())
    return float(counts @ _entropies() / seen) if seen else 0.0


def level_counts(probability: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many voxels of (Z, Y, X) have each of the 256 levels."""
    # Slice by slice: one count of a whole volume would keep every other thread waiting.
    planes = (np.bincount(plane.ravel(), minlength=256) for plane in probability)
    return np.asarray(sum(planes, start=np.zeros(256, np.int64)))


@cache
def _entropies() -> NDArray[np.float64]:
    """Return the binary entropy in bits of the probabilities 0/255 to 255/255."""
    p = np.arange(256) / 255
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    bits[[0, -1]] = 0.0
    return np.asarray(bits, np.float64)
