"""A path as a reader gives it: a file, a folder, or a zip that is unpacked for the while."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from shutil import disk_usage
from tempfile import TemporaryDirectory

from core.domain.errors import FileError

_MOST_BYTES = 64 * 2**30


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Yield `path`, or the folder into which a zip of that path is unpacked until the block ends.

    Raises `FileError` for a damaged zip, one with a password, and names that lead out of it.
    """
    if not is_zip(path):
        yield path
        return
    with TemporaryDirectory(prefix="overread") as folder:
        target = Path(folder) / path.stem
        unpack(path, target)
        yield target


def is_zip(path: Path) -> bool:
    """Tell whether a path is a file that its name calls a zip."""
    return path.suffix.casefold() == ".zip" and path.is_file()


def unpack(path: Path, target: Path) -> None:
    """Unpack a zip into the folder `target`; raises `FileError` as `opened`."""
    target.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                parts = PurePosixPath(member.filename.replace("\\", "/"))
                if parts.is_absolute() or ".." in parts.parts:
                    raise _refused(path, "names inside of it", member.filename)
            if sum(member.file_size for member in members) > _MOST_BYTES:
                raise _refused(path, "at most 64 GiB", "more when it is unpacked")
            needed, there = sum(m.file_size for m in members), disk_usage(target.parent).free
            if needed > there:
                found = f"{there / 1e9:.1f} GB free for {needed / 1e9:.1f} GB"
                raise _refused(path, "room to unpack it", found)
            archive.extractall(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise _refused(path, "a whole zip", "one that is cut off or damaged") from error
    except (RuntimeError, NotImplementedError) as error:
        raise _refused(path, "a zip that can be unpacked", str(error)) from error


def _refused(path: Path, expected: str, found: str) -> FileError:
    return FileError(
        path, expected=expected, found=found, action="Unpack it yourself, and open the folder."
    )
