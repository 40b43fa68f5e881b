"""Correct a case until killed, in a new process for every line of input: `FOLDER`, `KIND`.

`KIND` is `mask` or `labels`.
Says `started`, then for every step `will <state>` before it is handed to the journal and
`did <state>` when the journal has acknowledged it. The states are hashes of mask and history.
"""

import os
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import scipy.ndimage  # noqa: F401 - loaded once, not by every child when it first draws

from core.annotation.correction import Correction
from core.annotation.journal import Journal, load_draft
from core.annotation.live_figures import References
from core.workspace.store import Store
from tests.core.corrections.acting import SHAPE
from tests.kill.corrected import CORRECTORS, Corrector


def main() -> None:
    """Fork for every seed read, so that thirty processes start in the time of one."""
    file, corrector = Path(sys.argv[1]) / "workspace.sqlite", CORRECTORS[sys.argv[2]]
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _correct(file, corrector, int(line))
        _say(f"child {child}")
        os.waitpid(child, 0)
        _say("gone")


def _correct(file: Path, corrector: Corrector, seed: int) -> None:
    _say("started")
    random = np.random.default_rng(seed)
    with closing(Store(file)) as store:
        draft = load_draft(store, "CASE", SHAPE) or corrector.begin()
        correction, journal = Correction(draft, References()), Journal(store, draft)
        while True:
            step = corrector.act(correction, random)
            if step is not None:
                state = corrector.state(correction.label_map, correction.labels, draft.history)
                _say(f"will {state}")
                journal.record(step)
                _say(f"did {state}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
