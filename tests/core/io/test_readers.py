import numpy as np
import pytest

from core.domain.grid import Grid
from core.io.readers import is_image_name, reader_of, stem_of, suffix_of
from core.io.stored import Passport, Stored
from tests.core.io.making import SHAPE, nifti, refused


def test_formats_are_told_by_bytes_before_names(tmp_path):
    path = nifti(tmp_path / "a.nii").rename(tmp_path / "no_ending")
    assert reader_of(path).name == "nifti"
    (tmp_path / "a.doc").write_bytes(b"PK")
    refused(tmp_path / "a.doc", "NIfTI", "another kind")
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "none")


@pytest.mark.parametrize(
    ("name", "suffix", "stem"),
    [
        ("a.nii.gz", ".nii.gz", "a"), ("A.NII", ".nii", "A"), ("a.seg.nrrd", ".seg.nrrd", "a"),
        ("a.b.mha", ".mha", "a.b"), ("a.txt", None, "a"), ("IM001", None, "IM001"),
    ],
)  # fmt: skip
def test_endings(name, suffix, stem):
    assert suffix_of(name) == suffix
    assert is_image_name(name) == (suffix is not None)
    assert stem_of(name) == stem


def test_a_stored_volume_is_read_only():
    passport = Passport(None, "memory", (), "", "")
    stored = Stored(np.zeros((1, *SHAPE), np.uint8), Grid(SHAPE), passport)
    with pytest.raises(ValueError, match="read-only"):
        stored.pixels[0, 0, 0, 0] = 1
    assert stored.real() is stored.pixels
