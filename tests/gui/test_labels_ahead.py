"""Labels of the slices around the one on screen are ready before the reader is there."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSize
from PySide6.QtGui import QTransform
from pytestqt.qtbot import QtBot

from core.domain.label_set import from_values
from core.domain.window_level import automatic
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from gui.shell.label_state import LabelState
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes
from gui.shell.view_state import Display, Shown, ViewState, resolve
from gui.viewer.drawn.label_picture import LabelMaps
from gui.viewer.drawn.screen import Screen
from gui.viewer.labels import label_painter
from gui.viewer.labels.label_painter import FilledLabels, LabelPainter
from gui.viewer.slice.picture_view import PictureView
from tests.gui.test_late_answers import held_up
from tests.synthetic import write_case

SLICES = 24
LABELS = from_values((1, 2))


@pytest.fixture
def lanes(qtbot: QtBot) -> Iterator[Lanes]:
    del qtbot
    made = Lanes()
    yield made
    made.close()


def test_a_reader_who_has_gone_on_is_followed_as_soon_as_the_worker_is_free(
    lanes: Lanes, qtbot: QtBot, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_case(tmp_path / "data", "A", SLICES, (44, 44))
    loaded = read_case(scan(tmp_path / "data").case("A"))
    volume, truth = loaded.volume, loaded.require_ground_truth()
    pairs = zip(volume.channels, volume.pixels, strict=True)
    ranges = tuple((name, automatic(pixels)) for name, pixels in pairs)
    session = Session(home, Settings())
    session.set_open_case(OpenCase(loaded, ranges, (0, 44, 0, 44)), slice_index=0)
    session.set_labels(LabelState(LABELS, LABELS.whole))
    view = PictureView()
    qtbot.addWidget(view)
    maps = LabelMaps(LABELS.whole, shown=truth * np.uint8(2), truth=truth)
    painter = LabelPainter(session, lanes, view)
    made: list[int] = []
    make = label_painter.make_label_picture

    def recorded(*given, **named):  # type: ignore[no-untyped-def]
        made.append(given[1].index)
        return make(*given, **named)

    monkeypatch.setattr(label_painter, "make_label_picture", recorded)

    def display(index: int) -> Display:
        there = Shown(session.case_version, 1, "A", volume, ranges, has_truth=True)
        return resolve(ViewState(at=(index, 0, 0)), there)

    with held_up(lanes, "idle"):
        for index in (2, 15):
            painter.show(display(index), FilledLabels("truth", maps, 1.0))
    qtbot.waitUntil(lambda: not lanes.busy)
    assert {12, 13, 14, 16, 17, 18} <= set(made)
    before = made.copy()
    painter.show(display(16), FilledLabels("truth", maps, 1.0))
    assert made == before
    qtbot.waitUntil(lambda: not lanes.busy)


@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([1.0, 1.5, 2.0]))
def test_what_is_drawn_ahead_of_a_view_has_its_bound(width: int, height: int, ratio: float) -> None:
    screen = Screen(QTransform(), QSize(width, height), ratio)
    image = width * height * ratio**2 * 4
    assert screen.kept == 0 or screen.kept >= 2 * screen.reach + 1
    assert screen.kept * image <= 180 * 2**20
    if image <= 16 * 2**20:
        assert screen.reach == 3


def test_a_view_without_a_size_has_nothing_drawn_ahead() -> None:
    assert Screen(QTransform(), QSize(), 1.0).reach == 0
