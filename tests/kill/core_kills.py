"""A correction is journalled by processes that are killed: what was acknowledged is there after."""

import random
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from core.annotation.correction import Correction
from core.annotation.journal import load_draft
from core.annotation.live_figures import References
from core.workspace.store import Store
from tests.core.corrections.acting import SHAPE, fingerprint, fresh_draft, start_mask
from tests.kill.driving import Counts, Moments, after, said_until_killed, server

_NOTHING = fingerprint(start_mask(), fresh_draft().history)


def kill_core(folder: Path, *, kills: int, seed: int) -> Counts:
    """Kill that many processes that correct one case; each goes on where the last was killed."""
    counts = Counts(name="core", lost=[])
    moments, state = Moments(random.Random(seed), most=12, seconds=0.02), _NOTHING
    started = time.perf_counter()
    with server("tests.kill.core_child", str(folder)) as process:
        for number in range(kills):
            said = said_until_killed(process, number, moments)
            done, begun = after(said, "did"), after(said, "will")
            allowed = {done[-1] if done else state, begun[-1] if begun else state}
            state = _state_on_disk(folder)
            counts.kills += 1
            counts.acknowledged += len(done)
            if state not in allowed:
                counts.lost.append(f"kill {number}: a state that nobody acknowledged")
    counts.seconds = round(time.perf_counter() - started, 1)
    return counts


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
    return state if np.array_equal(correction.mask, start_mask()) else "no way back"
