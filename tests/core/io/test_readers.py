import importlib.metadata
import sys

import numpy as np
import pytest

from core.domain.grid import Grid
from core.io import readers
from core.io.readers import is_image_name, loaded, reader_of, stem_of, suffix_of
from core.io.stored import Passport, Stored
from tests.core.io.making import SHAPE, assert_sentence, nifti, refused

PLUGIN = """
from core.io.readers import Reader
READER = Reader("x", "X", (".x",), lambda path, head: head == b"x", lambda files, point=None: None)
BROKEN = 5
"""


def entry(name, value):
    return importlib.metadata.EntryPoint(name, value, readers.GROUP)


def test_another_package_adds_a_format(tmp_path, monkeypatch):
    (tmp_path / "plugin_x.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    found, notices = loaded([entry("x", "plugin_x:READER")])
    assert [reader.name for reader in found] == ["x"]
    assert notices == ()
    sys.modules.pop("plugin_x")


def test_a_broken_plugin_is_named_and_left_out(tmp_path, monkeypatch):
    (tmp_path / "plugin_y.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    plugins = [entry("y", "plugin_y:BROKEN"), entry("z", "no_such_package:READER")]
    found, notices = loaded(plugins)
    assert found == ()
    for name, notice in zip(("y", "z"), notices, strict=True):
        assert notice.startswith(f"{name}: ")
        assert_sentence(notice)
    sys.modules.pop("plugin_y")


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
