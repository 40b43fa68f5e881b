"""What a gate compares: a candidate, model or guide, and the one in use, on cases that judge."""

from collections.abc import Sequence

from core.domain.errors import AppError
from core.io.datasets.dataset import Dataset
from core.models.gate import GateSpec
from core.models.guide_choice import answering_guide
from core.models.guides import Guides
from core.models.registry import Registry
from core.workspace.chosen_labels import choice_of
from core.workspace.splits import frozen_split
from core.workspace.workspace_folder import Workspace


def model_gate_spec(
    workspace: Workspace, dataset: Dataset, models: Registry, candidate: str, *, device: str
) -> GateSpec:
    """Return what holds a model against the champion of now, on the frozen cases that judge.

    Raises `AppError` where there are none.
    """
    return GateSpec(
        champion=str(models.champion().folder.absolute()),
        candidate=str(models.find(candidate).folder.absolute()),
        data=str(dataset.root.absolute()),
        cases=_judges(workspace),
        device=device,
        workspace=str(workspace.folder.absolute()),
        chosen=choice_of(dataset),
    )


def guide_gate_spec(
    workspace: Workspace,
    dataset: Dataset,
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
    return GateSpec(
        champion="" if champion is None else str(champion.folder.absolute()),
        candidate=str(guide.folder.absolute()),
        data=str(dataset.root.absolute()),
        cases=tuple(cases) or _judges(workspace),
        device=device,
        workspace=str(workspace.folder.absolute()),
        starts=str(models.champion().folder.absolute()),
        chosen=choice_of(dataset),
    )


def _judges(workspace: Workspace) -> tuple[str, ...]:
    split = frozen_split(workspace.store)
    if split is None or not split.val:
        raise AppError(
            "Expected a frozen split with cases that judge, found none. Train a model in this "
            "workspace first: its job freezes them."
        )
    return split.val
