"""Measure Overread: `python -m tests.bench --out build/bench.json [--only NAME ...]`.

Every measurement runs in a process of its own, so that none pays for what another has loaded. The
file is a JSON list of objects with the fields of `Entry`; a table of the same is printed at the
end. The exit status is 0 whatever the figures are: a slow machine is no fault.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from core.io.atomic import write_bytes
from core.workspace.settings import HOME_VARIABLE
from tests.bench.entry import Entry, Figure, encode, failure, table
from tests.bench.isolated import MeasurementFailed, run_isolated

MEASUREMENTS = (
    "first_slice",
    "slice_change",
    "slice_labels",
    "napari_comparison",
    "planes_step",
    "dataset_scan",
    "case_opening",
    "large_case",
    "worklist_scroll",
    "hd95_speed",
    "diameters",
    "surfaces",
    "metrics_speed",
    "inference_speed",
    "predict_command",
    "first_predicted_slice",
    "triage_speed",
    "threshold_remask",
    "window_while_running",
    "brush_core",
    "brush_window",
    "quick_circle",
    "guided_click",
    "first_stroke",
    "training_speed",
    "inference_beside_training",
    "cluster_units",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the measurements asked for, write the file and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", default=[])
    given = parser.parse_args(arguments)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    load, started, entries = _load(), time.perf_counter(), []
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        os.environ[HOME_VARIABLE] = str(Path(folder) / "home")
        for name in given.only or MEASUREMENTS:
            entries += _measured(name)
            # After each, so that a run broken off leaves what it has.
            everything = [_machine(load), _whole(started), *entries]
            write_bytes(given.out, encode(everything))
    sys.stdout.write(f"{table(everything)}\n{given.out}\n")


def _measured(name: str) -> list[Entry]:
    started = time.perf_counter()
    try:
        entries = run_isolated(name)
    except MeasurementFailed as error:
        entries = [failure(name, str(error))]
    sys.stdout.write(f"{name}: {time.perf_counter() - started:.0f} s\n")
    sys.stdout.flush()
    return entries


def _machine(load: str) -> Entry:
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    text = f"{_processor()}, {system}, load average at start {load}, at end {_load()}"
    return Entry("machine", os.cpu_count(), "cores", against=text)


def _whole(started: float) -> Entry:
    return Figure("bench", time.perf_counter() - started, "s").plain("all measurements")


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
