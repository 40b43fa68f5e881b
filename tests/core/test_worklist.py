"""The next case of the worklist."""

import pytest

from core.review.reviews import Review
from core.review.worklist import next_unreviewed


@pytest.mark.parametrize(
    ("after", "expected"), [("a", "c"), ("c", "d"), ("d", "a"), ("elsewhere", "a")]
)
def test_next_unreviewed_goes_round(after: str, expected: str) -> None:
    said = {"b": Review(case_id="b", status="accepted"), "d": Review(case_id="d")}
    assert next_unreviewed("abcd", said, after) == expected


def test_nothing_is_next_when_all_others_are_reviewed() -> None:
    said = {name: Review(case_id=name, status="accepted") for name in "bc"}
    assert next_unreviewed("abc", said, "a") is None
