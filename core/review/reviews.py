"""What readers say of cases: status, rating, note, time spent; every change kept and undoable.

What is said is of what was on screen, see `core.review.subject`, and of nothing else. A change is a
row that is appended and never altered, only marked as undone: what was said, by whom and when can
be told afterwards, and undo survives a restart.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, get_args

import msgspec

from core.annotation.versions import newest_number
from core.domain.clock import utc_now
from core.review.subject import Subject, is_of
from core.review.time_spent import seconds_by_case, seconds_spent
from core.workspace.store import Store

Status = Literal["unreviewed", "accepted", "corrected", "rejected"]
STATUSES: tuple[Status, ...] = get_args(Status)

Rating = Annotated[int, msgspec.Meta(ge=1, le=5)]

_COLUMNS = "case_id, status, rating, note, reader, time, subject"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a case now: `time` is ISO 8601 in UTC, `seconds` all time spent on it.

    Status and rating are of `subject`; None where that was never recorded.
    """

    case_id: str
    status: Status = "unreviewed"
    rating: Rating | None = None
    note: str = ""
    reader: str = ""
    time: str = ""
    seconds: float = 0.0
    subject: Subject | None = None

    @property
    def decided(self) -> bool:
        """Whether there is a status or a rating."""
        return self.status != "unreviewed" or self.rating is not None

    def said(self) -> str:
        """Return status, reader and subject in words: `accepted by Ann of Lite0 at 0.50`."""
        by = f" by {self.reader}" if self.reader else ""
        of = "something not recorded" if self.subject is None else self.subject.said()
        said = self.status if self.status != "unreviewed" else f"rated {self.rating}"
        return f"{said}{by} of {of or 'no prediction'}"

    def holds(self, now: Subject) -> bool:
        """Return whether status and rating are of what is there `now`, and not of something else.

        To be corrected holds whatever was corrected since; a correction that was saved is another.
        """
        begun = self.status == "corrected" and self.subject is not None
        waits = begun and self.subject is not None and self.subject.version == 0
        return not self.decided or is_of(self.subject, now, any_version=waits)


class ReviewChange(msgspec.Struct, frozen=True, kw_only=True):
    """One gesture of a reader; what is None stays as it was, a `rating` of 0 takes it away.

    `subject` is what is on screen. A status or a rating that was of something else goes with it.
    """

    status: Status | None = None
    rating: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    note: str | None = None
    reader: str = ""
    subject: Subject | None = None


class ReviewProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reading is; the time left assumes that cases take as long as those reviewed."""

    total: int
    reviewed: int
    seconds_per_case: float | None
    seconds_left: float | None


def put_review(store: Store, case_id: str, *, change: ReviewChange) -> Review:
    """Append a change to a case and return what is said of it now.

    The version of its subject is the newest that is saved by then. Raises
    `msgspec.ValidationError` for a rating or a status that there is not.
    """
    change = msgspec.convert(msgspec.to_builtins(change), ReviewChange)
    before = review_of(store, case_id)
    subject = before.subject
    if change.subject is not None and (change.status is not None or change.rating is not None):
        newest = newest_number(store, case_id)
        subject = msgspec.structs.replace(change.subject, version=newest)
        if not before.holds(subject):
            before = Review(case_id=case_id, note=before.note, reader=before.reader)
    rating = before.rating if change.rating is None else change.rating or None
    values = (
        case_id,
        change.status or before.status,
        rating,
        before.note if change.note is None else change.note,
        change.reader or before.reader,
        utc_now(),
        None if subject is None else msgspec.json.encode(subject).decode(),
    )
    with store.transaction() as connection:
        connection.execute(f"INSERT INTO reviews ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return review_of(store, case_id)


def review_standing(review: Review, now: Subject) -> Review:
    """Return what a review says of what is there `now`: its note alone when it is of another."""
    if review.holds(now):
        return review
    return msgspec.structs.replace(review, status="unreviewed", rating=None)


def undo_review(store: Store, *, reader: str | None = None) -> Review | None:
    """Take the latest change back, of any case; None when there is none left (of that reader).

    Returns what is said of its case now: where a window goes.
    """
    whose = "" if reader is None else " AND reader = ?"
    with store.transaction() as connection:
        found = connection.execute(
            f"SELECT id, case_id FROM reviews WHERE NOT undone{whose} ORDER BY id DESC LIMIT 1",
            () if reader is None else (reader,),
        ).fetchone()
        if found is None:
            return None
        number, case_id = found
        connection.execute("UPDATE reviews SET undone = 1 WHERE id = ?", (number,))
    return review_of(store, str(case_id))


def reviews(store: Store) -> dict[str, Review]:
    """Return what is said of each case now, by case id; cases never touched are left out."""
    newest = f"SELECT {_COLUMNS}, MAX(id) FROM reviews WHERE NOT undone GROUP BY case_id"
    spent = seconds_by_case(store)
    said = {case_id: Review(case_id=case_id) for case_id in spent}
    said |= {review.case_id: review for review in _reviews(store, newest)}
    return {
        case_id: msgspec.structs.replace(review, seconds=spent.get(case_id, 0.0))
        for case_id, review in said.items()
    }


def review_of(store: Store, case_id: str) -> Review:
    """Return what is said of a case now; unreviewed when nothing is."""
    newest = (
        f"SELECT {_COLUMNS} FROM reviews WHERE NOT undone AND case_id = ? ORDER BY id DESC LIMIT 1"
    )
    found = next(iter(_reviews(store, newest, case_id)), Review(case_id=case_id))
    return msgspec.structs.replace(found, seconds=seconds_spent(store, case_id))


def review_progress(case_ids: Iterable[str], said: Mapping[str, Review]) -> ReviewProgress:
    """Return how many of the cases are reviewed and how long the rest may take."""
    ids = list(case_ids)
    done = [said[each] for each in ids if each in said and said[each].status != "unreviewed"]
    timed = [review.seconds for review in done if review.seconds > 0]
    each = sum(timed) / len(timed) if timed else None
    left = None if each is None else each * (len(ids) - len(done))
    return ReviewProgress(
        total=len(ids), reviewed=len(done), seconds_per_case=each, seconds_left=left
    )


def put_decision(
    store: Store, case_id: str, against: str, key: str, taken: bool | None, *, reader: str = ""
) -> None:
    """Keep whether a disagreement goes into the correction; None forgets the decision.

    `against` names the two masks it lies between, `key` is `Disagreement.key`.
    """
    put_decisions(store, case_id, against, {key: taken}, reader=reader)


def put_decisions(
    store: Store,
    case_id: str,
    against: str,
    taken: Mapping[str, bool | None],
    *,
    reader: str = "",
) -> None:
    """Keep decisions of a reader on several disagreements by key, all in one transaction."""
    gone = [(case_id, against, key) for key, each in taken.items() if each is None]
    kept = [
        (case_id, against, key, int(each), reader)
        for key, each in taken.items()
        if each is not None
    ]
    with store.transaction() as connection:
        connection.executemany(
            "DELETE FROM decisions WHERE case_id = ? AND against = ? AND key = ?", gone
        )
        connection.executemany("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?)", kept)


def decisions(store: Store, case_id: str, against: str) -> dict[str, bool]:
    """Return the decisions on the disagreements of a case by `Disagreement.key`."""
    query = "SELECT key, taken FROM decisions WHERE case_id = ? AND against = ?"
    rows = store.read_as(tuple[str, int], query, case_id, against)
    return {key: bool(taken) for key, taken in rows}


def _reviews(store: Store, query: str, *values: object) -> list[Review]:
    """Return the rows of a query that begin with `_COLUMNS` as reviews."""
    return [_review(store, row) for row in store.read(query, *values)]


def _review(store: Store, row: tuple[object, ...]) -> Review:
    values = dict(zip(_COLUMNS.split(", "), row, strict=False))
    subject = values["subject"]
    if subject is not None:
        values["subject"] = store.decoded(subject, Subject)
    return store.fitted(values, Review)
