"""One line of the benchmark, what it promises, and the table of all."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """A figure of the benchmark.

    `ratio` is how many times faster Overread is than what `against` names. `bound` is the smallest
    ratio promised where there is a ratio, otherwise the largest value promised. `ok` is None where
    nothing was promised or the measurement could not be made.
    """

    name: str
    value: float | None = None
    unit: str = ""
    ratio: float | None = None
    against: str | None = None
    bound: float | None = None
    ok: bool | None = None


@dataclass(frozen=True)
class Figure:
    """A value under its name and unit, before anything is promised of it."""

    name: str
    value: float
    unit: str

    def plain(self, against: str | None = None) -> Entry:
        """Return the entry of a figure nothing was promised of."""
        return Entry(self.name, self.value, self.unit, against=against)

    def at_most(self, bound: float, *, against: str | None = None) -> Entry:
        """Return the entry of a figure that must not be above `bound`."""
        return Entry(self.name, self.value, self.unit, None, against, bound, ok=self.value <= bound)

    def faster(self, ratio: float, against: str, *, bound: float | None = None) -> Entry:
        """Return the entry of a figure that is `ratio` times better than `against`."""
        ok = None if bound is None else ratio >= bound
        return Entry(self.name, self.value, self.unit, ratio, against, bound, ok)


def failure(name: str, reason: str) -> Entry:
    """Return the entry of a measurement that broke off."""
    return Entry(name, against=f"failed: {reason}", ok=False)


def encode(entries: Sequence[Entry]) -> bytes:
    """Return the entries as an indented JSON list."""
    return (
        msgspec.json.format(msgspec.json.encode([_rounded(e) for e in entries]), indent=2) + b"\n"
    )


def decode(content: bytes) -> list[Entry]:
    """Return the entries of a JSON list."""
    return msgspec.json.decode(content, type=list[Entry])


def table(entries: Sequence[Entry]) -> str:
    """Return the entries as lines of text."""
    rows = [("name", "value", "ratio", "bound", "ok", "against"), *map(_cells, entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:5], widths[1:], strict=True)),
            ]
        )
        + f"  {row[5]}"
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _cells(entry: Entry) -> tuple[str, str, str, str, str, str]:
    value = "" if entry.value is None else f"{entry.value:.4g} {entry.unit}"
    ratio = "" if entry.ratio is None else f"{entry.ratio:.1f}×"
    bound = "" if entry.bound is None else f"{entry.bound:g}{'×' if entry.ratio else ''}"
    ok = {True: "ok", False: "FAILS", None: ""}[entry.ok]
    return entry.name, value, ratio, bound, ok, entry.against or ""


def _rounded(entry: Entry) -> Entry:
    value, ratio = (None if x is None else float(f"{x:.4g}") for x in (entry.value, entry.ratio))
    return msgspec.structs.replace(entry, value=value, ratio=ratio)
