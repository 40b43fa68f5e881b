"""Order, filter and next case of the worklist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.case_figures import CaseFigures
from core.reviews import Review, Status
from core.worklist import (
    SORTS,
    Filter,
    WorklistEntry,
    matches,
    next_unreviewed,
    sort_entries,
)


def entry(
    case_id: str,
    *,
    status: Status = "unreviewed",
    note: str = "",
    reader: str = "",
    rating: int | None = None,
    disagreement: float | None = None,
    **figures: float | None,
) -> WorklistEntry:
    review = Review(case_id=case_id, status=status, note=note, reader=reader, rating=rating)
    found = CaseFigures(case=case_id, model="m", slices=1, **figures) if figures else None  # type: ignore[arg-type]
    return WorklistEntry(case_id, review, found, disagreement)


def ids(entries: list[WorklistEntry]) -> list[str]:
    return [each.case_id for each in entries]


def test_worst_first_and_undefined_last() -> None:
    entries = [
        entry("c1", dsc=0.9, hd95=3.0, volume_difference=-0.5),
        entry("c2", dsc=0.2, hd95=None, volume_difference=0.1),
        entry("c3"),
        entry("c10", dsc=0.2, hd95=9.0, volume_difference=0.4),
    ]
    assert ids(sort_entries(entries, "dsc")) == ["c2", "c10", "c1", "c3"]
    assert ids(sort_entries(entries, "dsc", descending=True)) == ["c1", "c2", "c10", "c3"]
    assert ids(sort_entries(entries, "hd95")) == ["c10", "c1", "c2", "c3"]
    assert ids(sort_entries(entries, "volume_error")) == ["c1", "c10", "c2", "c3"]


def test_text_sorts_put_the_nameless_last() -> None:
    entries = [entry("b", reader="Ben"), entry("c"), entry("a", reader="Ann")]
    assert ids(sort_entries(entries, "reader")) == ["a", "b", "c"]
    assert ids(sort_entries(entries, "reader", descending=True)) == ["b", "a", "c"]
    assert ids(sort_entries(entries, "case", descending=True)) == ["c", "b", "a"]


def test_cases_without_truth_are_sorted_by_how_divided_the_models_are() -> None:
    entries = [entry("a", disagreement=0.1, uncertainty=0.9), entry("b", disagreement=0.7)]
    assert ids(sort_entries(entries, "disagreement")) == ["b", "a"]
    assert ids(sort_entries(entries, "uncertainty")) == ["a", "b"]


values = st.none() | st.floats(0, 1)


@given(st.lists(values, max_size=12), st.sampled_from(sorted(SORTS)), st.none() | st.booleans())
def test_every_sort_keeps_every_case(
    scores: list[float | None], sort: str, descending: bool | None
) -> None:
    entries = [entry(f"c{n}", dsc=score, uncertainty=score or 0) for n, score in enumerate(scores)]
    found = sort_entries(entries, sort, descending=descending)
    assert sorted(ids(found)) == sorted(ids(entries))


def test_filter_by_status_range_model_and_text() -> None:
    one = entry("HT_1", status="accepted", note="Motion", reader="Ann", dsc=0.6)
    assert matches(one, Filter())
    assert matches(one, Filter(status="accepted", metric="dsc", low=0.6, high=0.6, text="motion"))
    assert matches(one, Filter(text="ht_", model="m"))
    assert not matches(one, Filter(status="rejected"))
    assert not matches(one, Filter(metric="dsc", high=0.5))
    assert not matches(one, Filter(metric="hd95", low=0.0))
    assert not matches(one, Filter(model="n"))
    assert not matches(one, Filter(text="artefact"))
    assert matches(entry("x"), Filter(metric="dsc"))


@pytest.mark.parametrize(
    ("after", "expected"), [("a", "c"), ("c", "d"), ("d", "a"), ("elsewhere", "a")]
)
def test_next_unreviewed_goes_round(after: str, expected: str) -> None:
    said = {"b": Review(case_id="b", status="accepted"), "d": Review(case_id="d")}
    assert next_unreviewed("abcd", said, after) == expected


def test_nothing_is_next_when_all_others_are_reviewed() -> None:
    said = {name: Review(case_id=name, status="accepted") for name in "bc"}
    assert next_unreviewed("abc", said, "a") is None
