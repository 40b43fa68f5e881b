"""Names and colours of labels beside a file whose format has no place for them, as BIDS has it.

The table of `P1.nii.gz` is `P1_dseg.tsv`, that of `P1_dseg.nii.gz` too; of slices it lies among
them. A column of its own, `parts`, tells which labels overlap where a label stands.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.domain.errors import reason
from core.domain.label_names import listed, told_apart
from core.domain.label_set import HIGHEST, Colour, Label, LabelSet, colour_of
from core.io.atomic import write_bytes
from core.io.readers import stem_of
from core.io.stored import Stored

_COLUMNS = ("index", "name", "color")
_PARTS = "parts"
_ENDING = "_dseg"
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


@dataclass(frozen=True)
class LabelTable:
    """What a table tells: labels, None where it cannot be used, and whole sentences about it."""

    labels: LabelSet | None = None
    notices: tuple[str, ...] = ()


def label_table(folder: Path, case_id: str) -> Path:
    """Return where the table of a case of slices lies, in the folder of its masks."""
    return folder / f"{case_id}{_ENDING}.tsv"


def table_of(mask: Path) -> Path:
    """Return where the table of a mask in one file lies: beside it."""
    return label_table(mask.parent, stem_of(mask.name).removesuffix(_ENDING))


def write_label_table(path: Path, labels: LabelSet) -> None:
    """Write a `_dseg.tsv`: a row a label with its value, name and colour; atomic."""
    write_bytes(path, _text(labels))


def write_names(path: Path, labels: LabelSet, *, keep: bool = False) -> tuple[Path, ...]:
    """Write names and colours of several labels into a table, and return its file, if any.

    One that is there stays where `keep` says so.
    """
    if labels.is_binary or (keep and path.exists()):
        return ()
    write_label_table(path, labels)
    return (path,)


def is_same_table(path: Path, labels: LabelSet) -> bool:
    """Tell whether a table is what `write_label_table` would write."""
    try:
        return path.read_bytes() == _text(labels)
    except OSError:
        return False


def _text(labels: LabelSet) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    more = [""] if labels.overlap else []
    table.writerow((*_COLUMNS, *([_PARTS] if labels.overlap else [])))
    table.writerow((0, "Background", "#000000", *more))
    for label in labels.labels:
        colour = "#{:02x}{:02x}{:02x}".format(*label.colour)
        parts = [" ".join(map(str, label.parts))] if labels.overlap else []
        table.writerow((label.value, label.name, colour, *parts))
    return text.getvalue().encode()


def read_label_table(path: Path) -> LabelTable:
    """Return the labels of a `_dseg.tsv`: index, name, colour; what cannot be used is told."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t")
            rows, columns = list(table), table.fieldnames or ()
    except UnicodeDecodeError:
        return _unusable(path, "text that is not in UTF-8")
    except (OSError, csv.Error) as error:
        return _unusable(path, reason(error) if isinstance(error, OSError) else str(error))
    if "index" not in columns:
        return _unusable(path, f"the columns {listed(columns)}" if columns else "an empty file")
    found: dict[int, Label] = {}
    odd: list[str] = []
    for row in rows:
        index = (row["index"] or "").strip()
        value = int(index) if index.isascii() and index.isdigit() and len(index) <= 4 else -1
        if 1 <= value <= HIGHEST and value not in found:
            found[value] = _label(row, value)
        elif value:
            odd.append(index or "an empty one")
    if not found:
        return _unusable(path, f"the index {listed(odd)}" if odd else "no row of a label")
    left_out = (
        f"{path.name}: expected an index of 1 to {HIGHEST} in each row, once, found {listed(odd)}. "
        "These rows are left out; correct the table.",
    )
    labels, told = told_apart(found.values(), path.name)
    return LabelTable(LabelSet(labels), (*(left_out if odd else ()), *told))


def first_table(paths: Iterable[Path]) -> LabelTable:
    """Return the first table that can be used, with what is told of those before it."""
    notices: list[str] = []
    for path in paths:
        if path.is_file():
            table = read_label_table(path)
            if table.labels is not None:
                return LabelTable(table.labels, (*_few(notices), *table.notices))
            notices += table.notices
    return LabelTable(None, _few(notices))


def named_by_tables(labels: LabelSet, tables: Iterable[Path]) -> LabelTable:
    """Return labels with the names and colours of the first table that can be used, by value."""
    told = first_table(tables)
    known = {} if told.labels is None else {label.value: label for label in told.labels.labels}
    named, twice = told_apart(
        (
            replace(each, name=known[each.value].name, colour=known[each.value].colour)
            if each.value in known
            else each
            for each in labels.labels
        ),
        "The masks of this folder",
    )
    return LabelTable(replace(labels, labels=named), (*told.notices, *twice))


def with_table(stored: Stored, *, tell: bool = True) -> Stored:
    """Return a mask with the labels of the table beside its file, where it tells none itself.

    What is wrong with the table is among its notices where one is to `tell` it.
    """
    passport = stored.passport
    path = table_of(passport.path)
    if stored.labels is not None or not path.is_file():
        return stored
    table = read_label_table(path)
    told = passport.with_notices(*table.notices) if tell else passport
    return replace(stored, labels=table.labels, passport=told)


def _label(row: Mapping[str, str | None], value: int) -> Label:
    name = (row.get("name") or row.get("abbreviation") or "").strip()
    words = (row.get(_PARTS) or "").split()
    parts = tuple(int(word) for word in words if word.isascii() and word.isdigit())
    shared = parts if len(parts) > 1 and value not in parts else ()
    colour = _colour(row.get("color") or "", value)
    return Label(value, name or f"Label {value}", colour, None, shared)


def _unusable(path: Path, found: str) -> LabelTable:
    said = (
        f"{path.name}: expected a table of labels with the columns {', '.join(_COLUMNS)} and tabs "
        f"between, found {found}. Labels are called by their values; correct the table, or name "
        "them in the panel of labels."
    )
    return LabelTable(None, (said,))


def _few(notices: Sequence[str]) -> tuple[str, ...]:
    """Return the first of sentences that may stand for every case."""
    if len(notices) < 2:
        return tuple(notices)
    return (f"{notices[0]} So are {len(notices) - 1} more tables.",)


def _colour(text: str, value: int) -> Colour:
    match = _HEX.fullmatch(text.strip())
    if match is None:
        return colour_of(value)
    red, green, blue = bytes.fromhex(match[1])
    return (red, green, blue)
