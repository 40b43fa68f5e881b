"""Cine goes round the slices, and gives way to whatever the reader does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.domain.window_level import automatic
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.viewer.slice.cine import Cine
from gui.viewer.slice.picture_copy import caption_of
from gui.viewer.slice.view_verbs import ViewVerbs
from tests.synthetic import write_case

SLICES = 4


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Session:
    write_case(tmp_path, "A_1", SLICES, (32, 32))
    loaded = read_case(scan(tmp_path).case("A_1"))
    session = Session(tmp_path, Settings())
    ranges = tuple(
        (name, automatic(pixels))
        for name, pixels in zip(loaded.volume.channels, loaded.volume.pixels, strict=True)
    )
    session.set_open_case(OpenCase(loaded, ranges, (0, 32, 0, 32)), slice_index=2)
    return session


@pytest.fixture
def cine(session: Session) -> Iterator[Cine]:
    cine = Cine(session, ViewVerbs(session).go_to_slice)
    cine.toggle()
    yield cine
    cine.stop()


def test_it_goes_round(session: Session, cine: Cine) -> None:
    seen = []
    for _ in range(SLICES + 1):
        cine.step()
        seen.append(session.view.slice_index)
    assert seen == [3, 0, 1, 2, 3]
    assert cine.playing


def test_a_slice_of_the_readers_own_ends_it(session: Session, cine: Cine) -> None:
    said: list[bool] = []
    cine.changed.connect(said.append)
    ViewVerbs(session).go_to_slice(0)
    assert not cine.playing
    assert said == [False]


def test_other_choices_go_on_beside_it(session: Session, cine: Cine) -> None:
    ViewVerbs(session).toggle_layer("truth")
    assert cine.playing
    cine.toggle()
    assert not cine.playing


def test_a_stroke_or_another_case_ends_it(session: Session, cine: Cine) -> None:
    session.note_painted((0, 1, 0, 2, 0, 2))
    assert not cine.playing
    cine.toggle()
    session.set_pending("B_2")
    assert not cine.playing


def test_presets_and_the_inverted_image_are_what_is_drawn(session: Session) -> None:
    verbs = ViewVerbs(session)
    opened = session.open_case
    assert opened is not None
    wanted = dict(opened.automatic)["FLAIR"]
    verbs.preset_window("lesion")
    assert session.view.window_level("FLAIR") == wanted.part(0.4, 1.1)
    verbs.auto_window()
    assert session.view.window_level("FLAIR") is None
    verbs.invert()
    assert session.view.inverted


def test_a_copied_picture_is_named_by_case_slice_and_channel(session: Session) -> None:
    assert caption_of(session) == "A_1 · slice 3 of 4 · FLAIR"
