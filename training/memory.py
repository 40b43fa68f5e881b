"""How the process gets its memory."""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_PAD_BYTES = 256 << 20


def keep_memory() -> None:
    """Keep freed memory for the next step, where the C library is glibc; elsewhere do nothing.

    A step frees and takes back gigabytes. By default glibc returns each large block to the system,
    which then zeroes it page by page again: a quarter to a third of a step on the CPU.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, -1)
    mallopt(_TOP_PAD, _PAD_BYTES)
