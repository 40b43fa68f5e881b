"""Figures of a classifier, written to PNG files: its curves, and how it did on one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.domain.classification import Floats, LabelArray, reliability, softmax
from core.io.atomic import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

StepPoints: TypeAlias = Sequence[tuple[int, float]]
"""Step and value."""

_DPI = 100
_TRAINING, _SELECTION, _IDEAL = "steelblue", "tomato", "grey"


def draw_class_curves(curves: Mapping[str, StepPoints], path: Path) -> None:
    """Write loss and accuracy of training and selection side by side.

    The names are `loss`, `accuracy`, `selection_loss` and `selection_accuracy`.
    """
    figure, (left, right) = _figure(2)
    for axes, name in ((left, "loss"), (right, "accuracy")):
        for part, colour in (("", _TRAINING), ("selection_", _SELECTION)):
            points = curves.get(f"{part}{name}", ())
            if points:
                steps, values = zip(*points, strict=True)
                label = "selection" if part else "training"
                axes.plot(steps, values, color=colour, label=label, linewidth=1.4)
        axes.set_xlabel("step")
        axes.set_title(name)
        if axes.lines:
            axes.legend(frameon=False)
    _save(figure, path)


def draw_report(
    logits: Floats, labels: LabelArray, path: Path, *, classes: Sequence[str], temperature: float
) -> None:
    """Write the confusion matrix and, of the likeliest class, the reliability diagram.

    The diagram shows the probabilities before and after division by the temperature.
    """
    figure, (left, right) = _figure(2)
    predicted = np.argmax(logits, axis=1)
    _draw_confusion(left, labels, predicted, classes)
    right.plot([0, 1], [0, 1], color=_IDEAL, linewidth=1, linestyle="--")
    for value, colour, name in ((1.0, _IDEAL, "as trained"), (temperature, _TRAINING, "scaled")):
        probability = softmax(logits, value)
        found = reliability(probability.max(axis=1), predicted == labels)
        label = f"{name} (ECE {found.ece:.3f})"
        right.plot(found.probability, found.frequency, "o-", color=colour, label=label)
    right.set_xlim(0, 1.02)
    right.set_ylim(0, 1.02)
    right.set_xlabel("probability of the class chosen")
    right.set_ylabel("share that was right")
    right.set_title("reliability")
    right.legend(frameon=False, loc="upper left")
    _save(figure, path)


def _draw_confusion(
    axes: Axes, labels: LabelArray, predicted: LabelArray, classes: Sequence[str]
) -> None:
    from core.domain.classification import confusion

    counts = confusion(labels, predicted, len(classes))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=colour)
    places = range(len(classes))
    axes.set_xticks(places, classes)
    axes.set_yticks(places, classes, rotation=90, va="center")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title("confusion")


def _figure(columns: int) -> tuple[Figure, Sequence[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
