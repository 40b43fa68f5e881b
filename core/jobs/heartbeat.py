"""Whose heartbeat a file is: a process that was killed is known at once, not when it grows old."""

import os
import platform
from contextlib import suppress
from pathlib import Path


def sign(path: Path) -> None:
    """Write who this process is; a full disk costs the signature alone."""
    with suppress(OSError):
        path.write_text(f"{platform.node()} {os.getpid()}", encoding="utf-8")


def signer_is_gone(path: Path) -> bool:
    """Whether the process that signed has ended; False where that cannot be asked from here."""
    try:
        host, _, process = path.read_text(encoding="utf-8", errors="replace").rpartition(" ")
    except OSError:
        return False
    if os.name == "nt" or host != platform.node() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)  # sends nothing
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # there, and another reader's; or no number of a process
        return False
    return False
