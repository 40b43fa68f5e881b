"""A file that one process at a time holds: the system lets go of it when that ends, however."""

import os
import sys

_BYTE = 1 << 30  # beyond any text in the file, which others must be able to read


def hold(descriptor: int) -> bool:
    """Hold an open file until it is closed; False when another has it.

    Raises `OSError` where the disk knows no locks: there waiting for one would never end.
    """
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
