"""A tree of DICOM studies of any depth and any file names: series grouped by their headers.

A case is the series of one study that lie on one grid; segmentations go with the series they refer
to. The id of a case comes from its folder, or from a hash of the study: never from the patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from core.domain.errors import FileError
from core.domain.grid import Grid
from core.domain.role import Role
from core.io import file_bytes
from core.io.dicom import dicom_file
from core.io.dicom.dicom_planes import DicomPlane
from core.io.dicom.dicom_series import Facts, Headers, headers_of
from core.io.dicom.dicom_stack import separated, stacked
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder

_ENDINGS = (".dcm", ".ima", ".dicom", "")
_ORDER = (Role.T1, Role.T1C, Role.T2, Role.FLAIR, Role.OTHER)
_LOOKED_AT = 20  # files of a folder that are opened to tell whether it holds DICOM


@dataclass(frozen=True)
class _Series:
    """One volume of a series: its planes, what it says of itself, its grid or why it has none."""

    planes: tuple[DicomPlane, ...]
    facts: Facts
    grid: Grid | None
    point: int | None
    notices: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(plane.path for plane in self.planes))


def fits(tree: Folder) -> bool:
    """Tell whether a file in it begins as DICOM."""
    return any(_is_dicom(folder.path / name) for folder in tree.walk() for name in _likely(folder))


def find(tree: Folder) -> FoundDataset:
    """Return the cases; headers are read, pixels are not.

    A series that makes no volume is a case of its own whose notices say why.
    """
    files = [folder.path / name for folder in tree.walk() for name in folder.files]
    headers = headers_of([path for path in files if _is_dicom(path)])
    lost = [*headers.damaged, *_no_dicom(files)]
    masks = _masks(headers.segmentations)
    cases: list[list[_Series]] = []
    for series in _series(headers):
        for case in cases:
            if _one_case(case[0], series):
                case.append(series)
                break
        else:
            cases.append([series])
    ids = _ids(cases, tree)
    found = tuple(
        _told_of_lost(_case(case_id, case, masks), lost)
        for case_id, case in zip(ids, cases, strict=True)
    )
    notices = (*headers.notices, *(told for _, told in lost if told not in headers.notices))
    return FoundDataset("dicom", tree.path, found, None, notices)


def _likely(folder: Folder) -> list[str]:
    named = [name for name in folder.files if Path(name).suffix.casefold() in _ENDINGS]
    odd = [name for name in folder.files if name not in named and not folder.images]
    return [*named, *odd][:_LOOKED_AT]


def _is_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file_bytes.is_dicom(file.read(132))
    except OSError:
        return False


def _no_dicom(files: Sequence[Path]) -> list[tuple[Path, str]]:
    """Return the files that are named as DICOM and are none, each with a notice."""
    found = []
    for path in files:
        ending = path.suffix.casefold()
        if ending not in _ENDINGS or _is_dicom(path):
            continue
        empty = _is_empty(path)
        if ending or empty:
            kind = "an empty file" if empty else "another kind of file"
            told = f"{path.name}: expected a DICOM file, found {kind}. It was left out; copy or "
            found.append((path, f"{told}download it again."))
    return found


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _told_of_lost(case: FoundCase, lost: Sequence[tuple[Path, str]]) -> FoundCase:
    """Return a case with what is told of files beside its planes: one of them may be missing.

    At the ends of a series no gap would tell it.
    """
    folders = {path.parent for channel in case.channels for path in channel.files}
    told = tuple(said for path, said in lost if path.parent in folders)
    return replace(case, notices=(*case.notices, *told)) if told else case


def _series(headers: Headers) -> list[_Series]:
    found: list[_Series] = []
    groups = [group for part in _without_copies(headers.planes) for group in separated(part)]
    several: dict[tuple[Path, ...], list[tuple[DicomPlane, ...]]] = {}
    for group in groups:
        several.setdefault(tuple(dict.fromkeys(p.path for p in group)), []).append(group)
    for own in several.values():
        for index, group in enumerate(own):
            point = index if len(own) > 1 else None
            facts = headers.facts[group[0].series]
            try:
                stack = stacked(group)
            except FileError as error:
                found.append(_Series(group, facts, None, point, (str(error),)))
                continue
            found.append(_Series(stack.planes, facts, stack.grid, point, stack.notices))
    return [_told_of_others(series, found) for series in found]


def _told_of_others(series: _Series, found: Sequence[_Series]) -> _Series:
    """Return the volume with a notice where its folder holds others of the same series."""
    folder = series.files[0].parent
    same = [
        other
        for other in found
        if other.facts.series == series.facts.series and other.files[0].parent == folder
    ]
    if len(same) == 1:
        return series
    notice = (
        f"{folder.name}: expected one volume in a series, found {len(same)} (other directions, "
        "sizes, echoes, times or patients). Each is offered by itself."
    )
    return replace(series, notices=(notice, *series.notices))


def _without_copies(planes: Sequence[DicomPlane]) -> list[list[DicomPlane]]:
    """Return the planes by series; one whose instances lie in several folders, by folder too."""
    series: dict[str, list[DicomPlane]] = {}
    for plane in planes:
        series.setdefault(plane.series, []).append(plane)
    found: list[list[DicomPlane]] = []
    for own in series.values():
        if len({(plane.uid, plane.frame) for plane in own}) == len(own):
            found.append(own)
            continue
        folders: dict[Path, list[DicomPlane]] = {}
        for plane in own:
            folders.setdefault(plane.path.parent, []).append(plane)
        found.extend(folders.values())
    return found


def _one_case(one: _Series, other: _Series) -> bool:
    """Tell whether two series are channels of one case: of one study, on one known grid.

    Copies of one series in two folders are two cases.
    """
    copies = one.facts.series == other.facts.series
    if copies and one.planes[0].path.parent != other.planes[0].path.parent:
        return False
    if one.facts.study != other.facts.study or one.grid is None or other.grid is None:
        return False
    frames = {one.planes[0].frame_of_reference, other.planes[0].frame_of_reference}
    return len(frames) == 1 and one.grid.is_known and one.grid.same_grid(other.grid)


def _ids(cases: Sequence[Sequence[_Series]], tree: Folder) -> list[str]:
    """Return an id a case: the folder of its study, or a hash where several lie in the root."""
    studies = {case[0].facts.study for case in cases}
    own = tree.path.name if len(studies) == 1 else ""
    folders = [_study_folder(case, tree) or own or _hashed(case) for case in cases]
    counts = Counter(folders)
    ids = []
    for case, folder in zip(cases, folders, strict=True):
        number = case[0].facts.number
        same = [c for c, f in zip(cases, folders, strict=True) if f == folder]
        unique = len({c[0].facts.number for c in same}) == len(same)
        part = f"{number}" if unique else f"{number}_{same.index(case) + 1}"
        ids.append(folder if counts[folder] == 1 else f"{folder}_{part}")
    return ids


def _study_folder(case: Sequence[_Series], tree: Folder) -> str:
    """Return the names of the folders down to what all files of a case share; none at the root."""
    parents = [path.parent for series in case for path in series.files]
    common = parents[0]
    while not all(parent.is_relative_to(common) for parent in parents):
        common = common.parent
    return "_".join(common.relative_to(tree.path).parts)


def _hashed(case: Sequence[_Series]) -> str:
    study = case[0].facts.study
    return f"study_{blake2b(study.encode(), digest_size=4).hexdigest()}"


def _masks(paths: Sequence[Path]) -> dict[str, list[FoundMask]]:
    """Return segmentations by the series they refer to."""
    found: dict[str, list[FoundMask]] = {}
    for path in paths:
        # One that is damaged is of no series that could be told.
        with suppress(FileError), dicom_file.damage_told(path):
            header = dicom_file.header(path)
            if header is None:
                continue
            name = str(header.get("SeriesDescription", "") or "truth")
            for item in header.get("ReferencedSeriesSequence") or []:
                uid = str(item.get("SeriesInstanceUID", ""))
                found.setdefault(uid, []).append(FoundMask(name, (path,)))
    return found


def _case(case_id: str, case: Sequence[_Series], masks: dict[str, list[FoundMask]]) -> FoundCase:
    ordered = sorted(case, key=lambda s: (_ORDER.index(s.facts.role), s.facts.number))
    channels = tuple(
        FoundChannel(_name(series), series.facts.role, series.files, series.point)
        for series in ordered
    )
    own = {mask.files: mask for s in ordered for mask in masks.get(s.facts.series, ())}
    notices = dict.fromkeys(notice for series in ordered for notice in series.notices)
    return FoundCase(case_id, channels, tuple(own.values()), tuple(notices))


def _name(series: _Series) -> str:
    facts = series.facts
    return facts.description or f"{facts.modality or 'Series'} {facts.number}"


LAYOUT = Layout("dicom", "DICOM studies", fits, find)
