"""List a thousand cases of forty slices by their file names."""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from core.io.datasets.dataset import scan
from tests.bench.entry import Entry, Figure
from tests.bench.timing import interleaved_seconds

_CASES, _SLICES = 1000, 40
_RUNS = 5
_BOUND_SECONDS = 2.0


def measure(*, cases: int = _CASES) -> list[Entry]:
    """Return the median time of a scan of 80,000 empty files, images and masks.

    Against reading the first bytes of every file, as a scan would that looks at headers: the least
    it could do. Both with names and entries in the file system's cache.
    """
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        root = Path(folder)
        _make(root, cases)
        ours, opening = interleaved_seconds(
            [lambda: _scan(root, cases), lambda: _open(root)], runs=_RUNS, within_seconds=25.0
        )
        busy = _processor_seconds(root)
    said = f"{2 * cases * _SLICES} files, {busy:.2f} s on the processor"
    return [
        Figure("scan_1000_cases", ours, "s").at_most(_BOUND_SECONDS, against=said),
        Figure("scan_1000_cases_vs_opening", ours, "s").faster(
            opening / ours, f"reading 8 bytes of every file, {opening:.2f} s"
        ),
    ]


def _make(root: Path, cases: int) -> None:
    for number in range(1, cases + 1):
        case_id = f"CASE_{number}"
        place = root / case_id
        place.mkdir()
        for index in range(1, _SLICES + 1):
            (place / f"{case_id}_{index}.tif").touch()
            (place / f"{case_id}_{index}_mask.tif").touch()


def _scan(root: Path, cases: int) -> None:
    found = scan(root)
    assert len(found.cases) == cases, f"{len(found.cases)} cases found"
    assert all(len(case.slices) == _SLICES for case in found.cases), "slices are missing"


def _processor_seconds(root: Path) -> float:
    started = time.process_time()
    scan(root)
    return time.process_time() - started


def _open(root: Path) -> None:
    for folder, _, names in os.walk(root):
        for name in names:
            with (Path(folder) / name).open("rb") as file:
                file.read(8)
