"""Who predicts by default: promotion with its history, the way back, and what may be deleted."""

import shutil
import time
from pathlib import Path

import msgspec

from core.domain.errors import ModelError, reason
from core.io.atomic import write_bytes
from core.io.json_file import decode_json
from core.models.gate import GateReport
from core.models.registry import SPEC_FILE, Registry

HISTORY_FILE = "promotions.json"


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A change of champion: from `before` to `id`, in epoch seconds.

    `report` is what the gate said, None where nobody asked it.
    """

    id: str
    before: str
    time: float
    report: GateReport | None = None


def promote(registry: Registry, model_id: str, report: GateReport | None = None) -> None:
    """Make a model the champion and remember which it followed; raises `ModelError` as needed."""
    before = registry.champion().spec.id
    if model_id == before:
        return
    registry.find(model_id)
    done = Promotion(id=model_id, before=before, time=time.time(), report=report)
    # First the history: a champion without a way back is worse than a step that changed nothing.
    _write(registry, [*champion_history(registry), done])
    registry.promote(model_id)


def champion_history(registry: Registry) -> list[Promotion]:
    """Return the changes of champion, the oldest first; a damaged file counts as none."""
    try:
        return decode_json(_path(registry).read_bytes(), list[Promotion])
    except (OSError, msgspec.DecodeError):
        return []


def earlier_champions(registry: Registry) -> list[str]:
    """Return the models that were champion and still exist, the latest first, each once."""
    there = {model.spec.id for model in registry.models()[0]}
    now = registry.champion().spec.id
    past = [
        name for done in reversed(champion_history(registry)) for name in (done.id, done.before)
    ]
    return [name for name in dict.fromkeys(past) if name in there and name != now]


def roll_back(registry: Registry, model_id: str = "") -> str:
    """Make an earlier champion the champion again, by default the one before; returns its id.

    Raises `ModelError` when there is no such champion any more.
    """
    past = earlier_champions(registry)
    wanted = model_id or _before(registry, past)
    if wanted not in past:
        raise ModelError(
            f"Expected an earlier champion to go back to ({', '.join(past) or 'there is none'}), "
            f"found {wanted or 'none'!r}. Promote another model instead."
        )
    promote(registry, wanted)
    return wanted


def delete_model(registry: Registry, model_id: str) -> None:
    """Delete a model of the reader's own registry.

    Raises `ModelError` for the champion and for a model that came with Overread.
    """
    model = registry.find(model_id)
    if model_id == registry.champion().spec.id:
        raise ModelError(
            f"{model_id}: expected a model that is not the champion, found the one that predicts "
            "by default. Promote another first."
        )
    if model.folder.parent != registry.roots[0]:
        raise ModelError(
            f"{model_id}: expected a model of this workspace, found one of {model.folder.parent}. "
            "It stays."
        )
    try:
        # Without its specification a folder is no model: what a failure leaves is not listed.
        (model.folder / SPEC_FILE).unlink()
        shutil.rmtree(model.folder)
    except OSError as error:
        raise ModelError(
            f"{model_id}: could not be deleted ({reason(error)}). Check the folder's permissions."
        ) from error


def _before(registry: Registry, past: list[str]) -> str:
    """Return the champion before the one of now: the latest that led to it and still exists."""
    now = registry.champion().spec.id
    led = [done.before for done in reversed(champion_history(registry)) if done.id == now]
    return next((name for name in (*led, *past) if name in past), "")


def _path(registry: Registry) -> Path:
    return registry.roots[0] / HISTORY_FILE


def _write(registry: Registry, changes: list[Promotion]) -> None:
    content = msgspec.json.format(msgspec.json.encode(changes), indent=2)
    write_bytes(_path(registry), content + b"\n")
