"""A small part of `make kill`: what a killed process was told is saved is there afterwards."""

import sys
from pathlib import Path

import pytest

from tests.kill.core_kills import kill_core
from tests.kill.window_kills import kill_window

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and fork")


@pytest.mark.parametrize(("kind", "kills"), [("mask", 40), ("labels", 40)])
def test_nothing_acknowledged_is_lost_however_often_the_process_is_killed(
    tmp_path: Path, kind: str, kills: int
) -> None:
    counts = kill_core(tmp_path, kills=kills, seed=20, kind=kind)
    assert counts.lost == []
    assert counts.acknowledged > counts.kills


def test_nothing_acknowledged_is_lost_when_the_window_is_killed(tmp_path: Path) -> None:
    counts = kill_window(tmp_path, kills=3, seed=2)
    assert counts.lost == []
    assert counts.acknowledged
