"""Figures of a study, written to files: DSC by case and model, one against another, volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.domain.statistics import BlandAltman, FigureByCase, bland_altman, paired
from core.io.atomic import atomic_path
from core.studies.scores.figures import chart_fonts, drawable, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 100
_MEAN, _MEDIAN = "tomato", "forestgreen"
_DOT, _LINE = "#3b6ea5", "#b9c3cd"
_LONGEST_TITLE = 26


def dsc_by_model(
    path: Path, scores: Mapping[str, FigureByCase], titles: Mapping[str, str], *, label: str = "DSC"
) -> None:
    """Write a PNG with a dot a case in a column a model, the mean red and the median green.

    `scores` are by model and case. Raises `ValueError` when no case was scored.
    """
    if not any(value is not None for column in scores.values() for value in column.values()):
        raise ValueError("a chart of scores needs at least one")

    def draw(axes: Axes) -> None:
        for column, model in enumerate(scores):
            values = np.array([v for v in scores[model].values() if v is not None], np.float64)
            if not len(values):
                continue
            axes.scatter(column + swarm(values), values, s=16, color=_DOT, alpha=0.8, linewidths=0)
            # The thinner line lies on the thicker one, so both show where they coincide.
            for value, colour, width in (
                (fmean(values), _MEAN, 3.2),
                (median(values.tolist()), _MEDIAN, 1.6),
            ):
                axes.hlines(value, column - 0.4, column + 0.4, colors=colour, linewidth=width)
        _label_models(axes, scores, titles)
        axes.set_ylabel(label)
        every = [v for column in scores.values() for v in column.values() if v is not None]
        if all(0 <= value <= 1 for value in every):
            axes.set_ylim(_share_limits(every))
        axes.grid(axis="y", color=_LINE, linewidth=0.6, alpha=0.6)

    width = max(6.0, 1.6 + 1.9 * len(scores))
    write_chart(path, draw, size=(width, 5.0), title=f"{label} by case: mean red, median green")


def scatter(
    path: Path,
    first: FigureByCase,
    second: FigureByCase,
    *,
    names: tuple[str, str],
    label: str = "DSC",
) -> None:
    """Write a PNG of one model against another, a dot a case; above the line the second is better.

    Raises `ValueError` without a case scored by both.
    """
    cases, values = paired(first, second)
    if not cases:
        raise ValueError("a scatter plot needs a case scored by both")

    def draw(axes: Axes) -> None:
        low, high = _share_limits(values.ravel().tolist())
        axes.plot([low, high], [low, high], color=_LINE, linewidth=1.2)
        axes.scatter(values[:, 0], values[:, 1], s=18, color=_DOT, linewidths=0, zorder=3)
        axes.axvline(float(values[:, 0].mean()), color=_MEAN, linewidth=1.0)
        axes.axhline(float(values[:, 1].mean()), color=_MEAN, linewidth=1.0, label="mean")
        axes.axvline(float(np.median(values[:, 0])), color=_MEDIAN, linewidth=1.0)
        axes.axhline(float(np.median(values[:, 1])), color=_MEDIAN, linewidth=1.0, label="median")
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.set_aspect("equal")
        _label_axes(axes, f"{label}, {names[0]}", f"{label}, {names[1]}")
        axes.legend(loc="lower right", frameon=False, fontsize=9)

    write_chart(path, draw, size=(5.4, 5.6), title=f"{label}, {len(cases)} cases")


def bland_altman_plot(
    path: Path, first: FigureByCase, second: FigureByCase, *, names: tuple[str, str], unit: str
) -> None:
    """Write a PNG of the difference of two volumes against their mean, with limits of agreement.

    Raises `ValueError` without a case measured by both.
    """
    found = bland_altman(first, second)

    def draw(axes: Axes) -> None:
        axes.scatter(found.means, found.differences, s=18, color=_DOT, linewidths=0, zorder=3)
        axes.axhline(0.0, color=_LINE, linewidth=1.0)
        for value, name in _limits(found):
            dashed = "-" if name == "bias" else "--"
            axes.axhline(value, color=_MEAN, linewidth=1.4, linestyle=dashed)
            axes.annotate(
                f"{name} {value:,.4g}".replace("-", "−"),
                (1.0, value),
                xytext=(-4, 3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                fontsize=8,
            )
        _label_axes(axes, f"Mean volume, {unit}", f"{names[0]} − {names[1]}, {unit}")

    write_chart(
        path, draw, size=(7.0, 4.6), title=f"Volume, {len(found.cases)} cases (Bland–Altman)"
    )


def swarm(values: NDArray[np.float64], *, half_width: float = 0.38) -> NDArray[np.float64]:
    """Return offsets (N,) that keep dots of like value side by side, within `half_width`."""
    offsets = np.zeros(len(values))
    if not len(values):
        return offsets
    spread = float(values.max() - values.min()) or 1.0
    bins = np.floor((values - values.min()) / spread * 40).astype(int)
    widest = int(np.bincount(bins).max())
    step = min(0.06, 2 * half_width / widest)
    for each in np.unique(bins):
        members = np.flatnonzero(bins == each)
        members = members[np.argsort(values[members], kind="stable")]
        offsets[members] = (np.arange(len(members)) - (len(members) - 1) / 2) * step
    return offsets


def _share_limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis of scores, down to the tenth below the least of them."""
    least, most = min(values), max(1.0, *values)
    low = floor((least - 0.02) * 10) / 10
    return (low if low > 0 else -0.02 * most), most + 0.02 * (most - max(low, 0.0))


def _limits(found: BlandAltman) -> list[tuple[float, str]]:
    both = [(found.low, "−1.96 SD"), (found.high, "+1.96 SD")]
    return [(found.bias, "bias"), *((value, name) for value, name in both if value is not None)]


def _label_models(
    axes: Axes, scores: Mapping[str, FigureByCase], titles: Mapping[str, str]
) -> None:
    fonts = chart_fonts()
    labels = []
    for model, column in scores.items():
        values = [v for v in column.values() if v is not None]
        name = drawable(shortened(titles[model], _LONGEST_TITLE), fonts)
        figures = f"mean {fmean(values):.3f}, median {median(values):.3f}" if values else "none"
        labels.append(f"{name}\n{figures}\nn = {len(values)}")
    axes.set_xticks(range(len(labels)), labels, fontsize=9, fontfamily=fonts, parse_math=False)
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _label_axes(axes: Axes, x: str, y: str) -> None:
    fonts = chart_fonts()
    axes.set_xlabel(drawable(x, fonts), fontfamily=fonts, parse_math=False)
    axes.set_ylabel(drawable(y, fonts), fontfamily=fonts, parse_math=False)
    axes.grid(color=_LINE, linewidth=0.6, alpha=0.5)


def write_chart(
    path: Path, draw: Callable[[Axes], None], *, size: Sequence[float], title: str
) -> None:
    """Write a PNG of one pair of axes that `draw` fills; atomic."""
    # The object interface: pyplot keeps figures and a backend for the whole process.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size[0], size[1]), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, fontsize=12, parse_math=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
