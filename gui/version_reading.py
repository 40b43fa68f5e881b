"""Versions of the case on screen, saved and read in the order of what is written there."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.corrections.export import Provenance, export_correction
from core.corrections.versions import (
    Version,
    load_version,
    reader_name,
    save_version,
    versions,
)
from core.mask import Mask
from gui.correction_start import provenance_of
from gui.session import Session
from gui.tasks import Lanes, Task

T = TypeVar("T")


class VersionReading(QObject):
    """Saves, lists, reads and exports versions through the `journal` lane."""

    failed = Signal(str, str)
    faulted = Signal(object)
    exported = Signal(object)
    version_saved = Signal(object)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes

    def save_version(self) -> None:
        """Write the mask as it is as an immutable version."""
        place, correction = self._session.place, self._session.correction
        if place is None or correction is None:
            self.failed.emit("No version saved", "Nothing has been corrected in this case yet.")
            return
        if place.held:
            self.failed.emit("No version saved", place.held)
            return
        snapshot, workspace = correction.snapshot(), place.workspace

        def show(version: Version) -> None:
            correction.mark_saved(snapshot.head)
            self.version_saved.emit(version)

        self._write(lambda: save_version(workspace, snapshot, author=reader_name()), show)

    def export(self, folder: Path) -> None:
        """Write the mask as it is in the dataset's layout below `folder`."""
        place, opened = self._session.place, self._session.open_case
        correction = self._session.correction
        if place is None or opened is None or correction is None:
            self.failed.emit("Nothing exported", "Nothing has been corrected in this case yet.")
            return
        mask, case, root = correction.snapshot_mask(), opened.loaded.case, place.dataset.root
        made = provenance_of(correction)
        self._write(
            lambda: export_correction(case, mask, folder, dataset_root=root, provenance=made),
            self.exported.emit,
        )

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
