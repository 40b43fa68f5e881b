"""Open a packed bundle of the Reader in an empty environment: `python try_bundle.py ARCHIVE`.

Nothing but the archive, a home and the system is there. It must predict its own demo, its window
must show a slice within two seconds, and the archive be no larger than 250 MB.
"""

import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

LARGEST_MB = 250
SLOWEST_SECONDS = 2.0
_STARTS = 4


def run(program: Path, home: Path, *arguments: object) -> str:
    """Return what the bundle prints; raises `SystemExit` when it fails."""
    done = subprocess.run(
        [program, *map(str, arguments)],
        cwd=home, capture_output=True, text=True, check=False, timeout=300,
        env={"HOME": str(home), "OVERREAD_HOME": str(home / "overread"), "LANG": "C.UTF-8",
             "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    if done.returncode != 0 or "Traceback" in done.stderr:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def first_slice(program: Path, home: Path, data: Path) -> tuple[float, float]:
    """Return the seconds to the first slice and those of the processors, the least of some."""
    said = [
        run(program, home, "-P", "-m", "bundle_first_slice", repr(time.time()), data)
        for _ in range(_STARTS)
    ]
    found = [list(map(float, each.split()[-2:])) for each in said]
    return min(each[1] for each in found), min(each[0] for each in found)


def main() -> None:
    """Unpack, predict, open, and say the figures."""
    archive = Path(sys.argv[1])
    size = archive.stat().st_size / 1e6
    with tempfile.TemporaryDirectory() as folder:
        place, home = Path(folder), Path(folder) / "home"
        home.mkdir()
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="data")
        program = place / "overread" / "overread"
        data = home / "demo"
        run(program, home, "demo", "--write", data)
        case = min(path.name for path in data.iterdir() if path.is_dir())
        started = time.perf_counter()
        run(program, home, "predict", data, "--out", home / "out", "--case", case)
        predicted = time.perf_counter() - started
        if not list((home / "out").rglob("*.tif")):
            sys.exit("expected predicted masks, found none")
        refused = subprocess.run(
            [program, "predict", data, "--out", home / "other", "--engine", "torch"],
            capture_output=True, text=True, check=False, env={"HOME": str(home)},
        )  # fmt: skip
        if "Expected the library torch" not in refused.stderr:
            sys.exit(f"expected a sentence about torch, found: {refused.stderr}")
        seconds, busy = first_slice(program, home, data)
    sys.stdout.write(
        f"{archive.name}: {size:.0f} MB packed, one case predicted in {predicted:.1f} s, first "
        f"slice after {seconds:.2f} s ({busy:.2f} s of the processors)\n"
    )
    if size > LARGEST_MB or seconds > SLOWEST_SECONDS:
        sys.exit(f"expected {LARGEST_MB} MB and {SLOWEST_SECONDS} s at most")


if __name__ == "__main__":
    main()
