"""What Overread tells a reader when something cannot be done.

Every error a reader may cause or meet is an `AppError`, whose text is a whole sentence: what was
expected, what was found, what to do. Anything else that escapes is a fault of Overread itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AppError(Exception):
    """A failure that is told to the reader in a sentence."""


class DataError(AppError):
    """A dataset or a case cannot be used as it is."""


class FileError(DataError):
    """One file cannot be used: names it, what was expected, what was found, what to do."""

    def __init__(self, path: Path, *, expected: str, found: str, action: str) -> None:
        self.path = path
        self.found = found
        super().__init__(f"{path.name}: expected {expected}, found {found}. {action}")


class OtherGrid(FileError):
    """A mask lies on another grid than its image, both known: resampling can bring it there."""


class ModelError(AppError):
    """A model cannot be read, built or run on this case."""


class WorkspaceError(AppError):
    """The workspace cannot be opened or written."""


def reason(error: OSError) -> str:
    """Return the system's words for `error`, without its number and path."""
    return (error.strerror or str(error) or type(error).__name__).lower()


@contextmanager
def told_of_memory(name: str) -> Iterator[None]:
    """Raise `DataError` in the place of `MemoryError`, with what can be done."""
    try:
        yield
    except MemoryError as error:
        raise DataError(
            f"{name}: expected pixels that fit into memory, found too little of it. Close other "
            "programs, or resample the case."
        ) from error
