"""What comes next in the worklist. Pure functions over ids and reviews."""

from collections.abc import Mapping, Sequence

from core.review.reviews import Review


def next_unreviewed(order: Sequence[str], said: Mapping[str, Review], after: str) -> str | None:
    """Return the next case of `order` that nobody has reviewed, from its beginning at its end.

    None when all others are reviewed.
    """
    start = order.index(after) + 1 if after in order else 0
    for case_id in (*order[start:], *order[:start]):
        review = said.get(case_id)
        if case_id != after and (review is None or review.status == "unreviewed"):
            return case_id
    return None
