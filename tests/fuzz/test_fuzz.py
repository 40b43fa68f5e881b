"""A small part of `make fuzz`: each target meets some damaged inputs in a child process."""

from pathlib import Path

import pytest

from tests.fuzz.running import run
from tests.fuzz.targets import GROUPS, targets


@pytest.mark.parametrize("modules", GROUPS, ids=["what is read", "what is kept"])
def test_damaged_inputs_are_read_or_refused_in_a_sentence(
    modules: tuple[str, ...], tmp_path: Path
) -> None:
    wanted = [(target.name, target.tried) for target in targets(modules)]
    outcomes = run(wanted, folder=tmp_path, seed=1, seconds=30)
    assert [outcome.problem for outcome in outcomes if outcome.problem] == []
    assert [outcome.name for outcome in outcomes if not outcome.inputs] == []
    assert len(outcomes) == len(wanted)
