"""Any readable volume as what the name of the output says: `convert`."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.errors import DataError, FileError
from core.domain.label_set import LabelMap
from core.domain.volume import Pixels
from core.io import readers
from core.io.cases.found_case import PlacedMask, ReadCase, read_case, read_channel, read_mask
from core.io.cases.slice_folder import slices_of
from core.io.cases.slice_masks import write_planes
from core.io.labels.label_table import label_table, with_table, write_names
from core.io.layouts.found import FoundCase, FoundMask
from core.io.layouts.registry import find
from core.io.stored import Stored
from core.io.tiff.tiff import write_image
from core.io.write_guard import refuse_inside
from core.io.writers import Maker, labelled, write, writer_of

_TIFF = "tiff"


@dataclass(frozen=True)
class ConversionWanted:
    """What to convert: a format by name or by the ending of the target; which channel or volume.

    `on` is the image or series onto whose stored grid a mask is written.
    """

    format_name: str | None = None
    channel: str | None = None
    point: int | None = None
    on: Path | None = None
    layout: str | None = None
    patient_name: bool = False


def refuse_existing(target: Path) -> None:
    """Raise `FileError` when there is something of that name: it is never overwritten."""
    if target.exists():
        raise FileError(
            target,
            expected="no file or folder of this name",
            found="one",
            action="It was left as it is; choose another name.",
        )


def converted(path: Path, target: Path, wanted: ConversionWanted) -> tuple[str, ...]:
    """Write `path` (a file, a series, a case) as `target`; return what is to be told.

    The format `tiff` without its ending gives a folder of slices as the public LGG set has them.
    Raises `FileError` and `DataError` for what cannot be read or written, or stands there already.
    """
    refuse_existing(target)
    if path.is_dir():
        refuse_inside(path, target)
    suffix = target.suffix.casefold()
    if wanted.format_name == _TIFF and suffix not in (".tif", ".tiff"):
        return _write_slices(target, _case(path, layout=wanted.layout, point=wanted.point))
    writer_of(target, format_name=wanted.format_name)
    stored = _volume(path, layout=wanted.layout, channel=wanted.channel, point=wanted.point)
    stored = stored if wanted.on is None else _placed(path, stored, wanted.on)
    maker = Maker(patient_name=wanted.patient_name)
    write(target, stored, format_name=wanted.format_name, provenance=maker)
    return stored.passport.notices


def _volume(path: Path, *, layout: str | None, channel: str | None, point: int | None) -> Stored:
    """Return the one volume, or the named channel of the one case."""
    if path.is_file() or point is not None:
        return with_table(readers.read(path, point=point))
    case = _found(path, layout)
    chosen = [c for c in case.channels if channel in (None, c.name, c.role.value)]
    if len(chosen) != 1:
        names = ", ".join(c.name for c in case.channels)
        raise DataError(
            f"{case.id}: expected one channel to write, found {len(chosen)} of {names}. Choose one "
            "with --channel, or write slices with --format tiff."
        )
    return read_channel(chosen[0])


def _found(path: Path, layout: str | None) -> FoundCase:
    found = find(path, layout=layout)
    if len(found.cases) == 1:
        return found.cases[0]
    names = ", ".join(case.id for case in found.cases[:5])
    raise DataError(
        f"{path.name}: expected one case, found {len(found.cases)} ({names}). Give the folder of "
        "one of them."
    )


def _placed(path: Path, stored: Stored, on: Path) -> Stored:
    """Return a mask on the stored grid of the image `on`, to be written as that image is stored."""
    like = readers.read(on)
    mask = FoundMask("mask", (path,), stored.point if stored.points > 1 else None)
    placed: PlacedMask = read_mask(mask, FoundCase("mask", ()), like)
    return labelled(like, placed.values, placed.labels)


def _case(path: Path, *, layout: str | None, point: int | None) -> ReadCase:
    if path.is_file() or point is not None:
        stored = readers.read(path, point=point)
        return ReadCase(FoundCase(path.name, ()), (stored,), (), stored.passport.notices)
    return read_case(_found(path, layout))


def _write_slices(target: Path, case: ReadCase) -> tuple[str, ...]:
    """Write a folder of slices as the public LGG set has them, in canonical order."""
    _, turn = case.grid.canonical()
    pixels: Pixels = turn.apply(np.concatenate([channel.real() for channel in case.channels]))
    planes, notices = slices_of(pixels)
    drawn = case.masks[0] if case.masks else None
    mask: LabelMap | None = None if drawn is None else turn.apply(drawn.values)
    part = target.with_name(f".{target.name}.part")
    part.mkdir(parents=True)
    try:
        for index in range(planes.shape[1]):
            stem = f"{target.name}_{index + 1}"
            write_image(part / f"{stem}.tif", planes[:, index])
        if drawn is not None and mask is not None:
            stems = (f"{target.name}_{index + 1}" for index in range(len(mask)))
            paths = [part / f"{stem}_mask.tif" for stem in stems]
            write_planes(paths, mask, several=not drawn.labels.is_binary)
            write_names(label_table(part, target.name), drawn.labels)
        part.rename(target)
    finally:
        for left in part.iterdir() if part.exists() else ():
            left.unlink()
        if part.exists():
            part.rmdir()
    return (*case.notices, *notices)
