"""DICOM segmentations: every segment's frames on one grid, empty frames that are left out included.

The grid is that of the frames themselves. It may be turned against the series, or shorter;
`core.domain.placement` brings it onto the series voxel for voxel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.domain.grid import Grid
from core.domain.label_names import told_apart
from core.domain.label_set import HIGHEST, Code, Colour, Label, LabelMap, LabelSet, colour_of
from core.domain.overlaps import SegmentPile
from core.io.dicom import dicom_file
from core.io.dicom.dicom_planes import DicomPlane, planes_of
from core.io.dicom.dicom_stack import PARALLEL, affine_of, directions_of
from core.io.evidence import notices_of
from core.io.labels.label_values import together
from core.io.memory import require_memory
from core.io.readers import Reader
from core.io.stored import GeometrySource, Passport, Stored

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_CLASSES = (dicom_file.SEGMENTATION.encode(), dicom_file.LABEL_MAP_SEGMENTATION.encode())
_EXPORT = "Export the segmentation again."
_HALF = 0.5
_KEPT = re.compile(r"Label value (\d{1,3})")


@dataclass(frozen=True)
class SegmentationHeader:
    """What a segmentation refers to: its frame of reference and the series it was drawn on."""

    frame_of_reference: str
    series: tuple[str, ...]


def matches(_path: Path, head: bytes) -> bool:
    """Tell by the class that the first bytes of a DICOM file name."""
    meta = head[132:]
    return head[128:132] == b"DICM" and any(
        name + end in meta for name in _CLASSES for end in (b"\0", b"\x02\0")
    )


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read a segmentation as one label map (1, Z, Y, X) uint8; values are segment numbers.

    Where segments overlap there is a label for each combination, which is told; fractions count
    from one half. Raises `FileError` for damaged files, frames that do not say where they lie, or
    are no stack.
    """
    del point
    path = files[0]
    found = dicom_file.whole(path)
    with dicom_file.damage_told(path):
        return _read(path, found)


def _read(path: Path, found: Dataset) -> Stored:
    planes = planes_of(path, found)
    if not planes:
        raise _refused(path, "a segmentation with frames", "none", _EXPORT)
    slots, grid = _placed(path, planes)
    named, told = told_apart(_labels(path, found).labels, path.name)
    labels = LabelSet(named)
    voxels, labels, notices = _voxels(path, found, slots, grid, labels)
    passport = Passport(
        path,
        "DICOM SEG",
        (
            GeometrySource(
                "positions of frames", f"{len(planes)} frames: {grid.orientation}", grid.affine
            ),
        ),
        "positions of frames",
        "where each frame lies is what DICOM defines",
        (*told, *notices, *notices_of(path, grid)),
    )
    return Stored(
        voxels[np.newaxis], grid, passport, labels=labels, header=_header(found, planes[0])
    )


def _header(found: Dataset, plane: DicomPlane) -> SegmentationHeader:
    series = found.get("ReferencedSeriesSequence") or []
    return SegmentationHeader(
        plane.frame_of_reference, tuple(str(item.get("SeriesInstanceUID", "")) for item in series)
    )


def _placed(path: Path, planes: Sequence[DicomPlane]) -> tuple[list[int], Grid]:
    """Return for each frame its slice, and the grid from the first to the last of them."""
    for plane in planes:
        if plane.position is None or plane.orientation is None or plane.spacing_mm is None:
            raise _refused(
                path, "frames that say where they lie", f"frame {plane.frame + 1} without", _EXPORT
            )
    first = planes[0].orientation
    assert first is not None
    orientations = np.array([plane.orientation for plane in planes])
    if np.abs(orientations - np.array(first)).max() > PARALLEL:
        raise _refused(path, "parallel frames", "frames of several directions", _EXPORT)
    row, column = directions_of(planes[0])
    positions = np.array([plane.position for plane in planes])
    heights = positions @ np.cross(row, column)
    step = _step(planes[0], heights)
    slots = np.rint((heights - heights.min()) / step).astype(int)
    off = np.abs(heights - heights.min() - slots * step)
    if off.max() > 0.05 * step:
        worst = int(off.argmax())
        raise _refused(
            path,
            f"frames every {step:.4g} mm",
            f"frame {worst + 1} {off[worst]:.3g} mm beside its place",
            _EXPORT,
        )
    lowest, highest = int(slots.argmin()), int(slots.argmax())
    vector = np.cross(row, column) * step
    if slots[highest]:
        vector = (positions[highest] - positions[lowest]) / slots[highest]
    shape = (int(slots[highest]) + 1, *planes[0].size)
    return slots.tolist(), Grid(shape, affine_of(planes[lowest], row, column, vector))


def _step(plane: DicomPlane, heights: NDArray[np.float64]) -> float:
    """Return the distance of slices: as given, or the smallest there is between frames."""
    if plane.step_mm:
        return abs(plane.step_mm)
    apart = np.diff(np.unique(heights.round(3)))
    return float(apart.min()) if len(apart) else plane.thickness_mm or 1.0


def _voxels(
    path: Path, found: Dataset, slots: Sequence[int], grid: Grid, labels: LabelSet
) -> tuple[LabelMap, LabelSet, tuple[str, ...]]:
    frames = dicom_file.frames(path, found)
    if len(frames) != len(slots):
        raise _refused(path, f"{len(slots)} frames", f"{len(frames)}", _EXPORT)
    require_memory(path.name, int(np.prod(grid.shape, dtype=object)))
    if found.get("SegmentationType") == "LABELMAP":
        voxels = np.zeros(grid.shape, np.uint8)
        if frames.max(initial=0) > HIGHEST:
            raise _refused(path, f"labels up to {HIGHEST}", f"{frames.max()}", "Renumber them.")
        for slot, frame in zip(slots, frames, strict=True):
            voxels[slot] = frame
        return voxels, labels, ()
    notices: list[str] = []
    frames, fractions = _foreground(found, frames)
    if fractions:
        notices.append(
            f"{path.name}: expected whole voxels, found fractions. Those of one half and more "
            "count."
        )
    numbers = _segment_numbers(path, found)
    values = {int(item.SegmentNumber): value_of(item) for item in found.SegmentSequence}
    pile = SegmentPile(labels.labels, grid.shape)
    for index, number in enumerate(numbers):
        pile.lay(values[number], frames[index], z=slots[index])
    voxels, labels, told = together(path, pile)
    return voxels, labels, (*notices, *told)


def _foreground(found: Dataset, frames: NDArray[Any]) -> tuple[NDArray[np.bool_], bool]:
    if found.get("SegmentationType") != "FRACTIONAL":
        return frames > 0, False
    highest = float(found.get("MaximumFractionalValue", HIGHEST) or HIGHEST)
    partial = bool(((frames > 0) & (frames < highest)).any())
    return frames >= _HALF * highest, partial


def _segment_numbers(path: Path, found: Dataset) -> list[int]:
    shared = (found.get("SharedFunctionalGroupsSequence") or [{}])[0]
    numbers = []
    for frame in found.PerFrameFunctionalGroupsSequence:
        item = frame.get("SegmentIdentificationSequence") or shared.get(
            "SegmentIdentificationSequence"
        )
        if not item:
            raise _refused(path, "a segment for each frame", "a frame without one", _EXPORT)
        numbers.append(int(item[0].ReferencedSegmentNumber))
    unnamed = set(numbers) - {int(item.SegmentNumber) for item in found.SegmentSequence}
    if unnamed:
        raise _refused(path, "frames of segments it names", f"segment {min(unnamed)}", _EXPORT)
    return numbers


def _labels(path: Path, found: Dataset) -> LabelSet:
    segments = found.get("SegmentSequence") or []
    numbers = [int(item.SegmentNumber) for item in segments]
    if not numbers or max(numbers) > HIGHEST or min(numbers) < 0:
        raise _refused(path, f"segments of numbers 1 to {HIGHEST}", f"{numbers}", "Renumber them.")
    labels = tuple(_label(item) for item in segments if int(item.SegmentNumber) > 0)
    if len({label.value for label in labels}) < len(labels):
        raise _refused(path, "a value of its own for each segment", "one used twice", _EXPORT)
    return LabelSet(labels)


def value_of(item: Dataset) -> int:
    """Return the label value of a segment: the one its description keeps, or its number."""
    kept = _KEPT.fullmatch(str(item.get("SegmentDescription", "")))
    return int(kept[1]) if kept and 1 <= int(kept[1]) <= HIGHEST else int(item.SegmentNumber)


def _label(item: Dataset) -> Label:
    value = value_of(item)
    return Label(
        value, str(item.get("SegmentLabel", f"Segment {value}")), _colour(item), _code(item)
    )


def _colour(item: Dataset) -> Colour:
    from highdicom.color import CIELabColor

    value = item.get("RecommendedDisplayCIELabValue")
    if value is None or len(value) != 3:
        return colour_of(value_of(item))
    return CIELabColor.from_dicom_value([int(v) for v in value]).to_rgb(clip=True)


def _code(item: Dataset) -> Code | None:
    kind = item.get("SegmentedPropertyTypeCodeSequence")
    if not kind:
        return None
    code = kind[0]
    return Code(
        str(code.get("CodingSchemeDesignator", "")),
        str(code.get("CodeValue", "")),
        str(code.get("CodeMeaning", "")),
    )


def _refused(path: Path, expected: str, found: str, action: str) -> Exception:
    return dicom_file.refused(path, expected, found, action)


READER = Reader("dicom-seg", "DICOM SEG", (), matches, read)
