"""Volumes of other layouts: a thousand cases listed, four channels and a DICOM series opened."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import SimpleITK
from isal import igzip
from PySide6.QtCore import QEventLoop, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication

from core.io.dataset import scan
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import interleaved_seconds, seconds
from tests.bench.window import Stage, opened
from tests.core.io.dicom_making import save, series
from tests.core.io.making import nifti

_KINDS = ("t1n", "t1c", "t2w", "t2f")
_CASES, _LARGE = 1000, 4
_FLAT = 2  # small cases before the large ones, so that nothing large is read ahead
_BRATS, _DICOM = (155, 240), (200, 256)
_SCAN_SECONDS, _BRATS_SECONDS, _DICOM_SECONDS = 2.0, 0.6, 1.5
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def measure(
    *, cases: int = _CASES, brats: tuple[int, int] = _BRATS, dicom: tuple[int, int] = _DICOM
) -> list[Entry]:
    """Return the listing, and the time from the click to the slice, of cases never read before.

    The window shows a case when all of it is there: the time is that of the first slice and of the
    whole volume alike. Beside it what nibabel and SimpleITK take to read the same files alone.
    """
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        root = Path(folder)
        return [
            *_listing(root / "many", cases),
            *_brats(root / "brats", root / "home", brats),
            *_dicom(root / "dicom", root / "home", dicom),
        ]


def _listing(root: Path, cases: int) -> list[Entry]:
    small = nifti(_folder(root) / "small.nii.gz", np.zeros((2, 4, 4), np.uint8)).read_bytes()
    (root / "small.nii.gz").unlink()
    for number in range(1, cases + 1):
        name = f"BraTS-GLI-{number:05}-000"
        for kind in (*_KINDS, "seg"):
            (_folder(root / name) / f"{name}-{kind}.nii.gz").write_bytes(small)

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
    first = _folder(root / "large-1")
    for number, kind in enumerate(_KINDS):
        values = made.pixels[number % 3].astype(np.float64) * (number + 2)
        _packed(first / f"large-1-{kind}.nii.gz", values)
    _packed(first / "large-1-seg.nii.gz", made.truth)
    for number in range(2, _LARGE + 1):
        other = _folder(root / f"large-{number}")
        for path in first.iterdir():
            os.link(path, other / path.name.replace("large-1", other.name))
    for number in range(_FLAT):
        flat = _folder(root / f"flat-{number}")
        for kind in _KINDS:
            _packed(flat / f"{flat.name}-{kind}.nii.gz", np.ones((2, 8, 8), np.uint8))
    with opened(root, home) as stage:
        names = [f"large-{number}" for number in range(1, _LARGE + 1, 2)]
        took, busy = _clicks(stage, names)
    files = sorted(first.iterdir())
    alone = {
        "nibabel": lambda: [np.asarray(nibabel.load(path).dataobj) for path in files],
        "SimpleITK": lambda: [SimpleITK.ReadImage(str(path)) for path in files],
    }
    return _entries("open_four_channels", (took, busy), _BRATS_SECONDS, alone)


def _dicom(root: Path, home: Path, size: tuple[int, int]) -> list[Entry]:
    planes = (example(*size).pixels[1].astype(np.uint16)) * 5
    for number in range(1, _LARGE + 1):
        place = _folder(root / f"P{number}" / "series")
        if number == 1:
            save(place, series(planes))
        else:
            for path in (root / "P1" / "series").iterdir():
                os.link(path, place / path.name)
    with opened(root, home) as stage:
        wanted = list(stage.program.session.case_states)[2::2]
        took, busy = _clicks(stage, wanted)

    def read() -> None:
        names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(root / "P1" / "series"))
        SimpleITK.ReadImage(names)

    alone: dict[str, Callable[[], object]] = {"SimpleITK": read}
    return _entries("open_dicom_200", (took, busy), _DICOM_SECONDS, alone)


def _entries(
    name: str, found: tuple[float, float], bound: float, alone: dict[str, Callable[[], object]]
) -> list[Entry]:
    took, busy = found
    others = {
        label: float(np.median([seconds(call) for _ in range(3)])) for label, call in alone.items()
    }
    return [
        Figure(name, took, "s").at_most(bound, against=f"{busy:.2f} s on the processors"),
        *(
            Figure(f"{name}_vs_{label.casefold()}", took, "s").faster(
                other / took, f"{label} reading the same files alone, {other:.2f} s"
            )
            for label, other in others.items()
        ),
    ]


def _clicks(stage: Stage, names: list[str]) -> tuple[float, float]:
    """Click on each case; return the median time until it is painted, and of the processors."""
    session, times, busy = stage.program.session, [], []
    for name in names:
        stage.settle()
        started, worked = time.perf_counter(), time.process_time()
        _await(session.case_changed, partial(stage.program.window.worklist.case_chosen.emit, name))
        before = stage.paints.count
        while stage.paints.count == before:
            QApplication.processEvents()
        times.append(time.perf_counter() - started)
        busy.append(time.process_time() - worked)
    return float(np.median(times)), float(np.median(busy))


def _await(signal: SignalInstance, act: Callable[[], object]) -> None:
    """Do it and run the event loop until the signal, without taking the readers' processor."""
    loop = QEventLoop()
    signal.connect(loop.quit)
    QTimer.singleShot(0, act)
    loop.exec()
    signal.disconnect(loop.quit)


def _packed(path: Path, values: np.ndarray) -> None:
    """Write a volume as others do, gzipped."""
    image = nibabel.Nifti1Image(np.ascontiguousarray(values.T), _LPS)
    path.write_bytes(igzip.compress(image.to_bytes(), compresslevel=2))


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
