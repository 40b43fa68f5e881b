"""Fills the panel of a comparison: plots, tables and verdict of the figure that is chosen."""

from collections.abc import Callable
from dataclasses import replace

from core.domain.figure_text import counted
from core.domain.label_set import LabelSet
from core.studies.comparison.region_study import (
    averaged_regions,
    counted_regions,
    mean_study,
    region_study,
)
from core.studies.comparison.study_summary import summarise_study
from gui.studies.case_plot import PlotView
from gui.studies.compare_lines import MEAN_OF_REGIONS
from gui.studies.study_panel import StudyChoice, StudyPanel
from gui.studies.study_plots import (
    by_case,
    figure_choices,
    model_lines,
    one_against_other,
    pair_lines,
    region_lines,
    volumes,
)
from gui.studies.study_reader import StudyFound
from gui.studies.study_verdict import method, verdict

_MEAN = "mean"
_REGION = "region "  # before the name of one, so that none is taken for the mean


def show_study(panel: StudyPanel, found: StudyFound) -> None:
    """Offer the models, figures and regions of a comparison."""
    summary = found.summary
    titles = [(model.id, model.title) for model in summary.models]
    cases = counted(summary.cases, "case")
    failed = f" · {len(summary.failed)} not scored" if summary.failed else ""
    apart = summary.mean_disagreement
    divided = "" if apart is None else f" · mean disagreement {apart:.3f}"
    title = f"{len(found.study.models)} models on {cases}"
    said = f"{found.folder.name}{failed}{divided}"
    regions = counted_regions(found.study)
    parts = [
        (_MEAN, MEAN_OF_REGIONS),
        *((f"{_REGION}{name}", name) for name in regions),
    ]
    panel.set_parts(parts if regions else ())
    panel.set_study((title, said), titles, figure_choices(summary.distance_unit))


def part_of(found: StudyFound, part: str, labels: LabelSet | None) -> StudyFound:
    """Return a comparison of one region, or of the mean of regions; on a worker.

    `labels` say which regions are named.
    """
    if part == _MEAN:
        names = averaged_regions(labels, counted_regions(found.study))
        study = mean_study(found.study, names)
    else:
        study = region_study(found.study, part.removeprefix(_REGION))
    return replace(found, study=study, summary=summarise_study(study))


def show_choice(panel: StudyPanel, found: StudyFound, champion: str) -> None:
    """Show the plot and the figure that are chosen."""
    choice, study, summary = panel.choice, found.study, found.summary
    views: dict[str, Callable[[StudyChoice], PlotView]] = {
        "by_case": lambda c: by_case(study, c.figure),
        "scatter": lambda c: one_against_other(study, c.figure, c.first, c.second),
        "volumes": lambda c: volumes(study, c.first, c.second),
    }
    panel.show_plot(views[choice.plot](choice))
    figure = choice.figure
    panel.show_tables(model_lines(summary, figure), pair_lines(summary, figure))
    panel.show_verdict(verdict(summary, figure, champion), method(summary, figure))


def show_regions(panel: StudyPanel, found: StudyFound) -> None:
    """Show the table of all regions and labels, whichever is chosen."""
    titles = [model.title for model in found.summary.models]
    panel.show_regions(titles, region_lines(found.summary, panel.choice.figure))
