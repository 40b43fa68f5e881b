"""The benchmark's rows: their fields, their bounds, and what they say when nothing is measured."""

import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import dataset_scan, hd95_speed, napari_comparison, threshold_remask
from tests.bench.entry import Entry, Figure, decode, encode, failure, table
from tests.bench.isolated import MeasurementFailed, run_program
from tests.bench.napari_comparison import Platform
from tests.bench.side import Side
from tests.bench.timing import interleaved_seconds

FIELDS = {"name", "value", "unit", "ratio", "against", "bound", "ok"}

ECHO = """
import sys
print("chatter")
print('{"ready": true}', flush=True)
for line in sys.stdin:
    print('{"asked": "%s"}' % line.strip(), flush=True)
"""

BROKEN = """
raise RuntimeError("no OpenGL here")
"""


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        (Figure("a", 11.9, "ms").at_most(12.0), True),
        (Figure("a", 12.1, "ms").at_most(12.0), False),
        (Figure("a", 3.0, "ms").faster(2.0, "them", bound=2.0), True),
        (Figure("a", 3.0, "ms").faster(1.9, "them", bound=2.0), False),
        (Figure("a", 3.0, "ms").faster(0.5, "them"), None),
        (Figure("a", 3.0, "ms").plain(), None),
        (failure("a", "no room"), False),
    ],
)
def test_a_row_holds_its_bound_or_says_so(row: Entry, ok: bool | None) -> None:
    assert row.ok is ok


def test_the_file_is_a_list_of_objects_with_all_fields() -> None:
    entries = [
        Figure("slow", 123.456, "ms").at_most(1.0),
        Figure("fast", 1.23456, "s").faster(7.89123, "medpy, 9 s", bound=2.0),
        failure("broken", "out of memory"),
    ]
    written = json.loads(encode(entries))
    assert all(set(row) == FIELDS for row in written)
    assert [row["value"] for row in written] == [123.5, 1.235, None]
    assert [entry.name for entry in decode(encode(entries))] == ["slow", "fast", "broken"]


def test_the_table_has_a_line_for_each_row() -> None:
    rows = [Figure("slow", 123.456, "ms").at_most(1.0), failure("broken", "out of memory")]
    lines = table(rows).splitlines()
    assert lines[0].split() == ["name", "value", "ratio", "bound", "ok", "against"]
    assert lines[1].split() == ["slow", "123.5", "ms", "1", "FAILS"]
    assert lines[2].endswith("failed: out of memory")


@pytest.mark.parametrize(
    ("measure", "names"),
    [
        (
            lambda: hd95_speed.measure(slices=12, size=64),
            ["hd95_vs_medpy", "hd95_vs_medpy_large"],
        ),
        (
            lambda: dataset_scan.measure(cases=3),
            ["scan_1000_cases", "scan_1000_cases_vs_opening"],
        ),
        (
            lambda: threshold_remask.measure(slices=4, size=64),
            ["threshold_remask", "threshold_remask_largest"],
        ),
    ],
    ids=["hd95", "scan", "remask"],
)
def test_a_measurement_gives_its_rows(measure: Callable[[], list[Entry]], names: list[str]) -> None:
    entries = measure()
    assert [entry.name for entry in entries] == names
    assert all(entry.value is not None and math.isfinite(entry.value) for entry in entries)
    assert all(entry.unit for entry in entries)
    assert all((entry.ok is None) == (entry.bound is None) for entry in entries)


def test_a_run_writes_its_machine_its_time_and_what_failed(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measured(name: str) -> list[Entry]:
        if name == "hd95_speed":
            raise MeasurementFailed("MemoryError: too little")
        return [Figure(name, 1.0, "s").at_most(2.0)]

    monkeypatch.setattr(bench, "run_isolated", measured)
    out = tmp_path / "new" / "bench.json"
    bench.main(["--out", str(out), "--only", "first_slice", "--only", "hd95_speed"])
    written = json.loads(out.read_text())
    assert [row["name"] for row in written] == ["machine", "bench", "first_slice", "hd95_speed"]
    assert [row["ok"] for row in written] == [None, None, True, False]
    assert "MemoryError: too little" in written[3]["against"]
    assert table(decode(out.read_bytes())) in capsys.readouterr().out


def test_sides_are_called_in_turns() -> None:
    called: list[str] = []
    found = interleaved_seconds([lambda: called.append("a"), lambda: called.append("b")], runs=2)
    assert called == ["a", "b"] * 3  # the first round is not counted
    assert len(found) == 2


def test_a_slow_machine_is_let_off_with_fewer_rounds() -> None:
    called: list[str] = []
    interleaved_seconds([lambda: called.append("a")], runs=50, within_seconds=0.0)
    assert len(called) < 6


def test_a_side_answers_each_line_it_is_sent() -> None:
    with Side(program(ECHO), os.environ) as side:
        answers = [json.loads(side.make_pass()) for _ in range(2)]
    assert json.loads(side.about) == {"ready": True}
    assert answers == [{"asked": "pass"}] * 2


def test_a_side_that_breaks_off_says_why() -> None:
    with pytest.raises(MeasurementFailed, match="no OpenGL here"), Side(program(BROKEN), {}):
        pytest.fail("it did not start")


def test_without_a_start_of_napari_the_row_gives_the_reason_of_each_platform() -> None:
    missing = Path(sys.executable).with_name("no-such-python")
    platforms = [Platform("offscreen", dict(os.environ)), Platform("Xvfb", dict(os.environ))]
    row = napari_comparison.compared(missing, missing, platforms)
    assert (row.value, row.ratio, row.ok, row.bound) == (None, None, None, 2.0)
    assert row.against is not None
    assert row.against.startswith("napari: not started: offscreen: ")
    assert "Xvfb: " in row.against
    assert "no-such-python" in row.against


def test_without_an_environment_for_napari_the_row_gives_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("no folder")
    monkeypatch.setattr(napari_comparison, "VENV", occupied / "venv")
    (row,) = napari_comparison.measure()
    assert row.ok is None
    assert row.against is not None
    assert row.against.startswith("napari: not installed: ")


def test_a_program_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    child = f"import time; time.sleep(60); open({str(mark)!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(MeasurementFailed, match="not done after"):
        run_program(program(parent), timeout_seconds=1.0)
    assert not mark.exists()
