"""Figures of a robot's clicks: what one, three, five and ten bring, and two models paired."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean

import msgspec

from core.domain.statistics import FigureByCase, PairedComparison, compare_pairs
from core.studies.clicks.click_robot import CASE_CLICKS, SLICE_CLICKS
from core.studies.clicks.click_study import TOOLS, ClickRow, ClickStudy, ClickTool

HARM = 0.02
"""A click that loses more DSC than this does harm."""

WITHIN = 5
GOOD, BETTER = 0.85, 0.90


class ClickSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Means over the slices that were corrected, `case_…` over whole volumes; None without any.

    `dsc_n` is that after n clicks, a slice that needed fewer staying as it was. `share_…_within_5`
    are the slices that had that DSC after one of the first five clicks; `noc_…` the mean number of
    clicks to it, ten for a slice that never had it. `harmful` is the share of clicks on slices that
    lose more than `HARM`.
    """

    dsc_0: float | None
    dsc_1: float | None
    dsc_3: float | None
    dsc_5: float | None
    dsc_10: float | None
    share_85_within_5: float | None
    share_90_within_5: float | None
    noc_85: float | None
    noc_90: float | None
    harmful: float | None
    case_dsc_0: float | None
    case_dsc_5: float | None
    case_dsc_10: float | None
    case_dsc_20: float | None
    seconds_per_click: float | None


class ToolSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one model with one tool, over `slices` slices and `cases` cases."""

    model: str
    tool: ClickTool
    slices: int
    cases: int
    figures: ClickSummary


class ClickPair(msgspec.Struct, frozen=True, kw_only=True):
    """Two models by one figure of the cases both have, guided clicks in hand."""

    figure: str
    comparison: PairedComparison


ClickCurve = list[float]
"""DSC by the number of clicks, as long as clicks are allowed."""


def curves(
    rows: Sequence[ClickRow], *, model: str, tool: ClickTool, part: str
) -> dict[tuple[str, int | None], ClickCurve]:
    """Return the DSC after each number of clicks, by case and slice (None for a whole case).

    Where nothing was left to correct, the last stays.
    """
    found: dict[tuple[str, int | None], ClickCurve] = {}
    for row in rows:
        if (row.model, row.tool, row.part) == (model, tool, part):
            of = None if part == "case" else row.slice
            found.setdefault((row.case, of), []).append(row.dsc)
    most = (SLICE_CLICKS if part == "slice" else CASE_CLICKS) + 1
    return {key: curve + [curve[-1]] * (most - len(curve)) for key, curve in found.items()}


def summarise_clicks(rows: Sequence[ClickRow], *, model: str, tool: ClickTool) -> ClickSummary:
    """Return the figures of one model with one tool."""
    slices = list(curves(rows, model=model, tool=tool, part="slice").values())
    cases = list(curves(rows, model=model, tool=tool, part="case").values())
    own = [row for row in rows if (row.model, row.tool) == (model, tool)]
    changes = [
        after.dsc - before.dsc
        for before, after in pairwise(row for row in own if row.part == "slice")
        if after.click
    ]
    return ClickSummary(
        dsc_0=_after(slices, 0),
        dsc_1=_after(slices, 1),
        dsc_3=_after(slices, 3),
        dsc_5=_after(slices, 5),
        dsc_10=_after(slices, 10),
        share_85_within_5=_mean([max(curve[: WITHIN + 1]) >= GOOD for curve in slices]),
        share_90_within_5=_mean([max(curve[: WITHIN + 1]) >= BETTER for curve in slices]),
        noc_85=_mean([_clicks_to(curve, GOOD) for curve in slices]),
        noc_90=_mean([_clicks_to(curve, BETTER) for curve in slices]),
        harmful=_mean([change < -HARM for change in changes]),
        case_dsc_0=_after(cases, 0),
        case_dsc_5=_after(cases, 5),
        case_dsc_10=_after(cases, 10),
        case_dsc_20=_after(cases, 20),
        seconds_per_click=_mean([row.seconds for row in own if row.seconds is not None]),
    )


def tool_summaries(study: ClickStudy) -> list[ToolSummary]:
    """Return the figures of every model with every tool."""
    return [
        ToolSummary(
            model=model,
            tool=tool,
            slices=len(curves(study.rows, model=model, tool=tool, part="slice")),
            cases=len(curves(study.rows, model=model, tool=tool, part="case")),
            figures=summarise_clicks(study.rows, model=model, tool=tool),
        )
        for model in study.models
        for tool in TOOLS
    ]


def paired_models(study: ClickStudy) -> list[ClickPair]:
    """Compare every two models, case by case, by their DSC after no, five, ten and twenty clicks.

    `slices_dsc_5` is the mean over those slices of a case that both models had below the limit.
    """
    by_model = {
        model: curves(study.rows, model=model, tool="guided", part="case") for model in study.models
    }
    found = []
    for clicks in (0, 5, 10, 20):
        scores: Mapping[str, FigureByCase] = {
            model: {case: curve[clicks] for (case, _), curve in curves_.items()}
            for model, curves_ in by_model.items()
        }
        name = f"case_dsc_{clicks}"
        found += [ClickPair(figure=name, comparison=pair) for pair in compare_pairs(scores)]
    slices = _shared_slices(study)
    return [
        *found,
        *(ClickPair(figure="slices_dsc_5", comparison=pair) for pair in compare_pairs(slices)),
    ]


def _shared_slices(study: ClickStudy) -> dict[str, FigureByCase]:
    """Return by model and case the mean DSC after five clicks of the slices all models share."""
    each = {
        model: curves(study.rows, model=model, tool="guided", part="slice")
        for model in study.models
    }
    shared = set.intersection(*(set(found) for found in each.values())) if each else set()
    cases = sorted({case for case, _ in shared})
    return {
        model: {
            case: fmean(found[key][WITHIN] for key in shared if key[0] == case) for case in cases
        }
        for model, found in each.items()
    }


def _clicks_to(curve: ClickCurve, wanted: float) -> int:
    return next((count for count, value in enumerate(curve) if value >= wanted), len(curve) - 1)


def _after(each: Sequence[ClickCurve], clicks: int) -> float | None:
    return _mean([curve[clicks] for curve in each])


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
