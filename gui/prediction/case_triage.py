"""Triage of the case on screen: which slices are likely to hold a lesion."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.domain.errors import ModelError
from core.domain.progress import Progress
from core.domain.triage import Triage, next_likely
from core.inference.engine import Engine
from core.io.case_reader import LoadedCase
from core.models.classifiers import ClassifierModel, Classifiers
from core.review.outlook import Outlook, triaged_outlooks
from core.workspace.triage_cache import find_triage, put_triage, triage_key
from core.workspace.workspace_folder import registry
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Place
from gui.shell.tasks import Lanes, Task


@dataclass(frozen=True, eq=False)
class Triager:
    """Triages cases, on a worker; those seen before are taken from the workspace."""

    home: Path
    engine: Engine

    def triage(
        self, loaded: LoadedCase, place: Place, *, device: str, progress: Progress
    ) -> Triage | None:
        """Return the triage of a case; None where no classifier fits it.

        Nothing is run over a folder of predictions: there is only what was kept.
        """
        model, known = self._look_up(loaded, place)
        if known is None and model is not None and place.workspace.predictions is None:
            known = self.engine.triage(loaded.volume, model, device=device, progress=progress)
            key = triage_key(model, loaded.volume)
            put_triage(place.workspace.store, loaded.case.id, known, key=key)
        return known

    def known(self, loaded: LoadedCase, place: Place) -> Triage | None:
        """Return the triage of a case that was kept, None when there is none."""
        return self._look_up(loaded, place)[1]

    def outlooks(self, place: Place) -> dict[str, Outlook]:
        """Return what the kept triages of a workspace say, by case id."""
        model = self.classifier(place)
        return {} if model is None else triaged_outlooks(place.workspace.store, model.spec.id)

    def classifier(self, place: Place) -> ClassifierModel | None:
        """Return the classifier in use: the first of the workspace, the reader, the program."""
        models, _ = Classifiers(registry(self.home, place.workspace.folder).roots).models()
        return models[0] if models else None

    def _look_up(
        self, loaded: LoadedCase, place: Place
    ) -> tuple[ClassifierModel | None, Triage | None]:
        """Return the classifier that fits a case, and what it said of the case before."""
        model, volume = self.classifier(place), loaded.volume
        if model is None:
            return None, None
        try:
            model.check(volume)
        except ModelError:
            return None, None  # other channels than it knows: no triage is no failure
        key, store = triage_key(model, volume), place.workspace.store
        return model, find_triage(store, loaded.case.id, model.spec.id, key=key)


class Triaging(QObject):
    """Triages each case when it is opened."""

    slice_wanted = Signal(int)
    failed = Signal(str, str)
    faulted = Signal(object)

    def __init__(self, session: Session, lanes: Lanes, triager: Triager) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._triager = triager
        self._task: Task[Triage | None] | None = None
        session.case_changed.connect(self._on_case_changed)

    def step(self, by: int) -> None:
        """Go to the next slice that is likely to hold a lesion, backwards when `by` is negative."""
        triage = self._session.triage
        if triage is None:
            self.failed.emit("No triage", "This case has not been triaged yet.")
            return
        index = next_likely(triage.probability, self._session.view.slice_index, step=by)
        if index is None:
            where = "after" if by > 0 else "before"
            self.failed.emit("No likely slice", f"Triage expects no lesion {where} this slice.")
        else:
            self.slice_wanted.emit(index)

    def _on_case_changed(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        device = self._session.settings.device
        task: Task[Triage | None] = Task(
            lambda progress: self._triager.triage(
                opened.loaded, place, device=device, progress=progress
            )
        )
        task.succeeded.connect(lambda found: self._show(opened, found))
        task.failed.connect(lambda sentence: self.failed.emit("No triage", sentence))
        task.faulted.connect(self.faulted)
        self._task = task
        self._lanes.start("gpu", task)

    def _show(self, opened: OpenCase, found: Triage | None) -> None:
        self._task = None
        if found is not None and self._session.open_case is opened:
            self._session.set_triage(found)
