"""Fills the panel of a comparison: plots, tables and verdict of the figure that is chosen."""

from collections.abc import Callable

from gui.studies.case_plot import PlotView
from gui.studies.study_panel import StudyChoice, StudyPanel
from gui.studies.study_plots import (
    by_case,
    figure_choices,
    model_lines,
    one_against_other,
    pair_lines,
    volumes,
)
from gui.studies.study_reader import StudyFound
from gui.studies.study_verdict import method, verdict


def show_study(panel: StudyPanel, found: StudyFound) -> None:
    """Offer the models and figures of a comparison."""
    summary = found.summary
    titles = [(model.id, model.title) for model in summary.models]
    cases = f"{summary.cases} case{'' if summary.cases == 1 else 's'}"
    failed = f" · {len(summary.failed)} not scored" if summary.failed else ""
    apart = summary.mean_disagreement
    divided = "" if apart is None else f" · mean disagreement {apart:.3f}"
    title = f"{len(found.study.models)} models on {cases}"
    said = f"{found.folder.name}{failed}{divided}"
    panel.set_study((title, said), titles, figure_choices(summary.distance_unit))


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
