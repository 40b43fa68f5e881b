"""When decisions and edits count: once the case is drawn, its figures stand, and it was seen."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject

from gui.shell.session import Session

SEEN_SECONDS = 0.5
"""How long a case has to be on screen before anything that is said can be about it."""

DECISIONS = frozenset(
    {
        "accept",
        "correct",
        "reject",
        *(f"rate_{value}" for value in range(1, 6)),
        "save_and_next",
        "yes",
        "no",
        "truth_wrong",
    }
)
ANSWERS = frozenset({"yes", "no", "truth_wrong"})
"""Decisions about one region: it has to have been seen, too."""

EDITS = frozenset(
    {
        "complete_fill",
        "grow",
        "shrink",
        "reshape",
        "reshape_case",
        "smooth",
        "fill_mask_holes",
        "copy_before",
        "copy_after",
        "interpolate",
        "replay_clicks",
        "delete_component",
        "delete_here",
        "keep_component",
        "take_component",
        "take_slice",
        "take_truth_case",
        "take_truth_component",
        "take_truth_slice",
        "take_case",
        "take_label",
        "take_truth_label",
        "relabel_piece",
        "relabel_lesion",
        "merge_label",
        "delete_label",
        "clear_slice",
        "film_tick",
        "film_leave",
    }
)
"""Ids of commands that say something of the case on screen, and of those that change its mask."""

Verb = Callable[[], object]


class Readiness(QObject):
    """Knows what the case on screen still waits for; `clock` gives seconds that never go back."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.clock: Callable[[], float] = time.monotonic
        self._session = session
        self._drawn: float | None = None
        self._asked: float | None = None
        self._is_asked = False
        session.case_changed.connect(self._on_case_changed)

    def note_drawn(self) -> None:
        """The slice was painted."""
        if self._session.open_case is None:
            return
        if self._drawn is None:
            self._drawn = self.clock()
        if self._is_asked and self._asked is None:
            self._asked = self.clock()

    def note_asked(self, asked: bool) -> None:
        """Another region is asked about, which the next painting shows; or none any more."""
        self._is_asked, self._asked = asked, None

    def why_no_edit(self) -> str:
        """Return why the mask cannot be changed by a key now; empty when it can."""
        case_id = self._session.current
        if self._session.preview is not None:
            return f"{case_id} is still being read."
        if self._session.open_case is None:
            return "No case is on screen."
        if self._drawn is None:
            return f"{case_id} is not drawn yet."
        if self._session.correction is None and self._session.seeking:
            return f"The prediction of {case_id} is being read."
        if self._session.correction is None and is_unsettled(self._session):
            return f"The figures of {case_id} are not settled yet."
        return ""

    def why_no_decision(self) -> str:
        """Return why nothing can be said of the case now; empty when it can."""
        case_id, result = self._session.current, self._session.result
        if self._session.open_case is None or self._drawn is None:
            return self.why_no_edit()
        if self._session.seeking:
            return f"The prediction of {case_id} is being read."
        if result is not None and result.ready is not None:
            return f"The model is running on {case_id}. Wait for it, or stop it (Esc)."
        if is_unsettled(self._session) or (result is not None and result.hd95_pending):
            return f"The figures of {case_id} are not settled yet."
        if self.clock() - self._drawn < SEEN_SECONDS:
            return f"{case_id} has been on screen for less than half a second."
        return ""

    def why_no_answer(self) -> str:
        """Return why nothing can be said of the region asked about; empty when it can."""
        problem = self.why_no_decision()
        if problem or not self._is_asked:
            return problem  # where nothing is asked, the answer itself says so
        if self._asked is None or self.clock() - self._asked < SEEN_SECONDS:
            return "The region has been on screen for less than half a second."
        return ""

    def gated(self, command_id: str, verb: Verb, say: Callable[[str], object]) -> Verb:
        """Return what a command does, held back with a sentence while it cannot count."""
        if command_id in ANSWERS:
            why = self.why_no_answer
        elif command_id in DECISIONS:
            why = self.why_no_decision
        elif command_id in EDITS:
            why = self.why_no_edit
        else:
            return verb

        def act() -> None:
            problem = why()
            if problem:
                say(problem)
            else:
                verb()

        return act

    def _on_case_changed(self) -> None:
        self._drawn = None
        self.note_asked(False)


def is_unsettled(session: Session) -> bool:
    """Return whether the mask on screen is not yet that of the threshold that is set."""
    result = session.result
    if result is None or result.ready is not None:
        return False
    return result.counted is None or result.cut != session.post
