"""The bytes of a file, unpacked and checked where it is compressed, its faults as sentences."""

import zlib
from pathlib import Path

from isal import igzip, igzip_lib

from core.errors import FileError, reason

GZIP_MAGIC = b"\x1f\x8b"
_FAULTS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    zlib.error,
    igzip_lib.error,
)  # BadGzipFile is an OSError
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


def content(path: Path) -> bytes:
    """Return the whole file, unpacked when its bytes say gzip, whatever its name says.

    Raises `FileError` when it cannot be read, is empty, cut off, or fails its checksum.
    """
    try:
        data = path.read_bytes()
        unpacked = bytes(igzip.decompress(data)) if data[:2] == GZIP_MAGIC else data
    except _FAULTS as error:
        raise _refused(path, error) from error
    if not unpacked:
        raise FileError(path, expected="an image", found="an empty file", action=COPY_AGAIN)
    return unpacked


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
        return "one that is cut off"
    return "damaged bytes (the checksum does not hold)"
