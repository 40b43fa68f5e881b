"""A format of its own: the word EXAMPLE, three sizes, and that many whole numbers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from overread import FileError, Grid, Passport, Reader, Stored


def _read(files: Sequence[Path], *, point: int | None = None) -> Stored:
    path = files[0]
    words = path.read_text(encoding="utf-8").split()
    try:
        shape = (int(words[1]), int(words[2]), int(words[3]))
        pixels = np.array(words[4:], np.int16).reshape(1, *shape)
    except (ValueError, IndexError) as error:
        raise FileError(
            path, expected="EXAMPLE Z Y X values", found=str(error), action="Write it again."
        ) from error
    passport = Passport(path, "example", (), "nothing", "the format has no geometry")
    return Stored(pixels, Grid(shape), passport)


READER = Reader("example", "Example", (".example",), lambda _, head: head[:8] == b"EXAMPLE ", _read)
