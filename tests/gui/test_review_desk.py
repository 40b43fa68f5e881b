"""Reviews as they are kept and read, without a window: of the dataset that is open alone."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.io.datasets.dataset import scan
from core.review.reviews import ReviewChange, put_review, reviews
from core.workspace.settings import Settings
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.review.review_desk import ReviewDesk
from gui.shell.place_reader import plain_states
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes
from tests.gui.test_correction_desk import store_file
from tests.gui.test_late_answers import held_up


class Desk:
    """A session over two datasets with the same cases, and what is said of it."""

    def __init__(self, home: Path, folders: tuple[Path, Path]) -> None:
        self.session, self.lanes = Session(home, Settings(reader="Ann")), Lanes()
        self.review = ReviewDesk(self.session, self.lanes, list)
        self.said: list[str] = []
        self.review.failed.connect(lambda title, *_: self.said.append(title))
        self.places = [
            Place(scan(folder), open_workspace(workspace_folder(home, folder)))
            for folder in folders
        ]

    def open(self, number: int) -> Place:
        place = self.places[number]
        self.session.set_place(place, plain_states(place.dataset))
        return place

    def close(self) -> None:
        self.lanes.close()
        for place in self.places:
            place.close()


@pytest.fixture
def desk(qtbot: QtBot, home: Path, dataset: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(home, (dataset, Path(shutil.copytree(dataset, tmp_path / "again"))))
    yield made
    made.close()


def test_a_note_that_is_written_late_is_shown_over_no_other_dataset(
    desk: Desk, qtbot: QtBot
) -> None:
    first = desk.open(0)
    qtbot.waitUntil(lambda: not desk.lanes.busy)
    told: list[object] = []
    desk.review.said.connect(told.append)
    desk.session.review_changed.connect(told.append)
    with held_up(desk.lanes, "journal"):
        desk.review.note("A_1", "of the first")
        desk.open(1)
    qtbot.waitUntil(lambda: not desk.lanes.busy)
    assert told == []
    assert reviews(first.workspace.store)["A_1"].note == "of the first"


def test_reviews_that_are_read_late_are_those_of_no_other_dataset(desk: Desk, qtbot: QtBot) -> None:
    put_review(desk.places[0].workspace.store, "A_1", change=ReviewChange(note="of the first"))
    shown: list[set[str]] = []
    desk.session.reviews_changed.connect(lambda: shown.append(set(desk.session.reviews)))
    with held_up(desk.lanes, "journal"):
        desk.open(0)
        desk.open(1)
    qtbot.waitUntil(lambda: not desk.lanes.busy)
    assert shown == [set()]


@pytest.mark.parametrize("act", ["read", "undo", "say"])
def test_what_was_not_done_is_said(
    desk: Desk, qtbot: QtBot, home: Path, dataset: Path, act: str
) -> None:
    desk.open(0)
    qtbot.waitUntil(lambda: not desk.lanes.busy)
    with sqlite3.connect(store_file(home, dataset), isolation_level=None) as other:
        other.execute("ALTER TABLE reviews RENAME TO gone")
        {
            "read": lambda: desk.open(0),
            "undo": desk.review.undo,
            "say": lambda: desk.review.note("A_1", "x"),
        }[act]()
        qtbot.waitUntil(lambda: bool(desk.said))
    said = {
        "read": "The reviews were not read",
        "undo": "Nothing was taken back",
        "say": "The review was not saved",
    }
    assert desk.said == [said[act]]
