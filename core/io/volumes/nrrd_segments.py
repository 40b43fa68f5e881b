"""The segments that 3D Slicer names in a `.seg.nrrd`, and the one label map that they make."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.errors import FileError
from core.domain.label_names import told_apart
from core.domain.label_set import HIGHEST, Code, Colour, Label, LabelSet, colour_of
from core.domain.overlaps import SegmentPile
from core.domain.volume import Pixels
from core.io.labels.label_values import together

_FIELD = re.compile(r"Segment(\d+)_(ID|Name|Color|LabelValue|Layer|Tags)")


@dataclass(frozen=True)
class Segment:
    """One segment: the value it has in the voxels of its layer."""

    name: str
    value: int
    layer: int
    colour: Colour
    code: Code | None


def segments_of(header: Mapping[str, Any]) -> tuple[Segment, ...]:
    """Return the segments in the order of the file; none for an image."""
    fields: dict[int, dict[str, str]] = {}
    for key, value in header.items():
        match = _FIELD.fullmatch(str(key))
        if match:
            fields.setdefault(int(match[1]), {})[match[2]] = str(value)
    return tuple(_segment(number, fields[number]) for number in sorted(fields))


def _segment(number: int, field: Mapping[str, str]) -> Segment:
    return Segment(
        field.get("Name") or field.get("ID") or f"Segment {number + 1}",
        _whole(field.get("LabelValue"), 1),
        _whole(field.get("Layer"), number if "LabelValue" not in field else 0),
        _colour(field.get("Color", ""), number),
        _code(field.get("Tags", "")),
    )


def collapsed(
    path: Path, layers: Pixels, segments: Sequence[Segment]
) -> tuple[Pixels, LabelSet, tuple[str, ...]]:
    """Return one label map (1, Z, Y, X) uint8 of `layers` (N, Z, Y, X), its set, and notices.

    Values stay where they are told apart by them; else segments are numbered in their order.
    Where segments overlap there is a label for each combination, which is told. Raises `FileError`
    for values that a label map does not hold.
    """
    _check(path, layers, segments)
    notices: list[str] = []
    values = [segment.value for segment in segments]
    if len(set(values)) < len(values):
        values = list(range(1, len(segments) + 1))
        notices.append(
            f"{path.name}: expected a value of its own for each segment, found one used in "
            f"several layers. They are numbered 1 to {len(values)} in their order."
        )
    labels = [
        Label(value, segment.name, segment.colour, segment.code)
        for segment, value in zip(segments, values, strict=True)
    ]
    named_apart, told = told_apart(labels, path.name)
    notices += told
    pile = SegmentPile(named_apart, layers.shape[1:])
    for segment, value in zip(segments, values, strict=True):
        pile.lay(value, layers[segment.layer] == segment.value)
    found, named, overlaps = together(path, pile)
    return found[np.newaxis], named, (*notices, *overlaps)


def _check(path: Path, layers: Pixels, segments: Sequence[Segment]) -> None:
    for segment in segments:
        if not 1 <= segment.value <= HIGHEST or not 0 <= segment.layer < len(layers):
            raise FileError(
                path,
                expected=f"segments of values 1 to {HIGHEST} in {len(layers)} layers",
                found=f"value {segment.value} in layer {segment.layer}",
                action="Save the segmentation again with current software.",
            )
    named = {(segment.layer, segment.value) for segment in segments}
    for layer, voxels in enumerate(layers):
        foreign = sorted(
            {int(v) for v in np.unique(voxels)} - {0} - {v for n, v in named if n == layer}
        )
        if foreign:
            raise FileError(
                path,
                expected="a segment for each value",
                found=f"value {foreign[0]} without one",
                action="Save the segmentation again, or name the file .nrrd to take plain values.",
            )


def _whole(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default


def _colour(text: str, number: int) -> Colour:
    try:
        red, green, blue = (round(255 * min(max(float(part), 0.0), 1.0)) for part in text.split())
    except ValueError:
        return colour_of(number + 1)
    return (red, green, blue)


def _code(tags: str) -> Code | None:
    """Return the type of a segment's terminology entry: context~category~type~…, each a^b^c."""
    match = re.search(r"TerminologyEntry:([^|]*)", tags)
    parts = match[1].split("~") if match else []
    code = parts[2].split("^") if len(parts) > 2 else []
    return Code(*code) if len(code) == 3 and all(code) else None
