"""Every write of a volume or a label map: onto the stored grid, atomic, read back before it counts.

What is written is a `Stored`: its pixels, grid and labels, and the header of what it was made from.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import numpy as np

from core.domain.errors import DataError, FileError
from core.domain.grid import Grid
from core.domain.label_set import BINARY, LabelMap, LabelSet
from core.io import readers
from core.io.atomic import atomic_path
from core.io.labels.label_table import is_same_table, table_of, write_names
from core.io.stored import Passport, Stored

_OWN = (
    "volumes.nifti_write",
    "volumes.nrrd_write",
    "volumes.metaimage_write",
    "tiff.tiff_write",
    "dicom.dicom_seg_write",
)
_SAME = 1e-3
"""What is read back may lie this part of a voxel beside: single precision of a header."""


@dataclass(frozen=True)
class Maker:
    """Who or what made a label map; written where a format has a place for it.

    `patient_name` says whether the name of the patient may be copied from the images.
    """

    algorithm: str = ""
    version: str = ""
    author: str = ""
    patient_name: bool = False


NOBODY = Maker()


@dataclass(frozen=True)
class Order:
    """What to write: the volume, the name the file will have, and who made it."""

    stored: Stored
    name: str
    provenance: Maker


@dataclass(frozen=True)
class Writer:
    """One format: its name, its endings (longest first), what writes it.

    `keeps_place` says whether a file of it tells where it lies in the patient, `naming` are those
    of its endings whose files tell names and colours of labels.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    write: Callable[[Path, Order], None]
    keeps_place: bool = True
    naming: tuple[str, ...] = ()

    def keeps_names(self, name: str) -> bool:
        """Tell whether a file of that name tells names and colours of labels."""
        return bool(self.naming) and name.casefold().endswith(self.naming)


def writers() -> tuple[Writer, ...]:
    """Return every format that can be written."""
    return tuple(import_module(f"{__package__}.{name}").WRITER for name in _OWN)


def writer_of(path: Path, *, format_name: str | None = None) -> Writer:
    """Return the writer of that name, or the one the ending of `path` tells.

    Raises `DataError` when there is none.
    """
    known = writers()
    for writer in known:
        if writer.name == format_name or (
            format_name is None and path.name.casefold().endswith(writer.suffixes)
        ):
            return writer
    endings = ", ".join(ending for writer in known for ending in writer.suffixes)
    raise DataError(
        f"{path.name}: expected a format of {', '.join(w.name for w in known)} or a name ending in "
        f"{endings}, found {format_name or path.suffix or 'no ending'}. Choose one of them."
    )


def suffix_like(stored: Stored) -> str:
    """Return the ending that a mask beside this volume gets by default: that of its own format."""
    name = stored.passport.path.name.casefold()
    match stored.passport.reader:
        case "nifti":
            return ".nii" if name.endswith(".nii") else ".nii.gz"
        case "nrrd":
            return ".seg.nrrd" if name.endswith(".seg.nrrd") else ".nrrd"
        case "dicom" | "dicom-seg":
            return ".dcm"
        case "metaimage":
            return ".mha"
    return ".tif"


def labelled(like: Stored, label_map: LabelMap, labels: LabelSet) -> Stored:
    """Return `label_map` (Z, Y, X), on the stored grid of `like`, as a volume to write.

    Raises `DataError` when it has another shape.
    """
    if label_map.shape != like.grid.shape:
        raise DataError(
            f"{like.passport.path.name}: expected a mask of {like.grid.shape} voxels (z, y, x) on "
            f"its grid, found {label_map.shape}. Nothing was written; make it on this image."
        )
    pixels = np.ascontiguousarray(label_map, np.uint8)[np.newaxis]
    return replace(like, pixels=pixels, slope=1.0, intercept=0.0, labels=labels, points=1, point=0)


def write(
    path: Path,
    stored: Stored,
    *,
    format_name: str | None = None,
    provenance: Maker | None = None,
    overwrite: bool = False,
    keep_table: bool = False,
) -> tuple[Path, ...]:
    """Write `stored` to `path`, and return its files; what is there is kept unless `overwrite`.

    Names and colours of several labels go into a table beside it where the format has no place for
    them; one that is there stays where `keep_table` says so. The file is read back before it takes
    its name: `DataError` is raised, and nothing written, when a voxel, a value or the place in the
    patient came out differently. Raises `WorkspaceError` when the system refuses the write.
    """
    writer = writer_of(path, format_name=format_name)
    labels = stored.labels or BINARY
    named, table = writer.keeps_names(path.name), table_of(path)
    other = not (named or labels.is_binary or is_same_table(table, labels))
    for place in (path, table) if other else (path,):
        if place.exists() and not overwrite:
            raise FileError(
                place,
                expected="no file of this name",
                found="one",
                action="It was left as it is; choose another name.",
            )
    with atomic_path(path) as temporary:
        writer.write(temporary, Order(stored, path.name, provenance or NOBODY))
        _check(path, readers.read(temporary), stored, writer)
    return (path, *(() if named else write_names(table, labels, keep=keep_table)))


def _check(path: Path, found: Stored, meant: Stored, writer: Writer) -> None:
    """Raise `DataError` when what was written is not what was meant."""
    if not _is_same(found, meant):
        raise _moved(path, "the same values at every voxel", "others")
    kept = meant.grid if writer.keeps_place else Grid(meant.grid.shape)
    if meant.grid.is_known and writer.keeps_place:
        difference = kept.difference(found.grid, tolerance=_SAME)
        if difference:
            raise _moved(path, "the same place in the patient", difference)
    elif found.grid.is_known:
        raise _moved(path, "an unknown orientation, as it was", f"{found.grid.orientation}")


def _is_same(found: Stored, meant: Stored) -> bool:
    """Tell whether every voxel came out as it was meant."""
    if np.array_equal(found.real(), meant.real(), equal_nan=meant.pixels.dtype.kind == "f"):
        return True
    one, other = meant.labels, found.labels
    if one is None or other is None or not one.overlap or meant.grid.shape != found.grid.shape:
        return False
    # Where labels overlap the segments are what is written, and a combination may be renumbered.
    same = (
        each.value in other.values
        and np.array_equal(
            one.mask(meant.pixels[0], one.spread(each)),
            other.mask(found.pixels[0], other.spread(other.label(each.value))),
        )
        for each in one.segments
    )
    return all(same)


def _moved(path: Path, expected: str, found: str) -> DataError:
    return DataError(
        f"{path.name}: expected {expected} when it was read back, found {found}. Nothing was "
        "written; choose another format."
    )


def plain_volume(grid: Grid, pixels: LabelMap, labels: LabelSet | None = None) -> Stored:
    """Return a volume (Z, Y, X) that comes from no file, to be written."""
    passport = Passport(Path("volume"), "memory", (), "given", "it was made here")
    return Stored(pixels[np.newaxis], grid.as_filed, passport, labels=labels)
