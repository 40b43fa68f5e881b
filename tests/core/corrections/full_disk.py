"""Fill the disk as seen by this process while a correction is journalled: `FOLDER`."""

import sys
from contextlib import closing
from pathlib import Path

import numpy as np

from core.annotation.correction import Correction
from core.annotation.journal import Journal, load_draft
from core.annotation.live_figures import References
from core.domain.errors import WorkspaceError
from core.workspace.store import Store
from tests.core.corrections.acting import SHAPE, act, fingerprint, fresh_draft

_LIMIT_BYTES = 150_000


def main() -> None:
    """Journal until a write is refused, go on painting, free space, and check what is saved."""
    import resource  # not there on Windows

    random = np.random.default_rng(0)
    draft = fresh_draft()
    correction = Correction(draft, References())
    with closing(Store(Path(sys.argv[1]) / "workspace.sqlite")) as store:
        journal = Journal(store, draft)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT_BYTES, most))
        refused = 0
        while refused < 3:
            step = act(correction, random)
            try:
                if step is not None:
                    journal.record(step)
            except WorkspaceError as error:
                refused += 1
                sys.stdout.write(f"{error}\n")
                assert journal.pending == refused
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        journal.retry()
        found = load_draft(store, "CASE", SHAPE)
    assert found is not None
    same = fingerprint(found.mask, found.history) == fingerprint(correction.mask, draft.history)
    sys.stdout.write("all saved\n" if same else "lost\n")


if __name__ == "__main__":
    main()
