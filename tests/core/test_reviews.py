"""Reviews in the workspace: kept, undone, done again, summed; and the cache of figures."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.review.reviews import (
    Review,
    ReviewChange,
    decisions,
    put_decision,
    put_review,
    review_of,
    review_progress,
    reviews,
    undo_review,
)
from core.review.time_spent import COLUMNS, add_seconds, by_day, times_spent, write_times
from core.studies.scores.case_figures import (
    CaseFigures,
    figures_key,
    figures_of,
    put_disagreement,
    put_figures,
    widest_disagreements,
)
from core.workspace import store as store_module
from core.workspace.schema import STEPS
from core.workspace.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


def said(store: Store) -> dict[str, tuple[str, int | None, str]]:
    return {name: (r.status, r.rating, r.note) for name, r in reviews(store).items()}


def test_a_change_leaves_the_rest_as_it_was(store: Store) -> None:
    put_review(store, "a", change=ReviewChange(note="rim", reader="Ann"))
    put_review(store, "a", change=ReviewChange(rating=4))
    review = put_review(store, "a", change=ReviewChange(status="accepted"))
    assert (review.status, review.rating, review.note, review.reader) == (
        "accepted",
        4,
        "rim",
        "Ann",
    )
    assert put_review(store, "a", change=ReviewChange(rating=0)).rating is None


def test_a_change_is_by_who_made_it(store: Store) -> None:
    put_review(store, "a", change=ReviewChange(status="accepted", reader="Ann"))
    assert put_review(store, "a", change=ReviewChange(rating=2, reader="Ben")).reader == "Ben"
    assert reviews(store)["a"].reader == "Ben"


def test_reviews_survive_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path / "workspace.sqlite")
    put_review(first, "a", change=ReviewChange(status="rejected", note="moved", reader="Ann"))
    add_seconds(first, "a", "Ann", 12.5)
    first.close()
    second = Store(tmp_path / "workspace.sqlite")
    review = reviews(second)["a"]
    assert (review.status, review.note, review.seconds) == ("rejected", "moved", 12.5)
    assert undo_review(second) == Review(case_id="a", seconds=12.5)
    second.close()


def test_undo_goes_back_change_by_change_over_all_cases(store: Store) -> None:
    assert undo_review(store) is None
    put_review(store, "a", change=ReviewChange(status="accepted"))
    put_review(store, "b", change=ReviewChange(status="rejected"))
    put_review(store, "a", change=ReviewChange(rating=2))
    undone = [undo_review(store) for _ in range(3)]
    assert [(each.case_id, each.status, each.rating) for each in undone if each] == [
        ("a", "accepted", None),
        ("b", "unreviewed", None),
        ("a", "unreviewed", None),
    ]
    assert reviews(store) == {}


def test_what_is_said_after_an_undo_stands_alone(store: Store) -> None:
    put_review(store, "a", change=ReviewChange(status="accepted"))
    undo_review(store)
    put_review(store, "b", change=ReviewChange(status="rejected"))
    assert said(store) == {"b": ("rejected", None, "")}


def test_a_reader_takes_back_only_what_they_said(store: Store) -> None:
    put_review(store, "a", change=ReviewChange(status="accepted", reader="Ann"))
    put_review(store, "b", change=ReviewChange(status="rejected", reader="Ben"))
    undone = undo_review(store, reader="Ann")
    assert undone is not None
    assert undone.case_id == "a"
    assert said(store) == {"b": ("rejected", None, "")}
    assert undo_review(store, reader="Ann") is None


changes = st.builds(
    ReviewChange,
    status=st.none() | st.sampled_from(["unreviewed", "accepted", "corrected", "rejected"]),
    rating=st.none() | st.integers(0, 5),
    note=st.none() | st.text(max_size=4),
)


@given(st.lists(st.tuples(st.sampled_from("abc"), changes), max_size=8), st.integers(0, 8))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_undo_is_exact(
    tmp_path_factory: pytest.TempPathFactory, done: list[tuple[str, ReviewChange]], back: int
) -> None:
    store = Store(tmp_path_factory.mktemp("reviews") / "workspace.sqlite")
    states = [said(store)]
    for case_id, change in done:
        put_review(store, case_id, change=change)
        states.append(said(store))
    steps = min(back, len(done))
    for expected in states[::-1][1 : steps + 1]:
        assert undo_review(store) is not None
        assert said(store) == expected
    store.close()


@pytest.mark.parametrize("wrong", [{"rating": 6}, {"rating": -1}, {"status": "fine"}])
def test_a_rating_or_status_there_is_not_is_refused(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        put_review(store, "a", change=ReviewChange(**wrong))  # type: ignore[arg-type]
    assert reviews(store) == {}


def test_time_is_summed_over_visits_and_readers(store: Store) -> None:
    for reader, seconds in (("Ann", 10.0), ("Ben", 5.0), ("Ann", 2.5)):
        add_seconds(store, "a", reader, seconds)
    assert review_of(store, "a").seconds == 17.5
    assert reviews(store)["a"].status == "unreviewed"
    with pytest.raises(ValueError, match="0 or more"):
        add_seconds(store, "a", "Ann", -1.0)


def test_time_is_told_a_day_and_a_case(store: Store, tmp_path: Path) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    for case_id, reader, seconds, day in (
        ("a", "Ann", 60.0, monday),
        ("b", "Ann", 30.0, monday),
        ("a", "Ann", 15.0, monday),
        ("a", "Ben", 5.0, monday),
        ("a", "Ann", 8.0, tuesday),
    ):
        add_seconds(store, case_id, reader, seconds, day=day)
    assert review_of(store, "a").seconds == 88.0
    times = times_spent(store)
    assert [(t.day, t.reader, t.case_id, t.seconds) for t in times] == [
        ("2026-03-03", "Ann", "a", 8.0),
        ("2026-03-02", "Ann", "a", 75.0),
        ("2026-03-02", "Ann", "b", 30.0),
        ("2026-03-02", "Ben", "a", 5.0),
    ]
    assert [(d.day, d.reader, d.cases, d.seconds) for d in by_day(times)] == [
        ("2026-03-03", "Ann", 1, 8.0),
        ("2026-03-02", "Ann", 2, 105.0),
        ("2026-03-02", "Ben", 1, 5.0),
    ]
    write_times(tmp_path / "time.csv", times)
    lines = (tmp_path / "time.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[2] == "2026-03-02,Ann,a,75"


def test_time_that_was_kept_without_a_day_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "workspace.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "STEPS", STEPS[:8])
        with closing(Store(path)) as old, old.transaction() as connection:
            connection.execute("INSERT INTO time_spent VALUES ('a', 'Ann', 12.5)")
    with closing(Store(path)) as new:
        add_seconds(new, "a", "Ann", 1.5, day=date(2026, 3, 2))
        assert [(t.day, t.seconds) for t in times_spent(new)] == [("2026-03-02", 1.5), ("", 12.5)]
        assert review_of(new, "a").seconds == 14.0


def test_progress_and_time_left(store: Store) -> None:
    for case_id, seconds in (("a", 30.0), ("b", 50.0)):
        put_review(store, case_id, change=ReviewChange(status="accepted"))
        add_seconds(store, case_id, "", seconds)
    add_seconds(store, "c", "", 7.0)
    found = review_progress("abcde", reviews(store))
    assert (found.total, found.reviewed, found.seconds_per_case, found.seconds_left) == (
        5,
        2,
        40.0,
        120.0,
    )
    assert review_progress("xy", reviews(store)).seconds_left is None


def test_decisions_on_disagreements(store: Store) -> None:
    put_decision(store, "a", "truth|m", "false_positive:1,2,3", True)
    put_decision(store, "a", "truth|m", "false_negative:4,5,6", False)
    put_decision(store, "a", "truth|n", "false_negative:4,5,6", True)
    assert decisions(store, "a", "truth|m") == {
        "false_positive:1,2,3": True,
        "false_negative:4,5,6": False,
    }
    put_decision(store, "a", "truth|m", "false_positive:1,2,3", None)
    assert decisions(store, "a", "truth|m") == {"false_negative:4,5,6": False}


@pytest.mark.parametrize(
    ("neighbours", "iou", "kept"),
    [(26, 0.1, True), (None, None, False), (6, 0.1, False), (26, 0.5, False)],
)
def test_figures_of_another_rule_of_lesions_are_computed_anew(
    store: Store, neighbours: int | None, iou: float | None, kept: bool
) -> None:
    figures = CaseFigures(
        case="a", model="m", slices=3, lesion_f1=0.5, lesion_f1_any=0.5,
        lesion_neighbours=neighbours, lesion_iou=iou,
    )  # fmt: skip
    put_figures(store, [(figures, "key")])
    assert bool(figures_of(store, "m", "key".__eq__)) is kept
    assert (figures_key(store, "m", "a") == "key") is kept


def test_figures_and_disagreements_are_found_again(store: Store) -> None:
    figures = CaseFigures(case="a", model="m", slices=3, dsc=0.1 + 0.2, hd95=None)
    put_figures(store, [(figures, "key1")])
    put_figures(store, [(CaseFigures(case="a", model="n", slices=3), "key2")])
    assert figures_of(store, "m", "key1".__eq__) == {"a": figures}
    assert (figures_key(store, "m", "a"), figures_key(store, "m", "b")) == ("key1", None)
    put_disagreement(store, "a", ["n", "m"], 0.25)
    assert widest_disagreements(store) == {"a": 0.25}
