"""MetaImage, `.mha` and `.mhd`; LPS millimetres are turned to RAS+."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from isal import isal_zlib

from core.domain.errors import FileError
from core.domain.grid import Affine, Grid, is_affine
from core.domain.volume import Pixels
from core.io import file_bytes
from core.io.choice import colour_told, only_one, volume_of
from core.io.evidence import notices_of
from core.io.memory import require_memory
from core.io.readers import Reader
from core.io.stored import GeometrySource, Passport, Stored

_HEADER = re.compile(rb"^\s*(\w+)\s*=\s*([^\r\n]*?)\s*$", re.MULTILINE)
_DIRECTIONS = ("TransformMatrix", "Orientation", "Rotation")
_SIZES = ("ElementSpacing", "ElementSize")
_ORIGINS = ("Offset", "Position", "Origin")
_BIG_ENDIAN = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2",
    "MET_INT": "i4", "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_PATTERN = re.compile(
    r"(?P<before>[^%]*)%0?(?P<width>\d?)d(?P<after>\S*) (?P<first>\d+) (?P<last>\d+) (?P<step>\d+)"
)
_LONGEST = 1 << 20
_BROKEN = "data that is cut off or damaged"
_UNIT_LENGTH = 1e-4


@dataclass(frozen=True, eq=False)
class _Image:
    pixels: Pixels  # (N, Z, Y, X): channels of colour, or time points
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: Affine
    colour: bool


@dataclass(frozen=True)
class _Layout:
    """How pixels lie in the data: `sides` from the fastest axis on, `parts` values a voxel."""

    sides: tuple[int, ...]
    parts: int
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Return how many bytes the header claims."""
        return math.prod(self.sides) * self.parts * self.dtype.itemsize


def matches(path: Path, head: bytes) -> bool:
    """Tell by the first words, and by the name for what claims to be MetaImage and is none."""
    named = path.name.casefold().endswith((".mha", ".mhd"))
    return named or (b"NDims" in head and b"ObjectType" in head)


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read one volume; raises `FileError` for damaged, shortened and foreign files."""
    path = only_one(files, (".mha", ".mhd"))
    fields = _fields(path)
    image = _image(path, fields)
    shape = (image.pixels.shape[1], image.pixels.shape[2], image.pixels.shape[3])
    source, notices = _source(path, fields, image)
    spacing = _spacing(fields, image)
    grid = Grid(shape, source.affine, None if source.affine is not None else spacing)
    pixels, points, chosen, more = _chosen(path, image, point)
    slope, intercept = _scaling(fields)
    known = source.affine is not None
    passport = Passport(
        path,
        "MetaImage",
        (source,),
        source.name if known else ("ElementSpacing" if spacing else "nothing"),
        "it is what the file gives" if known else "the header gives no directions",
        (*notices, *more, *notices_of(path, grid)),
    )
    return Stored(
        pixels, grid, passport, slope, intercept, header=fields, points=points, point=chosen
    )


def _fields(path: Path) -> Mapping[str, str]:
    """Return the words of the header, which ends with the name of the data file."""
    head = file_bytes.head(path, 65536)
    end = head.find(b"ElementDataFile")
    found = {
        key.decode("ascii", "replace"): value.decode("utf-8", "replace")
        for key, value in _HEADER.findall(head[: head.find(b"\n", end) + 1] if end >= 0 else b"")
    }
    if "NDims" not in found or "DimSize" not in found:
        raise _refused(path, "another kind of file" if head else "an empty file")
    data = found.get("ElementDataFile", "LOCAL")
    try:
        missing = next((file.name for file in _files(path, data) if not file.is_file()), None)
    except (OSError, ValueError):
        missing = data
    if missing is not None:
        raise _refused(path, f"no data file {missing} beside it")
    return found


def _image(path: Path, fields: Mapping[str, str]) -> _Image:
    """Return what the header says and the pixels behind it.

    Read here and not by SimpleITK, whose parser of headers writes out of bounds where one byte
    is wrong, and passes over wrong checksums.
    """
    try:
        layout = _layout(path, fields)
        place = _place_of(fields, len(layout.sides))
    except (KeyError, ValueError, OverflowError) as error:
        raise _refused(path, f"a damaged header ({error})") from error
    require_memory(path.name, layout.nbytes)
    try:
        data = _data(path, fields, layout)
    except (OSError, EOFError, ValueError, file_bytes.UNPACKING_FAULT) as error:
        raise _refused(path, _BROKEN) from error
    if len(data) < layout.nbytes:
        raise _refused(path, _BROKEN)
    count = math.prod(layout.sides) * layout.parts
    pixels = np.frombuffer(data, layout.dtype, count).astype(layout.dtype.newbyteorder("="))
    pixels = pixels.reshape(*layout.sides[::-1], layout.parts)
    # (…, Y, X, parts) as (N, Z, Y, X): parts are colours, a fourth axis is time.
    colour = layout.parts > 1
    volumes = np.moveaxis(pixels, -1, 0)[:3] if colour else pixels[..., 0]
    shape = volumes.shape if volumes.ndim == 4 else (1,) * (4 - volumes.ndim) + volumes.shape
    return _Image(np.ascontiguousarray(volumes.reshape(shape)), *place, colour)


def _layout(path: Path, fields: Mapping[str, str]) -> _Layout:
    sides = tuple(int(side) for side in fields["DimSize"].split())
    parts = int(fields.get("ElementNumberOfChannels", "1"))
    if len(sides) != int(fields["NDims"]) or min(sides) < 1 or max(sides) > _LONGEST:
        raise ValueError(f"sides of {fields['DimSize']}")
    kind = fields["ElementType"].removesuffix("_ARRAY")
    if kind not in _TYPES or len(sides) not in (2, 3, 4) or (parts > 1 and len(sides) != 3):
        raise _refused(path, f"{len(sides)} axes and {parts} values a voxel of {kind}")
    if parts not in (1, 3, 4):
        raise _refused(path, f"{parts} values a voxel")
    swapped = any(_is_true(fields, name) for name in _BIG_ENDIAN)
    return _Layout(sides, parts, np.dtype(f"{'>' if swapped else '<'}{_TYPES[kind]}"))


def _place_of(
    fields: Mapping[str, str], count: int
) -> tuple[tuple[float, ...], tuple[float, ...], Affine]:
    """Return spacing and origin (x, y, z, …) and the directions as columns, as ITK takes them."""
    spacing = _numbers(fields, _SIZES, count) or (1.0,) * count
    origin = _numbers(fields, _ORIGINS, count) or (0.0,) * count
    rows = _numbers(fields, _DIRECTIONS, count * count) or tuple(np.eye(count).ravel())
    columns = np.array(rows).reshape(count, count).T
    signs = np.sign(spacing)
    if not signs.all():
        raise ValueError(f"spacings of {spacing}")
    return tuple(map(abs, spacing)), origin, columns * signs


def _numbers(
    fields: Mapping[str, str], names: Sequence[str], count: int
) -> tuple[float, ...] | None:
    """Return the numbers of the first of these fields that is there."""
    text = next((fields[name] for name in names if name in fields), None)
    if text is None:
        return None
    found = tuple(float(word) for word in text.split())
    if len(found) != count or not np.isfinite(found).all():
        raise ValueError(f"{count} numbers expected, found {text[:40]}")
    return found


def _data(path: Path, fields: Mapping[str, str], layout: _Layout) -> bytes:
    """Return the unpacked bytes of all pixels."""
    files = _files(path, fields.get("ElementDataFile", "LOCAL"))
    for beside in files:
        require_memory(beside.name, beside.stat().st_size * len(files))
    if not files:
        return _unpacked(path, fields, layout, _behind_header(path))
    one = replace(layout, sides=layout.sides[:-1]) if len(files) > 1 else layout
    return b"".join(_unpacked(path, fields, one, beside.read_bytes()) for beside in files)


def _files(path: Path, said: str) -> list[Path]:
    """Return the files of the pixels: none where they follow the header, else one or one a slice.

    Raises `ValueError` for a pattern of names that is none.
    """
    if said == "LOCAL":
        return []
    if said.split()[:1] == ["LIST"]:
        lines = _behind_header(path).decode("utf-8", "replace").splitlines()
        return [path.parent / line.strip() for line in lines if line.strip()]
    pattern = _PATTERN.fullmatch(said)
    if pattern is None:
        return [path.parent / said]
    first, last, step = (int(pattern[n]) for n in ("first", "last", "step"))
    if not 0 < step <= last - first + 1 <= _LONGEST:
        raise ValueError(f"files {said}")
    width = int(pattern["width"] or 0)
    numbers = (str(n).zfill(width) for n in range(first, last + 1, step))
    return [path.parent / f"{pattern['before']}{n}{pattern['after']}" for n in numbers]


def _beside(path: Path) -> list[Path]:
    return _files(path, _fields(path).get("ElementDataFile", "LOCAL"))


def _behind_header(path: Path) -> bytes:
    raw = path.read_bytes()
    return raw[raw.index(b"\n", raw.index(b"ElementDataFile")) + 1 :]


def _unpacked(path: Path, fields: Mapping[str, str], layout: _Layout, raw: bytes) -> bytes:
    if not _is_true(fields, "BinaryData", default=True):
        return np.array(raw.split(), layout.dtype).tobytes()
    if _is_true(fields, "CompressedData"):
        file_bytes.check_unpacked(path, raw, "zlib", most=layout.nbytes)
        return bytes(isal_zlib.decompress(raw))
    skipped = int(fields.get("HeaderSize", "0"))
    return raw[-layout.nbytes :] if skipped == -1 else raw[max(skipped, 0) :]


def _is_true(fields: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    return fields.get(name, str(default)).casefold() in ("true", "1")


def _source(
    path: Path, fields: Mapping[str, str], image: _Image
) -> tuple[GeometrySource, tuple[str, ...]]:
    given = [name for name in _DIRECTIONS if name in fields]
    if not given or len(image.spacing) < 3 or not any(name in fields for name in _SIZES):
        return GeometrySource("TransformMatrix", "not given"), ()
    notices: list[str] = []
    matrix = image.direction[:3, :3]
    lengths = np.linalg.norm(matrix, axis=0)
    if np.abs(lengths - 1).max() > _UNIT_LENGTH:
        notices.append(
            f"{path.name}: expected directions of length 1, found "
            f"{', '.join(f'{v:.4g}' for v in lengths)}. Voxel sizes are multiplied by them; "
            "check the size."
        )
    affine = np.eye(4)
    affine[:3, :3] = matrix @ np.diag(image.spacing[:3])
    affine[:3, 3] = image.origin[:3]
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    if not is_affine(affine):
        notices.append(
            f"{path.name}: expected directions that span a volume, found {matrix.tolist()}. They "
            "are not used; convert the file anew from its source."
        )
        return GeometrySource(given[0], "no affine"), tuple(notices)
    return GeometrySource(given[0], f"{Grid((1, 1, 1), affine).orientation}", affine), tuple(
        notices
    )


def _spacing(fields: Mapping[str, str], image: _Image) -> tuple[float, float, float] | None:
    if len(image.spacing) < 3 or not any(name in fields for name in _SIZES):
        return None
    x, y, z = image.spacing[:3]
    return (float(z), float(y), float(x))


def _scaling(fields: Mapping[str, str]) -> tuple[float, float]:
    """Return slope and intercept, which SimpleITK leaves out."""
    try:
        slope = float(fields.get("ElementToIntensityFunctionSlope", 1))
        intercept = float(fields.get("ElementToIntensityFunctionOffset", 0))
    except ValueError:
        return 1.0, 0.0
    return (slope, intercept) if np.isfinite([slope, intercept]).all() and slope else (1.0, 0.0)


def _chosen(
    path: Path, image: _Image, point: int | None
) -> tuple[Pixels, int, int, tuple[str, ...]]:
    if image.colour:
        return image.pixels, 1, 0, colour_told(path)
    count = len(image.pixels)
    chosen, told = volume_of(path, point, count)
    return np.ascontiguousarray(image.pixels[chosen : chosen + 1]), count, chosen, told


def _refused(path: Path, found: str) -> FileError:
    return FileError(path, expected="a MetaImage", found=found, action=file_bytes.COPY_AGAIN)


READER = Reader("metaimage", "MetaImage", (".mha", ".mhd"), matches, read, beside=_beside)
