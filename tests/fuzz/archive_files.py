"""Zips of volumes, damaged, and with names that lead elsewhere."""

import random
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import nibabel
import numpy as np

from core.domain.errors import AppError
from core.io import readers
from core.io.archive import opened
from core.io.layouts.registry import find
from tests.fuzz.mutations import damaged
from tests.fuzz.target import Target

_NAMES = ("../out.nii", "/tmp/out.nii", "a/../../out.nii", "..\\out.nii", "C:\\out.nii", "a\0.nii")
_ENCRYPTED = 1


def _prepare(folder: Path) -> Callable[[random.Random], bool]:
    volume = nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.eye(4))
    nibabel.save(volume, folder / "a.nii")
    content = (folder / "a.nii").read_bytes()
    (folder / "a.nii").unlink()
    good = [_zip({"a.nii": content}, ZIP_STORED), _zip({"p/a.nii": content, "p/b.txt": b"x"})]
    path = folder / "input.zip"

    def attempt(chance: random.Random) -> bool:
        made = chance.choice(good)
        kind = chance.random()
        if kind < 0.15:
            made = _zip({chance.choice(_NAMES): content})
        elif kind < 0.2:
            made = _encrypted(made)
        path.write_bytes(damaged(made, chance) if kind >= 0.1 else made)
        try:
            with opened(path) as place:
                readers.read(find(place).cases[0].channels[0].files[0])
        except AppError:
            return False
        finally:
            _nothing_outside(folder)
        return True

    return attempt


def _nothing_outside(folder: Path) -> None:
    strange = [p.name for p in (*folder.iterdir(), *folder.parent.glob("out*")) if p.is_file()]
    assert [name for name in strange if name != "input.zip"] == []


def _zip(files: dict[str, bytes], packing: int = ZIP_DEFLATED) -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", packing) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _encrypted(made: bytes) -> bytes:
    """Return a zip that says that its first file needs a password."""
    found = bytearray(made)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = found.index(magic) + at
        (flags,) = struct.unpack_from("<H", found, start)
        struct.pack_into("<H", found, start, flags | _ENCRYPTED)
    return bytes(found)


ZIPS = Target("zips", _prepare, share=500)
