"""How much memory there is, so that a file that needs more is told before a byte is decoded."""

import os
from pathlib import Path

from core.domain.errors import DataError

_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/statm")
_UNKNOWN = 8 << 30
_COPIES = 2
"""Slices are decoded one by one and then put together."""


def available_bytes() -> int:
    """Return the memory that can still be taken, by the system's own words."""
    return min(_of_system(), _of_group(), _of_process())


def room_for_pixels() -> int:
    """Return how many bytes of pixels can be decoded and put together."""
    return available_bytes() // _COPIES


def require_memory(name: str, needed: int, *, available: int | None = None) -> None:
    """Raise `DataError` when pixels of `needed` bytes do not fit into memory."""
    there = available_bytes() if available is None else available
    if needed * _COPIES > there:
        raise DataError(
            f"{name}: expected pixels that fit into memory, found {needed / 1e9:.1f} GB of them "
            f"with {there / 1e9:.1f} GB free. Close other programs, or resample the case."
        )


def _of_system() -> int:
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (OSError, ValueError, IndexError, AttributeError):
        return _UNKNOWN


def _of_process() -> int:
    """Return what a limit of this process leaves, where it has one."""
    try:
        import resource  # not on every system

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit == resource.RLIM_INFINITY:
            return _UNKNOWN << 10
        used = int(_OWN.read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError, IndexError):
        return _UNKNOWN << 10
    return max(limit - used, 0)


def _of_group() -> int:
    """Return what a container leaves, where there is one."""
    try:
        limit = int((_GROUP / "memory.max").read_text())
        used = int((_GROUP / "memory.current").read_text())
        cache = next(
            int(line.split()[1])
            for line in (_GROUP / "memory.stat").read_text().splitlines()
            if line.startswith("inactive_file ")
        )
    except (OSError, ValueError, StopIteration):
        return _UNKNOWN << 10
    return max(limit - used + cache, 0)
