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
from tests.core.corrections.acting import SHAPE
from tests.kill.corrected import CORRECTORS
from tests.kill.driving import Counts, Moments, after, said_until_killed, server


def kill_core(folder: Path, *, kills: int, seed: int, kind: str = "mask") -> Counts:
    """Kill that many processes that correct one case; each goes on where the last was killed."""
    counts = Counts(name=f"core, {kind}", lost=[])
    moments, state = Moments(random.Random(seed), most=12, seconds=0.02), _nothing(kind)
    started = time.perf_counter()
    with server("tests.kill.core_child", str(folder), kind) as process:
        for number in range(kills):
            said = said_until_killed(process, number, moments)
            done, begun = after(said, "did"), after(said, "will")
            allowed = {done[-1] if done else state, begun[-1] if begun else state}
            state = _state_on_disk(folder, kind)
            counts.kills += 1
            counts.acknowledged += len(done)
            if state not in allowed:
                counts.lost.append(f"kill {number}: a state that nobody acknowledged")
    counts.seconds = round(time.perf_counter() - started, 1)
    return counts


def _nothing(kind: str) -> str:
    draft = CORRECTORS[kind].begin()
    return CORRECTORS[kind].state(draft.mask, draft.labels, draft.history)


def _state_on_disk(folder: Path, kind: str) -> str:
    """Return the state a new start finds, after checking that undo leads back to the start."""
    with closing(Store(folder / "workspace.sqlite")) as store:
        draft = load_draft(store, "CASE", SHAPE)
    if draft is None:
        return _nothing(kind)
    state = CORRECTORS[kind].state(draft.mask, draft.labels, draft.history)
    correction, fresh = Correction(draft, References()), CORRECTORS[kind].begin()
    while correction.undo():
        pass
    back = np.array_equal(correction.label_map, fresh.mask)
    return state if back and correction.labels == fresh.labels else "no way back"
