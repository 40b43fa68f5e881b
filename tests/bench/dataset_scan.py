"""List a thousand cases of forty slices by their file names."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from core.dataset import scan
from tests.bench.entry import Entry, Figure
from tests.bench.timing import interleaved_seconds

_CASES, _SLICES = 1000, 40
_RUNS = 5
_BOUND_SECONDS = 2.0


def measure() -> list[Entry]:
    """Return the median time of a scan of 80,000 empty files, images and masks.

    Against reading the first bytes of every file, as a scan would that looks at headers: the least
    it could do. Both with names and entries in the file system's cache.
    """
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        root = Path(folder)
        _make(root)
        ours, opening = interleaved_seconds([lambda: _scan(root), lambda: _open(root)], runs=_RUNS)
    return [
        Figure("scan_1000_cases", ours, "s").at_most(
            _BOUND_SECONDS, against=f"median of {_RUNS}, {2 * _CASES * _SLICES} files"
        ),
        Figure("scan_1000_cases_vs_opening", ours, "s").faster(
            opening / ours, f"reading 8 bytes of every file, {opening:.2f} s"
        ),
    ]


def _make(root: Path) -> None:
    for number in range(1, _CASES + 1):
        case_id = f"CASE_{number}"
        place = root / case_id
        place.mkdir()
        for index in range(1, _SLICES + 1):
            (place / f"{case_id}_{index}.tif").touch()
            (place / f"{case_id}_{index}_mask.tif").touch()


def _scan(root: Path) -> None:
    found = scan(root)
    assert len(found.cases) == _CASES, f"{len(found.cases)} cases found"
    assert all(len(case.slices) == _SLICES for case in found.cases), "slices are missing"


def _open(root: Path) -> None:
    for folder, _, names in os.walk(root):
        for name in names:
            with (Path(folder) / name).open("rb") as file:
                file.read(8)
