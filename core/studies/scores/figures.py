"""Figures written to files: the DSC chart of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

from core.io.atomic import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ChartRow = tuple[str, float]
"""Case id and DSC."""

_WIDTH, _HEIGHT, _DPI = 1200, 800, 100
_BAR, _MEAN, _MEDIAN = "skyblue", "tomato", "green"
_ROWS_PER_COLUMN, _MOST_COLUMNS = 70, 3
_PLOT_POINTS = 450  # height of the plots: the figure less title, axis and legend
_LARGEST_FONT = 11.0
_LONGEST_LABELS = (34, 29, 24)  # characters of an id that leave room for one, two, three columns
# DejaVu Sans, which comes with matplotlib, has no Chinese: the first of these installed helps out.
_CJK_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)


def dsc_chart(rows: Sequence[ChartRow], path: Path, *, title: str) -> None:
    """Write a PNG of 1200x800 pixels: a bar for each case's DSC, the best on top.

    More cases than fit one column go on at the top of the next. The lines are the mean and the
    median over `rows`. Raises `ValueError` without rows, `WorkspaceError` when the system refuses
    the write.
    """
    if not rows:
        raise ValueError("a DSC chart needs at least one case")
    figure = _draw(sorted(rows, key=lambda row: (-row[1], row[0])), title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)


def _draw(rows: Sequence[ChartRow], title: str) -> Figure:
    # The object interface: pyplot keeps figures and a backend for the whole process.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
    figure = Figure(figsize=(_WIDTH / _DPI, _HEIGHT / _DPI), dpi=_DPI, layout=layout)
    FigureCanvasAgg(figure)
    fonts = chart_fonts()
    columns = min(_MOST_COLUMNS, ceil(len(rows) / _ROWS_PER_COLUMN))
    height = ceil(len(rows) / columns)
    mean, middle = fmean(score for _, score in rows), median(score for _, score in rows)
    for column, axes in enumerate(figure.subplots(1, columns, squeeze=False)[0]):
        part = rows[column * height : (column + 1) * height]
        _draw_column(axes, part, height=height, columns=columns, fonts=fonts)
        # The thinner line lies on the thicker one, so both show where they coincide.
        axes.axvline(mean, color=_MEAN, linewidth=3.0, label=f"mean {mean:.3f}")
        axes.axvline(middle, color=_MEDIAN, linewidth=1.5, label=f"median {middle:.3f}")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=12)
    figure.suptitle(
        drawable(title, fonts),
        fontsize=min(15.0, 15.0 * 90 / len(title)) if title else None,
        fontfamily=fonts,
        parse_math=False,
    )
    return figure


def _draw_column(
    axes: Axes, rows: Sequence[ChartRow], *, height: int, columns: int, fonts: list[str]
) -> None:
    """Draw one column of bars, with the ids to their left and the figures to their right."""
    size = min(_LARGEST_FONT, 0.86 * _PLOT_POINTS / height)
    longest = _LONGEST_LABELS[columns - 1]
    labels = [drawable(shortened(case, longest), fonts) for case, _ in rows]
    positions = range(len(rows))
    axes.barh(positions, [score for _, score in rows], color=_BAR, height=0.78)
    axes.set_yticks(positions, labels, fontsize=size, fontfamily=fonts, parse_math=False)
    axes.tick_params(axis="y", length=0)
    for position, (_, score) in zip(positions, rows, strict=True):
        axes.annotate(
            f"{score:.3f}",
            (1.0, position),
            xytext=(4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=size,
        )
    axes.set_xlim(0, 1)
    # Bars keep their thickness in a last column that is not full, and in a chart of few cases.
    axes.set_ylim(max(height, 6) - 0.4, -0.6)
    axes.set_xlabel("DSC")
    axes.spines[["top", "right"]].set_visible(False)


def shortened(text: str, longest: int) -> str:
    """Cut the middle out of `text`: ids often share a beginning and differ at the end."""
    if len(text) <= longest:
        return text
    tail = longest // 2
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def chart_fonts() -> list[str]:
    """Return the fonts of a figure: the second draws what the first cannot."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in _CJK_FONTS if name in installed][:1]]


def drawable(text: str, fonts: list[str]) -> str:
    """Replace what no font can draw by a box, which matplotlib would warn about."""
    from matplotlib.font_manager import findfont, get_font

    faces = [get_font(findfont(name)) for name in fonts]
    return "".join(
        character if any(face.get_char_index(ord(character)) for face in faces) else "□"
        for character in text
    )
