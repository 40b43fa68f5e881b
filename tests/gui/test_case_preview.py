"""A large case is looked at before it is whole; until then nothing can be said or made of it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.domain.progress import Cancelled, Progress, silent
from core.domain.window_level import automatic
from core.io.cases.case import Case
from core.io.cases.case_cache import CaseCache
from core.io.cases.case_preview import FirstLook
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from gui.shell.case_loader import CaseLoader
from gui.shell.readiness import Readiness
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from tests import patience
from tests.core.io.making import nifti
from tests.gui.conftest import Start
from tests.gui.showing import pixels_of
from tests.gui.tiny import settle, toasts
from tests.synthetic import head, lesion

SHAPE = (6, 40, 44)
KINDS = ("t1n", "t1c", "t2w", "t2f")


@dataclass
class Halting:
    """Reads cases, however small, with a first look, and halts between it and the rest."""

    gate: threading.Event = field(default_factory=threading.Event)
    stopped: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __call__(
        self, case: Case, *, progress: Progress = silent, look: FirstLook | None = None
    ) -> LoadedCase:
        if look is None:
            return read_case(case, progress=progress)

        def wait(fraction: float, message: str) -> None:
            if self.seen and self.seen[-1] == case.id:
                assert self.gate.wait(patience.SECONDS)
            try:
                progress(fraction, message)
            except Cancelled:
                self.stopped.append(case.id)
                raise

        def show(found: object) -> None:
            self.seen.append(case.id)
            look.show(found)  # type: ignore[arg-type]

        return read_case(case, progress=wait, look=replace(look, show=show, least_bytes=0))


@pytest.fixture
def halting() -> Iterator[Halting]:
    reader = Halting()
    yield reader
    reader.gate.set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three cases of four channels and a ground truth; a channel of the second is cut off."""
    for number in (1, 2, 3):
        place = tmp_path / "set" / f"N-{number}"
        place.mkdir(parents=True)
        for channel, kind in enumerate(KINDS):
            values = head(SHAPE[0], SHAPE[1:], seed=number)[channel % 3].astype(np.int16)
            nifti(place / f"N-{number}-{kind}.nii.gz", values * (channel + 1))
        nifti(place / f"N-{number}-seg.nii.gz", _lesion())
    broken = tmp_path / "set" / "N-2" / "N-2-t2w.nii.gz"
    broken.write_bytes(broken.read_bytes()[:-40])
    return tmp_path / "set"


def _lesion() -> np.ndarray:
    """Return a lesion with most of it in the fifth of six slices."""
    mask = lesion(SHAPE[0], SHAPE[1:])
    mask[4, :10, :10] = 1
    return mask


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path, Settings())


@pytest.fixture
def loader(session: Session, halting: Halting) -> Iterator[CaseLoader]:
    lanes, cache = Lanes(), CaseCache(1 << 30)
    cache.reader = halting
    yield CaseLoader(session, lanes, cache)
    halting.gate.set()
    lanes.close()


def cases(folder: Path) -> dict[str, Case]:
    return {case.id: case for case in scan(folder).cases}


def preview_shown(session: Session, case_id: str) -> Callable[[], bool]:
    return lambda: session.preview is not None and session.preview.case_id == case_id


def test_the_first_slice_is_that_which_stays(
    loader: CaseLoader, session: Session, folder: Path, halting: Halting, qtbot: QtBot
) -> None:
    case = cases(folder)["N-1"]
    loader.open(case)
    qtbot.waitUntil(preview_shown(session, "N-1"))
    early = session.preview
    assert early is not None
    assert session.open_case is None
    assert (session.current, session.pending) == ("N-1", "N-1")
    halting.gate.set()
    qtbot.waitUntil(lambda: session.open_case is not None)

    opened, whole = session.open_case, read_case(case)
    assert opened is not None
    assert session.preview is None
    assert session.view.at == early.at
    assert whole.ground_truth is not None
    assert early.at[0] == int(whole.ground_truth.sum(axis=(1, 2)).argmax())
    channel = whole.volume.channels.index(early.channel)
    assert early.channel == "FLAIR"
    np.testing.assert_array_equal(early.image, whole.volume.pixels[channel, early.at[0]])
    assert (
        early.window == dict(opened.automatic)["FLAIR"] == automatic(whole.volume.pixels[channel])
    )
    assert early.geometry == whole.volume.geometry
    assert opened.head == early.head


def test_a_case_comes_back_at_its_slice_before_it_is_whole(
    loader: CaseLoader, session: Session, folder: Path, halting: Halting, qtbot: QtBot
) -> None:
    loader.open(cases(folder)["N-1"], slice_index=4)
    qtbot.waitUntil(preview_shown(session, "N-1"))
    assert session.preview is not None
    assert session.preview.at[0] == 4
    halting.gate.set()
    qtbot.waitUntil(lambda: session.open_case is not None)
    session.set_view(session.view.on_slice(1))
    halting.gate.clear()
    loader.open(cases(folder)["N-3"])
    qtbot.waitUntil(preview_shown(session, "N-3"))
    loader.cache.clear()
    loader.open(cases(folder)["N-1"])
    halting.gate.set()
    qtbot.waitUntil(lambda: session.open_case is not None)
    assert session.view.at[0] == 1


def test_a_series_of_sagittal_slices_is_looked_at_in_its_own_plane(
    loader: CaseLoader, session: Session, tmp_path: Path, halting: Halting, qtbot: QtBot
) -> None:
    thick = np.array([[0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])
    thick[:3, 2] *= 5
    (tmp_path / "S").mkdir()
    for channel, kind in enumerate(KINDS):
        values = head(SHAPE[0], SHAPE[1:])[channel % 3].astype(np.int16)
        nifti(tmp_path / "S" / f"S-{kind}.nii.gz", values, thick)
    loader.open(cases(tmp_path / "S")["S"])
    qtbot.waitUntil(preview_shown(session, "S"))
    early = session.preview
    halting.gate.set()
    qtbot.waitUntil(lambda: session.open_case is not None)
    opened = session.open_case
    assert early is not None
    assert opened is not None
    assert early.plane.name == session.view.main.name == "sagittal"
    assert session.view.at == early.at
    channel = opened.loaded.volume.channels.index(early.channel)
    stays = session.view.cut_in(early.plane).of(opened.loaded.volume.pixels[channel])
    np.testing.assert_array_equal(early.image, stays)


def test_nothing_is_decided_or_drawn_of_a_case_that_is_being_read(
    loader: CaseLoader, session: Session, folder: Path, qtbot: QtBot
) -> None:
    readiness = Readiness(session)
    loader.open(cases(folder)["N-1"])
    qtbot.waitUntil(preview_shown(session, "N-1"))
    readiness.note_drawn()
    readiness.clock = lambda: 1e9
    assert readiness.why_no_decision() == "N-1 is still being read."
    assert readiness.why_no_edit() == "N-1 is still being read."
    assert readiness.why_no_answer() == "N-1 is still being read."


def test_an_error_in_a_later_channel_leaves_nothing_on_screen(
    loader: CaseLoader, session: Session, folder: Path, halting: Halting, qtbot: QtBot
) -> None:
    told: list[str] = []
    loader.failed.connect(lambda _, sentence: told.append(sentence))
    loader.failed.connect(lambda _, sentence: session.set_unopened(sentence))
    loader.open(cases(folder)["N-2"])
    # The error may come first where the channels are read beside each other.
    qtbot.waitUntil(lambda: bool(told) or session.preview is not None)
    halting.gate.set()
    qtbot.waitUntil(lambda: bool(told))
    assert "N-2-t2w.nii.gz" in told[0]
    assert "cut off" in told[0]
    assert (session.preview, session.open_case, session.pending) == (None, None, "")
    assert "N-2" not in loader.cache


def test_going_to_the_next_case_stops_the_reading(
    loader: CaseLoader, session: Session, folder: Path, halting: Halting, qtbot: QtBot
) -> None:
    loader.open(cases(folder)["N-1"])
    qtbot.waitUntil(preview_shown(session, "N-1"))
    loader.open(cases(folder)["N-3"])
    halting.gate.set()
    qtbot.waitUntil(lambda: session.open_case is not None)
    qtbot.waitUntil(lambda: "N-1" in halting.stopped)
    assert session.current == "N-3"
    assert "N-1" not in loader.cache


def test_a_preview_is_on_screen_alone_and_says_so(
    start: Start, folder: Path, halting: Halting, qtbot: QtBot
) -> None:
    program = start(folder)
    settle(qtbot, program)
    program.operations.cache.clear()
    program.operations.cache.reader = halting
    assert pixels_of(program.window.view).mean() > 5
    program.operations.choose_case("N-3")
    qtbot.waitUntil(preview_shown(program.session, "N-3"))
    view, window = program.window.view, program.window
    middle = pixels_of(view)[view.height() // 2 - 40 : view.height() // 2 + 40]
    assert middle.mean() > 30
    assert f"Slice 5 / {SHAPE[0]}" in view.hud_text("top_left")
    assert "FLAIR" in view.hud_text("top_left")
    assert window.empty.text == ""
    for command in ("accept", "rate_3", "grow", "take_truth_case", "next_slice", "toggle_truth"):
        program.context.trigger(command)
    assert program.session.preview is not None
    assert program.session.reviews == {}
    assert any("N-3 is still being read" in said for said in toasts(program))
    before = view.zoom, view.centre
    halting.gate.set()
    settle(qtbot, program)
    assert program.session.open_case is not None
    assert (view.zoom, view.centre) == before
