"""A robot's clicks in files: every click, the figures, the curves, two models paired."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from core.io.csv_file import write_csv
from core.io.json_file import write_json
from core.studies.clicks.click_study import TOOLS, ClickRow, ClickStudy
from core.studies.clicks.click_summary import (
    ClickSummary,
    curves,
    paired_models,
    summarise_clicks,
    tool_summaries,
)
from core.studies.comparison.study_figures import write_chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"guided": "#3b6ea5", "brush": "#b07b2c", "smart fill": "#5d8f5a"}
_STYLES = ("-", "--", ":", "-.")
_PAIR = ("first", "second", "n", "mean_difference", "low", "high", "wilcoxon_p", "wins", "losses")


def write_clicks(out: Path, study: ClickStudy) -> dict[str, ClickSummary]:
    """Write `clicks.csv`, `summary.json` and, beside them, `tools.csv` and the curves.

    The summary is of the first model with guided clicks; `tools.csv` has the same figures of every
    model and tool. With several models `paired.csv` compares them. Returns the summary of each
    model with guided clicks, by its id.
    """
    names = ClickRow.__struct_fields__
    write_csv(out / "clicks.csv", names, (msgspec.structs.astuple(row) for row in study.rows))
    summaries = {
        model: summarise_clicks(study.rows, model=model, tool="guided") for model in study.models
    }
    write_json(out / "summary.json", summaries[study.models[0]])
    figures = ClickSummary.__struct_fields__
    write_csv(
        out / "tools.csv",
        ("model", "tool", "slices", "cases", *figures),
        (
            (row.model, row.tool, row.slices, row.cases, *msgspec.structs.astuple(row.figures))
            for row in tool_summaries(study)
        ),
    )
    if len(study.models) > 1:
        pairs = paired_models(study)
        write_csv(
            out / "paired.csv",
            ("figure", *_PAIR),
            ((pair.figure, *(getattr(pair.comparison, name) for name in _PAIR)) for pair in pairs),
        )
    for part in ("slice", "case"):
        if any(row.part == part for row in study.rows):
            _draw(out / f"{part}s.png", study, part)
    return summaries


def _draw(path: Path, study: ClickStudy, part: str) -> None:
    """Write a PNG of the mean DSC by the number of clicks, a line a model and tool."""
    many = len(study.models) > 1

    def draw(axes: Axes) -> None:
        for model, style in zip(study.models, _STYLES * len(study.models), strict=False):
            for tool in TOOLS:
                found = list(curves(study.rows, model=model, tool=tool, part=part).values())
                if found:
                    mean = np.mean(found, axis=0)
                    label = f"{tool}, {model}" if many else tool
                    axes.plot(mean, style, color=_COLOURS[tool], label=label, linewidth=1.8)
        axes.set_xlabel("clicks")
        axes.set_ylabel("mean DSC")
        axes.grid(color="#b9c3cd", linewidth=0.6, alpha=0.6)
        axes.legend(loc="lower right", frameon=False, fontsize=9)

    of = curves(study.rows, model=study.models[0], tool="guided", part=part)
    what = "slices below 0.85" if part == "slice" else "cases"
    write_chart(path, draw, size=(6.4, 4.6), title=f"A robot's clicks, {len(of)} {what}")
