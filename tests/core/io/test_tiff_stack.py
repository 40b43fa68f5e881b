import numpy as np
import pytest
from tifffile import imwrite

from core.io.cases.found_case import read_case
from core.io.layouts.registry import find
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


def lesion():
    mask = np.zeros((5, 24, 20), np.uint8)
    mask[1:4, 8:14, 6:12] = 1
    return mask


def case_of(folder, image, **options):
    """A folder of one image and its mask, each a file of five pages."""
    imwrite(folder / "p01_flair.tif", image, photometric="minisblack")
    imwrite(folder / "p01_seg.tif", **options)
    (case,) = find(folder).cases
    return read_case(case)


@pytest.mark.parametrize("truncate", [False, True])
@pytest.mark.parametrize("axes", ["ZYX", "ZCYX"])
def test_stacks_of_imagej_are_whole_with_one_directory_too(tmp_path, truncate, axes):
    shape = (3, 4, 5) if axes == "ZYX" else (3, 2, 4, 5)
    stored = voxels(shape, np.uint8)
    imwrite(tmp_path / "a.tif", stored, imagej=True, truncate=truncate, metadata={"axes": axes})
    found = read(tmp_path / "a.tif").pixels
    assert np.array_equal(found, stored[np.newaxis] if axes == "ZYX" else np.moveaxis(stored, 1, 0))


def test_time_points_are_told(tmp_path):
    stored = voxels((2, 3, 4, 5), np.uint8)
    imwrite(tmp_path / "a.tif", stored, imagej=True, metadata={"axes": "TZYX"})
    told(read(tmp_path / "a.tif"), "expected one volume, found 2")
    assert np.array_equal(read(tmp_path / "a.tif", point=1).pixels[0], stored[1])


def test_tags_are_obeyed_in_stacks_as_in_slices(tmp_path):
    stored, half_turn = voxels(dtype=np.uint8), (274, "H", 1, 3, False)
    imwrite(tmp_path / "a.tif", 255 - stored, photometric="miniswhite", extratags=[half_turn])
    assert np.array_equal(read(tmp_path / "a.tif").pixels[0], stored[:, ::-1, ::-1])
    rgba = voxels((3, 6, 5, 4), np.uint8)
    imwrite(tmp_path / "a.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    found = read(tmp_path / "a.tif")
    assert np.array_equal(found.pixels, np.moveaxis(rgba[..., :3], -1, 0))
    told(found, "alpha channel")


@pytest.mark.parametrize("kind", ["plain", "palette", "imagej", "red on white"])
def test_masks_in_stacks_are_the_lesion(tmp_path, kind):
    mask, white = lesion(), np.zeros((3, 256), np.uint16)
    white[:, 7] = 65535
    red = np.full((*mask.shape, 3), 255, np.uint8)
    red[mask > 0] = (255, 0, 0)
    said = {"photometric": "miniswhite", "description": "ImageJ=1.54f\n", "metadata": None}
    ways = {
        "plain": {"data": mask * 255, "photometric": "minisblack"},
        "palette": {
            "data": np.where(mask, 7, 200).astype(np.uint8),
            "photometric": "palette",
            "colormap": white,
        },
        "imagej": {"data": mask * 255, **said},
        "red on white": {"data": red, "photometric": "rgb"},
    }
    found = case_of(tmp_path, voxels(mask.shape, np.uint8), **ways[kind])
    assert np.array_equal(found.masks[0].values > 0, mask)


def test_masks_of_every_format_are_judged(tmp_path):
    mask = lesion()
    turned = 1 - mask
    found = case_of(tmp_path, voxels(mask.shape, np.uint8), data=turned, photometric="minisblack")
    assert "complement of a plausible lesion" in " ".join(found.notices)
