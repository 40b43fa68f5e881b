"""`make soak`: three thousand things done in the real window, and what it holds meanwhile."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from core.workspace.settings import HOME_VARIABLE
from tests.gui.offscreen import Offscreen
from tests.soak import making
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
    changes: list[Measure] = []
    """What was held while one case after the other was opened, and nothing else done."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How much is to be done: `jobs` trainings and comparisons too, `seconds` at most."""

    actions: int
    changes: int
    jobs: int
    seconds: float
    seed: int
    runs: bool = True


def soak(folder: Path, asked: Asked) -> Report:
    """Do so much in a window on datasets made for it; without `runs` no model runs."""
    os.environ[HOME_VARIABLE] = str(folder / "home")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if asked.runs:
        # In a process of its own: the window's never loads torch, and is not to begin with it here.
        subprocess.run([sys.executable, "-m", f"{__package__}.making", str(folder)], check=True)
    else:
        making.main(folder, models=False)
    datasets = (folder / "first", folder / "second")
    reader = Reader(Offscreen(), datasets, asked.seed, runs=asked.runs)
    started = time.perf_counter()
    curve = _acted(reader, asked)
    changes = _measured(reader, asked.changes, asked.seconds, reader.change_case)
    reader.close()
    grown, allowed = _grown(curve), {"rss_mib": _ALLOWED_MIB, **_ALLOWED}
    risen = _grown(changes) if changes else {}
    return Report(
        seed=reader.seed,
        actions=sum(reader.done.values()),
        seconds=round(time.perf_counter() - started, 1),
        done=reader.done,
        faults=reader.faults,
        grown=grown,
        flat=all(found[name] <= allowed[name] for found in (grown, risen) for name in found),
        curve=curve,
        changes=changes,
    )


def _acted(reader: Reader, asked: Asked) -> list[Measure]:
    """Do one thing after the other, the jobs between them, and return what was held."""
    every = max(asked.actions // asked.jobs, 1) if asked.jobs else 0

    def act(number: int) -> None:
        reader.act()
        if every and number % every == every // 2:
            reader.train()
            reader.compare()

    return _measured(reader, asked.actions, asked.seconds, act)


def _measured(
    reader: Reader, count: int, seconds: float, act: Callable[[int], object]
) -> list[Measure]:
    """Act so often, or as long as may be, and measure now and then."""
    started, curve = time.perf_counter(), list[Measure]()
    for number in range(count):
        spent = time.perf_counter() - started
        if spent > seconds:
            break
        act(number)
        if number % max(count // _SAMPLES, 1) == 0:
            curve.append(measure(reader.program, actions=number + 1, seconds=spent))
    return curve


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
    parser.add_argument("--changes", type=int, default=1000, help="of case, alone, afterwards")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3600, help="at most")
    parser.add_argument("--no-runs", action="store_true", help="start no process of models")
    given = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="soak") as folder:
        asked = Asked(
            actions=given.actions,
            changes=given.changes,
            jobs=given.jobs,
            seconds=given.seconds,
            seed=given.seed,
            runs=not given.no_runs,
        )
        report = soak(Path(folder), asked)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    sys.stdout.write(f"{report.actions} actions in {report.seconds} s: {report.done}\n")
    sys.stdout.write(f"grown in the last third: {report.grown}; {len(report.faults)} faults\n")
    if report.changes:
        first, last = report.changes[0], report.changes[-1]
        told = f"{last.actions} changes of case: {first.rss_mib} MiB, then {last.rss_mib} MiB"
        sys.stdout.write(f"{told}; flat: {report.flat}\n")
    return int(bool(report.faults) or not report.flat)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
