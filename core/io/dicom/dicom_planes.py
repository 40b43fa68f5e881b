"""The planes of DICOM files: what each says of its place, whatever kind of file it is in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


Numbers = tuple[float, ...]


@dataclass(frozen=True)
class DicomPlane:
    """One plane, in LPS millimetres as DICOM gives them; None where a file says nothing.

    `orientation` is the direction of a row and of a column, `spacing_mm` the distance of rows and
    of columns, `step_mm` what the file says of the distance to the next plane. `traits` tell
    planes at one place apart: echo, time, diffusion and so on, by their name. `patient` tells one
    from another by a hash, and nothing else of them; empty where the file names none.
    """

    path: Path
    frame: int
    series: str
    frame_of_reference: str
    size: tuple[int, int]
    orientation: Numbers | None
    position: Numbers | None
    spacing_mm: tuple[float, float] | None
    step_mm: float | None
    thickness_mm: float | None
    slope: float
    intercept: float
    number: int
    uid: str
    traits: Mapping[str, str] = field(default_factory=dict, hash=False)
    patient: str = ""


_TRAITS = {
    "echo time": ("EchoTime", "EffectiveEchoTime", "EchoNumbers"),
    "kind of image": ("ImageType", "FrameType"),
    "b-value": ("DiffusionBValue",),
    "time point": ("TemporalPositionIdentifier", "TemporalPositionIndex"),
    "acquisition": ("AcquisitionNumber", "FrameAcquisitionNumber"),
    "inversion time": ("InversionTime",),
    "time of trigger": ("TriggerTime",),
    "time of content": ("ContentTime",),
}
_MOST_FRAMES = 100_000
_FARTHEST = 1e9
_KEYWORDS = tuple(keyword for keywords in _TRAITS.values() for keyword in keywords)


def planes_of(path: Path, found: Dataset) -> tuple[DicomPlane, ...]:
    """Return the planes of a data set, one a frame; none for a data set that is no image.

    Raises whatever a damaged value is decoded to; see `dicom_file.damage_told`.
    """
    if "Rows" not in found or "Columns" not in found:
        return ()
    shared = _first(found, "SharedFunctionalGroupsSequence")
    frames = found.get("PerFrameFunctionalGroupsSequence") or []
    count = int(found.get("NumberOfFrames", 1) or 1)
    if not 0 < count <= _MOST_FRAMES:
        raise ValueError(f"{count} frames")
    if not frames:
        return tuple(_plane(path, index, [found], count) for index in range(count))
    return tuple(
        _plane(path, index, [*_groups(frame), *_groups(shared), found], count)
        for index, frame in enumerate(frames)
    )


def _groups(item: Dataset | None) -> list[Dataset]:
    """Return the macros of a functional group: the first item of each of its sequences."""
    if item is None:
        return []
    return [element.value[0] for element in item if element.VR == "SQ" and element.value]


def _plane(path: Path, index: int, sources: list[Dataset], count: int) -> DicomPlane:
    found = sources[-1]
    # The top of a multi-frame file has one position at most, which cannot hold for all frames.
    places = sources if count == 1 or len(sources) > 1 else []
    spacing = _numbers(sources, "PixelSpacing", 2)
    return DicomPlane(
        path,
        index,
        str(found.get("SeriesInstanceUID", "")),
        str(found.get("FrameOfReferenceUID", "")),
        (int(found.Rows), int(found.Columns)),
        _numbers(places, "ImageOrientationPatient", 6),
        _numbers(places[:-1] if count > 1 else places, "ImagePositionPatient", 3),
        (spacing[0], spacing[1]) if spacing and min(spacing) > 0 else None,
        _number(sources, "SpacingBetweenSlices"),
        _number(sources, "SliceThickness"),
        _slope(_number(sources, "RescaleSlope")),
        _number(sources, "RescaleIntercept") or 0.0,
        int(_number([found], "InstanceNumber") or 0) + index,
        str(found.get("SOPInstanceUID", "")),
        _traits(sources),
        _patient(found),
    )


def _patient(found: Dataset) -> str:
    told = str(found.get("PatientID", "") or "")
    return blake2b(told.encode(), digest_size=8).hexdigest() if told else ""


def _slope(value: float | None) -> float:
    return value or 1.0


def _traits(sources: list[Dataset]) -> dict[str, str]:
    values = {
        word: str(value) for word in _KEYWORDS if (value := _value(sources, word)) is not None
    }
    return {
        name: "/".join(values[word] for word in keywords if word in values)
        for name, keywords in _TRAITS.items()
    }


def _first(found: Dataset, name: str) -> Dataset | None:
    items = found.get(name)
    return items[0] if items else None


def _value(sources: list[Dataset], keyword: str) -> Any:
    for source in sources:
        value = source.get(keyword)
        if value is not None and value != "":
            return value
    return None


def _number(sources: list[Dataset], keyword: str) -> float | None:
    value = _value(sources, keyword)
    try:
        return None if value is None else _bounded(value)
    except (TypeError, ValueError):
        return None


def _numbers(sources: list[Dataset], keyword: str, count: int) -> Numbers | None:
    value = _value(sources, keyword)
    try:
        numbers = tuple(_bounded(part) for part in value) if value is not None else ()
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == count else None


def _bounded(value: Any) -> float:
    """Return a number that a millimetre or a slope may be; raises `ValueError` for others."""
    number = float(value)
    if not abs(number) < _FARTHEST:
        raise ValueError(f"{number}")
    return number
