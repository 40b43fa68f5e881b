"""Make the job of a training, for the window, the command line and notebooks alike."""

from contextlib import closing
from pathlib import Path

import msgspec

from core.io.write_guard import refuse_inside
from core.jobs.job_folder import JobFolder, create_job, require_unoccupied
from core.jobs.job_place import PLACE_FILE, JobPlace, place_content
from core.models.ensembles import require_trainable
from core.models.registry import Model
from core.models.train_spec import FINE_TUNING, Changes, TrainSpec
from core.workspace.settings import home
from core.workspace.splits import SplitFile, freeze_split, read_split
from core.workspace.store import Store
from core.workspace.workspace_folder import open_workspace, workspace_folder

SPLIT_FILE = "split.json"


def taken_over(parent: Model) -> Changes:
    """Return the settings of a training that starts from `parent`: what it brings, learnt slowly.

    Raises `ModelError` for an ensemble, which has no weights of its own.
    """
    require_trainable(parent.spec)
    return {
        "parent": str(parent.folder.absolute()),
        "arguments": parent.spec.arguments,
        "preprocessing": msgspec.to_builtins(parent.spec.preprocessing),
        **FINE_TUNING,
    }


def make_training(
    path: Path,
    spec: TrainSpec,
    split: SplitFile,
    store: Store,
    *,
    judges: SplitFile | None = None,
    cluster: str | None = None,
) -> JobFolder:
    """Make the folder of a training that learns from `split`, whose copy lies beside it.

    `judges` is frozen first where the workspace has no split yet, `split` itself when None. With
    the address of a `cluster`, or an empty one for this computer's, it is done there. Raises
    `DataError` when the training would learn from a frozen judge, `WorkspaceError` when something
    lies in the folder: then nothing is frozen. `WorkspaceError` too when it cannot be written.
    """
    require_unoccupied(path)  # before anything is frozen: that is for good
    freeze_split(store, split, judges=judges)
    return make_job(path, spec, split, place=None if cluster is None else JobPlace(cluster))


def make_job(
    path: Path, spec: TrainSpec, split: SplitFile, *, place: JobPlace | None = None
) -> JobFolder:
    """Make the folder of a run that freezes nothing, as a preview is; done at `place`, or here."""
    own = msgspec.structs.replace(spec, split=str((path / SPLIT_FILE).absolute()))
    beside = {SPLIT_FILE: msgspec.json.encode(split)}
    if place is not None:
        beside[PLACE_FILE] = place_content(place)
    return create_job(path, own, beside=beside)


def begin_training(path: Path, spec: TrainSpec) -> JobFolder:
    """Make the folder of a training by `make_training`, with the split and dataset `spec` names.

    Raises `DataError` for a folder inside the dataset too, and for a split that cannot be read.
    """
    data = Path(spec.data)
    refuse_inside(data, path)
    split = read_split(Path(spec.split))
    with closing(open_workspace(workspace_folder(home(), data))) as workspace:
        return make_training(path, spec, split, workspace.store)
