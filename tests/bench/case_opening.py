"""Volumes of other layouts: a thousand cases listed, large ones opened: first slice and whole."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import SimpleITK
from isal import igzip
from PySide6.QtCore import QEventLoop, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication

from core.io.datasets.dataset import scan
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.isolated import run_program
from tests.bench.timing import interleaved_seconds, seconds
from tests.bench.window import Stage, opened
from tests.core.io.dicom_making import save, series
from tests.core.io.making import nifti
from tests.core.io.reading_memory import READ_ALONE

_KINDS = ("t1n", "t1c", "t2w", "t2f")
_CASES, LARGE = 1000, 4
FLAT = 2  # small cases before the large ones, so that nothing large is read ahead
_BRATS, _DICOM = (155, 240), (200, 256)
_SCAN_SECONDS = 2.0
_BRATS_SECONDS, _DICOM_SECONDS = (0.6, 1.2), (1.5, 1.5)
_COPIES = 2.0
Bounds = tuple[float, float | None]
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def measure(
    *,
    cases: int = _CASES,
    brats: tuple[int, int] = _BRATS,
    dicom: tuple[int, int] = _DICOM,
) -> list[Entry]:
    """Return the listing, and the times from the click to the slice, of cases never read before.

    `_first` is when the first slice is painted, `_whole` when all of the case is there and painted;
    beside them what nibabel and SimpleITK take to read the same files alone. `_memory` is the most
    that reading held in a process of its own, in parts of what the pixels take in the end.
    """
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        root = Path(folder)
        return [
            *_listing(root / "many", cases),
            *_brats(root / "brats", root / "home", brats),
            *_dicom(root / "dicom", root / "home", dicom),
        ]


def _listing(root: Path, cases: int) -> list[Entry]:
    small = nifti(made_folder(root) / "small.nii.gz", np.zeros((2, 4, 4), np.uint8)).read_bytes()
    (root / "small.nii.gz").unlink()
    for number in range(1, cases + 1):
        name = f"BraTS-GLI-{number:05}-000"
        for kind in (*_KINDS, "seg"):
            (made_folder(root / name) / f"{name}-{kind}.nii.gz").write_bytes(small)

    def ours() -> None:
        found = scan(root)
        assert len(found.cases) == cases, f"{len(found.cases)} cases found"

    def headers() -> None:
        for path in root.rglob("*.nii.gz"):
            nibabel.load(path)

    took, opening = interleaved_seconds([ours, headers], runs=3, within_seconds=20.0)
    started = time.process_time()
    ours()
    said = f"{5 * cases} files, {time.process_time() - started:.2f} s on the processor"
    return [
        Figure("scan_1000_volumes", took, "s").at_most(_SCAN_SECONDS, against=said),
        Figure("scan_1000_volumes_vs_headers", took, "s").faster(
            opening / took, f"nibabel opening every header, {opening:.2f} s"
        ),
    ]


def _brats(root: Path, home: Path, size: tuple[int, int]) -> list[Entry]:
    made = example(*size)
    first = made_folder(root / "large-1")
    for number, kind in enumerate(_KINDS):
        values = made.pixels[number % 3].astype(np.float64) * (number + 2)
        write_packed(first / f"large-1-{kind}.nii.gz", values)
    write_packed(first / "large-1-seg.nii.gz", made.truth)
    with opened(among_small(first), home) as stage:
        took = clicked(stage, to_open())
    return [
        *entries_of("open_four_channels", took, _BRATS_SECONDS, read_alone(first)),
        memory_of("open_four_channels", first),
    ]


def among_small(first: Path) -> Path:
    """Put copies and small cases beside a case, so that nothing large is read ahead."""
    root = first.parent
    for number in range(2, LARGE + 1):
        other = made_folder(root / f"large-{number}")
        for path in first.iterdir():
            os.link(path, other / path.name.replace("large-1", other.name))
    for number in range(FLAT):
        flat = made_folder(root / f"flat-{number}")
        for kind in _KINDS:
            write_packed(flat / f"{flat.name}-{kind}.nii.gz", np.ones((2, 8, 8), np.uint8))
    return root


def to_open() -> list[str]:
    """Return the names of the cases that nothing was read of."""
    return [f"large-{number}" for number in range(1, LARGE + 1, 2)]


def read_alone(folder: Path) -> dict[str, Callable[[], object]]:
    """Return what reads the files of a folder by other libraries alone."""
    files = sorted(folder.iterdir())
    return {
        "nibabel": lambda: [_by_nibabel(path) for path in files],
        "SimpleITK": lambda: [SimpleITK.ReadImage(str(path)) for path in files],
    }


def _by_nibabel(path: Path) -> object:
    image = nibabel.load(path)
    assert isinstance(image, nibabel.Nifti1Image)
    return np.asarray(image.dataobj)


def memory_of(name: str, folder: Path) -> Entry:
    """Read a case in a process of its own; return the most memory that took, in its pixels."""
    printed = run_program([sys.executable, "-c", READ_ALONE, str(folder)])
    taken, pixels = json.loads(printed.splitlines()[-1])
    said = f"{taken:.0f} MiB for {pixels:.0f} MiB of pixels"
    return Figure(f"{name}_memory", taken / pixels, "of the pixels").at_most(_COPIES, against=said)


def _dicom(root: Path, home: Path, size: tuple[int, int]) -> list[Entry]:
    planes = (example(*size).pixels[1].astype(np.uint16)) * 5
    for number in range(1, LARGE + 1):
        place = made_folder(root / f"P{number}" / "series")
        if number == 1:
            save(place, series(planes))
        else:
            for path in (root / "P1" / "series").iterdir():
                os.link(path, place / path.name)
    with opened(root, home) as stage:
        wanted = list(stage.program.session.case_states)[2::2]
        took = clicked(stage, wanted)

    def read() -> None:
        names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(root / "P1" / "series"))
        SimpleITK.ReadImage(names)

    alone: dict[str, Callable[[], object]] = {"SimpleITK": read}
    return entries_of("open_dicom_200", took, _DICOM_SECONDS, alone)


@dataclass(frozen=True)
class Clicks:
    """Median times until the first slice and the whole case are painted, and of the processors."""

    first: float
    whole: float
    busy: float


def entries_of(
    name: str, took: Clicks, bounds: Bounds, alone: Mapping[str, Callable[[], object]]
) -> list[Entry]:
    """Return what was measured beside others that read the same files, and within its bounds."""
    others = {
        label: float(np.median([seconds(call) for _ in range(3)])) for label, call in alone.items()
    }
    whole, said = Figure(f"{name}_whole", took.whole, "s"), f"{took.busy:.2f} s on the processors"
    return [
        Figure(f"{name}_first", took.first, "s").at_most(bounds[0] or 0.0, against=said),
        whole.plain(said) if bounds[1] is None else whole.at_most(bounds[1], against=said),
        *(
            Figure(f"{name}_vs_{label.casefold()}", took.whole, "s").faster(
                other / took.whole, f"{label} reading the same files alone, {other:.2f} s"
            )
            for label, other in others.items()
        ),
    ]


def clicked(stage: Stage, names: list[str]) -> Clicks:
    """Click on each case, and wait until its first slice and the whole of it are painted."""
    session, found = stage.program.session, []
    for name in names:
        stage.settle()
        started, worked = time.perf_counter(), time.process_time()
        _await(session.case_changed, partial(stage.program.window.worklist.case_chosen.emit, name))
        first = _painted(stage) - started
        if session.open_case is None:
            _await(session.case_changed, lambda: None)
            whole = _painted(stage) - started
        else:
            whole = first
        found.append((first, whole, time.process_time() - worked))
    return Clicks(*map(float, np.median(found, axis=0)))


def _painted(stage: Stage) -> float:
    """Wait for the next paint; return when it was."""
    before = stage.paints.count
    while stage.paints.count == before:
        QApplication.processEvents()
    return time.perf_counter()


def _await(signal: SignalInstance, act: Callable[[], object]) -> None:
    """Do it and run the event loop until the signal, without taking the readers' processor."""
    loop = QEventLoop()
    signal.connect(loop.quit)
    QTimer.singleShot(0, act)
    loop.exec()
    signal.disconnect(loop.quit)


def write_packed(path: Path, values: np.ndarray) -> None:
    """Write a volume as others do, gzipped."""
    image = nibabel.Nifti1Image(np.ascontiguousarray(values.T), _LPS)
    path.write_bytes(igzip.compress(image.to_bytes(), compresslevel=2))


def made_folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
