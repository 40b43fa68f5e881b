"""Names and colours of labels beside a file whose format has no place for them, as BIDS has it."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from core.domain.label_set import HIGHEST, Colour, Label, LabelSet, colour_of
from core.io.atomic import write_bytes

_COLUMNS = ("index", "name", "color")
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


def label_table(folder: Path, case_id: str) -> Path:
    """Return where the table of a case lies in the folder of its masks."""
    return folder / f"{case_id}_dseg.tsv"


def write_label_table(path: Path, labels: LabelSet) -> None:
    """Write a `_dseg.tsv`: a row a label with its value, name and colour; atomic."""
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerow((0, "Background", "#000000"))
    for label in labels.labels:
        table.writerow((label.value, label.name, "#{:02x}{:02x}{:02x}".format(*label.colour)))
    write_bytes(path, text.getvalue().encode())


def read_label_table(path: Path) -> LabelSet | None:
    """Return the labels of a `_dseg.tsv`: index, name, colour; None when it cannot be used."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    labels: dict[int, Label] = {}
    for row in rows:
        index = (row.get("index") or "").strip()
        if index.isdigit() and 1 <= int(index) <= HIGHEST:
            value = int(index)
            name = (row.get("name") or row.get("abbreviation") or f"Label {value}").strip()
            labels.setdefault(value, Label(value, name, _colour(row.get("color") or "", value)))
    return LabelSet(tuple(labels.values())) if labels else None


def named_by_tables(labels: LabelSet, tables: Iterable[Path]) -> LabelSet:
    """Return labels with the names and colours of the first table that can be used, by value."""
    told = next((found for path in tables if (found := read_label_table(path))), None)
    if told is None:
        return labels
    known = {label.value: label for label in told.labels}
    return replace(
        labels,
        labels=tuple(
            replace(each, name=known[each.value].name, colour=known[each.value].colour)
            if each.value in known
            else each
            for each in labels.labels
        ),
    )


def _colour(text: str, value: int) -> Colour:
    match = _HEX.fullmatch(text.strip())
    if match is None:
        return colour_of(value)
    red, green, blue = bytes.fromhex(match[1])
    return (red, green, blue)
