"""Versions of the case on screen read from the workspace, in the order of what is written there."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.corrections.export import Provenance, export_correction
from core.corrections.versions import Version, load_version, versions
from core.mask import Mask
from gui.session import Session
from gui.tasks import Lanes, Task

T = TypeVar("T")


class VersionReading(QObject):
    """Lists and reads versions through the `journal` lane."""

    failed = Signal(str, str)
    faulted = Signal(object)
    exported = Signal(object)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes

    def list_versions(self, show: Callable[[list[Version]], None]) -> None:
        """Hand the versions of the case on screen to `show`, newest first."""
        place, opened = self._session.place, self._session.open_case
        if place is not None and opened is not None:
            workspace, case_id = place.workspace, opened.loaded.case.id
            self._write(lambda: versions(workspace, case_id), show)

    def read_version(self, version: Version, show: Callable[[Mask], None]) -> None:
        """Hand the mask of a version to `show`."""
        opened = self._session.open_case
        if opened is not None:
            shape = opened.loaded.volume.geometry.shape
            self._write(lambda: load_version(version, shape), show)

    def export_version(self, version: Version, folder: Path) -> None:
        """Write the mask of a version in the dataset's layout below `folder`."""
        place, opened = self._session.place, self._session.open_case
        if place is None or opened is None:
            return
        case, root = opened.loaded.case, place.dataset.root
        shape = opened.loaded.volume.geometry.shape
        made = Provenance(
            author=version.author,
            made_at=version.saved_at,
            origin=version.origin,
            version=version.number,
        )

        def work() -> Path:
            mask = load_version(version, shape)
            return export_correction(case, mask, folder, dataset_root=root, provenance=made)

        self._write(work, self.exported.emit)

    def _write(self, work: Callable[[], T], show: Callable[[T], None]) -> None:
        task: Task[T] = Task(lambda _: work())
        task.succeeded.connect(show)
        task.failed.connect(lambda sentence: self.failed.emit("Corrections", sentence))
        task.faulted.connect(self.faulted)
        self._lanes.start("journal", task)
