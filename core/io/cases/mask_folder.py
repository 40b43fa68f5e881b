"""Masks or probabilities of another program in a folder: which file is whose, and what it says.

Files are found by names: the case's own, one that begins with it, or a folder of that name; DICOM
segmentations by the series they refer to. Nothing is read until it is asked for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from core.domain.errors import DataError, FileError
from core.io import file_bytes, readers
from core.io.cases.case import Case
from core.io.dicom import dicom_file
from core.io.layouts.names import is_mask_name
from core.io.layouts.tree import Folder, natural_key, nfc, tree_of

_SLICE = re.compile(r"(?P<case>.+)_(?P<number>\d+)(?:_(?:pred|mask|seg))?\.tiff?", re.IGNORECASE)
_DICOM = (".dcm", ".ima", ".dicom")
_SEPARATORS = "-_. "


@dataclass(frozen=True)
class MaskFolder:
    """The masks below `root`, by what their names or headers say."""

    root: Path
    volumes: tuple[Path, ...]
    slices: dict[str, dict[int, Path]] = field(default_factory=dict)
    segmentations: dict[str, Path] = field(default_factory=dict)

    @cached_property
    def mark(self) -> str:
        """What tells this state of the folder from another: names, sizes and times of its files."""
        digest = blake2b(digest_size=16)
        planes = [path for own in self.slices.values() for path in own.values()]
        for path in sorted((*self.volumes, *planes, *self.segmentations.values())):
            known = path.stat()
            digest.update(f"{path} {known.st_size} {known.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def files_of(self, case: Case, ids: Sequence[str]) -> tuple[Path, ...]:
        """Return the files that hold the mask of `case`, none when there is none.

        `ids` are those of all cases: a file that begins with the name of another is that one's.
        """
        if case.id in self.slices:
            own = self.slices[case.id]
            return tuple(own[number] for number in sorted(own))
        referred = self._referred(case)
        if referred is not None:
            return (referred,)
        originals = {path for channel in _channels(case) for path in channel}
        found = [
            (rank, not is_mask_name(path.name), natural_key(path.name), path)
            for path in self.volumes
            if path not in originals and (rank := _rank(path, self.root, case.id, ids)) is not None
        ]
        if found:
            return (min(found)[-1],)
        alone = len(ids) == 1 and len(self.volumes) == 1 and self.volumes[0] not in originals
        return self.volumes if alone else ()

    def _referred(self, case: Case) -> Path | None:
        """Return the segmentation of the series of a case."""
        if not self.segmentations:
            return None
        for channel in _channels(case):
            header = dicom_file.header(channel[0])
            series = "" if header is None else str(header.get("SeriesInstanceUID", ""))
            if series in self.segmentations:
                return self.segmentations[series]
        return None


def find_masks(root: Path) -> MaskFolder:
    """Return what a folder, or one file, holds of masks; raises `DataError` when it holds none."""
    volumes: list[Path] = []
    slices: dict[str, dict[int, Path]] = {}
    segmentations: dict[str, Path] = {}
    for folder in tree_of(root).walk():
        for path in _images(folder):
            told = numbered(path)
            if told is not None:
                slices.setdefault(told[0], {})[told[1]] = path
            elif path.suffix.casefold() in _DICOM:
                segmentations |= dict.fromkeys(_series_of(path), path)
            else:
                volumes.append(path)
    if not (volumes or slices or segmentations):
        raise DataError(
            f"{root}: expected masks or probabilities as NIfTI, NRRD, MetaImage, TIFF or DICOM "
            "segmentations, found none. Choose the folder that holds them."
        )
    return MaskFolder(root, tuple(volumes), slices, segmentations)


def numbered(path: Path) -> tuple[str, int] | None:
    """Return the case and the number that the name of a mask of one slice says, or None."""
    match = _SLICE.fullmatch(nfc(path.name))
    return None if match is None else (match["case"], int(match["number"]))


def _images(folder: Folder) -> Iterator[Path]:
    for name in folder.files:
        path = folder.path / name
        if readers.is_image_name(name) or (not path.suffix and _is_dicom(path)):
            yield path


def _is_dicom(path: Path) -> bool:
    try:
        return file_bytes.is_dicom(file_bytes.head(path, 132))
    except FileError:
        return False


def _series_of(path: Path) -> tuple[str, ...]:
    """Return the series a segmentation refers to; none for other files and damaged ones."""
    try:
        header = dicom_file.header(path)
    except FileError:
        return ()
    items = [] if header is None else header.get("ReferencedSeriesSequence") or []
    return tuple(str(item.get("SeriesInstanceUID", "")) for item in items)


def _channels(case: Case) -> list[tuple[Path, ...]]:
    if case.volumes is None:
        return []
    return [channel.files for channel in case.volumes.channels]


def _rank(path: Path, root: Path, case_id: str, ids: Sequence[str]) -> int | None:
    """Return how well a file's name fits a case, 0 best; None when it is not of this case."""
    stem = nfc(readers.stem_of(path.name))
    if stem == case_id:
        return 0
    owners = [name for name in ids if stem == name or _begins(stem, name)]
    if owners:
        return 1 if max(owners, key=len) == case_id else None
    parents = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else ()
    return 2 if case_id in map(nfc, parents) else None


def _begins(stem: str, case_id: str) -> bool:
    return stem.startswith(case_id) and stem[len(case_id)] in _SEPARATORS
