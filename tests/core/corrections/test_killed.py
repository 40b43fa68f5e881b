"""A real process is killed at random moments: what it was told is saved is there afterwards."""

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.annotation.correction import Correction
from core.annotation.journal import load_draft
from core.annotation.live_figures import References
from core.workspace.store import Store
from tests.core.corrections.acting import SHAPE, fingerprint, fresh_draft, start_mask

KILLS = 40
_ROOT = Path(__file__).resolve().parents[3]
_NOTHING = fingerprint(start_mask(), fresh_draft().history)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_nothing_acknowledged_is_lost_however_often_the_process_is_killed(tmp_path):
    moments = random.Random(20)
    state, acknowledged = _NOTHING, 0
    command = [sys.executable, "-m", "tests.core.corrections.killed", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        for seed in range(KILLS):
            said = _said_until_killed(server, seed, moments)
            done = [line[4:] for line in said if line.startswith("did ")]
            begun = [line[5:] for line in said if line.startswith("will ")]
            acknowledged += len(done)
            allowed = {done[-1] if done else state, begun[-1] if begun else state}
            state = _state_on_disk(tmp_path)
            assert state in allowed, f"after kill {seed}"
        assert server.stdin is not None
        server.stdin.close()
    assert acknowledged > KILLS


def _said_until_killed(
    server: "subprocess.Popen[str]", seed: int, moments: random.Random
) -> list[str]:
    """Let one process correct, kill it, and return what it said; early, or after some steps."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(f"{seed}\n")
    server.stdin.flush()
    steps = moments.randrange(0, 12)
    said: list[str] = []
    child, timer = 0, None
    for line in server.stdout:
        said.append(line.strip())
        if said[-1] == "gone":
            break
        if line.startswith("child "):
            child = int(said[-1][6:])
        begun = sum(word.startswith(("started", "did ")) for word in said)
        if child and timer is None and begun > steps:
            timer = threading.Timer(moments.uniform(0, 0.02), os.kill, (child, signal.SIGKILL))
            timer.start()
    if timer is not None:
        timer.join()
    return said


def _state_on_disk(folder: Path) -> str:
    """Return the state a new start finds, after checking that undo leads back to the start."""
    with closing(Store(folder / "workspace.sqlite")) as store:
        draft = load_draft(store, "CASE", SHAPE)
    if draft is None:
        return _NOTHING
    state = fingerprint(draft.mask, draft.history)
    correction = Correction(draft, References())
    while correction.undo():
        pass
    assert np.array_equal(correction.mask, start_mask())
    return state
