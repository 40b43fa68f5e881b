"""Comparing the prediction on screen with the truth while cases change under it."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from core.io.case_reader import read_case
from core.io.dataset import scan
from core.workspace.settings import Settings
from gui.prediction.part_scores import Scoring
from gui.shell.session import OpenCase, Result, Session
from gui.shell.tasks import Fault, Lanes
from tests.gui.tiny import SLICES, probability


def _opened(dataset: Path, case_id: str) -> OpenCase:
    return OpenCase(read_case(scan(dataset).case(case_id)), (), (0, 1, 0, 1))


def test_a_part_that_waited_is_dropped_when_its_case_is_left(
    qtbot: QtBot, home: Path, dataset: Path
) -> None:
    session, lanes = Session(home, Settings(device="cpu")), Lanes()
    scoring = Scoring(session, lanes)
    faults: list[Fault] = []
    lanes.reports.faulted.connect(faults.append)
    session.set_open_case(_opened(dataset, "A_1"), slice_index=0)
    half = probability(SLICES["A_1"])
    session.set_result(Result(half, ready=frozenset({0})))
    scoring.update()
    scoring.update(Result(half, ready=frozenset({0, 1})))
    session.set_open_case(_opened(dataset, "B_2"), slice_index=0)
    qtbot.waitUntil(lambda: not lanes.busy)
    assert faults == []
    assert session.result is None
    lanes.close()
