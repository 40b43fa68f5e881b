"""NRRD: `.nrrd`, `.nhdr` with its data beside it, and the `.seg.nrrd` of 3D Slicer.

Axes are told apart by `kinds` and `space directions`; what is no axis of space comes first as
channels (colour), layers (segments) or time points. Arrays are (…, Z, Y, X).
"""

import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nrrd
import numpy as np

from core.domain.errors import FileError
from core.domain.grid import Affine, Grid, is_affine
from core.domain.volume import Pixels
from core.io import file_bytes
from core.io.choice import colour_told, only_one, volume_of
from core.io.evidence import notices_of
from core.io.memory import require_memory
from core.io.readers import Reader
from core.io.stored import GeometrySource, Passport, Stored
from core.io.volumes.nrrd_segments import collapsed, segments_of

_SIGNS = {
    "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1),
}  # fmt: skip
_MILLIMETRES = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001, "": 1.0}
_SPATIAL = ("domain", "space")
_COLOURS = ("rgb-color", "3-color", "rgba-color", "4-color")
_FAULTS = (
    *(nrrd.NRRDError, ValueError, KeyError, OSError, EOFError, zlib.error, TypeError),
    *(file_bytes.UNPACKING_FAULT, OverflowError, IndexError),
)
_PACKINGS: Mapping[str, file_bytes.Packing] = {
    "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
}  # fmt: skip
_LARGEST_TYPE, _SKIPPED = 8, 1 << 20


@dataclass(frozen=True, eq=False)
class _Axes:
    """Which axis of the header (fastest first) is no axis of space, and what it is for."""

    other: int | None
    kind: str


def matches(path: Path, head: bytes) -> bool:
    """Tell by the first bytes, and by the name for what claims to be NRRD and is none."""
    return head[:4] == b"NRRD" or path.name.casefold().endswith((".nrrd", ".nhdr"))


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read one volume of an NRRD file; a segmentation of several layers becomes one label map.

    Raises `FileError` for damaged files, pixels that are no numbers, and axes that are not told.
    """
    path = only_one(files, (".nrrd", ".nhdr"))
    header, data = _content(path)
    axes = _axes(path, header)
    volumes = _volumes(data, axes)  # (N, Z, Y, X)
    shape = (volumes.shape[1], volumes.shape[2], volumes.shape[3])
    source, notices = _source(path, header, axes)
    grid = Grid(shape, source.affine, None if source.affine is not None else _spacing(header, axes))
    segments = segments_of(header)
    if segments:
        volumes, labels, more = collapsed(path, volumes, segments)
        points, chosen = 1, 0
    else:
        labels = None
        volumes, points, chosen, more = _chosen(path, volumes, axes, point)
    known = source.affine is not None
    passport = Passport(
        path,
        "NRRD segmentation" if segments else "NRRD",
        (source,),
        source.name if known else ("spacings" if grid.spacing_mm else "nothing"),
        "it is what the file gives" if known else "space or space directions are not given",
        (*notices, *more, *notices_of(path, grid)),
    )
    return Stored(
        volumes, grid, passport, labels=labels, header=header, points=points, point=chosen
    )


def _content(path: Path) -> tuple[Mapping[str, Any], Pixels]:
    """Return the header and the pixels, slowest axis first."""
    raw = file_bytes.content(path)
    stream = io.BytesIO(raw)
    try:
        header = nrrd.read_header(stream)
        if np.prod(header["sizes"], dtype=object) > 2**40 or min(header["sizes"]) < 1:
            raise nrrd.NRRDError(f"sizes of {'×'.join(map(str, header['sizes']))}")
        _check_amount(path, header, raw[stream.tell() :])
        data = nrrd.read_data(header, stream, str(path), index_order="C")
    except MemoryError as error:
        raise _refused(path, "a header that claims more pixels than memory holds") from error
    except _FAULTS as error:
        raise _refused(path, _fault(raw, error)) from error
    if data.dtype.kind not in "iuf":
        raise _refused(path, f"pixels of type {data.dtype}")
    return header, np.asarray(data)


def _check_amount(path: Path, header: Mapping[str, Any], packed: bytes) -> None:
    """Raise `DataError` for more pixels than memory holds, or than the header claims."""
    claimed = int(np.prod(header["sizes"], dtype=object)) * _LARGEST_TYPE
    require_memory(path.name, int(np.prod(header["sizes"], dtype=object)))
    packing = _PACKINGS.get(str(header.get("encoding", "raw")))
    beside = _data_file(path, header)
    if packing is None or (beside and not beside.is_file()):
        return
    if beside:
        require_memory(beside.name, beside.stat().st_size)
        packed = beside.read_bytes()
    file_bytes.check_unpacked(path, packed, packing, most=claimed + _SKIPPED)


def _data_file(path: Path, header: Mapping[str, Any]) -> Path | None:
    """Return the file that holds the pixels, None where they follow the header."""
    name = header.get("data file", header.get("datafile"))
    return path.parent / str(name) if name else None


def _beside(path: Path) -> tuple[Path, ...]:
    try:
        found = _data_file(path, nrrd.read_header(str(path)))
    except _FAULTS as error:
        raise _refused(path, _fault(b"NRRD", error)) from error
    return () if found is None else (found,)


def _fault(raw: bytes, error: Exception) -> str:
    if raw[:4] != b"NRRD":
        return "another kind of file"
    if isinstance(error, FileNotFoundError):
        return f"no data file {Path(str(error.filename)).name} beside it"
    if "Size of the data" in str(error) or "multiple of element size" in str(error):
        return "another number of pixels than its header says: it is cut off or damaged"
    if isinstance(error, zlib.error | EOFError | OSError):
        return "damaged compressed data"
    return f"a damaged header ({' '.join(str(error).split())[:80]})"


def _axes(path: Path, header: Mapping[str, Any]) -> _Axes:
    count = int(header["dimension"])
    kinds = [str(kind).casefold() for kind in header.get("kinds", [])]
    directions = header.get("space directions")
    if count == 3 and (directions is None or np.isfinite(_rows(directions)).all()):
        return _Axes(None, "")
    if count == 4:
        if directions is not None:
            odd = np.flatnonzero(~np.isfinite(_rows(directions)).all(axis=1))
        else:
            odd = np.array([n for n, kind in enumerate(kinds) if kind not in _SPATIAL])
        if len(odd) == 1:
            return _Axes(int(odd[0]), kinds[odd[0]] if kinds else "list")
    raise FileError(
        path,
        expected="three axes of space, and at most one more that `kinds` names",
        found=f"{count} axes of kinds {' '.join(kinds) or 'not given'}",
        action="Save it as one volume a file.",
    )


def _rows(directions: Any) -> Affine:
    """Return the directions as rows; an axis without one is NaN."""
    rows = [np.full(3, np.nan) if row is None else np.asarray(row, float) for row in directions]
    return np.array(rows)


def _volumes(data: Pixels, axes: _Axes) -> Pixels:
    """Return (N, Z, Y, X)."""
    if axes.other is None:
        return data[np.newaxis]
    return np.moveaxis(data, data.ndim - 1 - axes.other, 0)


def _chosen(
    path: Path, volumes: Pixels, axes: _Axes, point: int | None
) -> tuple[Pixels, int, int, tuple[str, ...]]:
    """Return (C, Z, Y, X), how many volumes there are, which this is, and notices."""
    if axes.kind in _COLOURS:
        return np.ascontiguousarray(volumes[:3]), 1, 0, colour_told(path)
    chosen, told = volume_of(path, point, len(volumes))
    return np.ascontiguousarray(volumes[chosen : chosen + 1]), len(volumes), chosen, told


def _source(
    path: Path, header: Mapping[str, Any], axes: _Axes
) -> tuple[GeometrySource, tuple[str, ...]]:
    """Return what space, directions and origin say together."""
    space = str(header.get("space", "")).casefold().removesuffix("-time")
    directions = header.get("space directions")
    if directions is None or space not in _SIGNS:
        given = "not given" if directions is None else "given"
        said = f"space {space or 'not given'}, directions {given}"
        return GeometrySource("space directions", said), ()
    notices: list[str] = []
    rows = _rows(directions)
    spatial = [n for n in range(len(rows)) if n != axes.other]
    affine = np.eye(4)
    affine[:3, :3] = rows[spatial].T
    origin = header.get("space origin")
    known = np.asarray([] if origin is None else origin, float)
    if known.shape != (3,) or not np.isfinite(known).all():
        notices.append(
            f"{path.name}: expected a space origin, found none. The first voxel is put at 0, 0, "
            "0; the place in the patient is not known."
        )
    else:
        affine[:3, 3] = known
    affine[:3] *= _factor(path, header, notices)
    affine = np.diag([*_SIGNS[space], 1.0]) @ affine
    if not is_affine(affine):
        notices.append(
            f"{path.name}: expected directions that span a volume, found {rows.tolist()}. They "
            "are not used; convert the file anew from its source."
        )
        return GeometrySource("space directions", f"space {space}, but no affine"), tuple(notices)
    grid = Grid((1, 1, 1), affine)
    return GeometrySource("space directions", f"space {space}: {grid.orientation}", affine), tuple(
        notices
    )


def _factor(path: Path, header: Mapping[str, Any], notices: list[str]) -> float:
    units = {str(unit).strip('"').casefold() for unit in header.get("space units", [])} or {""}
    unit = units.pop() if len(units) == 1 else "mixed"
    if unit not in _MILLIMETRES:
        notices.append(
            f"{path.name}: expected space units of mm, found {unit}. Taken as mm; check the size."
        )
    elif _MILLIMETRES[unit] != 1.0:
        notices.append(
            f"{path.name}: expected space units of mm, found {unit}. They are converted; check "
            "the size."
        )
    return _MILLIMETRES.get(unit, 1.0)


def _spacing(header: Mapping[str, Any], axes: _Axes) -> tuple[float, float, float] | None:
    """Return the spacing (z, y, x) of a file that does not tell the orientation, or None."""
    if header.get("space directions") is not None:
        rows = _rows(header["space directions"])
        values = np.linalg.norm(rows, axis=1)
    else:
        values = np.asarray(header.get("spacings", [np.nan]), float)
    spatial = [float(v) for n, v in enumerate(values) if n != axes.other]
    if len(spatial) != 3 or not np.isfinite(spatial).all() or min(spatial) <= 0:
        return None
    return (spatial[2], spatial[1], spatial[0])


def _refused(path: Path, found: str) -> FileError:
    return FileError(path, expected="an NRRD image", found=found, action=file_bytes.COPY_AGAIN)


READER = Reader("nrrd", "NRRD", (".seg.nrrd", ".nrrd", ".nhdr"), matches, read, beside=_beside)
