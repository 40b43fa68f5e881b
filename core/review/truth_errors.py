"""Where a reader holds the ground truth to be wrong: the region, what it should be, and why.

They are gathered in the workspace, for the owner of the data; the ground truth itself stays.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.annotation.history import box_shape, pack_edits, unpack
from core.domain.clock import utc_now
from core.domain.components import Box, DisagreementKind, box_slices
from core.domain.mask import Mask
from core.review.subject import Subject
from core.workspace.store import Store


class TruthError(msgspec.Struct, frozen=True, kw_only=True):
    """One region of a case whose ground truth is wrong in the eyes of a reader.

    `against` and `key` are those of the disagreement it was found as; `lesion` is what all of the
    region should be. `time` is ISO 8601 in UTC, that of its making unless it is given.
    """

    case_id: str
    against: str
    key: str
    name: str
    kind: DisagreementKind
    box: Box
    voxels: int
    lesion: bool
    reason: str
    reader: str
    time: str = msgspec.field(default_factory=utc_now)
    subject: Subject | None = None


@dataclass(frozen=True, eq=False)
class MarkedError:
    """A truth error and which voxels of its box it is about."""

    error: TruthError
    region: NDArray[np.bool_]


def put_truth_error(store: Store, error: TruthError, region: NDArray[np.bool_]) -> None:
    """Keep a truth error, in place of an earlier one of the same region."""
    packed = pack_edits(region.astype(np.uint8))
    with store.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO truth_errors VALUES (?, ?, ?, ?, ?)",
            (
                error.case_id,
                error.against,
                error.key,
                msgspec.json.encode(error).decode(),
                packed,
            ),
        )


def drop_truth_error(store: Store, case_id: str, against: str, key: str) -> None:
    """Forget a truth error; nothing happens where there is none."""
    with store.transaction() as connection:
        connection.execute(
            "DELETE FROM truth_errors WHERE case_id = ? AND against = ? AND key = ?",
            (case_id, against, key),
        )


def wrong_keys(store: Store, case_id: str, against: str) -> frozenset[str]:
    """Return the keys of the disagreements of a case in which the ground truth is wrong."""
    rows = store.read(
        "SELECT key FROM truth_errors WHERE case_id = ? AND against = ?", case_id, against
    )
    return frozenset(str(key) for (key,) in rows)


def count_truth_errors(store: Store) -> int:
    """Return how many were marked in all cases."""
    ((count,),) = store.read_as(tuple[int], "SELECT COUNT(*) FROM truth_errors")
    return count


def truth_errors(store: Store) -> list[MarkedError]:
    """Return all that were marked, by case and time; raises `WorkspaceError` for a damaged row."""
    found: list[MarkedError] = []
    query = "SELECT content, region FROM truth_errors"
    for content, packed in store.read_as(tuple[str, bytes], query):
        error = store.decoded(content, TruthError)
        try:
            region = unpack(packed, box_shape(error.box)) > 0
        except ValueError as damage:
            raise store.damaged(damage) from damage
        found.append(MarkedError(error, region))
    return sorted(found, key=lambda each: (each.error.case_id, each.error.time, each.error.key))


def proposed_mask(truth: Mask, marked: list[MarkedError]) -> Mask:
    """Return a ground truth (Z, Y, X) as it should be in the eyes of its readers."""
    proposed = truth.copy()
    for each in marked:
        proposed[box_slices(each.error.box)][each.region] = np.uint8(each.error.lesion)
    return proposed
