"""The gate of a taught guide: what it and the one that answers bring, on cases new to both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.domain.errors import AppError
from core.domain.progress import Progress, part, silent
from core.inference.prediction_service import Predictor
from core.io.cases.case import Case
from core.io.cases.case_reader import read_case
from core.models.gate import ClickedPath, GateSpec
from core.models.guide_choice import answering_guide
from core.models.guides import Guides
from core.models.registry import Model, Registry
from core.studies.clicks.click_guide import GuideOf
from core.studies.clicks.click_study import click_ground
from core.studies.clicks.guide_figures import clicked_paths, looked_at
from core.workspace.splits import frozen_split
from core.workspace.workspace_folder import Workspace


def guide_gate_spec(
    workspace: Workspace,
    data: Path,
    models: Registry,
    candidate: str,
    *,
    cases: Sequence[str] = (),
    device: str = "auto",
) -> GateSpec:
    """Return what holds a guide against the one that answers now, on `cases` or those that judge.

    Raises `AppError` where it answers already, and where there are no cases.
    """
    champion, guide = answering_guide(models.roots), Guides(models.roots).find(candidate)
    if champion is not None and champion.spec.id == candidate:
        raise AppError(f"{candidate}: expected a guide that is new, found the one that answers.")
    split = frozen_split(workspace.store)
    judges = tuple(cases) or (() if split is None else split.val)
    if not judges:
        raise AppError(
            "Expected a frozen split with cases that judge, found none. Train a model in this "
            "workspace first: its job freezes them."
        )
    return GateSpec(
        champion="" if champion is None else str(champion.folder.absolute()),
        candidate=str(guide.folder.absolute()),
        data=str(data.absolute()),
        cases=judges,
        device=device,
        workspace=str(workspace.folder.absolute()),
        starts=str(models.champion().folder.absolute()),
    )


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
    for number, case in enumerate(cases):
        inner = part(progress, number / len(cases), (number + 1) / len(cases))
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
