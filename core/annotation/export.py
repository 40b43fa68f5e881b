"""Write a correction in the dataset's own layout, never over the ground truth, and read it back."""

from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from core.annotation.draft import Origin
from core.annotation.versions import Version, latest_versions, load_label_map
from core.domain.errors import DataError, FileError, reason
from core.domain.label_set import BINARY, LabelMap, LabelSet, binary
from core.domain.mask import Mask
from core.io.cases.case import Case
from core.io.cases.case_masks import (
    DrawnMask,
    check_format,
    mask_path,
    read_drawn_labels,
    stored_like,
    write_on,
)
from core.io.cases.case_reader import LoadedCase, named_region, read_case, region_of
from core.io.cases.slice_masks import (
    SlicedMask,
    SliceTarget,
    in_parts,
    in_slices,
    read_slice_parts,
    read_values,
    slice_paths,
)
from core.io.json_file import decode_json, write_json
from core.io.stored import Stored
from core.io.write_guard import refuse_inside
from core.workspace.mask_maker import mask_maker
from core.workspace.workspace_folder import STORE_NAME, open_workspace

CORRECTED = "_correction.json"
EXPORTED = "_export.json"
"""What the names of manifests end in: of corrections, and of any other masks."""

_AGAIN = "Export the correction again."


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a correction and when (ISO 8601), from what, and as which saved version.

    `labels` say what its values mean, where it is a label map.
    """

    author: str
    made_at: str
    origin: Origin
    version: int | None = None
    labels: LabelSet | UnsetType = UNSET


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside exported masks: `files` maps each name to its SHA-256.

    `earlier` are those of exports before, in other forms, that still lie there.
    """

    case_id: str
    provenance: Provenance
    shape: tuple[int, int, int]
    files: dict[str, str]
    earlier: dict[str, str] | UnsetType = UNSET

    @property
    def written(self) -> dict[str, str]:
        """What exports have written here, this one and those before."""
        return {**(self.earlier or {}), **self.files}


def export_correction(
    case: Case,
    mask: LabelMap,
    folder: Path,
    *,
    dataset_root: Path,
    provenance: Provenance,
    format_name: str | None = None,
) -> Path:
    """Write `mask` (Z, Y, X) below `folder` as the dataset has its masks, or in another format.

    A case of slices gives `<CASE>/<CASE>_<n>_mask.tif` of 0 and 255, any other one file where its
    layout looks for it, on the stored grid. Of a label map the values are written as they are, with
    names, colours and codes where the format has a place for them. A mask that was begun from a
    ground truth of several labels keeps them where it was left alone. Returns the manifest
    `<CASE>_correction.json`, which is written last, when every file has been read back. Raises
    `DataError` when that would be inside the dataset, over masks no export has written, or on
    another grid; `WorkspaceError` when the system refuses a write.
    """
    by = mask_maker(author=provenance.author)
    if provenance.labels:
        drawn = DrawnMask(mask, provenance.labels, by)
    elif provenance.origin.kind == "ground_truth" and case.volumes is not None:
        drawn = drawn_correction(read_case(case), mask, provenance)
    else:
        drawn = DrawnMask(mask, binary(case.region or "Lesion"), by)
    made = MadeMask(case, drawn, provenance, CORRECTED)
    return export_mask(made, folder, dataset_root=dataset_root, format_name=format_name)


@dataclass(frozen=True, eq=False)
class MadeMask:
    """A mask of a case to be exported, and who made it; `manifest` is what its name ends in."""

    case: Case
    drawn: DrawnMask
    provenance: Provenance
    manifest: str = EXPORTED


def export_mask(
    made: MadeMask, folder: Path, *, dataset_root: Path, format_name: str | None = None
) -> Path:
    """Write any mask as `export_correction` does: of a model, a reader, or the ground truth."""
    case, drawn = made.case, made.drawn
    check_format(format_name)
    target = _target(case, drawn, folder, format_name, manifest=made.manifest)
    for place in {folder, target.manifest.parent, *(path.parent for path in target.files)}:
        refuse_inside(dataset_root, place, also=case.folders)
    written = _written(target)
    _refuse_foreign(target, written)
    ours = target.manifest.exists()
    if isinstance(target.on, SlicedMask):
        target.on.write(keep_table=not ours)
    else:
        write_on(
            target.on,
            drawn,
            target.files[0],
            case=case,
            format_name=format_name,
            keep_table=not ours,
        )
    shape = drawn.label_map.shape
    files = {target.name(path): sha256(path.read_bytes()).hexdigest() for path in target.files}
    content = Manifest(
        case_id=case.id,
        provenance=_with_names(made),
        shape=(shape[0], shape[1], shape[2]),
        files=files,
        earlier=_still_there(target, {name: written[name] for name in written.keys() - files})
        or UNSET,
    )
    write_json(target.manifest, content)
    return target.manifest


def _with_names(made: MadeMask) -> Provenance:
    """Return who made a mask, and what its values mean where there are several."""
    if made.drawn.labels.is_binary or made.provenance.labels:
        return made.provenance
    return msgspec.structs.replace(made.provenance, labels=made.drawn.labels)


def exported_cases(folder: Path) -> frozenset[str]:
    """Return the ids of the cases exported to `folder`; damaged manifests are left out."""
    ids: set[str] = set()
    for path in (*folder.glob(f"*{CORRECTED}"), *folder.glob(f"*/*{CORRECTED}")):
        with suppress(FileError):
            ids.add(_read_manifest(path).case_id)
    return frozenset(ids)


@dataclass(frozen=True, eq=False)
class CorrectedLabels:
    """A correction that was kept: `values` (Z, Y, X), what they mean, and which one it is."""

    values: LabelMap
    labels: LabelSet
    named: str

    def mask(self, region: str) -> Mask:
        """Return the foreground of a region by its name, of all labels where none is so called."""
        if self.labels.is_binary:
            return self.values
        return self.labels.mask(self.values, named_region(self.labels, region))


def read_export(folder: Path, case: Case) -> CorrectedLabels:
    """Return the correction of `case` that was exported to `folder`, of several the newest.

    Raises `DataError` when files are missing or not as the manifest lists them.
    """
    place = _manifest(folder, case)
    manifest = _read_manifest(place)
    for name, checksum in manifest.files.items():
        if sha256(_bytes(place.parent / name)).hexdigest() != checksum:
            raise _changed(place.parent / name, "one that was changed since the export")
    names, known = list(manifest.files), manifest.provenance.labels or BINARY
    if len(names) == 1 and not names[0].casefold().endswith((".tif", ".tiff")):
        values, labels = read_drawn_labels(case, place.parent / names[0], known)
        if values.shape != manifest.shape:
            raise _changed(place.parent / names[0], f"one of {values.shape} voxels")
        # What its format has no names for, the manifest has.
        labels = labels if known.is_binary else known
    elif any("/" in name for name in names):
        values, labels = read_slice_parts(case, place.parent, known, manifest.shape), known
    else:
        values, labels = _read_planes(case, place.parent, manifest), known
    return CorrectedLabels(values, labels, _named(manifest.provenance))


def _read_planes(case: Case, folder: Path, manifest: Manifest) -> LabelMap:
    paths = slice_paths(case, folder, manifest.shape[0], "mask")
    if len(paths) != manifest.shape[0]:
        raise DataError(
            f"{case.id}: expected {len(paths)} slices in its export, found "
            f"{manifest.shape[0]}. {_AGAIN}"
        )
    planes: list[LabelMap] = []
    for path in paths:
        if path.name not in manifest.files:
            raise _changed(path, "none in its manifest")
        values = read_values(path, several=bool(manifest.provenance.labels))
        if values.shape != manifest.shape[1:]:
            raise _changed(path, f"one of {values.shape[0]}×{values.shape[1]} pixels")
        planes.append(values)
    return np.stack(planes)


def corrected_labels(
    source: Path, case: Case, shape: tuple[int, int, int]
) -> CorrectedLabels | None:
    """Return the correction of `case` in `source` with all its labels; None when it has none.

    `source` is a folder of exports, or a workspace, whose latest version counts: its values mean
    what `case` has them mean by now, as the window shows them. Raises `AppError` when there is one
    that cannot be used.
    """
    if not (source / STORE_NAME).exists():
        return read_export(source, case) if _manifest(source, case).exists() else None
    with closing(open_workspace(source)) as workspace:
        version = latest_versions(workspace).get(case.id)
    if version is None:
        return None
    values, named = load_label_map(version, shape), _named(provenance_of_version(version))
    return CorrectedLabels(values, _as_named_now(version.labels, case.labels) or BINARY, named)


def _as_named_now(saved: LabelSet | None, now: LabelSet | None) -> LabelSet | None:
    """Return the labels of a version under the names, and with the regions, of its case."""
    if saved is None or saved.is_binary or now is None or now.is_binary:
        return saved
    return now.with_found(saved.values, saved)


def provenance_of_version(version: Version) -> Provenance:
    """Say who saved a version and when, and what it began from."""
    return Provenance(
        author=version.author,
        made_at=version.saved_at,
        origin=version.origin,
        version=version.number,
        labels=version.labels or UNSET,
    )


def _named(provenance: Provenance) -> str:
    which = "unsaved state" if provenance.version is None else f"version {provenance.version}"
    return f"{which} by {provenance.author}, {provenance.made_at}"


@dataclass(frozen=True, eq=False)
class _Target:
    """What is to be written: its files, and the manifest beside or above them.

    `on` is the mask as slices, or the volume whose stored grid a mask in one file lies on.
    """

    manifest: Path
    files: tuple[Path, ...]
    on: SlicedMask | Stored

    def name(self, path: Path) -> str:
        """Return the name of a file in the manifest."""
        return path.relative_to(self.manifest.parent).as_posix()


def _target(
    case: Case, drawn: DrawnMask, folder: Path, format_name: str | None, *, manifest: str
) -> _Target:
    mask = drawn.label_map
    if in_slices(case, format_name):
        own = folder / case.id
        target = SliceTarget(case, own, format_name=format_name)
        slices = in_parts(target, mask, drawn.labels)
        return _Target(own / f"{case.id}{manifest}", slices.files, slices)
    like = stored_like(case, mask)
    path = mask_path(case, folder, like, format_name)
    return _Target(folder / f"{case.id}{manifest}", (path,), like)


def drawn_correction(loaded: LoadedCase, mask: LabelMap, provenance: Provenance) -> DrawnMask:
    """Return a correction with its labels, if it is a label map.

    Else it has those of the ground truth it began from, if that has several; otherwise its one
    value is the region that is lesion.
    """
    by, case = mask_maker(author=provenance.author), loaded.case
    if provenance.labels:
        return DrawnMask(mask, provenance.labels, by)
    labels, label_set = loaded.labels, loaded.label_set
    if provenance.origin.kind == "ground_truth" and labels is not None and label_set is not None:
        region = region_of(label_set, case.region)
        return DrawnMask(label_set.restored(mask, labels, region), label_set, by)
    return DrawnMask(mask, binary(case.region or "Lesion"), by)


def _manifest(folder: Path, case: Case) -> Path:
    """Return the manifest of a case: in its own folder, where slices are, or above.

    Where both are, as of one exported in two forms, it is that of the newer correction.
    """
    own, above = folder / case.id / f"{case.id}{CORRECTED}", folder / f"{case.id}{CORRECTED}"
    if not (own.exists() and above.exists()):
        return own if own.exists() else above
    return max((own, above), key=lambda path: _made(_read_manifest(path)))


def _made(manifest: Manifest) -> datetime:
    """Return when a correction was made; long ago where that is no time."""
    try:
        made = datetime.fromisoformat(manifest.provenance.made_at)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _written(target: _Target) -> dict[str, str]:
    """Return what exports have written here, in whatever form, by name with its SHA-256."""
    return _read_manifest(target.manifest).written if target.manifest.exists() else {}


def _still_there(target: _Target, files: dict[str, str]) -> dict[str, str]:
    there = (name for name in sorted(files) if (target.manifest.parent / name).exists())
    return {name: files[name] for name in there}


def _refuse_foreign(target: _Target, ours: dict[str, str]) -> None:
    """Write over masks of an earlier export only: others may be a copy's ground truth."""
    for path in target.files:
        name = target.name(path)
        if name not in ours and path.exists():
            raise DataError(
                f"{path}: expected a new file or one of an earlier export, found a mask "
                "that may be ground truth. Nothing was written; choose another folder."
            )
        if name in ours and _is_changed(path, ours[name]):
            raise DataError(
                f"{path}: expected a mask as its export wrote it, found one that was "
                "changed since. Nothing was written; choose another folder, or move it away."
            )


def _is_changed(path: Path, checksum: str) -> bool:
    return path.exists() and sha256(_bytes(path)).hexdigest() != checksum


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
