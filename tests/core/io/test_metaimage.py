import re

import numpy as np
import pytest
import SimpleITK

from core.io.readers import read
from tests.core.io.making import SHAPE, refused, told, voxels


def write(path, stored=None, compress=False, vector=False, direction=None):
    stored = voxels() if stored is None else stored
    image = SimpleITK.GetImageFromArray(stored, isVector=vector)
    if image.GetDimension() == 3:
        image.SetSpacing((2, 3, 4))
        image.SetOrigin((10, 20, 30))
        image.SetDirection(direction or (0, 1, 0, -1, 0, 0, 0, 0, 1))
    SimpleITK.WriteImage(image, str(path), compress)
    return path


def change(path, pattern, new):
    path.write_bytes(re.sub(pattern, new, path.read_bytes()))
    return path


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
@pytest.mark.parametrize(("name", "compress"), [("a.mha", True), ("a.mha", False), ("a.mhd", True)])
def test_every_type_keeps_its_voxels_and_place(tmp_path, dtype, name, compress):
    stored = voxels(dtype=dtype)
    path = write(tmp_path / name, stored, compress)
    found = read(path)
    assert found.pixels.dtype == stored.dtype
    assert np.array_equal(found.pixels[0], stored)
    assert found.passport.notices == ()
    image = SimpleITK.ReadImage(str(path))
    for index in ((0, 0, 0), (3, 2, 1)):
        lps = image.TransformIndexToPhysicalPoint(index[::-1])
        assert np.allclose(found.grid.to_patient(index), np.array(lps) * (-1, -1, 1))


def test_header_without_directions_is_unknown(tmp_path):
    path = change(write(tmp_path / "a.mha"), rb"(TransformMatrix|Offset)[^\n]*\n", b"")
    found = read(path)
    assert not found.grid.is_known
    assert found.grid.spacing_mm == (4, 3, 2)
    told(found, "Left and right cannot be told")
    found = read(change(path, rb"ElementSpacing[^\n]*\n", b""))
    assert found.grid.spacing_mm is None


def test_directions_off_by_1e_8_pass_and_by_01_are_told(tmp_path):
    near = (1, 1e-8, 0, 0, 1, 0, 0, 0, 1)
    assert read(write(tmp_path / "a.mha", direction=near)).passport.notices == ()
    told(read(write(tmp_path / "b.mha", direction=(1, 0.1, 0, 0, 1, 0, 0, 0, 1))), "right angles")
    longer = change(
        write(tmp_path / "c.mha"),
        rb"TransformMatrix[^\n]*",
        b"TransformMatrix = 1.1 0 0 0 1 0 0 0 1",
    )
    told(read(longer), "length 1")


def test_slope_that_simpleitk_leaves_out_is_used(tmp_path):
    path = change(
        write(tmp_path / "a.mha"),
        rb"ElementType",
        b"ElementToIntensityFunctionSlope = 2\nElementToIntensityFunctionOffset = 5\nElementType",
    )
    found = read(path)
    assert np.array_equal(found.real()[0], voxels().astype(np.float32) * 2 + 5)


def test_colour_time_and_flat_images(tmp_path):
    rgb = voxels((*SHAPE, 3), np.uint8)
    found = read(write(tmp_path / "rgb.mha", rgb, vector=True))
    told(found, "colour")
    assert np.array_equal(found.pixels, np.moveaxis(rgb, -1, 0))
    refused(write(tmp_path / "vector.mha", voxels((*SHAPE, 2)), vector=True), "2 values a voxel")
    series = voxels((3, *SHAPE))
    found = read(write(tmp_path / "time.mha", series))
    told(found, "found 3")
    assert np.array_equal(read(tmp_path / "time.mha", point=1).pixels[0], series[1])
    refused(tmp_path / "time.mha", "0 to 2", point=3)
    found = read(write(tmp_path / "flat.mha", voxels((5, 6))))
    assert found.grid.shape == (1, 5, 6)
    assert not found.grid.is_known


@pytest.mark.parametrize("compress", [True, False])
def test_damage_is_found(tmp_path, compress):
    path = write(tmp_path / "a.mha", voxels((20, 30, 40)), compress)
    whole = path.read_bytes()
    path.write_bytes(whole[:-500])
    refused(path, "cut off")
    if compress:
        data = bytearray(whole)
        data[len(data) // 2] ^= 8
        path.write_bytes(data)
        refused(path, "damaged")
    path.write_bytes(b"another thing")
    refused(path, "another kind")
    path.write_bytes(b"")
    refused(path, "empty")


@pytest.mark.parametrize("said", ["LIST\n{}", "s%03d.raw 1 4 1"])
@pytest.mark.parametrize("big", ["True", "False"])
def test_pixels_in_a_file_for_each_slice(tmp_path, said, big):
    stored = voxels()
    names = [f"s{n:03}.raw" for n in range(1, len(stored) + 1)]
    for name, plane in zip(names, stored, strict=True):
        (tmp_path / name).write_bytes(plane.astype(">i2" if big == "True" else "<i2").tobytes())
    z, y, x = SHAPE
    header = (
        f"ObjectType = Image\nNDims = 3\nDimSize = {x} {y} {z}\nElementType = MET_SHORT\n"
        f"BinaryDataByteOrderMSB = {big}\nElementDataFile = {said}\n"
    )
    (tmp_path / "a.mhd").write_text(header.format("\n".join(names)))
    assert np.array_equal(read(tmp_path / "a.mhd").pixels[0], stored)
    image = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "a.mhd")))
    assert np.array_equal(image, stored)


def test_a_header_that_ended_the_process(tmp_path):
    """SimpleITK writes out of bounds for it (2.5.2)."""
    path = change(write(tmp_path / "a.mha"), rb"NDims = 3", b"NDims = 65536")
    refused(path, "a damaged header")


def test_missing_data_and_several_files(tmp_path):
    path = write(tmp_path / "a.mhd")
    next(p for p in tmp_path.iterdir() if p != path).unlink()
    refused(path, "no data file")
    write(tmp_path / "b.mha")
    refused(tmp_path, "2 files")
