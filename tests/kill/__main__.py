"""`make kill`: a thousand processes are killed, of the core and of the window; nothing is lost."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.kill.core_kills import kill_core
from tests.kill.driving import Counts
from tests.kill.window_kills import kill_window


class Report(msgspec.Struct, kw_only=True):
    """What `build/kill.json` says."""

    seed: int
    kills: int
    acknowledged: int
    lost: list[str]
    parts: list[Counts]


def main(arguments: list[str]) -> int:
    """Kill; return 1 when anything that was acknowledged was lost."""
    parser = argparse.ArgumentParser(description="Kill processes that are at work.")
    parser.add_argument("--out", type=Path, required=True, help="file of counts to write")
    parser.add_argument("--core", type=int, default=850)
    parser.add_argument("--window", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    parts = []
    for kind in ("mask", "labels"):
        with TemporaryDirectory(prefix="kill") as folder:
            parts.append(kill_core(Path(folder), kills=given.core // 2, seed=given.seed, kind=kind))
    with TemporaryDirectory(prefix="kill") as folder:
        parts.append(kill_window(Path(folder), kills=given.window, seed=given.seed))
    report = Report(
        seed=given.seed,
        kills=sum(part.kills for part in parts),
        acknowledged=sum(part.acknowledged for part in parts),
        lost=[lost for part in parts for lost in part.lost],
        parts=parts,
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    for part in parts:
        sys.stdout.write(
            f"{part.name}: {part.kills} kills, {part.acknowledged} acknowledged, "
            f"{len(part.lost)} lost, {part.seconds} s\n"
        )
    return int(bool(report.lost))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
