"""What a gate is made from, and what the registry says of its models."""

from pathlib import Path
from typing import TypeAlias

from core.domain.errors import AppError
from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_start import JobProgram
from core.models import promotion
from core.models.gate import GateSpec
from core.models.registry import Registry
from core.workspace.splits import frozen_split
from gui.shell.session_parts import Place
from gui.training.gate_view import Choices

Made: TypeAlias = tuple[JobFolder, JobProgram]
"""The folder of a job, and what runs it."""


def make_gate(path: Path, place: Place, models: Registry, candidate: str, *, device: str) -> Made:
    """Make the folder of a gate: a candidate against the champion of now.

    Raises `AppError` where the workspace has no frozen cases that judge.
    """
    split = frozen_split(place.workspace.store)
    if split is None or not split.val:
        raise AppError(
            "Expected a frozen split with cases that judge, found none. Train a model in this "
            "workspace first: its job freezes them."
        )
    spec = GateSpec(
        champion=str(models.champion().folder.absolute()),
        candidate=str(models.find(candidate).folder.absolute()),
        data=str(place.dataset.root.absolute()),
        cases=split.val,
        device=device,
        workspace=str(place.workspace.folder.absolute()),
    )
    return create_job(path, spec), "gate"


def read_choices(models: Registry) -> Choices:
    """Return what the registry says about champion and candidates."""
    there = models.models()[0]
    champion = models.champion().spec.id if there else ""
    own = [m for m in there if m.folder.parent == models.roots[0] and m.spec.id != champion]
    return Choices(
        champion=champion,
        titles={model.spec.id: model.spec.title for model in there},
        learnt={model.spec.id: frozenset(model.spec.trained_on) for model in there},
        deletable=frozenset(model.spec.id for model in own),
        earlier=tuple(promotion.earlier_champions(models)) if there else (),
    )
