import numpy as np
import pytest
from tifffile import imwrite

from core.io.readers import read
from tests.core.io.making import SHAPE, refused, told, voxels


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "f4"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_pages_are_slices(tmp_path, dtype, compression):
    stored = voxels(dtype=dtype)
    imwrite(tmp_path / "a.tif", stored, compression=compression, photometric="minisblack")
    found = read(tmp_path / "a.tif")
    assert np.array_equal(found.pixels[0], stored)
    assert found.pixels.dtype == dtype
    assert not found.grid.is_known
    told(found, "Left and right cannot be told", "size of a voxel")


def test_spacing_of_imagej_is_known(tmp_path):
    imwrite(tmp_path / "a.tif", voxels(), imagej=True, resolution=(2, 4),
            metadata={"spacing": 3.0, "unit": "mm"})  # fmt: skip
    found = read(tmp_path / "a.tif")
    assert found.grid.spacing_mm == (3, 0.25, 0.5)


def test_colour_is_three_channels(tmp_path):
    rgb = voxels((*SHAPE, 3), np.uint8)
    imwrite(tmp_path / "a.tif", rgb, photometric="rgb")
    found = read(tmp_path / "a.tif")
    told(found, "colour")
    assert np.array_equal(found.pixels, np.moveaxis(rgb, -1, 0))


def test_damage_is_found(tmp_path):
    path = tmp_path / "a.tif"
    imwrite(path, voxels((20, 30, 40)), photometric="minisblack", compression="zlib")
    whole = path.read_bytes()
    for part in (0.05, 0.5):
        path.write_bytes(whole[: int(len(whole) * part)])
        refused(path, "TIFF")
    path.write_bytes(b"another thing")
    refused(path, "another kind")
    imwrite(path, voxels((3, 4)), photometric="minisblack")
    imwrite(path, voxels((5, 4)), photometric="minisblack", append=True)
    refused(path, "2 sizes")
