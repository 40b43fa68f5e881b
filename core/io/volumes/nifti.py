"""NIfTI 1 and 2: `.nii`, `.nii.gz` and pairs `.hdr`/`.img`, read through nibabel's headers.

Compressed files are unpacked by isal, which checks the CRC. Arrays are (Z, Y, X), the header's
order read backwards; the affine is the header's own.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.domain.errors import FileError
from core.domain.volume import Pixels
from core.io import file_bytes
from core.io.choice import colour_told, volume_of
from core.io.memory import available_bytes
from core.io.readers import Reader
from core.io.stored import Passport, PixelStream, Stored, StoredHead, slab_slices
from core.io.volumes.nifti_geometry import geometry_of

_SIZES = {1: 348, 2: 540}
_MAGIC = {b"n+1\0": (1, True), b"ni1\0": (1, False), b"n+2\0": (2, True), b"ni2\0": (2, False)}
_COLOURS = {128: 3, 2304: 4}  # RGB24, RGBA32
_LARGEST = 2**40  # voxels a damaged header claims
_CONVERT = "Convert it to NIfTI 1 with a current program."


@dataclass(frozen=True, eq=False)
class NiftiHeader:
    """The header as it was: its version, its bytes, and the order of its bytes."""

    version: int
    raw: bytes
    endianness: str

    def parsed(self) -> Any:
        """Return nibabel's header of it, of a single file."""
        from nibabel.nifti1 import Nifti1Header  # every format is known before any file is read
        from nibabel.nifti2 import Nifti2Header

        kind = Nifti1Header if self.version == 1 else Nifti2Header
        return kind(self.raw, endianness=self.endianness, check=False)  # type: ignore[no-untyped-call]


def matches(path: Path, head: bytes) -> bool:
    """Tell by the magic bytes, and by the name for what claims to be NIfTI and is none."""
    name = path.name.casefold()
    named = name.endswith((".nii", ".nii.gz"))
    return _version(head) is not None or named or name.endswith((".hdr", ".img", ".img.gz"))


def read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    """Read one volume of a NIfTI file, or of a pair given by either or both of its names.

    Raises `FileError` as `opened`, and for a damaged or shortened file.
    """
    return opened(files, point=point).whole()


def opened(files: Sequence[Path], *, point: int | None = None) -> PixelStream:
    """Read the header of a NIfTI file, or of a pair given by either or both of its names.

    A file of several volumes gives the first, and says so, unless `point` chooses. Raises
    `FileError` for a damaged header, complex numbers, more than four axes.
    """
    path, image = _pair(files)
    try:
        return _described(path, image, point)
    except FileError:
        # Where bytes are damaged, that is what is wrong, and not what the header seems to say.
        file_bytes.content(path)
        raise


def _described(path: Path, image: Path, point: int | None) -> PixelStream:
    header, single = _header(path, file_bytes.head(path, max(_SIZES.values())))
    shape, points = _shape(path, header)
    chosen, notices = volume_of(path, point, points)
    fields = header.parsed()
    body = _Body(
        path if single else image,
        _dtype(image, fields),
        (points, *shape),
        chosen,
        _offset(image, fields),
    )
    geometry = geometry_of(path, fields, shape)
    slope, intercept, told = _scaling(path, fields)
    if body.colours:
        told += colour_told(path)
    passport = Passport(
        path,
        f"NIfTI-{header.version}{'' if single else ' pair'}",
        geometry.sources,
        geometry.believed,
        geometry.why,
        (*notices, *told, *geometry.notices),
    )
    scaled = (1.0, 0.0) if body.colours else (slope, intercept)
    head = StoredHead(geometry.grid, passport, *scaled, header=header, points=points, point=chosen)
    dtype = np.dtype(np.uint8) if body.colours else body.dtype
    slices = None if file_bytes.is_packed(body.path) else body.slices
    return PixelStream(head, len(body.colours) or 1, dtype, body.slabs, slices)


@dataclass(frozen=True, eq=False)
class _Body:
    """Where the pixels of one of the volumes (T, Z, Y, X) of a file lie, from byte `offset` on."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, int, int, int]
    chosen: int
    offset: int

    @property
    def colours(self) -> tuple[str, ...]:
        """The names of its colours; none where voxels are grey."""
        return () if self.dtype.names is None else ("R", "G", "B")

    @property
    def _begin(self) -> int:
        return self.offset + self.chosen * math.prod(self.shape[1:]) * self.dtype.itemsize

    @property
    def _end(self) -> int:
        return self.offset + math.prod(self.shape) * self.dtype.itemsize

    def slabs(self) -> Iterator[Pixels]:
        """Yield (C, n, Y, X), each in the place of the one before; see `PixelStream`."""
        _, depth, height, width = self.shape
        step = slab_slices((1, depth, height, width), self.dtype)
        packed = file_bytes.is_packed(self.path)
        if not packed:
            self._check_size()
        with file_bytes.unpacked(self.path) as file:
            if packed and self._end > available_bytes() // 2:  # damaged, or too large to be kept
                raise _short(
                    self.path, self._end, file_bytes.passed_over(self.path, file, before=0)
                )
            file.seek(self._begin)
            at = file.tell()
            slab = np.empty((min(step, depth), height, width), self.dtype)
            for start in range(0, depth, step):
                part = slab[: min(step, depth - start)]
                at += _filled(file, part)
                if at < self._begin + (start + len(part)) * part[0].nbytes:
                    raise _short(self.path, self._end, at)
                yield self._planes(part)
            if packed:  # to the end, where its checksum is
                at = file_bytes.passed_over(self.path, file, before=at)
                if at < self._end:
                    raise _short(self.path, self._end, at)

    def slices(self, indices: Sequence[int]) -> Pixels:
        """Return (C, n, Y, X) of a file that is not packed."""
        self._check_size()
        found = np.empty((len(indices), *self.shape[2:]), self.dtype)
        with file_bytes.unpacked(self.path) as file:
            for part, index in zip(found, indices, strict=True):
                file.seek(self._begin + index * part.nbytes)
                _filled(file, part)
        return self._planes(found)

    def _check_size(self) -> None:
        """Raise `FileError` for a file, not packed, that is cut off."""
        size = self.path.stat().st_size
        if size < self._end:
            raise _short(self.path, self._end, size)

    def _planes(self, part: NDArray[Any]) -> Pixels:
        if not self.colours:
            return part[np.newaxis]
        return np.stack([part[name] for name in self.colours])


def _filled(file: BinaryIO, part: NDArray[Any]) -> int:
    """Read into an array as far as there are bytes; return how many."""
    view, found = part.reshape(-1).view(np.uint8).data, 0
    while found < len(view):
        count = file.readinto(view[found:])  # type: ignore[attr-defined]
        if not count:
            break
        found += count
    return found


def _pair(files: Sequence[Path]) -> tuple[Path, Path]:
    """Return the header's and the image's file: the same for a single file."""
    path = min(files, key=lambda p: not p.name.casefold().endswith(".hdr"))
    name = path.name.casefold()
    if len({p.name.split(".")[0] for p in files}) > 1:
        raise FileError(
            path,
            expected="one volume",
            found=f"{len(files)} files in the same place",
            action="Choose one of them, or open the folder as a dataset.",
        )
    if name.endswith(".hdr"):
        return path, _beside(path, ".hdr", (".img", ".img.gz", ".IMG"))
    if name.endswith((".img", ".img.gz")):
        ending = path.name[-7:] if name.endswith(".gz") else path.name[-4:]
        return _beside(path, ending, (".hdr", ".HDR")), path
    return path, path


def _beside_it(path: Path) -> tuple[Path, ...]:
    """Return both files of a pair, the one file of any other volume."""
    return _pair([path])


def _beside(path: Path, ending: str, others: Sequence[str]) -> Path:
    stem = path.name[: -len(ending)]
    for other in others:
        if (found := path.with_name(stem + other)).is_file():
            return found
    raise FileError(
        path,
        expected=f"{stem}{others[0]} beside it, because the two make one image",
        found="none",
        action="Put both files into one folder.",
    )


def _version(head: bytes) -> tuple[int, bool] | None:
    """Return version and whether header and pixels are in one file, or None for no NIfTI."""
    return _MAGIC.get(head[344:348]) or _MAGIC.get(head[4:8])


def _header(path: Path, data: bytes) -> tuple[NiftiHeader, bool]:
    found = _version(data[:540])
    if found is None:
        old = len(data) >= 348 and {data[:4], data[3::-1]} & {(348).to_bytes(4, "little")}
        what = "Analyze 7.5, which cannot tell left from right" if old else "another kind of file"
        raise FileError(path, expected="a NIfTI file", found=what, action=_CONVERT)
    version, single = found
    size = _SIZES[version]
    if len(data) < size:
        raise _short(path, size, len(data))
    little = int.from_bytes(data[:4], "little") == size
    return NiftiHeader(version, data[:size], "<" if little else ">"), single


def _shape(path: Path, header: NiftiHeader) -> tuple[tuple[int, int, int], int]:
    """Return (Z, Y, X) and the number of volumes; axes of length 1 past the third are left out."""
    dim = [int(n) for n in header.parsed()["dim"]]
    sizes = dim[1 : dim[0] + 1] if 1 <= dim[0] <= 7 else []
    if not sizes or min(sizes) < 1 or math.prod(sizes) > _LARGEST:
        raise FileError(
            path,
            expected="1 to 7 axes of at least one voxel",
            found=f"a header that claims {dim}",
            action=file_bytes.COPY_AGAIN,
        )
    volume, rest = ([*sizes, 1, 1])[:3], [n for n in sizes[3:] if n > 1]
    if len(rest) > 1:
        raise FileError(
            path,
            expected="three axes, or four with time",
            found=f"{'×'.join(map(str, sizes))} voxels",
            action="Split it into one file a volume.",
        )
    return (volume[2], volume[1], volume[0]), rest[0] if rest else 1


def _offset(path: Path, fields: Any) -> int:
    """Return the byte at which the pixels of the first volume begin."""
    told = float(fields["vox_offset"])
    single = bytes(fields["magic"]).startswith(b"n+")
    if not (int(fields["sizeof_hdr"]) if single else 0) <= told < _LARGEST:
        raise FileError(
            path,
            expected="pixels after the header",
            found=f"a header that places them at byte {told:.0f}",
            action=_CONVERT,
        )
    return int(told)


def _dtype(path: Path, fields: Any) -> np.dtype[Any]:
    code = int(fields["datatype"])
    try:
        dtype: np.dtype[Any] = fields.get_data_dtype()
    except (KeyError, ValueError) as error:
        raise _kind(path, f"type {code}, which NIfTI does not know") from error
    if code in _COLOURS:
        return dtype
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise _kind(path, f"{dtype.name} numbers")
    return dtype


def _scaling(path: Path, fields: Any) -> tuple[float, float, tuple[str, ...]]:
    """Return slope and intercept; a slope of 0 or NaN means that nothing is scaled."""
    slope, intercept = float(fields["scl_slope"]), float(fields["scl_inter"])
    if slope == 0 or math.isnan(slope):
        return 1.0, 0.0, ()
    if math.isfinite(slope) and math.isfinite(intercept):
        return slope, intercept, ()
    return (
        1.0,
        0.0,
        (
            f"{path.name}: expected a finite slope and intercept, found {slope:g} and "
            f"{intercept:g}. Stored values are shown unscaled; correct the header.",
        ),
    )


def _kind(path: Path, found: str) -> FileError:
    return FileError(
        path,
        expected="whole or floating numbers of up to 64 bit, or RGB",
        found=found,
        action="Export the magnitude alone.",
    )


def _short(path: Path, expected: int, found: int) -> FileError:
    return FileError(
        path,
        expected=f"{expected:,} bytes",
        found=f"{found:,}: the file is cut off",
        action=f"Nothing of it is shown. {file_bytes.COPY_AGAIN}",
    )


READER = Reader(
    "nifti",
    "NIfTI",
    (".nii.gz", ".nii", ".img.gz", ".hdr", ".img"),
    matches,
    read,
    opened,
    _beside_it,
)
