"""What was in use before, of champions and of guides alike: a file of changes, and the way back."""

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from core.io.json_file import decode_json, write_json
from core.models.gate import GateReport


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what is in use: from `before` to `id`, in epoch seconds.

    `report` is what the gate said, None where nobody asked it.
    """

    id: str
    before: str
    time: float
    report: GateReport | None = None


def read_promotions(path: Path) -> list[Promotion]:
    """Return the changes in a file, the oldest first; a damaged file counts as none."""
    try:
        return decode_json(path.read_bytes(), list[Promotion])
    except (OSError, msgspec.DecodeError):
        return []


def write_promotions(path: Path, changes: Sequence[Promotion]) -> None:
    """Write changes, the oldest first; atomic."""
    write_json(path, changes)


def earlier_ones(latest_first: Sequence[Promotion], there: Collection[str], now: str) -> list[str]:
    """Return what was in use before `now` and is still there, the latest first, each once."""
    past = [name for done in latest_first for name in (done.id, done.before)]
    return [name for name in dict.fromkeys(past) if name in there and name != now]


def one_before(latest_first: Sequence[Promotion], past: Sequence[str], now: str) -> str:
    """Return what led to `now` last, of the earlier ones `past`; else their latest, else ""."""
    led = [done.before for done in latest_first if done.id == now]
    return next((name for name in (*led, *past) if name in past), "")
