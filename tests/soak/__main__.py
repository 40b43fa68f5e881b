"""`make soak`: three thousand things done in the real window, and what it holds meanwhile."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from core.workspace.settings import HOME_VARIABLE
from tests.gui.offscreen import Offscreen
from tests.soak.acting import Reader
from tests.soak.measures import Measure, measure

_SAMPLES = 30
_ALLOWED_MIB = 40.0
_ALLOWED = {"handles": 4, "threads": 2, "timers": 4, "widgets": 60, "tasks": 3, "cases": 1}
"""How much more there may be in the last third than in the one before it."""


class Report(msgspec.Struct, kw_only=True):
    """What `build/soak.json` says."""

    seed: int
    actions: int
    seconds: float
    done: dict[str, int]
    faults: list[str]
    grown: dict[str, float]
    flat: bool
    curve: list[Measure]


def soak(
    folder: Path, *, actions: int, seed: int, jobs: int, seconds: float, runs: bool = True
) -> Report:
    """Do so many things, or as many as `seconds` allow; `jobs` trainings and comparisons too."""
    os.environ[HOME_VARIABLE] = str(folder / "home")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # In a process of its own: the window's never loads torch, and is not to begin with it here.
    words = [str(folder), *([] if runs else ["--no-models"])]
    subprocess.run([sys.executable, "-m", f"{__package__}.making", *words], check=True)
    datasets = (folder / "first", folder / "second")
    reader = Reader(Offscreen(), datasets, seed, runs=runs)
    return _run(reader, actions, jobs, seconds)


def _run(reader: Reader, actions: int, jobs: int, seconds: float) -> Report:
    started = time.perf_counter()
    curve: list[Measure] = []
    for number in range(actions):
        if time.perf_counter() - started > seconds:
            break
        reader.act()
        if jobs and number % (actions // jobs) == actions // jobs // 2:
            reader.train()
            reader.compare()
        if number % max(actions // _SAMPLES, 1) == 0:
            curve.append(
                measure(reader.program, actions=number + 1, seconds=time.perf_counter() - started)
            )
    reader.close()
    grown = _grown(curve)
    allowed = {"rss_mib": _ALLOWED_MIB, **_ALLOWED}
    return Report(
        seed=reader.seed,
        actions=sum(reader.done.values()),
        seconds=round(time.perf_counter() - started, 1),
        done=reader.done,
        faults=reader.faults,
        grown=grown,
        flat=all(grown[name] <= allowed[name] for name in grown),
        curve=curve,
    )


def _grown(curve: list[Measure]) -> dict[str, float]:
    """Return how much more there was in the last third than in the one before, by medians."""
    third = max(len(curve) // 3, 1)
    middle, last = curve[-2 * third : -third] or curve[:1], curve[-third:]
    return {
        name: round(
            statistics.median(getattr(m, name) for m in last)
            - statistics.median(getattr(m, name) for m in middle),
            1,
        )
        for name in ("rss_mib", *_ALLOWED)
    }


def main(arguments: list[str]) -> int:
    """Soak the window; return 1 when something grew or a fault was met."""
    parser = argparse.ArgumentParser(description="Use the real window for a long time.")
    parser.add_argument("--out", type=Path, required=True, help="file of counts to write")
    parser.add_argument("--actions", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3600, help="at most")
    parser.add_argument("--no-runs", action="store_true", help="start no process of models")
    given = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="soak") as folder:
        report = soak(
            Path(folder),
            actions=given.actions,
            seed=given.seed,
            jobs=given.jobs,
            seconds=given.seconds,
            runs=not given.no_runs,
        )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    sys.stdout.write(f"{report.actions} actions in {report.seconds} s: {report.done}\n")
    sys.stdout.write(f"grown in the last third: {report.grown}; {len(report.faults)} faults\n")
    return int(bool(report.faults) or not report.flat)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
