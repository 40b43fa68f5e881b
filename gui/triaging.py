"""Triage of the case on screen: which slices are likely to hold a lesion."""

from PySide6.QtCore import QObject, Signal

from core.classifiers import Classifiers
from core.engine import Engine
from core.errors import ModelError
from core.progress import Progress
from core.triage import Triage, next_likely
from core.triage_cache import find_triage, put_triage, triage_key
from core.workspace import registry
from gui.session import Session
from gui.session_parts import OpenCase, Place
from gui.tasks import Lanes, Task


class Triaging(QObject):
    """Triages each case when it is opened; a case seen before is taken from the workspace."""

    slice_wanted = Signal(int)
    failed = Signal(str, str)
    faulted = Signal(object)

    def __init__(self, session: Session, lanes: Lanes, engine: Engine) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._engine = engine
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
        task: Task[Triage | None] = Task(lambda progress: self._work(opened, place, progress))
        task.succeeded.connect(lambda found: self._show(opened, found))
        task.failed.connect(lambda sentence: self.failed.emit("No triage", sentence))
        task.faulted.connect(self.faulted)
        self._task = task
        self._lanes.start("gpu", task)

    def _show(self, opened: OpenCase, found: Triage | None) -> None:
        self._task = None
        if found is not None and self._session.open_case is opened:
            self._session.set_triage(found)

    def _work(self, opened: OpenCase, place: Place, progress: Progress) -> Triage | None:
        """Return the triage of a case; None where no classifier fits it."""
        roots = registry(self._session.home, place.workspace.folder).roots
        models, _ = Classifiers(roots).models()
        volume, case_id = opened.loaded.volume, opened.loaded.case.id
        if not models:
            return None
        model = models[0]
        try:
            model.check(volume)
        except ModelError:
            return None  # other channels than it knows: a case without triage is no failure
        key, store = triage_key(model, volume), place.workspace.store
        known = find_triage(store, case_id, model.spec.id, key=key)
        if known is None:
            device = self._session.settings.device
            known = self._engine.triage(volume, model, device=device, progress=progress)
            put_triage(store, case_id, known, key=key)
        return known
