"""Runs a target in a child process and returns what became of its inputs."""

import subprocess
import sys
from pathlib import Path

import msgspec

from core.inference.child_environment import child_environment

_ROOT = Path(__file__).resolve().parents[2]


class Outcome(msgspec.Struct, kw_only=True):
    """Counts of one target; `crash` is what a process said that ended without an answer."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    faults: list[str] = []
    slowest_s: float = 0.0
    peak_mib: int = 0
    crash: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether there was no crash, no traceback, no hang and no flood of memory."""
        return not (self.crash or self.faults or self.slowest_s > 10 or self.peak_mib > 2048)


def run(name: str, *, folder: Path, seed: int, count: int, seconds: float) -> Outcome:
    """Try `count` damaged inputs of a target, or as many as `seconds` allow."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.child", name]
        + [str(part) for part in (seed, count, seconds, folder)],
        cwd=_ROOT, capture_output=True, text=True, errors="replace", check=False,
        env=child_environment(),
    )  # fmt: skip
    if child.returncode or not child.stdout.strip():
        return Outcome(crash=f"status {child.returncode}: {child.stderr[-3000:]}")
    return msgspec.json.decode(child.stdout.splitlines()[-1], type=Outcome)
