"""The doubt about the case on screen: told again when its triage comes after its prediction."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from core.domain.prediction import Prediction
from core.domain.triage import Triage
from core.io.cases.case import Case
from core.models.registry import Model
from core.review.outlook import Outlook, keep_doubt
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes


class CaseConfidence(QObject):
    """Completes what the worklist knows of the case on screen, and keeps it.

    A run says all of it; this is for cases that were predicted or triaged without the other.
    """

    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._told: tuple[str, str, bool] | None = None
        session.triage_changed.connect(self._tell)
        session.result_changed.connect(self._tell)

    def _tell(self) -> None:
        place, opened, model = (
            self._session.place,
            self._session.open_case,
            self._session.running_model,
        )
        result, triage = self._session.result, self._session.triage
        if place is None or opened is None:
            return
        case = opened.loaded.case
        state = self._session.case_states.get(case.id)
        if state is None:
            return
        outlook = state.outlook.with_triage(triage)
        if outlook != state.outlook:
            self._session.set_case_state(replace(state, outlook=outlook))
        if result is None or result.prediction is None or model is None or state.run:
            return
        missing = outlook.contradictions is None and triage is not None
        now = (case.id, result.prediction.key, triage is not None)
        if (outlook.expected_dsc is None or missing) and now != self._told:
            self._told = now
            self._start(place, case, (model, result.prediction), triage)

    def _start(
        self, place: Place, case: Case, made: tuple[Model, Prediction], triage: Triage | None
    ) -> None:
        model, prediction = made
        store = place.workspace.store
        self._lanes.run(
            "idle",
            lambda _: keep_doubt(store, case, model, prediction, triage),
            lambda found: self._show(place, case, model, found),
            failed=lambda sentence: self.failed.emit("Not saved", sentence),
        )

    def _show(self, place: Place, case: Case, model: Model, found: Outlook) -> None:
        state, current = self._session.case_states.get(case.id), self._session.models.current
        same = current is not None and current.spec.id == model.spec.id
        if state is not None and same and self._session.place is place:
            self._session.set_case_state(replace(state, outlook=found))
