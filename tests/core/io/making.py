"""Small volumes and files for the tests of formats, and what must be told of them."""

import gzip
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.domain.errors import FileError
from core.io.readers import read
from core.io.stored import Stored

SHAPE = (4, 5, 6)
"""(Z, Y, X) of most volumes here: no two axes are alike."""

AFFINE = np.array([[-2.0, 0, 0, 10], [0, -3.0, 0, 20], [0, 0, 4.0, -30], [0, 0, 0, 1]])


def voxels(shape=SHAPE, dtype=np.int16, seed=0):
    """Return different values at every voxel's neighbours, within the range of the type."""
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.normal(0, 100, shape).astype(dtype)
    kind = np.iinfo(dtype)
    return random.integers(kind.min, kind.max, shape, dtype, endpoint=True)


def blob(shape=SHAPE, values=(1, 2, 3)):
    """Return a label map with each of `values`, not symmetric in any axis."""
    labels = np.zeros(shape, np.uint8)
    flat = labels.reshape(-1)
    for position, value in enumerate(values):
        flat[position * 3 + 1 : position * 3 + 3] = value
    return labels


def nifti(path: Path, stored=None, affine=AFFINE, change=None):
    """Write `stored` (Z, Y, X) or (T, Z, Y, X); `change(header)` changes the header on disk."""
    stored = voxels() if stored is None else stored
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(stored.T), affine), path)
    if change is not None:
        packed = path.suffix == ".gz"
        data = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
        header = nibabel.Nifti1Header(data[:348], check=False)
        change(header)
        data = header.binaryblock + data[348:]
        path.write_bytes(gzip.compress(data) if packed else data)
    return path


def oracle(path: Path):
    """Return real values (Z, Y, X) and the affine as nibabel reads them."""
    image = nibabel.load(path)
    return np.asarray(image.dataobj).T, image.affine


def told(stored: Stored, *words: str) -> str:
    """Return the first notice that has all of `words`; fail when there is none."""
    for notice in stored.passport.notices:
        if all(word in notice for word in words):
            assert_sentence(notice)
            return notice
    raise AssertionError(f"{words} not in {stored.passport.notices}")


def assert_sentence(text: str) -> None:
    """A sentence names its file and says what was expected and found."""
    assert re.match(r"\S.*: expected .+, found .+\. .+", text), text


def refused(path: Path, *words: str, **options) -> str:
    """Return the sentence by which reading `path` fails; it must have all of `words`."""
    with pytest.raises(FileError) as caught:
        read(path, **options)
    text = str(caught.value)
    assert_sentence(text)
    assert all(word in text for word in words), text
    return text
