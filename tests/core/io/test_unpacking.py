"""Files that unpack to much more than they claim are refused before they fill the memory."""

import bz2
import gzip
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from core.domain.errors import DataError
from core.io import archive, file_bytes, memory
from core.io.datasets.prediction_file import read_prediction
from core.io.dicom import dicom_file
from core.io.readers import read
from tests.core.io.dicom_making import instance

ROOM = 8 << 20
BOMB = bytes(64 << 20)
NRRD = b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 4 4\nencoding: %s\n\n"
META = (
    b"ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_UCHAR\n"
    b"CompressedData = True\nElementDataFile = LOCAL\n"
)


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with 16 MB left."""
    for module in (memory, file_bytes, dicom_file):
        monkeypatch.setattr(module, "available_bytes", lambda: 2 * ROOM)


def nifti(path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.eye(4)), path)


@pytest.mark.parametrize("packing", ["gzip", "bzip2"])
def test_nrrd(tmp_path: Path, packing: str) -> None:
    packed = gzip.compress(BOMB) if packing == "gzip" else bz2.compress(BOMB)
    (tmp_path / "a.nrrd").write_bytes(NRRD % packing.encode() + packed)
    with pytest.raises(DataError, match=r"a\.nrrd: expected at most .* when it is unpacked"):
        read(tmp_path / "a.nrrd")


def test_nifti(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii")
    whole = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(whole + BOMB))
    with pytest.raises(DataError, match=r"a\.nii\.gz: expected at most 8\.389 MB"):
        read(tmp_path / "a.nii.gz")


def test_metaimage(tmp_path: Path) -> None:
    (tmp_path / "a.mha").write_bytes(META + zlib.compress(BOMB))
    with pytest.raises(DataError, match=r"a\.mha: expected at most .* when it is unpacked"):
        read(tmp_path / "a.mha")
    (tmp_path / "a.mha").write_bytes(META.replace(b"4 4 4", b"4000 4000 4000"))
    with pytest.raises(DataError, match="fit into memory"):
        read(tmp_path / "a.mha")


def test_dicom(tmp_path: Path) -> None:
    item = instance(np.zeros((4, 4), np.uint8), (0, 0, 0))
    item.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    item.PixelData = BOMB
    item.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert (tmp_path / "a.dcm").stat().st_size < ROOM
    with pytest.raises(DataError, match="at most"):
        read(tmp_path / "a.dcm")


def test_dicom_that_claims_much(tmp_path: Path) -> None:
    item = instance(np.zeros((4, 4), np.uint8), (0, 0, 0))
    item.Rows = item.Columns = 60000
    item.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(DataError, match="fit into memory"):
        read(tmp_path / "a.dcm")


def test_a_kept_prediction_that_claims_much_is_as_none(tmp_path: Path) -> None:
    huge = np.broadcast_to(np.uint8(0), (200, 400, 400))
    known = {"model_id": "a", "key": "b", "device": "cpu", "seconds": 0.1}
    np.savez_compressed(tmp_path / "a.npz", probability=huge, **known)
    assert read_prediction(tmp_path / "a.npz") is None


def test_an_archive_that_is_larger_than_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.nii", BOMB)
    left = type("Left", (), {"free": ROOM})()
    monkeypatch.setattr(archive, "disk_usage", lambda _: left)
    with (
        pytest.raises(DataError, match="room to unpack it"),
        archive.opened(tmp_path / "a.zip"),
    ):
        pass


@pytest.mark.parametrize("named", ["../a.raw", "", "a/b", "/etc/hostname"])
def test_data_beside_a_metaimage_may_have_any_name(tmp_path: Path, named: str) -> None:
    header = META.replace(b"CompressedData = True\n", b"").replace(b"LOCAL", named.encode())
    (tmp_path / "a.mhd").write_bytes(header)
    with pytest.raises(DataError, match="expected a MetaImage"):
        read(tmp_path / "a.mhd")
