"""CSV that a spreadsheet opens as text and numbers, never as a formula."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from core.io.atomic import write_bytes

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(names: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a header and rows, a comma between; None is an empty cell, a float has all digits."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, names))
    writer.writerows(map(_cell, row) for row in rows)
    return text.getvalue()


def write_csv(path: Path, names: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write `csv_text` as UTF-8; atomic."""
    write_bytes(path, csv_text(names, rows).encode())


def plain(cell: str) -> str:
    """Return what a cell held before it was written."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        # repr keeps every digit, so that what is read back equals what was computed.
        return repr(value) if isinstance(value, float) else str(value)
    return f"'{value}" if value.startswith(_FORMULA) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
