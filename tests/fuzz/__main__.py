"""`make fuzz`: ten thousand damaged inputs, their counts in a file of JSON; fails for any fault."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.fuzz.running import Outcome, run
from tests.fuzz.targets import GROUPS, targets

_WHOLE = 10_000


class Report(msgspec.Struct, kw_only=True):
    """What `build/fuzz.json` says."""

    seed: int
    inputs: int
    read: int
    refused: int
    faults: int
    crashes: int
    slowest_s: float
    peak_mib: int
    targets: list[Outcome]


def main(arguments: list[str]) -> int:
    """Fuzz everything; return 1 when anything but a reading or a sentence came of an input."""
    parser = argparse.ArgumentParser(description="Give damaged inputs to everything that reads.")
    parser.add_argument("--out", type=Path, required=True, help="file of counts to write")
    parser.add_argument("--inputs", type=int, default=_WHOLE)
    parser.add_argument("--seconds", type=float, default=600, help="at most, for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    wanted = [
        (each.name, max(each.share * given.inputs // _WHOLE, 1))
        for modules in GROUPS
        for each in targets(modules)
    ]
    with TemporaryDirectory(prefix="fuzz") as folder, ThreadPoolExecutor(given.workers) as pool:
        found = [
            outcome
            for outcomes in pool.map(
                lambda one: run(
                    [one], folder=Path(folder) / one[0], seed=given.seed, seconds=given.seconds
                ),
                wanted,
            )
            for outcome in outcomes
        ]
    report = _report(given.seed, found)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    for outcome in found:
        said = f"{outcome.read} read, {outcome.refused} refused, {outcome.seconds} s"
        sys.stdout.write(f"{outcome.name}: {outcome.inputs} inputs, {said} {outcome.problem}\n")
    return int(any(outcome.problem for outcome in found))


def _report(seed: int, found: list[Outcome]) -> Report:
    return Report(
        seed=seed,
        inputs=sum(outcome.inputs for outcome in found),
        read=sum(outcome.read for outcome in found),
        refused=sum(outcome.refused for outcome in found),
        faults=sum(len(outcome.faults) for outcome in found),
        crashes=sum(bool(outcome.crash) for outcome in found),
        slowest_s=max(outcome.slowest_s for outcome in found),
        peak_mib=max(outcome.peak_mib for outcome in found),
        targets=found,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
