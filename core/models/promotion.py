"""Who predicts by default: promotion with its history, and the way back."""

import time
from pathlib import Path

import msgspec

from core.domain.errors import ModelError
from core.models.gate import GateReport
from core.models.promotion_history import (
    Promotion,
    earlier_ones,
    one_before,
    read_promotions,
    write_promotions,
)
from core.models.registry import Registry

HISTORY_FILE = "promotions.json"


def promote(registry: Registry, model_id: str, report: GateReport | None = None) -> None:
    """Make a model the champion and remember which it followed; raises `ModelError` as needed."""
    before = registry.champion().spec.id
    if model_id == before:
        return
    registry.find(model_id)
    done = Promotion(id=model_id, before=before, time=time.time(), report=report)
    # First the history: a champion without a way back is worse than a step that changed nothing.
    write_promotions(registry.roots[0] / HISTORY_FILE, [*champion_history(registry), done])
    registry.promote(model_id)


def champion_history(registry: Registry) -> list[Promotion]:
    """Return the changes of champion, the oldest first; a damaged file counts as none."""
    return read_promotions(registry.roots[0] / HISTORY_FILE)


def earlier_champions(registry: Registry) -> list[str]:
    """Return the models that were champion and still exist, the latest first, each once."""
    there = {model.spec.id for model in registry.models()[0]}
    return earlier_ones(_latest_first(registry), there, registry.champion().spec.id)


def roll_back(registry: Registry, model_id: str = "") -> str:
    """Make an earlier champion the champion again, by default the one before; returns its id.

    Raises `ModelError` when there is no such champion any more.
    """
    past = earlier_champions(registry)
    wanted = model_id or one_before(_latest_first(registry), past, registry.champion().spec.id)
    if wanted not in past:
        raise ModelError(
            f"Expected an earlier champion to go back to ({', '.join(past) or 'there is none'}), "
            f"found {wanted or 'none'!r}. Promote another model instead."
        )
    promote(registry, wanted)
    return wanted


def rename_in_history(root: Path, before: str, now: str) -> None:
    """Call a model by its new id in the history of a folder of models."""
    changes = read_promotions(root / HISTORY_FILE)
    if any(before in (done.id, done.before) for done in changes):
        names = {before: now}
        write_promotions(
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


def _latest_first(registry: Registry) -> list[Promotion]:
    return champion_history(registry)[::-1]
