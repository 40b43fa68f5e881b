"""Triage of the case on screen: which slices are likely to hold a lesion."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.domain.triage import Triage, next_likely
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Lanes, Task
from gui.shell.triager import Triager


class CaseTriage(QObject):
    """Triages each case when it is opened."""

    slice_wanted = Signal(int)
    failed = Signal(str, str)
    doubted = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, triager: Triager) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self._triager = triager
        self._task: Task[Triage | None] | None = None
        self._told: set[Path] = set()
        session.case_changed.connect(self._on_case_changed)

    def step(self, by: int) -> None:
        """Go to the next slice that is likely to hold a lesion, backwards when `by` is negative."""
        triage = self._session.triage
        if triage is None:
            self.failed.emit("No triage", "This case has not been triaged yet.")
            return
        index = next_likely(triage.probability, self._session.view.at[0], step=by)
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
        self._task = self._lanes.run(
            "gpu",
            lambda progress: self._triager.triage(
                opened.loaded, place, device=device, progress=progress
            ),
            lambda found: self._show(opened, found),
            failed=lambda sentence: self.failed.emit("No triage", sentence),
        )

    def _show(self, opened: OpenCase, found: Triage | None) -> None:
        self._task = None
        if found is None or self._session.open_case is not opened:
            return
        self._session.set_triage(found)
        place, model = self._session.place, self._session.models.current
        if place is None or place.dataset.root in self._told:
            return
        self._told.add(place.dataset.root)  # once for a folder
        self._lanes.run(
            "io",
            lambda _: self._triager.doubt(opened.loaded, place, model),
            self._say_doubt,
        )

    def _say_doubt(self, said: str) -> None:
        if said:
            self.doubted.emit("Triage learnt from other images", said)
