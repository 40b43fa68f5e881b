"""Slices that arrive from a run: what is new is counted and drawn, whatever happens meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.domain.counted_mask import count_mask
from core.domain.plane import Cut
from core.domain.prediction import Postprocessing
from core.domain.progress import Cancelled, Progress
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from core.workspace.workspace_folder import open_workspace
from gui.prediction.case_run import FinishedRun, OnPart, WantedRun
from gui.prediction.model_runs import ModelRuns
from gui.prediction.result_scores import ResultScores
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, Models, OpenCase, Place, Result
from gui.shell.tasks import Fault, Lanes
from tests.gui.tiny import SLICES, probability
from tests.synthetic import publish_unet

CASE, OTHER = "A_1", "B_2"
SOFT = probability(SLICES[CASE])


class StandInRun:
    """Predicts slices as it is told to, on the worker of its lane."""

    def __init__(self) -> None:
        self.told: SimpleQueue[Sequence[int] | None] = SimpleQueue()

    def run(self, wanted: WantedRun, on_part: OnPart, progress: Progress) -> FinishedRun:
        loaded = read_case(wanted.case)
        while (indices := self.told.get()) is not None:
            on_part(loaded, indices, SOFT[list(indices)])
            progress(0.5, "")
        raise Cancelled


@dataclass
class Desk:
    """A session with a run in hand, and what it was told."""

    session: Session
    runs: ModelRuns
    scores: ResultScores
    stand_in: StandInRun
    lanes: Lanes
    dataset: Path
    qtbot: QtBot
    parts: list[frozenset[int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def open(self, case_id: str) -> None:
        loaded: LoadedCase = read_case(scan(self.dataset).case(case_id))
        self.session.set_open_case(OpenCase(loaded, (), (0, 1, 0, 1)), slice_index=0)
        self.runs.show()

    def arrive(self, *indices: int) -> None:
        """Let slices arrive and wait until they are on screen."""
        count = len(self.parts)
        self.stand_in.told.put(indices)
        self.qtbot.waitUntil(lambda: len(self.parts) > count)

    def cut(self, threshold: float) -> None:
        self.session.set_post(Postprocessing(threshold=threshold))
        if not self.runs.recount():
            self.scores.update()

    @property
    def result(self) -> Result:
        assert self.session.result is not None
        return self.session.result


@pytest.fixture
def desk(qtbot: QtBot, home: Path, dataset: Path) -> Iterator[Desk]:
    session, lanes, stand_in = Session(home, Settings(device="cpu")), Lanes(), StandInRun()
    found, workspace = scan(dataset), open_workspace(home / "workspace")
    model = publish_unet(home / "models")
    session.set_place(Place(found, workspace), {c.id: CaseState(c) for c in found.cases})
    session.set_models(Models((model,), model))
    scores = ResultScores(session, lanes)
    runs = ModelRuns(session, lanes, stand_in, scores)  # type: ignore[arg-type]
    made = Desk(session, runs, scores, stand_in, lanes, dataset, qtbot)
    session.part_arrived.connect(made.parts.append)
    lanes.reports.faulted.connect(made.faults.append)
    made.open(CASE)
    qtbot.waitUntil(lambda: not lanes.busy)
    runs.run([found.case(CASE)])
    yield made
    runs.cancel()
    stand_in.told.put(None)
    qtbot.waitUntil(lambda: not lanes.busy)
    assert made.faults == []
    lanes.close()
    workspace.close()


def test_a_part_says_which_slices_are_new_and_leaves_the_pictures_of_the_others(
    desk: Desk,
) -> None:
    desk.arrive(2, 3)
    before = [desk.session.masks_of(Cut(index=index)) for index in range(SLICES[CASE])]
    desk.arrive(0)
    after = [desk.session.masks_of(Cut(index=index)) for index in range(SLICES[CASE])]
    assert desk.parts == [frozenset({2, 3}), frozenset({0})]
    assert after[1:] == before[1:]
    assert after[0] != before[0]
    assert desk.result.ready == frozenset({0, 2, 3})
    assert desk.result.counted is not None
    whole = count_mask(SOFT, _truth(desk), Postprocessing())
    np.testing.assert_array_equal(desk.result.counted.mask[0], whole.mask[0])
    assert desk.result.counted.counts.of_slice(3) == whole.counts.of_slice(3)


def test_the_threshold_moved_meanwhile_cuts_what_is_there_and_what_comes(desk: Desk) -> None:
    desk.arrive(0, 1)
    desk.cut(0.9)
    desk.arrive(2)
    desk.cut(0.05)
    desk.qtbot.waitUntil(lambda: _cut_at(desk, 0.05))
    desk.arrive(3)
    assert _cut_at(desk, 0.05)
    assert desk.result.ready == frozenset({0, 1, 2, 3})


def test_parts_of_a_case_that_was_left_are_there_when_it_is_opened_again(desk: Desk) -> None:
    desk.arrive(1)
    desk.open(OTHER)
    assert desk.session.result is None
    desk.stand_in.told.put((0,))
    desk.stand_in.told.put((3,))
    _wait_for(desk, lambda: desk.stand_in.told.empty())
    assert desk.parts == [frozenset({1})]
    desk.open(CASE)
    desk.arrive(2)
    assert desk.result.ready == frozenset({0, 1, 2, 3})
    assert _cut_at(desk, 0.5)


def _wait_for(desk: Desk, over: Callable[[], bool]) -> None:
    desk.qtbot.waitUntil(over)


def _truth(desk: Desk) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
    return read_case(scan(desk.dataset).case(CASE)).ground_truth


def _cut_at(desk: Desk, threshold: float) -> bool:
    """Whether all that has arrived is cut and counted at a threshold."""
    result = desk.result
    assert result.ready is not None
    assert result.counted is not None
    whole = count_mask(SOFT, _truth(desk), Postprocessing(threshold=threshold))
    there = sorted(result.ready)
    same = np.array_equal(result.counted.mask[there], whole.mask[there])
    counts = result.counted.counts
    return same and all(counts.of_slice(z) == whole.counts.of_slice(z) for z in there)
