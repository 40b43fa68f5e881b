"""What a review is of: kept, shown in the table, not carried over to anything else; migrated."""

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from core.domain.prediction import Postprocessing
from core.review.reviews import (
    Review,
    ReviewChange,
    decisions,
    put_review,
    review_of,
    review_standing,
    reviews,
    undo_review,
)
from core.review.subject import Subject, subject_of
from core.review.worklist import next_unreviewed
from core.studies.comparison.study_report import reviews_csv
from core.workspace.store import Store

OLD = Path(__file__).with_name("workspace_of_version_5.sql")
LITE0 = subject_of(("lite0", "Lite0", "aa"), Postprocessing(threshold=0.5, fill_holes=True))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Store]:
    """A workspace that the program wrote before reviews said what they are of."""
    path = tmp_path / "workspace.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD.read_text("utf-8"))
    opened = Store(path)
    yield opened
    opened.close()


def accept(store: Store, subject: Subject = LITE0) -> Review:
    return put_review(store, "a", change=ReviewChange(status="accepted", subject=subject))


def save_version(store: Store, number: int) -> None:
    with store.transaction() as connection:
        connection.execute("INSERT INTO correction_versions VALUES ('a', ?, '{}')", (number,))


@pytest.mark.parametrize(
    "other",
    [
        {"model": "lite1"},
        {"weights": "bb"},
        {"threshold": 0.06},
        {"cleanup": ""},
        {"version": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_review_holds_of_nothing_else(store: Store, other: dict[str, object]) -> None:
    review = accept(store)
    assert review_standing(review, LITE0) == review
    now = msgspec.structs.replace(LITE0, **other)
    assert review_standing(review, now).status == "unreviewed"
    assert next_unreviewed(["a"], {"a": review_standing(review, now)}, "b") == "a"


def test_what_it_is_of_survives_and_is_said(store: Store) -> None:
    accept(store)
    assert reviews(store)["a"].subject == LITE0
    assert reviews(store)["a"].said() == "accepted of Lite0 at 0.50"
    assert LITE0.whole() == "Lite0 at 0.50, holes filled, weights aa"


def test_a_rating_of_another_model_does_not_take_the_verdict_along(store: Store) -> None:
    accept(store)
    put_review(store, "a", change=ReviewChange(note="rim"))
    lite1 = msgspec.structs.replace(LITE0, model="lite1")
    rated = put_review(store, "a", change=ReviewChange(rating=2, subject=lite1))
    assert (rated.status, rated.rating, rated.note) == ("unreviewed", 2, "rim")
    assert rated.subject == lite1
    back = undo_review(store)
    assert back is not None
    assert (back.status, back.subject) == ("accepted", LITE0)


def test_a_note_leaves_what_was_said_and_of_what(store: Store) -> None:
    accept(store)
    lite1 = msgspec.structs.replace(LITE0, model="lite1")
    noted = put_review(store, "a", change=ReviewChange(note="rim", subject=lite1))
    assert (noted.status, noted.subject) == ("accepted", LITE0)


def test_the_version_is_the_one_that_is_saved_when_it_is_written(store: Store) -> None:
    asked = ReviewChange(status="corrected", subject=LITE0)
    begun = put_review(store, "a", change=asked)
    save_version(store, 1)
    first = msgspec.structs.replace(LITE0, version=1)
    assert begun.holds(first)
    done = put_review(store, "a", change=asked)
    assert done.subject == first
    assert not done.holds(msgspec.structs.replace(LITE0, version=2))


def test_the_table_of_reviews_says_of_what_each_is(store: Store, tmp_path: Path) -> None:
    accept(store, msgspec.structs.replace(LITE0, threshold=0.06))
    reviews_csv(tmp_path / "reviews.csv", [reviews(store)["a"], Review(case_id="b")])
    with (tmp_path / "reviews.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    of = ("model", "title", "weights", "threshold", "cleanup", "version")
    assert [rows[0][name] for name in of] == ["lite0", "Lite0", "aa", "0.06", "holes filled", "0"]
    assert [rows[1][name] for name in of] == [""] * 6


def test_an_old_workspace_keeps_all_that_was_said(old: Store) -> None:
    said = {name: (r.status, r.rating, r.note, r.reader) for name, r in reviews(old).items()}
    assert said == {
        "A_1": ("accepted", 2, "", "Ann"),
        "B_2": ("rejected", None, "Rim too wide", "Bo"),
        "C_10": ("corrected", None, "", "Ann"),
    }
    assert review_of(old, "A_1").seconds == pytest.approx(12.5)
    assert len(decisions(old, "A_1", "truth aa-11 0.500 False False")) == 2


def test_an_old_review_is_of_the_only_model_there_was_or_of_none(old: Store) -> None:
    said = reviews(old)
    now = msgspec.structs.replace(LITE0, weights="of today", threshold=0.3)
    assert said["A_1"].subject == Subject(model="lite0")
    assert said["A_1"].holds(now)
    assert not said["A_1"].holds(msgspec.structs.replace(now, model="lite1"))
    # Two models had predicted this one: which of them was rejected nobody can say.
    assert said["B_2"].subject is None
    assert not said["B_2"].holds(now)
    assert said["B_2"].said() == "rejected by Bo of something not recorded"
    # The second version was saved after the review.
    assert said["C_10"].subject == Subject(model="lite0", version=1)
    assert not said["C_10"].holds(msgspec.structs.replace(now, version=2))


def test_an_old_workspace_takes_a_new_review(old: Store) -> None:
    again = put_review(old, "B_2", change=ReviewChange(status="accepted", subject=LITE0))
    assert (again.subject, again.note) == (LITE0, "Rim too wide")
    undone = undo_review(old)
    assert undone is not None
    assert undone.status == "rejected"
