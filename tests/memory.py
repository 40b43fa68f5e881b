"""How much memory a process held at most."""

from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> int:
    """Return the most memory that this process held, in MiB; 0 where the system does not tell."""
    # `ru_maxrss` would do, but counts what the process that started this one held before.
    lines = _STATUS.read_text(encoding="ascii").splitlines() if _STATUS.exists() else []
    return sum(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:"))
