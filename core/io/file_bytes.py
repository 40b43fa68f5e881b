"""The bytes of a file, unpacked and checked where it is compressed, its faults as sentences."""

import bz2
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from isal import igzip, igzip_lib

from core.domain.errors import FileError, reason
from core.io.memory import available_bytes, require_memory

GZIP_MAGIC = b"\x1f\x8b"
UNPACKING_FAULT = cast("type[Exception]", igzip_lib.error)
_FAULTS = (OSError, EOFError, zlib.error, UNPACKING_FAULT)  # BadGzipFile is an OSError
_LOW_TAGS = tuple(bytes([element, 0]) for element in (0, 1, 5, 8, 0x12, 0x14, 0x16, 0x18))
Packing = Literal["gzip", "zlib", "deflate", "bzip2"]
_FLAGS = {
    "gzip": igzip_lib.DECOMP_GZIP,
    "zlib": igzip_lib.DECOMP_ZLIB,
    "deflate": igzip_lib.DECOMP_DEFLATE,
}
_PIECE = 1 << 24
COPY_AGAIN = "Copy or download the file again."


def head(path: Path, count: int = 512) -> bytes:
    """Return the first `count` bytes, unpacked; raises `FileError` when they cannot be read."""
    try:
        with path.open("rb") as file:
            start = file.read(count)
        if start[:2] != GZIP_MAGIC:
            return start
        with igzip.open(path) as packed:
            return bytes(packed.read(count))
    except _FAULTS as error:
        raise _refused(path, error) from error


def is_dicom(start: bytes) -> bool:
    """Tell by the first bytes: `DICM` after the preamble, or, without one, a low tag of group 8."""
    return start[128:132] == b"DICM" or (start[:2] == b"\x08\0" and start[2:4] in _LOW_TAGS)


def content(path: Path) -> bytes:
    """Return the whole file, unpacked when its bytes say gzip, whatever its name says.

    Raises `FileError` when it cannot be read, is empty, cut off, or fails its checksum, `DataError`
    when it does not fit into memory.
    """
    try:
        require_memory(path.name, path.stat().st_size)
        data = path.read_bytes()
        unpacked = b"".join(_unpacked(path)) if data[:2] == GZIP_MAGIC else data
    except _FAULTS as error:
        raise _refused(path, error) from error
    if not unpacked:
        raise FileError(path, expected="an image", found="an empty file", action=COPY_AGAIN)
    return unpacked


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Yield a file of the bytes of `path`, unpacked when they say gzip.

    What is wrong with the file, or met while it is read, is raised as by `content`; whether the
    checksum holds is known at its end.
    """
    try:
        require_memory(path.name, path.stat().st_size)
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not packed:
                yield file
                return
            with igzip.open(file) as found:
                yield cast("BinaryIO", found)
    except _FAULTS as error:
        raise _refused(path, error) from error


def is_packed(path: Path) -> bool:
    """Tell whether a file is a gzip file; raises `FileError` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(2) == GZIP_MAGIC
    except OSError as error:
        raise _refused(path, error) from error


def passed_over(path: Path, file: BinaryIO, *, before: int) -> int:
    """Read what is left of `file` without keeping it; return how many bytes that makes in all.

    `before` are those that were read. Raises `FileError` for more than memory would hold.
    """
    most, total = available_bytes() // 2, before
    while piece := file.read(_PIECE >> 4):
        total += len(piece)
        if total > most:
            raise _too_much(path, most)
    return total


def check_unpacked(path: Path, data: bytes, packing: Packing, *, most: int) -> None:
    """Raise `FileError` when `data` unpacks to more than `most` bytes, without keeping them.

    Raises what the unpacking of damaged data raises: one of `UNPACKING_FAULT`, `EOFError`,
    `OSError`.
    """
    total = 0
    while data and total <= most:
        reader = (
            bz2.BZ2Decompressor()
            if packing == "bzip2"
            else igzip_lib.IgzipDecompressor(flag=_FLAGS[packing])
        )
        feed = data
        while not reader.eof and total <= most:
            piece = reader.decompress(feed, _PIECE)
            if not piece and reader.needs_input:
                raise EOFError("cut off")
            total, feed = total + len(piece), b""
        data = reader.unused_data if packing in ("gzip", "bzip2") else b""
    if total > most:
        raise _too_much(path, most)


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield what a gzip file holds, as long as it fits into memory."""
    most, total = available_bytes() // 2, 0
    with igzip.open(path) as packed:
        while piece := packed.read(_PIECE):
            total += len(piece)
            if total > most:
                raise _too_much(path, most)
            yield piece


def _too_much(path: Path, most: int) -> FileError:
    return FileError(
        path,
        expected=f"at most {most / 1e6:.4g} MB when it is unpacked",
        found="more",
        action="It is damaged, or made to fill the memory: nothing of it is shown.",
    )


def _refused(path: Path, error: Exception) -> FileError:
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        return FileError(
            path,
            expected="a file that can be read",
            found=reason(error),
            action="Check that it exists and that you may open it.",
        )
    return FileError(
        path,
        expected="a whole gzip file",
        found=_gzip_fault(error),
        action=f"Nothing of it is shown, because parts would be wrong. {COPY_AGAIN}",
    )


def _gzip_fault(error: Exception) -> str:
    if isinstance(error, EOFError) or "incomplete" in str(error):
        return "one that is cut off, or has other bytes after its end"
    return "damaged bytes (the checksum does not hold)"
