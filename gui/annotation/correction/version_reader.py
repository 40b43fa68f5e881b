"""Versions of the case on screen, saved and read in the order of what is written there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.annotation.export import export_correction, provenance_of_version
from core.annotation.versions import (
    Version,
    load_label_map,
    load_version,
    save_version,
    version_of,
    versions,
)
from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from gui.annotation.correction.correction_start import filled_label, provenance_of
from gui.shell.session import Session
from gui.shell.tasks import Lanes

T = TypeVar("T")

SAVING, EXPORTING = "version", "export"
"""Subjects of what fails, by which it is withdrawn once it goes well."""

_NOT_EXPORTED = "Nothing was exported"
_NONE_YET = "Nothing has been corrected in this case yet."


@dataclass(frozen=True, eq=False)
class VersionMask:
    """A version to look at: its mask (Z, Y, X), and the label map that is of, where it has one."""

    mask: Mask
    values: LabelMap | None = None


class VersionReader(QObject):
    """Saves, lists, reads and exports versions through the `journal` lane.

    `failed` tells an error and its subject, `noted` what the reader should know. `refused` means
    that another window holds the workspace.
    """

    failed = Signal(str, str, str)
    noted = Signal(str, str)
    refused = Signal()
    exported = Signal(object)
    version_saved = Signal(object)

    def __init__(self, session: Session, lanes: Lanes) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes

    def save_version(self) -> None:
        """Write the mask as it is as an immutable version."""
        place, correction = self._session.place, self._session.correction
        opened = self._session.open_case
        if place is None or correction is None:
            self.noted.emit("No version saved", _NONE_YET)
            return
        if place.held:
            self.refused.emit()
            return
        snapshot, workspace = correction.snapshot(), place.workspace

        def show(version: Version) -> None:
            correction.mark_saved(snapshot.head)
            self.version_saved.emit(version)

        author = self._session.reader
        truth = None if opened is None else opened.loaded.labels

        def save() -> Version:
            return save_version(workspace, snapshot, author=author, truth=truth)

        self._write("The version was not saved", save, show, subject=SAVING)

    def export(self, folder: Path) -> None:
        """Write the mask as it is in the dataset's layout below `folder`."""
        place, opened = self._session.place, self._session.open_case
        correction = self._session.correction
        if place is None or opened is None or correction is None:
            self.noted.emit(_NOT_EXPORTED, _NONE_YET)
            return
        mask, head, case = correction.snapshot_map(), correction.head, opened.loaded.case
        root, workspace, made = (
            place.dataset.root,
            place.workspace,
            provenance_of(correction, self._session.reader),
        )

        def work() -> Path:
            version = version_of(workspace, case.id, mask)
            said = made if version is None else provenance_of_version(version)
            return export_correction(case, mask, folder, dataset_root=root, provenance=said)

        def show(manifest: Path) -> None:
            correction.mark_exported(head, str(folder))
            self.exported.emit(manifest)

        self._write(_NOT_EXPORTED, work, show, subject=EXPORTING)

    def list_versions(self, show: Callable[[list[Version]], None]) -> None:
        """Hand the versions of the case on screen to `show`, newest first."""
        place, opened = self._session.place, self._session.open_case
        if place is not None and opened is not None:
            workspace, case_id = place.workspace, opened.loaded.case.id
            self._write("No versions are listed", lambda: versions(workspace, case_id), show)

    def read_version(self, version: Version, show: Callable[[VersionMask], None]) -> None:
        """Hand a version to `show`: its mask is of the region in focus, where it has several."""
        opened, labels = self._session.open_case, self._session.labels
        if opened is not None:
            shape = opened.loaded.volume.geometry.shape
            title, focus = f"Version {version.number} cannot be read", labels.focus

            def read() -> VersionMask:
                told = version.labels is not None and not labels.labels.is_binary
                values = load_label_map(version, shape) if told else None
                return VersionMask(load_version(version, shape, focus), values)

            self._write(title, read, show)

    def read_values(self, version: Version, show: Callable[[LabelMap], None]) -> None:
        """Hand the label values of a version to `show`, those of a mask with the label it gets."""
        opened, labels = self._session.open_case, self._session.labels
        if opened is not None:
            shape = opened.loaded.volume.geometry.shape
            title = f"Version {version.number} cannot be read"
            several = not labels.labels.is_binary
            fills = filled_label(self._session) if several and version.labels is None else 1

            def read() -> LabelMap:
                if not several:
                    return load_version(version, shape)
                return load_label_map(version, shape) * np.uint8(fills)

            self._write(title, read, show)

    def export_version(self, version: Version, folder: Path) -> None:
        """Write the mask of a version in the dataset's layout below `folder`."""
        place, opened = self._session.place, self._session.open_case
        if place is None or opened is None:
            return
        case, root = opened.loaded.case, place.dataset.root
        shape = opened.loaded.volume.geometry.shape
        made = provenance_of_version(version)

        def work() -> Path:
            values = load_label_map(version, shape)
            return export_correction(case, values, folder, dataset_root=root, provenance=made)

        self._write(_NOT_EXPORTED, work, self.exported.emit, subject=EXPORTING)

    def _write(
        self, title: str, work: Callable[[], T], show: Callable[[T], None], *, subject: str = ""
    ) -> None:
        """Do `work` after all that waits there; `title` is that of what it fails with."""
        self._lanes.run(
            "journal",
            lambda _: work(),
            show,
            failed=lambda sentence: self.failed.emit(title, sentence, subject),
        )
