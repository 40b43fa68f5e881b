"""The journal of one correction on the lane that writes it, and what could not be written yet."""

from pathlib import Path

from core.annotation.correction import Correction
from core.annotation.draft import Draft, Step
from core.annotation.journal import Journal, discard_draft
from core.io.cases.case import Case
from core.workspace.store import Store


class Book:
    """A correction with its journal, which is opened with the first edit that is written.

    `root` is the folder of the dataset that `case` belongs to.
    """

    def __init__(
        self, store: Store, draft: Draft, correction: Correction, *, of: tuple[Case, Path]
    ) -> None:
        self.store, self.correction = store, correction
        self.case, self.root = of
        self._draft = draft
        self._journal: Journal | None = None

    @property
    def pending(self) -> int:
        """How many edits are in memory only."""
        return 0 if self._journal is None else self._journal.pending

    @property
    def unsaved(self) -> int:
        """How many of the edits it began with no version holds."""
        return self._draft.history.since(self._draft.saved_head)

    def record(self, step: Step) -> None:
        """Write `step` and what could not be written before."""
        if self._journal is None:
            self._journal = Journal(self.store, self._draft)
        self._journal.record(step)

    def retry(self) -> None:
        """Write what could not be written before."""
        if self._journal is not None:
            self._journal.retry()


def discarded(store: Store, case_id: str) -> None:
    """Delete what the workspace keeps of the correction of a case; saved versions stay."""
    discard_draft(store, case_id)
