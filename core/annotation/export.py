"""Write a correction in the dataset's own layout, never over the ground truth, and read it back."""

from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from core.annotation.draft import Origin
from core.annotation.versions import Version, latest_versions, load_version
from core.domain.errors import DataError, FileError, WorkspaceError, reason
from core.domain.mask import Mask
from core.io.atomic import write_bytes
from core.io.case import Case
from core.io.json_file import decode_json
from core.io.tiff import read_mask_slice, write_mask_slice
from core.io.write_guard import refuse_inside
from core.workspace.workspace_folder import STORE_NAME, open_workspace

_AGAIN = "Export the correction again."


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a correction and when (ISO 8601), from what, and as which saved version."""

    author: str
    made_at: str
    origin: Origin
    version: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside exported masks: `files` maps each name to its SHA-256."""

    case_id: str
    provenance: Provenance
    shape: tuple[int, int, int]
    files: dict[str, str]


def export_correction(
    case: Case, mask: Mask, folder: Path, *, dataset_root: Path, provenance: Provenance
) -> Path:
    """Write `mask` (Z, Y, X) as `<CASE>/<CASE>_<n>_mask.tif` of 0 and 255 into `folder`.

    Returns the manifest `<CASE>_correction.json`, which is written last, when every file has been
    read back. Raises `DataError` when that would be inside the dataset or over masks no export has
    written, `WorkspaceError` when the system refuses a write.
    """
    target = folder / case.id
    originals = {case.folder, *(files.image.parent for files in case.slices)}
    for place in (folder, target):
        refuse_inside(dataset_root, place, also=originals)
    if len(mask) != len(case.slices):
        raise DataError(
            f"{case.id}: expected a mask of {len(case.slices)} slices, found {len(mask)}. "
            "Open the case again."
        )
    manifest = target / _manifest_name(case)
    _refuse_foreign(case, target)
    files: dict[str, str] = {}
    for plane, slice_files in zip(mask, case.slices, strict=True):
        path = target / _mask_name(case, slice_files.number)
        write_mask_slice(path, plane)
        _require_same(path, plane)
        files[path.name] = sha256(path.read_bytes()).hexdigest()
    shape = (mask.shape[0], mask.shape[1], mask.shape[2])
    content = Manifest(case_id=case.id, provenance=provenance, shape=shape, files=files)
    write_bytes(manifest, msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    return manifest


def read_export(folder: Path, case: Case) -> Mask:
    """Return the mask (Z, Y, X) of `case` exported to `folder`.

    Raises `DataError` when files are missing or not as the manifest lists them.
    """
    manifest = _read_manifest(folder / case.id / _manifest_name(case))
    if len(case.slices) != manifest.shape[0]:
        raise DataError(
            f"{case.id}: expected {len(case.slices)} slices in its export, found "
            f"{manifest.shape[0]}. {_AGAIN}"
        )
    planes: list[Mask] = []
    for slice_files in case.slices:
        path = folder / case.id / _mask_name(case, slice_files.number)
        if sha256(_bytes(path)).hexdigest() != manifest.files.get(path.name):
            raise _changed(path, "one that was changed since the export")
        values, _ = read_mask_slice(path)
        if values.shape != manifest.shape[1:]:
            raise _changed(path, f"one of {values.shape[0]}×{values.shape[1]} pixels")
        planes.append(values)
    return np.stack(planes)


def corrected_mask(
    source: Path, case: Case, shape: tuple[int, int, int]
) -> tuple[Mask, str] | None:
    """Return the correction of `case` in `source`, and which one it is; None when it has none.

    `source` is a folder of exports, or a workspace, whose latest version counts. Raises `AppError`
    when there is one that cannot be used.
    """
    if not (source / STORE_NAME).exists():
        if not (source / case.id / _manifest_name(case)).exists():
            return None
        provenance = _read_manifest(source / case.id / _manifest_name(case)).provenance
        return read_export(source, case), _named(provenance)
    with closing(open_workspace(source)) as workspace:
        version = latest_versions(workspace).get(case.id)
    if version is None:
        return None
    return load_version(version, shape), _named(provenance_of_version(version))


def provenance_of_version(version: Version) -> Provenance:
    """Say who saved a version and when, and what it began from."""
    return Provenance(
        author=version.author,
        made_at=version.saved_at,
        origin=version.origin,
        version=version.number,
    )


def _named(provenance: Provenance) -> str:
    which = "unsaved state" if provenance.version is None else f"version {provenance.version}"
    return f"{which} by {provenance.author}, {provenance.made_at}"


def _mask_name(case: Case, number: int) -> str:
    return f"{case.id}_{number}_mask.tif"


def _manifest_name(case: Case) -> str:
    return f"{case.id}_correction.json"


def _refuse_foreign(case: Case, target: Path) -> None:
    """Write over masks of an earlier export only: others may be a copy's ground truth."""
    manifest = target / _manifest_name(case)
    ours = _read_manifest(manifest).files if manifest.exists() else {}
    for slice_files in case.slices:
        name = _mask_name(case, slice_files.number)
        if name not in ours and (target / name).exists():
            raise DataError(
                f"{target / name}: expected a new file or one of an earlier export, found a mask "
                "that may be ground truth. Nothing was written; choose another folder."
            )
        if name in ours and _is_changed(target / name, ours[name]):
            raise DataError(
                f"{target / name}: expected a mask as its export wrote it, found one that was "
                "changed since. Nothing was written; choose another folder, or move it away."
            )


def _is_changed(path: Path, checksum: str) -> bool:
    return path.exists() and sha256(_bytes(path)).hexdigest() != checksum


def _require_same(path: Path, plane: Mask) -> None:
    written, _ = read_mask_slice(path)
    if not np.array_equal(written, plane):
        raise WorkspaceError(
            f"{path}: expected the mask that was written, read another. The disk may be failing; "
            "export to another one."
        )


def _read_manifest(path: Path) -> Manifest:
    try:
        return decode_json(_bytes(path), Manifest)
    except msgspec.DecodeError as error:
        raise FileError(
            path, expected="the manifest of an export", found=f"{error}", action=_AGAIN
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _changed(path, f"none that can be read ({reason(error)})") from error


def _changed(path: Path, found: str) -> FileError:
    return FileError(path, expected="the file the export wrote", found=found, action=_AGAIN)
