"""LZW is decoded by libtiff: the same values as before, and no damaged byte ends the process."""

from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from core.domain.errors import FileError
from core.io.tiff import tiff_stack
from core.io.tiff.tiff import read_image
from core.io.tiff.tiff_codecs import decode_lzw, imread

LAYOUTS: tuple[dict[str, Any], ...] = ({}, {"rowsperstrip": 7}, {"tile": (16, 16)})


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4"])
@pytest.mark.parametrize("samples", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_lzw_files_give_the_values_that_were_written(dtype: str, samples: int, planar: str) -> None:
    noise = np.random.default_rng(samples).random((33, 47, samples)) * 250
    for values in (noise, noise.round(-2), noise * 0):
        pixels = values.astype(dtype)
        stored = np.moveaxis(pixels, -1, 0) if planar == "separate" else pixels
        if samples == 1:
            stored, planar = np.squeeze(pixels), "contig"
        for layout in LAYOUTS:
            for predictor in (False, True):
                stream = BytesIO()
                kind = "rgb" if samples == 3 else "minisblack"
                tifffile.imwrite(
                    stream, stored, photometric=kind, planarconfig=planar,  # type: ignore[arg-type]
                    compression="lzw", predictor=predictor, byteorder="<>"[predictor], **layout,
                )  # fmt: skip
                stream.seek(0)
                assert np.array_equal(np.squeeze(imread(stream)), np.squeeze(stored))


def test_lzw_of_single_bits_is_read_though_more_bytes_are_asked_for_than_there_are() -> None:
    mask = np.random.default_rng(0).random((33, 47)) > 0.5
    stream = BytesIO()
    Image.fromarray(mask).save(stream, "TIFF", compression="tiff_lzw")
    stream.seek(0)
    assert np.array_equal(imread(stream).astype(bool), mask)
    packed = np.packbits(mask, axis=1).tobytes()
    assert decode_lzw(imagecodecs.lzw_encode(packed), out=mask.size) == packed


@pytest.mark.parametrize("size", [1, 255, 5000, 70000])
@pytest.mark.parametrize("values", [1, 2, 256])
def test_the_checked_steps_agree_with_the_encoder(size: int, values: int) -> None:
    """More is asked for than there is, so libtiff refuses and the steps answer."""
    content = np.random.default_rng(0).integers(0, values, size).astype(np.uint8).tobytes()
    assert decode_lzw(imagecodecs.lzw_encode(content), out=size + 1) == content


def test_a_code_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="stands for nothing"):
        decode_lzw(b"\x80\x7f\xff\xff\xff\xff", out=100)


def test_a_picture_without_a_pixel_is_refused(tmp_path: Path) -> None:
    """Bits that no type has are decoded to an array of nothing, whose DSC is a figure."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((40, 32, 3), np.uint8), photometric="rgb")
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags["BitsPerSample"].overwrite((63496, 8, 8))
    with pytest.raises(FileError, match="an array of 40×32×3"):
        read_image(path)


def test_a_stack_that_claims_more_than_its_file_holds_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.zeros((2, 40, 32), np.uint8), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags["ImageLength"].overwrite(7733288)
    with pytest.raises(FileError, match="a header that claims 7733288"):
        tiff_stack.read([path])
