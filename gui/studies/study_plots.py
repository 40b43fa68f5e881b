"""From a comparison of models to its plots and tables: pure functions, no widget."""

from dataclasses import dataclass

import msgspec
import numpy as np

from core.domain.figure_text import MINUS, interval, p_value, signed
from core.domain.statistics import PairedComparison, bland_altman, describe, paired
from core.studies.comparison.study import Study
from core.studies.comparison.study_figures import swarm
from core.studies.comparison.study_report import volume_figure, volume_unit
from core.studies.comparison.study_summary import PAIR_METRICS, StudySummary, scores
from core.studies.scores.case_figures import METRICS
from gui.studies.case_plot import Dot, PlotLine, PlotView
from gui.studies.study_verdict import VerdictStanding, standing, told_pairs
from gui.widgets.labels import number

_NOTHING = "No case has this figure: it needs ground truth."
_SIGNS: dict[VerdictStanding, int] = {"better": 1, "worse": -1, "same": 0}
_SHARES = frozenset({"dsc", "lesion_f1", "lesion_f1_any"})
_HALF_WIDTH = 0.4
_ROOM = 0.06


@dataclass(frozen=True)
class ModelLine:
    """One model in the table: its figure over all cases."""

    id: str
    title: str
    cases: str
    mean: str
    median: str
    deviation: str


@dataclass(frozen=True)
class PairLine:
    """Two models in the table; `difference` is first less second, `better` what is its sign.

    `better` is 1 when the first is better beyond chance, -1 when the second is, else 0.
    """

    first: str
    second: str
    difference: str
    interval: str
    p: str
    holm: str
    counts: str
    better: int
    ends: tuple[float, float, float] | None = None
    """Lower end of the interval, the mean difference, upper end."""


@dataclass(frozen=True)
class RegionLine:
    """A region or label in the table: the mean of a figure by each model, in their order."""

    title: str
    means: tuple[str, ...]


def region_lines(summary: StudySummary, figure: str) -> list[RegionLine]:
    """Return what a figure is on average in each region and label; none of binary cases."""
    by_label = {} if summary.labels is msgspec.UNSET else summary.labels
    decimals = _decimals(figure)
    return [
        RegionLine(label, tuple(number(model.figures[figure].mean, decimals) for model in models))
        for label, models in by_label.items()
    ]


def figure_choices(unit: str) -> list[tuple[str, str]]:
    """Return the figures models are compared by, as (key, name with its unit)."""
    units = dict.fromkeys(("hd95", "hd95_max", "average_surface_distance"), f", {unit}")
    return [(key, f"{_name(key)}{units.get(key, '')}") for key in PAIR_METRICS]


def model_lines(summary: StudySummary, figure: str) -> list[ModelLine]:
    """Return what is typical of a figure for every model."""
    decimals = _decimals(figure)
    return [
        ModelLine(
            id=model.id,
            title=model.title,
            cases=str(model.figures[figure].n),
            mean=number(model.figures[figure].mean, decimals),
            median=number(model.figures[figure].median, decimals),
            deviation=number(model.figures[figure].standard_deviation, decimals),
        )
        for model in summary.models
    ]


def pair_lines(summary: StudySummary, figure: str) -> list[PairLine]:
    """Return how every two models differ in a figure."""
    titles = {model.id: model.title for model in summary.models}
    decimals, lower = _decimals(figure), PAIR_METRICS[figure]
    return [
        PairLine(
            first=titles[pair.first],
            second=titles[pair.second],
            difference=signed(pair.mean_difference, decimals),
            interval=interval(pair.low, pair.high, decimals),
            p=p_value(pair.wilcoxon_p),
            holm=p_value(pair.holm_p),
            counts=f"{pair.wins} / {pair.ties} / {pair.losses}",
            better=_SIGNS[standing(pair, lower_is_better=lower)],
            ends=_ends(pair),
        )
        for pair in told_pairs(summary, figure)
    ]


def by_case(study: Study, figure: str) -> PlotView:
    """Return a column of dots a model, with its mean and its median."""
    dots: list[Dot] = []
    lines: list[PlotLine] = []
    ticks: list[tuple[float, str]] = []
    decimals = _decimals(figure)
    every = [v for found in scores(study, figure).values() for v in found.values() if v is not None]
    for column, (model, found) in enumerate(scores(study, figure).items()):
        known = {case: value for case, value in found.items() if value is not None}
        values = np.array(list(known.values()), np.float64)
        title = study.titles[model]
        # With the ends of the axis, so that dots of all columns lie as near to each other.
        offsets = swarm(np.append(values, [min(every), max(every)]))[:-2] if every else values
        for (case, value), offset in zip(known.items(), offsets, strict=True):
            tip = f"{case}\n{title}: {number(value, decimals)}"
            dots.append(Dot(column + float(offset), value, case, tip))
        typical = describe(list(known.values()))
        said = [number(value, decimals) for value in (typical.mean, typical.median)]
        ticks.append((float(column), f"{_short(title)}\nmean {said[0]} · median {said[1]}"))
        if typical.mean is not None and typical.median is not None:
            ends = (column - _HALF_WIDTH, column + _HALF_WIDTH)
            for value, means in ((typical.mean, "mean"), (typical.median, "median")):
                lines.append(PlotLine(means, (ends[0], value), (ends[1], value)))  # type: ignore[arg-type]
    return PlotView(
        tuple(dots),
        tuple(lines),
        tuple(ticks),
        y_title=_name(figure),
        x_range=(-0.6, len(ticks) - 0.4),
        y_range=_range([dot.y for dot in dots], share=figure in _SHARES),
        chain=True,
        empty=_NOTHING,
    )


def one_against_other(study: Study, figure: str, first: str, second: str) -> PlotView:
    """Return a dot a case: the first model along x, the second along y."""
    found, titles, decimals = scores(study, figure), study.titles, _decimals(figure)
    cases, values = paired(found.get(first, {}), found.get(second, {}))
    if not cases:
        return PlotView(empty=_NOTHING)
    dots = tuple(
        Dot(float(x), float(y), case, f"{case}\n{number(x, decimals)}, {number(y, decimals)}")
        for case, (x, y) in zip(cases, values, strict=True)
    )
    low, high = _range(values.ravel().tolist(), share=figure in _SHARES)
    lines = [PlotLine("guide", (low, low), (high, high))]
    for means, at in (("mean", values.mean(axis=0)), ("median", np.median(values, axis=0))):
        x, y = map(float, at)
        lines.append(PlotLine(means, (x, low), (x, high)))  # type: ignore[arg-type]
        lines.append(PlotLine(means, (low, y), (high, y)))  # type: ignore[arg-type]
    name = _name(figure)
    return PlotView(
        dots,
        tuple(lines),
        x_title=f"{name}, {titles[first]}",
        y_title=f"{name}, {titles[second]}",
        x_range=(low, high),
        y_range=(low, high),
    )


def volumes(study: Study, first: str, second: str) -> PlotView:
    """Return the Bland–Altman plot of two models' volumes."""
    found, titles, unit = scores(study, volume_figure(study)), study.titles, volume_unit(study)
    decimals = 0 if unit == "voxels" else 1
    try:
        agreed = bland_altman(found.get(first, {}), found.get(second, {}))
    except ValueError:
        return PlotView(empty="No case was measured by both.")
    dots = tuple(
        Dot(float(x), float(y), case, f"{case}\n{signed(float(y), decimals)} {unit}")
        for case, x, y in zip(agreed.cases, agreed.means, agreed.differences, strict=True)
    )
    left, right = _range(agreed.means.tolist())
    lines = [PlotLine("guide", (left, 0.0), (right, 0.0))]
    for value, name in ((agreed.low, "−1.96 SD"), (agreed.bias, "bias"), (agreed.high, "+1.96 SD")):
        if value is not None:
            text = f"{name} {signed(value, decimals)}"
            kind = "mean" if name == "bias" else "limit"
            lines.append(PlotLine(kind, (left, value), (right, value), text))  # type: ignore[arg-type]
    ys = [*agreed.differences.tolist(), *(line.start[1] for line in lines)]
    return PlotView(
        dots,
        tuple(lines),
        x_title=f"Mean volume, {unit}",
        y_title=f"{_short(titles[first])} {MINUS} {_short(titles[second])}, {unit}",
        x_range=(left, right),
        y_range=_range(ys),
    )


def _name(figure: str) -> str:
    return "Volume error" if figure == "volume_error" else METRICS[figure]


def _decimals(figure: str) -> int:
    return 1 if figure in ("hd95", "hd95_max") else 2 if figure == "average_surface_distance" else 3


def _ends(pair: PairedComparison) -> tuple[float, float, float] | None:
    if pair.low is None or pair.mean_difference is None or pair.high is None:
        return None
    return pair.low, pair.mean_difference, pair.high


def _range(values: list[float], *, share: bool = False) -> tuple[float, float]:
    """Return the limits of an axis; a share ends at 1, and begins at 0 unless all are high."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = _ROOM * (high - low) or max(abs(high), 1.0) * _ROOM
    if share:
        return max(low - room, -0.02), 1.02
    return low - room, high + room


def _short(title: str, most: int = 28) -> str:
    return title if len(title) <= most else f"{title[: most - 1]}…"
