"""Reading a case never holds its pixels twice."""

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from isal import igzip

from tests.core.io.reading_memory import READ_ALONE
from tests.synthetic import write_case, write_slice

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="peaks are told by Linux alone")
SHAPE = (48, 384, 384)  # 7 million voxels


def packed(path: Path, values: np.ndarray, affine: np.ndarray) -> None:
    image = nibabel.Nifti1Image(np.ascontiguousarray(values.T), affine)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(igzip.compress(image.to_bytes(), compresslevel=0))


def taken(case: Path, warm: Path) -> float:
    """Return the most memory that reading takes, in parts of the pixels."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(case), str(warm)],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    peak, pixels = json.loads(done.stdout)
    return float(peak / pixels)


@pytest.mark.parametrize(
    ("dtype", "affine"),
    [
        (np.int16, np.diag([-1.0, -1.0, 1.0, 1.0])),
        (np.float64, np.diag([1.0, 1.0, 1.0, 1.0])),
        (np.int16, np.array([[0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])),
    ],
    ids=["as it is shown", "floating and mirrored", "sagittal"],
)
def test_volumes_take_less_than_twice_their_pixels(
    tmp_path: Path, dtype: type, affine: np.ndarray
) -> None:
    plane = np.add.outer(np.arange(SHAPE[1]), np.arange(SHAPE[2])) * 7 % 3000
    mask = np.zeros(SHAPE, np.uint8)
    mask[20:24, 150:190, 150:190] = 1
    for name, depth in (("A", SHAPE[0]), ("W", 2)):
        for kind in ("t1n", "t2f", "t1c"):
            values = np.broadcast_to(plane, (depth, *plane.shape)).astype(dtype)
            packed(tmp_path / name / f"{name}-{kind}.nii.gz", values, affine)
        packed(tmp_path / name / f"{name}-seg.nii.gz", mask[-depth:], affine)
    assert taken(tmp_path / "A", tmp_path / "W") < 2


def test_slices_take_less_than_twice_their_pixels(tmp_path: Path) -> None:
    plane = (np.add.outer(np.arange(384), np.arange(384)) * 7 % 3000).astype(np.uint16)
    write_case(tmp_path / "w", "W", 3, (64, 64))
    mask = np.zeros((1, 384, 384), np.uint8)
    (tmp_path / "A").mkdir()
    for number in range(1, 49):
        mask[0, 150:190, 150:190] = 255 if 20 < number < 25 else 0
        write_slice(tmp_path / "A" / f"A_{number}.tif", np.stack([plane] * 3))
        write_slice(tmp_path / "A" / f"A_{number}_mask.tif", mask)
    assert taken(tmp_path / "A", tmp_path / "w") < 2
