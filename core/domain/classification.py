"""How well a classifier tells classes apart, and how far its probabilities can be believed.

Scores and probabilities are (N,), logits (N, K), labels (N,) of 0 to K - 1. A figure that is not
defined, such as an AUROC with one class only, is None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
LabelArray: TypeAlias = NDArray[np.int64]
Figure: TypeAlias = Callable[[Floats, NDArray[np.bool_]], float | None]

_SPECIFICITY = 0.95
_BINS = 10
_HIGHEST_TEMPERATURE = 20.0


class OperatingPoint(msgspec.Struct, frozen=True):
    """A cut of the score and what it gives; a score above `threshold` counts as positive."""

    sensitivity: float
    specificity: float
    threshold: float


class ClassReport(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a classifier on one set; `confusion` has a row a true class.

    Of two classes `auroc` and `auprc` are those of the second; of more, the mean over classes, each
    against the rest. `ece` is the expected calibration error of the highest probability.
    """

    n: int
    accuracy: float
    auroc: float | None
    auprc: float | None
    sensitivity_at_95_specificity: float | None
    ece: float
    log_loss: float
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Bins of equal width over 0 to 1: mean probability, share that came true, count, each (B,).

    Empty bins are left out.
    """

    probability: Floats
    frequency: Floats
    count: LabelArray

    @property
    def ece(self) -> float:
        """Expected calibration error (Naeini, Cooper, Hauskrecht 2015)."""
        gaps = np.abs(self.probability - self.frequency)
        return float(np.average(gaps, weights=self.count))


def softmax(logits: ArrayLike, temperature: float = 1.0) -> Floats:
    """Return probabilities (N, K) of logits divided by a temperature."""
    scaled = np.asarray(logits, np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def log_loss(logits: ArrayLike, labels: LabelArray, temperature: float = 1.0) -> float:
    """Return the mean of -log p of the true class."""
    scaled = np.asarray(logits, np.float64) / temperature
    highest = scaled.max(axis=1)
    total = highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))
    return float(np.mean(total - scaled[np.arange(len(labels)), labels]))


def fit_temperature(logits: ArrayLike, labels: LabelArray) -> float:
    """Return the temperature of least log loss (Guo et al. 2017), at most 20 and at least 1/20.

    To be fitted on cases that no gradient has seen. It changes no order of scores.
    """
    from scipy.optimize import minimize_scalar

    limit = np.log(_HIGHEST_TEMPERATURE)
    found = minimize_scalar(
        lambda logarithm: log_loss(logits, labels, float(np.exp(logarithm))),
        bounds=(-limit, limit),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x))


def auroc(scores: ArrayLike, positive: ArrayLike) -> float | None:
    """Return the chance that a positive scores above a negative, ties half (Hanley, McNeil 1982).

    None when one of them is missing.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, bool)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    # The mean rank of each group of ties, counted from one.
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    above = ranks[truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def auprc(scores: ArrayLike, positive: ArrayLike) -> float | None:
    """Return the average precision: Σ (R_n - R_(n-1)) P_n over the cuts, without interpolation.

    None without a positive. Equal scores are one cut.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, bool)
    if not truth.any():
        return None
    order = np.argsort(-values, kind="stable")
    cuts = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)
    found = np.cumsum(truth[order])[cuts]
    precision, recall = found / (cuts + 1), found / truth.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def operating_point(
    scores: ArrayLike, positive: ArrayLike, *, specificity: float = _SPECIFICITY
) -> OperatingPoint | None:
    """Return the lowest cut that keeps `specificity`, None when a class is missing."""
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, bool)
    negatives = np.sort(values[~truth])
    if not len(negatives) or not truth.any():
        return None
    kept = max(int(np.ceil(specificity * len(negatives) - 1e-9)), 1)
    threshold = float(negatives[kept - 1])
    return OperatingPoint(
        sensitivity=float(np.mean(values[truth] > threshold)),
        specificity=float(np.mean(negatives <= threshold)),
        threshold=threshold,
    )


def confusion(labels: LabelArray, predicted: LabelArray, classes: int) -> LabelArray:
    """Return counts (K, K): a row a true class, a column a predicted one."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def reliability(probability: ArrayLike, came_true: ArrayLike, *, bins: int = _BINS) -> Reliability:
    """Return how often what was said with a probability came true (DeGroot, Fienberg 1983)."""
    values, truth = np.asarray(probability, np.float64), np.asarray(came_true, np.float64)
    place = np.minimum((values * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    sums = [np.bincount(place, weights=w, minlength=bins)[filled] for w in (values, truth)]
    return Reliability(sums[0] / count[filled], sums[1] / count[filled], count[filled])


def class_report(logits: ArrayLike, labels: LabelArray, *, temperature: float = 1.0) -> ClassReport:
    """Return the figures of logits (N, K) against labels; raises `ValueError` when there are none.

    The temperature changes `ece` and `log_loss` only.
    """
    if not len(labels):
        raise ValueError("a report needs at least one label")
    probability = softmax(logits, temperature)
    classes = probability.shape[1]
    predicted = probability.argmax(axis=1)
    binary = classes == 2
    point = operating_point(probability[:, 1], labels == 1) if binary else None
    right = predicted == labels
    return ClassReport(
        n=len(labels),
        accuracy=float(right.mean()),
        auroc=_each(auroc, probability, labels),
        auprc=_each(auprc, probability, labels),
        sensitivity_at_95_specificity=point.sensitivity if point else None,
        ece=reliability(probability.max(axis=1), right).ece,
        log_loss=log_loss(logits, labels, temperature),
        confusion=tuple(tuple(map(int, row)) for row in confusion(labels, predicted, classes)),
    )


def class_figures(found: ClassReport) -> dict[str, float]:
    """Return the figures by name that are single numbers and defined."""
    named = {name: getattr(found, name) for name in ClassReport.__struct_fields__}
    return {name: float(v) for name, v in named.items() if isinstance(v, float)}


def _each(figure: Figure, probability: Floats, labels: LabelArray) -> float | None:
    classes = range(probability.shape[1])
    wanted = [1] if len(classes) == 2 else list(classes)
    found = [figure(probability[:, k], labels == k) for k in wanted]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known else None
