"""Saved versions of a correction: an immutable TIFF each, listed in the workspace's SQLite file.

A version of one label has pages of 0 and 255, one of several the values of its labels, which its
description names.
"""

import json
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import tifffile

from core.annotation.draft import Origin, Snapshot, is_plain, naming
from core.annotation.journal import told
from core.annotation.label_rule import mask_of
from core.domain.errors import WorkspaceError
from core.domain.label_counts import count_labels
from core.domain.label_set import BINARY, LabelMap, LabelSet, Region
from core.domain.mask import Mask, binarise
from core.io.atomic import atomic_path
from core.io.json_file import decode_json
from core.io.tiff.tiff_codecs import imread
from core.workspace.store import Store, now
from core.workspace.workspace_folder import Workspace

_SAVE_ELSEWHERE = (
    "The work is kept in memory. Free some space or check the folder's permissions, then save "
    "again; to be safe, export the mask to another folder."
)
_CHOOSE = "Choose another version, or restore the file from a backup."


FAR_SMALLER = 0.25
"""Share of the ground truth's voxels below which a correction looks like one only begun."""


class RegionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction made of one region or label; both DSC are None without ground truth."""

    name: str
    voxels_before: int
    voxels: int
    dsc_before: float | None = None
    dsc_after: float | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A saved version: who, when, from what, and what it cost and brought.

    `number` counts a case's versions from 1. `tools` counts gestures by tool, `voxels_changed`
    against the mask the correction started from, whose DSC is `dsc_before`; both DSC are None
    without ground truth, and so are its `truth_voxels`. `head` is the edit it holds. `checksum` is
    SHA-256 of the file. `labels` are None for a mask; its figures are those of `region` else, and
    `regions` has those of all, where they were counted.
    """

    case_id: str
    number: int
    path: Path
    author: str
    saved_at: str
    origin: Origin
    tools: dict[str, int]
    seconds: float
    voxels: int
    voxels_changed: int
    dsc_before: float | None
    dsc_after: float | None
    head: int
    checksum: str
    truth_voxels: int | None = None
    labels: LabelSet | None = None
    region: str = ""
    regions: tuple[RegionChange, ...] = ()

    @property
    def label_set(self) -> LabelSet:
        """What its values mean; those of a mask are 0 and 1."""
        return self.labels or BINARY

    @property
    def far_smaller(self) -> bool:
        """True when it holds so much less than the ground truth that it looks unfinished."""
        return self.truth_voxels is not None and is_far_smaller(self.voxels, self.truth_voxels)


def is_far_smaller(voxels: int, truth_voxels: int) -> bool:
    """Tell whether a correction holds less than a quarter of what the ground truth does."""
    return voxels < FAR_SMALLER * truth_voxels


def save_version(
    workspace: Workspace, snapshot: Snapshot, *, author: str, truth: LabelMap | None = None
) -> Version:
    """Write `snapshot` as the next version of its case; nothing is listed when that fails.

    Of several labels each region is counted, against the labels `truth` (Z, Y, X) where there are
    any. Raises `WorkspaceError` when the workspace cannot be written.
    """
    case_id = snapshot.case_id
    with told(case_id, "saved as a version", _SAVE_ELSEWHERE):
        number = _next_number(workspace, case_id)
        path = workspace.correction_path(case_id, number)
        labels = snapshot.labels
        if not is_plain(labels) or snapshot.mask.max(initial=0) > 1:
            labels = naming(labels, snapshot.mask)
        version = Version(
            case_id=case_id,
            number=number,
            path=path.relative_to(workspace.folder),
            author=author,
            saved_at=now(),
            origin=snapshot.origin,
            tools=snapshot.tools,
            seconds=snapshot.seconds,
            voxels=snapshot.voxels,
            voxels_changed=snapshot.voxels_changed,
            dsc_before=snapshot.dsc_before,
            dsc_after=snapshot.dsc_after,
            head=snapshot.head,
            truth_voxels=snapshot.truth_voxels,
            labels=None if is_plain(labels) else labels,
            region=snapshot.region,
            regions=() if is_plain(labels) else _changes(snapshot, truth, labels),
            checksum="",
        )
        _write(path, snapshot.mask, version)
        checksum = sha256(path.read_bytes()).hexdigest()
        version = msgspec.structs.replace(version, checksum=checksum)
        _list(workspace, version)
    return msgspec.structs.replace(version, path=path)


def versions(workspace: Workspace, case_id: str) -> list[Version]:
    """Return the saved versions of a case, newest first."""
    with told(case_id, "listed", _CHOOSE):
        rows = workspace.store.read(
            "SELECT content FROM correction_versions WHERE case_id = ? ORDER BY number DESC",
            case_id,
        )
        return [_version(workspace, str(content)) for (content,) in rows]


def latest_versions(workspace: Workspace) -> dict[str, Version]:
    """Return the newest version of every case that has one, by case id."""
    with told(workspace.folder.name, "listed", _CHOOSE):
        rows = workspace.store.read("SELECT content FROM correction_versions ORDER BY number")
        found = [_version(workspace, str(content)) for (content,) in rows]
    return {version.case_id: version for version in found}


def load_version(version: Version, shape: tuple[int, ...], region: Region | None = None) -> Mask:
    """Return the mask (Z, Y, X) of a version: all of its labels, or those of `region` alone.

    Raises `WorkspaceError` as `load_label_map` does.
    """
    found = load_label_map(version, shape)
    if version.labels is None:
        return found
    return mask_of(found, version.labels.values if region is None else region.values)


def load_label_map(version: Version, shape: tuple[int, ...]) -> LabelMap:
    """Return the values (Z, Y, X) of a version, 0 and 1 where it is a mask.

    Raises `WorkspaceError` when its file has gone, was changed, or is of another `shape`.
    """
    try:
        content = version.path.read_bytes()
    except OSError as error:
        raise _unusable(version, f"none that can be read ({error.strerror})") from error
    if sha256(content).hexdigest() != version.checksum:
        raise _unusable(version, "one that was changed since")
    pages = imread(BytesIO(content)).reshape(-1, *shape[1:])
    mask = binarise(pages) if version.labels is None else np.asarray(pages, np.uint8)
    if mask.shape != tuple(shape):
        raise _unusable(version, f"one of {mask.shape}")
    return mask


def version_of(workspace: Workspace, case_id: str, mask: LabelMap) -> Version | None:
    """Return the newest version of a case that holds exactly `mask` (Z, Y, X), if there is one."""
    voxels = int(np.count_nonzero(mask))
    for version in versions(workspace, case_id):
        if version.labels is not None or version.voxels == voxels:
            with suppress(WorkspaceError):  # one that cannot be read says nothing of this mask
                if np.array_equal(load_label_map(version, mask.shape), mask):
                    return version
    return None


def newest_number(store: Store, case_id: str) -> int:
    """Return the number of the newest version of a case, 0 when there is none."""
    rows = store.read(
        "SELECT coalesce(max(number), 0) FROM correction_versions WHERE case_id = ?", case_id
    )
    return msgspec.convert(rows[0][0], int)


def newest_numbers(store: Store) -> dict[str, int]:
    """Return the number of the newest version of every case that has one, by case id."""
    query = "SELECT case_id, MAX(number) FROM correction_versions GROUP BY case_id"
    return dict(store.read_as(tuple[str, int], query))


def _write(path: Path, label_map: LabelMap, version: Version) -> None:
    """Write (Z, Y, X) as pages of 0 and 255, or of values; atomic, and never over another version.

    The file says what it is, so that a workspace that lost its list finds it again.
    """
    said = json.dumps(msgspec.to_builtins(version, enc_hook=_encoded))  # TIFF text is ASCII
    with atomic_path(path) as temporary:
        pages = label_map
        if version.labels is None:
            pages = binarise(label_map) * np.uint8(255)
        tifffile.imwrite(
            temporary,
            pages,
            compression="zlib",
            photometric="minisblack",
            description=said,
            metadata=None,
        )
    with suppress(OSError):  # a shared drive may know no permissions
        path.chmod(0o444)


def _changes(
    snapshot: Snapshot, truth: LabelMap | None, labels: LabelSet
) -> tuple[RegionChange, ...]:
    """Count what became of each region and label since the correction began."""
    if snapshot.start is None:
        return ()
    before, after = (count_labels(truth, each, labels) for each in (snapshot.start, snapshot.mask))
    told = []
    for region in labels.scored:
        was, now = before.overlap(region), after.overlap(region)
        told.append(
            RegionChange(
                name=region.name,
                voxels_before=was.predicted_voxels,
                voxels=now.predicted_voxels,
                dsc_before=None if truth is None else was.dsc,
                dsc_after=None if truth is None else now.dsc,
            )
        )
    return tuple(told)


def _encoded(value: object) -> object:
    return value.as_posix() if isinstance(value, Path) else value


def _next_number(workspace: Workspace, case_id: str) -> int:
    """Return a number no version has, nor a file of one that was written but never listed."""
    number = newest_number(workspace.store, case_id) + 1
    while workspace.correction_path(case_id, number).exists():
        number += 1
    return number


def _list(workspace: Workspace, version: Version) -> None:
    content = msgspec.json.encode(version, enc_hook=Path.as_posix).decode()
    with workspace.store.transaction() as connection:
        connection.execute(
            "INSERT INTO correction_versions VALUES (?, ?, ?)",
            (version.case_id, version.number, content),
        )
        connection.execute(
            "UPDATE correction_states SET saved_head = ? WHERE case_id = ?",
            (version.head, version.case_id),
        )


def _version(workspace: Workspace, content: str) -> Version:
    found = decode_json(content, Version, dec_hook=_decoded)
    return msgspec.structs.replace(found, path=workspace.folder / found.path)


def _decoded(kind: type, value: object) -> object:
    return Path(str(value)) if kind is Path else value


def _unusable(version: Version, found: str) -> WorkspaceError:
    return WorkspaceError(
        f"{version.case_id}: expected the file of version {version.number}, found {found}. "
        f"{_CHOOSE}"
    )
