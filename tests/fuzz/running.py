"""Runs targets in a child process and returns what became of their inputs."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.inference.child_environment import child_environment

_ROOT = Path(__file__).resolve().parents[2]
_HANG_SECONDS = 10
_MOST_MIB = 2048


class Outcome(msgspec.Struct, kw_only=True):
    """Counts of one target; `crash` is what a process said that ended without an answer."""

    name: str
    inputs: int = 0
    read: int = 0
    refused: int = 0
    faults: list[str] = []
    slowest_s: float = 0.0
    peak_mib: int = 0
    seconds: float = 0.0
    crash: str = ""

    @property
    def problem(self) -> str:
        """Say what went wrong: a crash, a traceback, a hang or a flood of memory; or nothing."""
        if self.crash or self.faults:
            return self.crash or self.faults[0]
        if self.slowest_s > _HANG_SECONDS:
            return f"an input took {self.slowest_s} s"
        return f"{self.peak_mib} MiB were held" if self.peak_mib > _MOST_MIB else ""


def run(
    wanted: Sequence[tuple[str, int]], *, folder: Path, seed: int, seconds: float
) -> list[Outcome]:
    """Try so many damaged inputs of targets, one after the other, each as long as it may take."""
    words = [word for name, count in wanted for word in (name, str(count))]
    child = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.child", str(seed), str(seconds), str(folder), *words],
        cwd=_ROOT, capture_output=True, encoding="utf-8", errors="replace", check=False,
        env={**child_environment(), "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    lines = child.stdout.splitlines()
    found = [msgspec.json.decode(line, type=Outcome) for line in lines if line[:8] == '{"name":']
    if child.returncode or len(found) < len(wanted):
        name, _ = wanted[min(len(found), len(wanted) - 1)]
        said = f"status {child.returncode}: {child.stderr[-3000:]}"
        found.append(Outcome(name=name, crash=said))
    return found
