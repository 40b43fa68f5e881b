"""A small part of `make soak`: some things done in the real window, without a fault."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from tests import patience
from tests.soak.__main__ import Report

_ROOT = Path(__file__).resolve().parents[2]


def test_things_are_done_in_the_window_without_a_fault(tmp_path: Path) -> None:
    out = tmp_path / "soak.json"
    words = (
        "--out",
        str(out),
        "--actions",
        "25",
        "--changes",
        "4",
        "--jobs",
        "0",
        "--seed",
        "3",
        "--no-runs",
    )
    # So few things tell nothing of what grows: the status is left alone.
    subprocess.run(
        [sys.executable, "-m", "tests.soak", *words],
        cwd=_ROOT, check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        timeout=patience.PROCESS_SECONDS, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    report = msgspec.json.decode(out.read_bytes(), type=Report)
    assert report.faults == []
    assert report.actions == 25 + 4
    assert {"switch", "paint", "undo"} <= set(report.done)
