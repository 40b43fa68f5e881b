"""What this computer can compute with, found without loading a library for it."""

import platform
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


@cache
def has_bfloat16() -> bool:
    """Tell whether the processor computes with bfloat16; False where that is not known."""
    return any(name in _flags() for name in ("amx_bf16", "avx512_bf16"))


@cache
def has_accelerator() -> bool:
    """Tell whether torch may find a graphics card here; it is asked only then."""
    if find_spec("torch") is None:
        return False
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        return True
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists()


@cache
def processor() -> str:
    """Return the name of the processor."""
    for line in _lines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _flags() -> set[str]:
    for line in _lines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()


def _lines() -> list[str]:
    try:
        return _CPUINFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
