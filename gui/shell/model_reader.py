"""The models of a workspace: those that are run, and masks of other programs."""

from collections.abc import Sequence
from pathlib import Path

from core.inference.engines import left_out
from core.io.cases.case import Case
from core.models.any_model import all_of_any
from core.models.certificates import EngineChoice, engine_for
from core.models.registry import Model
from core.review.outlook import calibration_problems
from core.workspace.mask_folders import kept_models
from core.workspace.settings import Settings
from core.workspace.workspace_folder import registry
from gui.shell.session_parts import Models


def read_models(
    home: Path, workspace: Path, wanted: str, settings: Settings, cases: Sequence[Case] = ()
) -> Models:
    """Return the models there are; in use is `wanted` when it is among them, else the champion.

    They are run by the engine of `settings`. Masks of other programs that the workspace knows come
    last, as models of `cases`.
    """
    found = registry(home, workspace, engine_of(settings))
    everything, problems = all_of_any(found)
    available = [model for model in everything if isinstance(model, Model)]
    masks, gone = kept_models(workspace, cases)
    problems += gone
    if not available:
        return Models(tuple(masks), next(iter(masks), None), problems=tuple(problems))
    champion = found.champion()
    available += masks
    current = next((m for m in available if m.spec.id == wanted), champion)
    problems += [*calibration_problems(available), *left_out()]
    return Models(tuple(available), current, champion.spec.id, tuple(problems))


def engine_of(settings: Settings) -> EngineChoice:
    """Return what is to compute models by the settings of the reader."""
    return engine_for(settings.device, settings.engine, "auto")
