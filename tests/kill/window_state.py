"""The state of a correction in few characters: its mask, and what can be undone and redone."""

from hashlib import blake2b

import numpy as np

from core.annotation.correction import Correction
from core.annotation.draft import Draft
from core.domain.mask import Mask
from core.workspace.workspace_folder import Workspace

NOTHING = "nothing"


def state_of(correction: Correction | None) -> str:
    """Return the state of the correction on screen."""
    if correction is None:
        return NOTHING
    return _state(correction.mask, correction.head, correction.applied, correction.undone)


def state_of_draft(draft: Draft | None) -> str:
    """Return the state that a new start finds."""
    if draft is None:
        return NOTHING
    history = draft.history
    return _state(draft.mask, history.head, history.applied, history.undone)


def reviews_of(workspace: Workspace, case_id: str) -> int:
    """Return how many changes of a review are kept of a case."""
    rows = workspace.store.read("SELECT count(*) FROM reviews WHERE case_id = ?", case_id)
    return int(str(rows[0][0]))


def _state(mask: Mask, head: int, applied: int, undone: int) -> str:
    digest = blake2b(np.packbits(mask > 0).tobytes(), digest_size=12).hexdigest()
    return f"{head}-{applied}-{undone}-{digest}"
