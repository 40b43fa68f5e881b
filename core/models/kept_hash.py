"""Hashes of large files, kept while the file stays what it was: opening a folder asks for many."""

import time
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

_KEPT = 256
_CHUNK = 1 << 20
_SETTLED_NS = 2_000_000_000
"""A file written this short a time ago may be written again within one tick of its clock."""


def kept_hash(path: Path, before: bytes = b"") -> str:
    """Return a hash of `before` and then the bytes of a file, 32 hexadecimal digits.

    A file is read anew when its size, times or place on the disk have changed, and always while it
    is so new that its times cannot tell. Raises `OSError` when it cannot be read.
    """
    found = path.stat()
    changed = max(found.st_mtime_ns, found.st_ctime_ns)
    if abs(time.time_ns() - changed) < _SETTLED_NS:
        return _hash(path, before)
    state = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return _kept(path.absolute(), before, state)


@lru_cache(_KEPT)
def _kept(path: Path, before: bytes, _state: tuple[int, ...]) -> str:
    return _hash(path, before)


def _hash(path: Path, before: bytes) -> str:
    digest = blake2b(before, digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
