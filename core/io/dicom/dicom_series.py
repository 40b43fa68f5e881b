"""DICOM series: the files of a folder, in volumes, with real values and places.

Classic series of one plane a file and enhanced multi-frame files; MR, CT and what else has planes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.domain.errors import FileError
from core.domain.role import Role, role_of
from core.domain.volume import Pixels
from core.io.choice import colour_told
from core.io.dicom import dicom_file
from core.io.dicom.dicom_planes import DicomPlane, planes_of
from core.io.dicom.dicom_stack import Stack, separated, stacked
from core.io.file_bytes import is_dicom
from core.io.readers import Reader
from core.io.stored import Passport, Stored

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LOSSY = ("JPEG Baseline", "JPEG Extended", "Near-lossless", "JPEG 2000 Image Compression")
_SEGMENTATIONS = (dicom_file.SEGMENTATION, dicom_file.LABEL_MAP_SEGMENTATION)


@dataclass(frozen=True)
class Facts:
    """What a series says of itself, without anything of the patient."""

    study: str
    series: str
    number: int
    modality: str
    description: str
    role: Role


@dataclass(frozen=True, eq=False)
class Headers:
    """The headers of files: the planes they hold, what each series is, and who was left out.

    `damaged` are files that could not be read, each with its notice.
    """

    planes: tuple[DicomPlane, ...]
    facts: dict[str, Facts]
    segmentations: tuple[Path, ...]
    notices: tuple[str, ...]
    damaged: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True, eq=False)
class DicomHeader:
    """What a segmentation of a series refers to: the planes in the order of the volume."""

    planes: tuple[DicomPlane, ...]
    facts: Facts


def matches(path: Path, head: bytes) -> bool:
    """Tell by the first bytes, and by the name for what claims to be DICOM and is none."""
    return is_dicom(head) or path.name.casefold().endswith((".dcm", ".ima", ".dicom"))


def headers_of(files: Sequence[Path]) -> Headers:
    """Return the headers of all files that are DICOM images, without reading pixels.

    What is damaged or no image is named in the notices; other kinds of files are passed over.
    """
    planes: list[DicomPlane] = []
    facts: dict[str, Facts] = {}
    segmentations: list[Path] = []
    notices: list[str] = []
    damaged: list[tuple[Path, str]] = []
    bare: list[tuple[str, Path, str]] = []
    for path in files:
        try:
            found = dicom_file.header(path)
            if found is None:
                continue
            with dicom_file.damage_told(path):
                if "MediaStorageDirectory" in dicom_file.kind_of(found).replace(" ", ""):
                    continue
                if str(found.get("SOPClassUID")) in _SEGMENTATIONS:
                    segmentations.append(path)
                    continue
                own = planes_of(path, found)
                said = facts_of(found)
        except FileError as error:
            damaged.append((path, f"{error} It was left out."))
            notices.append(damaged[-1][1])
            continue
        planes.extend(own)
        if own:
            facts.setdefault(own[0].series, said)
        else:
            notices.append(_no_image(path, found))
            bare.append((str(found.get("SeriesInstanceUID", "")), path, notices[-1]))
    # Reports and the like are series of their own; what is of a series of images lacks its pixels.
    damaged += [(path, told) for series, path, told in bare if not series or series in facts]
    return Headers(tuple(planes), facts, tuple(segmentations), tuple(notices), tuple(damaged))


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read the volume that `files` make together.

    Where they make several (two series, two orientations, several echoes), `point` chooses one.
    Raises `FileError` when nobody chose, and for all that makes no volume.
    """
    headers = headers_of(files)
    groups = separated(headers.planes)
    if not groups:
        raise _nothing(files, headers)
    group = groups[_chosen(files[0], groups, headers, point)]
    stack = stacked(group)
    facts = headers.facts[group[0].series]
    pixels, scaling, notices = _pixels(stack)
    copies = len(headers.planes) - sum(map(len, groups))
    if copies:
        notices += (
            f"{files[0].parent.name}: expected each instance once, found {copies} copies. They are "
            "left out.",
        )
    passport = Passport(
        stack.planes[0].path,
        f"DICOM {facts.modality}{' multi-frame' if stack.planes[-1].frame else ' series'}",
        stack.sources,
        stack.believed,
        stack.why,
        (*headers.notices, *notices, *stack.notices),
    )
    return Stored(
        pixels,
        stack.grid,
        passport,
        *scaling,
        header=DicomHeader(stack.planes, facts),
        points=len(groups),
        point=groups.index(group),
    )


def facts_of(found: Dataset) -> Facts:
    """Return what a data set says of its series; its role from words, then from parameters."""
    words = [str(found.get(name, "")) for name in ("SeriesDescription", "ProtocolName")]
    return Facts(
        str(found.get("StudyInstanceUID", "")),
        str(found.get("SeriesInstanceUID", "")),
        int(found.get("SeriesNumber", 0) or 0),
        str(found.get("Modality", "")),
        words[0] or words[1],
        _role(found, words),
    )


def _role(found: Dataset, words: Sequence[str]) -> Role:
    if found.get("Modality") != "MR":
        return Role.OTHER
    contrast = bool(str(found.get("ContrastBolusAgent", "") or ""))
    role = next((r for r in map(role_of, words) if r is not Role.OTHER), Role.OTHER)
    if role is Role.OTHER:
        role = _role_by_times(
            *(_milliseconds(found, f"{n}Time") for n in ("Repetition", "Echo", "Inversion"))
        )
    return Role.T1C if role is Role.T1 and contrast else role


def _role_by_times(repetition: float, echo: float, inversion: float) -> Role:
    """Guess a sequence by its times in milliseconds; 0 is not given."""
    if inversion > 1500 and echo > 60:
        return Role.FLAIR
    if repetition > 2000 and echo > 60:
        return Role.T2
    short = 0 < echo < 30 and 0 < repetition < 1000
    return Role.T1 if short or (0 < echo < 10 and 500 < inversion < 1500) else Role.OTHER


def _milliseconds(found: Dataset, name: str) -> float:
    try:
        return float(found.get(name) or 0)
    except (TypeError, ValueError):
        return 0.0


def _chosen(
    path: Path, groups: Sequence[Sequence[DicomPlane]], headers: Headers, point: int | None
) -> int:
    if point is None and len(groups) == 1:
        return 0
    if point is not None and 0 <= point < len(groups):
        return point
    listed = "; ".join(f"{n}: {_described(group, headers)}" for n, group in enumerate(groups))
    raise FileError(
        path.parent if len({p.path for g in groups for p in g}) > 1 else path,
        expected="the planes of one volume"
        if point is None
        else f"a number of 0 to {len(groups) - 1}",
        found=f"{len(groups)} volumes ({listed})" if point is None else str(point),
        action="Choose one by its number, or open the folder as a dataset.",
    )


def _described(group: Sequence[DicomPlane], headers: Headers) -> str:
    first = group[0]
    said = headers.facts[first.series].description
    traits = [
        f"{name} {value}" for name, value in first.traits.items() if name == "echo time" and value
    ]
    count = f"{len(group)} plane{'s' if len(group) > 1 else ''} from {first.path.name}"
    return ", ".join([count, *([said] if said else []), *traits])


def _pixels(stack: Stack) -> tuple[Pixels, tuple[float, float], tuple[str, ...]]:
    """Return (C, Z, Y, X), slope and intercept, and notices about values.

    Planes that are scaled one by one become real values in single precision.
    """
    stored, told = _stored_planes(stack)
    scales = {(plane.slope, plane.intercept) for plane in stack.planes}
    if len(scales) == 1 or len(stored) > 1:
        return stored, scales.pop() if len(stored) == 1 else (1.0, 0.0), told
    slopes = np.array([plane.slope for plane in stack.planes])
    intercepts = np.array([plane.intercept for plane in stack.planes])
    place = (slice(None), np.newaxis, np.newaxis)
    real = (stored * slopes[place] + intercepts[place]).astype(np.float32)
    return real, (1.0, 0.0), told


def _stored_planes(stack: Stack) -> tuple[Pixels, tuple[str, ...]]:
    planes: list[Any] = [None] * len(stack.planes)
    notices: dict[str, None] = {}
    places: dict[Path, list[int]] = {}
    for index, plane in enumerate(stack.planes):
        places.setdefault(plane.path, []).append(index)
    for path, indices in places.items():
        found = dicom_file.whole(path)
        with dicom_file.damage_told(path):
            frames = dicom_file.frames(path, found)
            for index in indices:
                planes[index] = frames[stack.planes[index].frame]
            for notice in _told(stack.planes[0].path, found):
                notices.setdefault(notice)
    if len({plane.ndim for plane in planes}) > 1:
        raise dicom_file.refused(
            stack.planes[0].path, "planes of one kind", "some in colour", "Separate them."
        )
    volume = np.stack(planes)
    colour = volume.ndim == 4
    return np.moveaxis(volume, -1, 0) if colour else volume[np.newaxis], tuple(notices)


def _told(path: Path, found: Dataset) -> list[str]:
    """Return what is told of the values of a file, once a series."""
    kind = str(found.get("PhotometricInterpretation", ""))
    if kind == "PALETTE COLOR":
        raise dicom_file.refused(path, "grey or RGB", "a palette of colours", "Export it as grey.")
    if "MOSAIC" in (found.get("ImageType") or ()):
        raise dicom_file.refused(
            path, "a plane a file", "a mosaic of many planes in one", "Convert it to NIfTI first."
        )
    told: list[str] = []
    if int(found.get("SamplesPerPixel", 1)) > 1:
        told.extend(colour_told(path))
    if kind == "MONOCHROME1":
        told.append(
            f"{path.name}: expected high values to be bright (MONOCHROME2), found MONOCHROME1. "
            "Values are kept as they are; invert the window to see it as the maker meant it."
        )
    syntax = found.file_meta.TransferSyntaxUID.name
    lossy = str(found.get("LossyImageCompression", "00")) == "01"
    if lossy or (any(s in syntax for s in _LOSSY) and "Lossless" not in syntax):
        told.append(
            f"{path.name}: expected pixels as they were measured, found them compressed with loss "
            f"({syntax}). Figures may differ a little; use the original if there is one."
        )
    return told


def _no_image(path: Path, found: Dataset) -> str:
    return (
        f"{path.name}: expected an image, found no pixels ({dicom_file.kind_of(found)}). "
        "It was left out."
    )


def _nothing(files: Sequence[Path], headers: Headers) -> FileError:
    found = "no pixels" if headers.notices else "no DICOM image"
    if headers.segmentations:
        found = "segmentations alone"
    return FileError(
        files[0] if len(files) == 1 else files[0].parent,
        expected="the planes of a DICOM series",
        found=found,
        action=" ".join(["Choose the folder of an image series.", *headers.notices[:2]]),
    )


READER = Reader("dicom", "DICOM", (".dcm", ".ima", ".dicom"), matches, read)
