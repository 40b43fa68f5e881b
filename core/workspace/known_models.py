"""The models that a workspace can be asked for by id: its own, the reader's, masks of others."""

from collections.abc import Sequence

from core.io.cases.case import Case
from core.models.certificates import ANY, EngineChoice, engine_for
from core.models.mask_model import mask_models
from core.models.registry import Model
from core.workspace.mask_folders import kept_models
from core.workspace.settings import home
from core.workspace.workspace_folder import Workspace, registry


def find_models(
    workspace: Workspace,
    wanted: Sequence[str],
    engine: EngineChoice = ANY,
    *,
    cases: Sequence[Case] = (),
    masks: Sequence[str] = (),
    resample: bool | None = None,
) -> list[Model]:
    """Return the models of these ids, each once; raises `ModelError` for one there is not.

    Masks of other programs that the workspace knows are among them, where its `cases` are given.
    `masks` are more of them, each as NAME=FOLDER. `resample` brings all of these masks from another
    grid onto their image, or none; by default those for which a reader said so.
    """
    found = registry(home(), workspace.folder, engine)
    kept = {model.spec.id: model for model in kept_models(workspace.folder, cases, resample)[0]}
    chosen = [
        kept.get(name) or (found.find(name) if name else found.champion())
        for name in dict.fromkeys(wanted)
    ]
    return chosen + mask_models(masks, cases, resample=bool(resample))


def models_as_run(
    workspace: Workspace,
    wanted: Sequence[str],
    by: tuple[str, str],
    *,
    flips: bool,
    cases: Sequence[Case],
) -> list[Model]:
    """Return the models of these ids as a reader has set that they are run.

    `by` are the device and the engine by name; with `flips` each averages with the mirrored slice.
    Raises `ModelError` as `find_models`.
    """
    device, engine = by
    found = find_models(workspace, wanted, engine_for(device, engine, "auto"), cases=cases)
    return [model.with_flips(flips) for model in found]
