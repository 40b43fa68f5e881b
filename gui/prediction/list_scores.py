"""The figures of the worklist follow the threshold: computed anew, and shown all at once."""

from contextlib import suppress
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from core.domain.errors import DataError
from core.domain.prediction import Postprocessing
from core.domain.progress import Progress
from core.inference.prediction_service import PredictionService
from core.io.cases.case import Case
from core.io.cases.case_cache import CaseCache
from core.models.registry import Model
from core.review.outlook import Outlook, keep_doubt
from gui.prediction.kept_figures import KeptFigures, figures_of_prediction
from gui.shell.operations import Operations
from gui.shell.session import Session
from gui.shell.session_parts import Place
from gui.shell.tasks import Lanes, Task
from gui.shell.triager import Triager
from gui.widgets.later import Later

_SETTLE_MS = 400


@dataclass(frozen=True, eq=False)
class _Rescored:
    """What a case has at another threshold."""

    case_id: str
    dsc: float | None
    figures: KeptFigures
    outlook: Outlook


@dataclass(frozen=True, eq=False)
class _Ground:
    """What is read on the worker."""

    place: Place
    model: Model
    cache: CaseCache
    triager: Triager


class ListScores(QObject):
    """Scores every predicted case anew once the threshold or the clean-up was changed.

    Until then the worklist goes on saying which threshold its figures are at. Nothing is run.
    """

    def __init__(self, session: Session, lanes: Lanes, operations: Operations) -> None:
        super().__init__()
        self._session, self._lanes, self._operations = session, lanes, operations
        self._task: Task[list[_Rescored]] | None = None
        self._later = Later(self, _SETTLE_MS, self.start)
        session.post_changed.connect(self._on_post_changed)
        session.place_changed.connect(self.cancel)

    def cancel(self) -> None:
        """Nobody waits for the figures any more."""
        self._later.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def start(self) -> None:
        """Score anew what was scored otherwise."""
        self.cancel()
        place, model = self._session.place, self._session.running_model
        if place is None or model is None:
            return
        states, post = self._session.case_states, self._session.post
        cases = [state.case for state in states.values() if state.scored]
        ground = _Ground(place, model, self._operations.cache, self._operations.triager)
        self._task = self._lanes.run(
            "idle",
            lambda progress: _rescored(ground, cases, progress),
            lambda found: self._show(found, place, post),
        )

    def _on_post_changed(self) -> None:
        if self._session.post == self._session.listed:
            self.cancel()
        else:
            self._later.start()

    def _show(self, found: list[_Rescored], place: Place, post: Postprocessing) -> None:
        self._task = None
        if self._session.place is not place or self._session.post != post:
            return
        self._session.set_listed(post)
        for each in found:
            state = self._session.case_states.get(each.case_id)
            if state is not None:
                scored = replace(
                    state,
                    dsc=each.dsc,
                    figures=each.figures.own,
                    labels=each.figures.labels,
                    outlook=each.outlook,
                    scored=True,
                )
                if scored != state:
                    self._session.set_case_state(scored)


def _rescored(ground: _Ground, cases: list[Case], progress: Progress) -> list[_Rescored]:
    service = PredictionService(ground.place.workspace)
    store = ground.place.workspace.store
    found: list[_Rescored] = []
    for number, case in enumerate(cases):
        progress(number / len(cases), case.id)
        with suppress(DataError):  # a case that cannot be read any more is told when it is opened
            # What is not in memory is read past it: the neighbours of the case on screen stay.
            loaded = ground.cache.glance(case)
            known = service.known(loaded, ground.model)
            if known is not None:
                triage = ground.triager.known(loaded, ground.place)
                outlook = keep_doubt(store, case, ground.model, known.prediction, triage)
                figures = figures_of_prediction(store, loaded, ground.model, known)
                found.append(_Rescored(case.id, known.score.dsc, figures, outlook))
    return found
