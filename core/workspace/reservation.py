"""One training makes a model of one id: the second is told before it begins."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.domain.errors import ModelError
from core.workspace.workspace_lock import WorkspaceHeld, take_lock

_FOLDER = ".training"


@contextmanager
def reserved(models: Path, model_id: str) -> Iterator[None]:
    """Hold the id of a model in a folder of models while the block runs.

    The hold goes with the process, however that ends. Raises `ModelError` when another training
    holds it, `WorkspaceError` when the folder cannot be written.
    """
    try:
        lock = take_lock(models / _FOLDER / model_id, user="another training", dataset=model_id)
    except WorkspaceHeld as held:
        raise ModelError(
            f"{model_id}: expected an id that no other training is making a model of, found one "
            f"that process {held.holder.process} on {held.holder.host} is. Wait until that ends, "
            "or give another with --id."
        ) from held
    try:
        yield
    finally:
        lock.release()
