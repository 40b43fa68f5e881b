"""MetaImage, `.mha` and `.mhd`, read by SimpleITK; LPS millimetres are turned to RAS+."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from isal import isal_zlib

from core.domain.errors import FileError
from core.domain.grid import Affine, Grid, is_affine
from core.io import file_bytes
from core.io.choice import colour_told, only_one, volume_of
from core.io.evidence import notices_of
from core.io.readers import Reader
from core.io.stored import Passport, Pixels, Source, Stored

_HEADER = re.compile(rb"^\s*(\w+)\s*=\s*([^\r\n]*?)\s*$", re.MULTILINE)
_DIRECTIONS = ("TransformMatrix", "Orientation", "Rotation")
_SIZES = ("ElementSpacing", "ElementSize")
_UNIT_LENGTH = 1e-4


@dataclass(frozen=True, eq=False)
class _Image:
    pixels: Pixels  # (N, Z, Y, X): channels of colour, or time points
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: Affine
    colour: bool


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
    if data not in ("LOCAL", "LIST") and "%" not in data and not path.with_name(data).is_file():
        raise _refused(path, f"no data file {data} beside it")
    return found


def _image(path: Path, fields: Mapping[str, str]) -> _Image:
    import SimpleITK

    _check_checksum(path, fields)
    try:
        image = SimpleITK.ReadImage(str(path), imageIO="MetaImageIO")
        pixels = SimpleITK.GetArrayFromImage(image)
    except (RuntimeError, MemoryError) as error:
        short = "data that is cut off or damaged"
        raise _refused(path, short if _is_whole(fields) else "a damaged header") from error
    count = image.GetDimension()
    parts = image.GetNumberOfComponentsPerPixel()
    if pixels.dtype.kind not in "iuf" or count not in (2, 3, 4) or (parts > 1 and count != 3):
        raise _refused(path, f"{count} axes and {parts} values a voxel of {pixels.dtype}")
    if parts > 1 and parts not in (3, 4):
        raise _refused(path, f"{parts} values a voxel")
    if parts > 1:
        pixels = np.moveaxis(pixels, -1, 0)[:3]
    elif count == 2:
        pixels = pixels[np.newaxis, np.newaxis]
    elif count == 3:
        pixels = pixels[np.newaxis]
    direction = np.array(image.GetDirection()).reshape(count, count)
    return _Image(
        np.ascontiguousarray(pixels), image.GetSpacing(), image.GetOrigin(), direction, parts > 1
    )


def _check_checksum(path: Path, fields: Mapping[str, str]) -> None:
    """Unpack compressed data once more, because SimpleITK passes over a wrong checksum."""
    data = fields.get("ElementDataFile", "LOCAL")
    if fields.get("CompressedData", "").casefold() != "true" or data == "LIST":
        return
    try:
        raw = (path if data == "LOCAL" else path.with_name(data)).read_bytes()
        start = raw.index(b"\n", raw.index(b"ElementDataFile")) + 1 if data == "LOCAL" else 0
        isal_zlib.decompress(raw[start:])
    except (OSError, ValueError, file_bytes.UNPACKING_FAULT) as error:
        raise _refused(path, "data that is cut off or damaged") from error


def _is_whole(fields: Mapping[str, str]) -> bool:
    return {"ElementType", "DimSize", "ElementDataFile"} <= fields.keys()


def _source(path: Path, fields: Mapping[str, str], image: _Image) -> tuple[Source, tuple[str, ...]]:
    given = [name for name in _DIRECTIONS if name in fields]
    if not given or len(image.spacing) < 3 or not any(name in fields for name in _SIZES):
        return Source("TransformMatrix", "not given"), ()
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
        return Source(given[0], "no affine"), tuple(notices)
    return Source(given[0], f"{Grid((1, 1, 1), affine).orientation}", affine), tuple(notices)


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


READER = Reader("metaimage", "MetaImage", (".mha", ".mhd"), matches, read)
