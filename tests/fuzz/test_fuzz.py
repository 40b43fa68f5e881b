"""A small part of `make fuzz`: each reader meets some hundred damaged inputs in a child process."""

from pathlib import Path

import pytest

from tests.fuzz.running import run
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs_are_read_or_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    outcome = run(name, folder=tmp_path, seed=1, count=400, seconds=20)
    assert outcome.crash == ""
    assert outcome.faults == []
    assert outcome.inputs
    assert outcome.slowest_s < 10
    assert outcome.peak_mib < 2048
