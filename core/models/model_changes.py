"""Models deleted, copied and renamed, with all that lies beside their weights."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from core.domain.errors import ModelError, reason
from core.models.any_model import find_any, require_own
from core.models.guides import GuideModel
from core.models.model_folder import CLASSIFIER_FILE, GUIDE_FILE, SPEC_FILE, holds_model
from core.models.promotion import rename_in_history
from core.models.registry import (
    MODEL_SPEC,
    Model,
    Registry,
    read_champion,
    read_model,
    write_champion,
)

_HALF = ".half"


def delete_model(registry: Registry, model_id: str) -> None:
    """Delete a model of the reader's own.

    Raises `ModelError` for a champion, for a member of an ensemble beside it, and for a model that
    came with Overread.
    """
    model = registry.find(model_id)
    named = {read_champion(root) for root in _named_in(registry, model)}
    if model_id in {registry.champion().spec.id, *named}:
        raise ModelError(
            f"{model_id}: expected a model that is not the champion, found the one that predicts "
            "by default. Promote another first."
        )
    require_own(registry, model)
    if beside := [each.spec.id for each in _ensembles(model)]:
        raise ModelError(
            f"{model_id}: expected a model that no other needs, found a member of "
            f"{', '.join(beside)}. Delete that first."
        )
    _remove(model.folder, SPEC_FILE)


def delete_any(registry: Registry, model_id: str) -> None:
    """Delete a model as `delete_model` does, or a classifier or guide of the reader's own.

    Raises `ModelError`, also where it could not be deleted.
    """
    found = find_any(registry, model_id)
    if isinstance(found, Model):
        delete_model(registry, model_id)
    else:
        spec_file = GUIDE_FILE if isinstance(found, GuideModel) else CLASSIFIER_FILE
        _remove(require_own(registry, found), spec_file)


def copy_model(registry: Registry, model_id: str, new_id: str, *, title: str = "") -> Model:
    """Add a copy of a model under another id to the first folder of a registry.

    An ensemble's members are copied into it. Raises `ModelError` when the id is taken.
    """
    model = registry.find(model_id)
    registry.require_free(new_id)
    spec = msgspec.structs.replace(model.spec, id=new_id, title=title or model.spec.title)
    target = registry.roots[0] / new_id
    half = target.with_name(f"{_HALF}{new_id}")
    try:
        shutil.rmtree(half, ignore_errors=True)
        # Under a name that no list reads: a copy is there whole or not at all.
        shutil.copytree(model.folder, half)
        for member in model.members:
            if not (half / member.spec.id).exists():
                shutil.copytree(member.folder, half / member.spec.id)
        MODEL_SPEC.write(half, spec)
        half.rename(target)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        raise ModelError(
            f"{new_id}: could not be written ({reason(error)}). Free some space, or check the "
            f"permissions of {registry.roots[0]}."
        ) from error
    return read_model(target)


def rename_model(registry: Registry, model_id: str, new_id: str, *, title: str = "") -> Model:
    """Give a model of the reader's own another id; champion and ensembles follow it.

    Raises `ModelError` when the id is taken, and for a model that came with Overread.
    """
    model = registry.find(model_id)
    require_own(registry, model)
    home = Registry((model.folder.parent,))
    registry.require_free(new_id)
    copy_model(home, model_id, new_id, title=title)
    for other in _ensembles(model):
        members = tuple(new_id if name == model_id else name for name in other.spec.members)
        MODEL_SPEC.write(other.folder, msgspec.structs.replace(other.spec, members=members))
    for root in _named_in(registry, model):
        if read_champion(root) == model_id:
            write_champion(root, new_id)
        rename_in_history(root, model_id, new_id)
    _remove(model.folder, SPEC_FILE)
    return read_model(model.folder.parent / new_id)


def _named_in(registry: Registry, model: Model) -> Iterator[Path]:
    """Yield the folders of models in which its id means this model.

    Where another model of that id lies in a folder, that one is meant there.
    """
    for root in registry.everywhere:
        if root == model.folder.parent or not holds_model(root / model.spec.id):
            yield root


def _ensembles(model: Model) -> Iterator[Model]:
    """Yield the ensembles that take a model as their member from beside them."""
    for path in sorted(model.folder.parent.glob(f"*/{SPEC_FILE}")):
        with suppress(ModelError):
            other = read_model(path.parent)
            if any(member.folder == model.folder for member in other.members):
                yield other


def _remove(folder: Path, spec_file: str) -> None:
    try:
        # Without its specification a folder is no model: what a failure leaves is not listed.
        (folder / spec_file).unlink()
        shutil.rmtree(folder)
    except OSError as error:
        raise ModelError(
            f"{folder.name}: could not be deleted ({reason(error)}). Check the folder's "
            "permissions."
        ) from error
