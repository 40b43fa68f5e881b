"""Which of several contours a reader would sign, case by case; the last answer counts."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.io.csv_file import write_csv
from core.workspace.store import Store

SIGNED_FILE = "signed.csv"


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: `model` of those that were `shown`, empty for none of them.

    The names of the models were on screen: it is no blinded reading. `time` is ISO 8601 in UTC.
    """

    case_id: str
    shown: tuple[str, ...]
    model: str
    reader: str
    time: str


def put_signed(store: Store, signed: Signed) -> None:
    """Keep an answer beside those before it."""
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO signed (case_id, content) VALUES (?, ?)",
            (signed.case_id, msgspec.json.encode(signed).decode()),
        )


def signed_cases(store: Store) -> dict[str, Signed]:
    """Return the last answer of each case, by case id."""
    rows = store.read("SELECT content FROM signed ORDER BY id")
    found = (store.known(row[0], Signed) for row in rows)
    return {signed.case_id: signed for signed in found if signed is not None}


def signed_csv(path: Path, answers: Sequence[Signed]) -> None:
    """Write a row an answer; atomic."""
    names = ("case", "model", "shown", "reader", "time")
    rows = [
        (each.case_id, each.model or "none", " ".join(each.shown), each.reader, each.time)
        for each in answers
    ]
    write_csv(path, names, rows)
