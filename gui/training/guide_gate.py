"""What the gate of a taught guide is in the window: its job, and what can be done about it."""

from pathlib import Path

from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_start import JobProgram
from core.models.gate import GateReport
from core.models.guide_choice import (
    BUMP,
    answering_id,
    earlier_guides,
    take_guide_back,
    use_guide,
)
from core.models.guides import Guides
from core.models.promotion import promote, roll_back
from core.models.registry import Registry
from core.studies.gate_specs import guide_gate_spec
from gui.shell.session_parts import Place
from gui.training.gate_view import Choices

_BUMP_TITLE = "The rule alone"


def is_guide(models: Registry, model_id: str) -> bool:
    """Tell whether an id is that of a guide of clicks."""
    return model_id in {guide.spec.id for guide in Guides(models.roots).all()[0]}


def prepare_guide_gate(
    path: Path, place: Place, models: Registry, candidate: str, *, device: str
) -> tuple[JobFolder, JobProgram]:
    """Make the folder of a gate before the guide that answers now; raises `AppError`."""
    spec = guide_gate_spec(place.workspace, place.dataset, models, candidate, device=device)
    return create_job(path, spec), "guide_gate"


def choose(models: Registry, model_id: str, report: GateReport | None) -> None:
    """Have a candidate answer clicks where its gate was of guides, else predict by default."""
    if report is not None and report.clicks is not None:
        use_guide(models.roots, model_id, report)
    else:
        promote(models, model_id, report)


def go_back(models: Registry, model_id: str, *, guide: bool) -> None:
    """Have an earlier guide answer again, or an earlier champion predict by default."""
    if guide:
        take_guide_back(models.roots, model_id)
    else:
        roll_back(models, model_id)


def read_guide_choices(models: Registry) -> Choices:
    """Return what the registry says about the guide that answers and those that may."""
    there, now = Guides(models.roots).all()[0], answering_id(models.roots)
    own = (guide for guide in there if guide.folder.parent == models.roots[0])
    return Choices(
        champion=now,
        titles={BUMP: _BUMP_TITLE, **{each.spec.id: each.spec.title for each in there}},
        learnt={guide.spec.id: frozenset(guide.spec.trained_on) for guide in there},
        deletable=frozenset(guide.spec.id for guide in own if guide.spec.id != now),
        earlier=tuple(earlier_guides(models.roots)),
    )
