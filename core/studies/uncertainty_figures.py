"""Figures of the expected DSC, written to PNG files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.io.atomic import atomic_path
from core.review.expected_dsc import BAD_DSC, Judgement

_DPI = 100


def draw_expected_dsc(
    expected: Sequence[float], dsc: Sequence[float], judged: Judgement, path: Path
) -> None:
    """Write expectation against truth, and bad cases found against cases read."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    left.axhline(BAD_DSC, color="grey", linewidth=0.6)
    left.scatter(expected, dsc, color="steelblue", s=22)
    left.set_xlim(0, 1.02)
    left.set_ylim(0, 1.02)
    left.set_xlabel("expected DSC")
    left.set_ylabel("DSC")
    rho = "–" if judged.spearman is None else f"{judged.spearman:.2f}"
    left.set_title(
        f"{judged.cases} cases: ρ {rho}, mean absolute error {judged.mean_absolute_error:.3f}"
    )
    right.plot([0, 1], [0, 1], "--", color="grey", linewidth=1, label="random order")
    if judged.area is not None:
        label = f"lowest expected DSC first (area {judged.area:.2f})"
        right.plot(judged.read, judged.found, color="tomato", label=label)
    right.set_xlabel("share of cases read")
    right.set_ylabel(f"share of the {judged.bad} cases under {BAD_DSC:g} found")
    right.set_title("reading order")
    right.legend(frameon=False, loc="lower right")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
