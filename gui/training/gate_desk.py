"""What becomes of a candidate: held against the champion, promoted, taken back, deleted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

from PySide6.QtCore import QObject, Signal

from core.domain.errors import AppError
from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_start import JobProgram
from core.models import promotion
from core.models.gate import GateReport
from core.models.model_changes import delete_any
from core.models.registry import Model, Registry
from core.studies.gate_specs import model_gate_spec
from core.workspace.workspace_folder import registry
from gui.shell.model_reader import read_models
from gui.shell.session import Session
from gui.shell.session_parts import Models, Place
from gui.shell.tasks import Lanes, Work
from gui.training.gate_view import Choices
from gui.training.guide_gate import (
    choose,
    go_back,
    is_guide,
    prepare_guide_gate,
    read_guide_choices,
)

T = TypeVar("T")
Then = Callable[[], None]
GateJob: TypeAlias = tuple[JobFolder, JobProgram]
"""The folder of a job, and what runs it."""


class GateDesk(QObject):
    """Changes the models of the workspace on a worker; the one in use stays in use.

    `wanted` names the model to predict with where the one in use is gone: until it is chosen,
    what is on screen is still said to be of the one it is of.
    """

    failed = Signal(str, str)
    changed = Signal()
    wanted = Signal(str)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session, self._lanes = session, lanes

    def prepare(self, candidate: str) -> Callable[[Path], GateJob]:
        """Return what makes the folder of a gate here, before the champion of then, on a worker."""
        place, device = self._session.place, self._session.settings.device

        def make(path: Path) -> GateJob:
            if place is None:
                raise AppError("Expected an open dataset, found none. Open one.")
            models = self._registry(place)
            if is_guide(models, candidate):
                return prepare_guide_gate(path, place, models, candidate, device=device)
            return _make_gate(path, place, models, candidate, device=device)

        return make

    def promote(self, model_id: str, report: GateReport | None, then: Then) -> None:
        """Have a model predict by default, or a guide answer clicks, then do `then`."""
        self._change(lambda found: choose(found, model_id, report), then)

    def roll_back(self, model_id: str, then: Then, *, guide: bool = False) -> None:
        """Have an earlier champion predict by default again, or an earlier guide answer."""
        self._change(lambda found: go_back(found, model_id, guide=guide), then)

    def delete(self, model_id: str, then: Then) -> None:
        """Delete a model or a guide and its weights."""
        self._change(lambda found: delete_any(found, model_id), then)

    def reload(self, then: Then | None = None) -> None:
        """Read the models anew."""
        self._change(lambda _: None, then)

    def find_choices(self, show: Callable[[Choices], None], *, guide: bool = False) -> None:
        """Hand over what can be done about a candidate now, a model or a guide."""
        place = self._session.place
        if place is not None:
            read = read_guide_choices if guide else _read_choices
            self._start(lambda _: read(self._registry(place)), show)

    def _change(self, act: Callable[[Registry], object], then: Then | None) -> None:
        place = self._session.place
        if place is None:
            return

        def work(_: object) -> Models:
            act(self._registry(place))
            home, settings = self._session.home, self._session.settings
            return read_models(home, place.workspace.folder, "", settings, place.dataset.cases)

        def show(models: Models) -> None:
            if self._session.place is not place:
                return
            self._session.set_models(_with_same_in_use(models, self._session.models.current))
            if then is not None:
                then()
            if models.current is not None and not _is_among(self._session.models):
                self.wanted.emit(models.current.spec.id)
            self.changed.emit()

        self._start(work, show)

    def _start(self, work: Work[T], show: Callable[[T], None]) -> None:
        self._lanes.run(
            "io", work, show, failed=lambda said: self.failed.emit("Nothing was changed", said)
        )

    def _registry(self, place: Place) -> Registry:
        return registry(self._session.home, place.workspace.folder)


def _with_same_in_use(models: Models, used: Model | None) -> Models:
    """Return models with the one in use as it was read anew, or as it was where it is gone."""
    if used is None:
        return replace(models, current=None)
    again = (model for model in models.available if model.spec.id == used.spec.id)
    return replace(models, current=next(again, used))


def _is_among(models: Models) -> bool:
    """Tell whether the model in use is one of those there are."""
    used = models.current
    return used is not None and used.spec.id in {model.spec.id for model in models.available}


def _make_gate(
    path: Path, place: Place, models: Registry, candidate: str, *, device: str
) -> GateJob:
    """Make the folder of a gate: a candidate against the champion of now; raises `AppError`."""
    spec = model_gate_spec(place.workspace, place.dataset, models, candidate, device=device)
    return create_job(path, spec), "gate"


def _read_choices(models: Registry) -> Choices:
    """Return what the registry says about champion and candidates."""
    there = models.models()[0]
    champion = models.champion().spec.id if there else ""
    own = [m for m in there if m.folder.parent == models.roots[0] and m.spec.id != champion]
    return Choices(
        champion=champion,
        titles={model.spec.id: model.spec.title for model in there},
        learnt={model.spec.id: frozenset(model.spec.trained_on) for model in there},
        deletable=frozenset(model.spec.id for model in own),
        earlier=tuple(promotion.earlier_champions(models)) if there else (),
    )
