"""Make the job of a training, for the window, the command line and notebooks alike."""

from pathlib import Path

import msgspec

from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_place import JobPlace, write_place
from core.models.ensembles import require_trainable
from core.models.registry import Model
from core.models.train_spec import FINE_TUNING, Changes, TrainSpec
from core.workspace.splits import SplitFile, freeze_split
from core.workspace.store import Store

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
    lies in the folder or it cannot be written.
    """
    for wanted in (judges, split):
        if wanted is not None and (wanted.val or judges is None):
            freeze_split(store, wanted)
    job = make_job(path, spec, split)
    if cluster is not None:
        write_place(path, JobPlace(cluster))
    return job


def make_job(path: Path, spec: TrainSpec, split: SplitFile) -> JobFolder:
    """Make the folder of a run that freezes nothing, as a preview is."""
    own = msgspec.structs.replace(spec, split=str((path / SPLIT_FILE).absolute()))
    return create_job(path, own, beside={SPLIT_FILE: msgspec.json.encode(split)})
