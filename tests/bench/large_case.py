"""A large case, 512 × 512 × 200 of three channels in 16 bit: first slice, whole, and memory."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK

from core.domain.volume import Pixels
from tests.bench.case_opening import (
    FLAT,
    LARGE,
    Bounds,
    among_small,
    clicked,
    entries_of,
    made_folder,
    memory_of,
    read_alone,
    to_open,
    write_packed,
)
from tests.bench.data import Example, example, link_case, write_example
from tests.bench.entry import Entry
from tests.bench.window import opened

_SIZE = (200, 512)
_BOUNDS: Bounds = (0.8, None)
_STEP = 16
_FEW = 20  # slices that are made; the others are these again


def measure(*, size: tuple[int, int] = _SIZE) -> list[Entry]:
    """Return what `case_opening` does, of the case in packed volumes and in a TIFF a slice."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        root, made = Path(folder), _made(*size)
        return [
            *_volumes(root / "packed", root / "home", made),
            *_slices(root / "slices", root / "home", made),
        ]


def _made(slices: int, side: int) -> Example:
    few = example(min(_FEW, slices), side)
    order = np.arange(slices) * len(few.truth) // slices
    pixels: Pixels = few.pixels[:, order].astype(np.uint16) * _STEP
    return replace(few, pixels=pixels, truth=few.truth[order])


def _volumes(root: Path, home: Path, made: Example) -> list[Entry]:
    first = made_folder(root / "large-1")
    for channel, kind in zip(made.pixels, ("t1n", "t2f", "t1c"), strict=True):
        write_packed(first / f"large-1-{kind}.nii.gz", channel)
    write_packed(first / "large-1-seg.nii.gz", made.truth)
    with opened(among_small(first), home) as stage:
        took = clicked(stage, to_open())
    name = f"open_{_named(made)}_packed"
    return [*entries_of(name, took, _BOUNDS, read_alone(first)), memory_of(name, first)]


def _slices(root: Path, home: Path, made: Example) -> list[Entry]:
    first = write_example(root, "large-1", made)
    for number in range(2, LARGE + 1):
        link_case(first, root, f"large-{number}")
    small = replace(made, pixels=made.pixels[:, :2, :64, :64], truth=made.truth[:2, :64, :64])
    for number in range(FLAT):
        write_example(root, f"flat-{number}", small)
    with opened(root, home) as stage:
        took = clicked(stage, to_open())
    images = [str(path) for path in sorted(first.iterdir()) if "_mask" not in path.name]
    name = f"open_{_named(made)}_slices"
    alone = {"SimpleITK": lambda: SimpleITK.ReadImage(images)}
    return [*entries_of(name, took, _BOUNDS, alone), memory_of(name, first)]


def _named(made: Example) -> str:
    depth, height, _ = made.truth.shape
    return f"{height}x{depth}_16_bit"
