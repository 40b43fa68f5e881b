"""Who predicts by default: promotion with its history, and the way back."""

import time
from pathlib import Path

import msgspec

from core.domain.errors import ModelError
from core.io.json_file import decode_json, write_json
from core.models.gate import GateReport
from core.models.registry import Registry

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
    _write(registry.roots[0] / HISTORY_FILE, [*champion_history(registry), done])
    registry.promote(model_id)


def champion_history(registry: Registry) -> list[Promotion]:
    """Return the changes of champion, the oldest first; a damaged file counts as none."""
    return _read(registry.roots[0] / HISTORY_FILE)


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


def rename_in_history(root: Path, before: str, now: str) -> None:
    """Call a model by its new id in the history of a folder of models."""
    changes = _read(root / HISTORY_FILE)
    if any(before in (done.id, done.before) for done in changes):
        names = {before: now}
        _write(
            root / HISTORY_FILE,
            [
                msgspec.structs.replace(
                    done,
                    id=names.get(done.id, done.id),
                    before=names.get(done.before, done.before),
                )
                for done in changes
            ],
        )


def _before(registry: Registry, past: list[str]) -> str:
    """Return the champion before the one of now: the latest that led to it and still exists."""
    now = registry.champion().spec.id
    led = [done.before for done in reversed(champion_history(registry)) if done.id == now]
    return next((name for name in (*led, *past) if name in past), "")


def _read(path: Path) -> list[Promotion]:
    try:
        return decode_json(path.read_bytes(), list[Promotion])
    except (OSError, msgspec.DecodeError):
        return []


def _write(path: Path, changes: list[Promotion]) -> None:
    write_json(path, changes)
