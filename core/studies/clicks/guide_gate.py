"""The gate of a taught guide: what it and the one that answers bring, on cases new to both."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.domain.errors import AppError
from core.domain.progress import Progress, part, silent
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case, each_case
from core.io.cases.case_reader import read_case
from core.models.gate import ClickedPath
from core.models.registry import Model
from core.studies.clicks.click_guide import GuideOf
from core.studies.clicks.click_study import click_ground
from core.studies.clicks.guide_figures import clicked_paths, looked_at


@dataclass
class GuideScores:
    """What was clicked by each of several guides, by case; `failed` says why a case has none."""

    paths: tuple[dict[str, list[ClickedPath]], ...]
    failed: dict[str, str] = field(default_factory=dict)


def score_guides(
    cases: Sequence[Case],
    model: Model,
    predict: Predictor,
    guides: Sequence[GuideOf | None],
    *,
    progress: Progress = silent,
) -> GuideScores:
    """Let a robot reader click at what `model` says of the cases, by each guide in turn.

    None stands for the bump. `progress` may raise `Cancelled`.
    """
    scores = GuideScores(tuple({} for _ in guides))
    for case, inner in each_case(cases, progress):
        try:
            loaded = read_case(case)
            truth = loaded.require_ground_truth()
            found = predict(loaded, part(inner, 0.0, 0.5))
        except AppError as error:
            scores.failed[case.id] = str(error)
            continue
        inner(0.5, case.id)
        ground = click_ground(loaded, model, found, "prediction")
        for paths, guide in zip(scores.paths, guides, strict=True):
            made = None if guide is None else guide(loaded.volume)
            paths[case.id] = clicked_paths(ground, truth, made, channel=looked_at(loaded.volume))
    return scores
