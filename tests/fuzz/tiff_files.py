"""TIFF slices of every compression, layout and predictor, damaged."""

import random
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from tifffile import imwrite

from core.domain.errors import AppError
from core.io.tiff import tiff_stack
from core.io.tiff.tiff import decoded_bytes, read_image, read_mask_slice
from tests.fuzz.mutations import damaged
from tests.fuzz.target import Target

_CODECS = (None, "zlib", "lzw", "packbits", "zstd", "lzma", "jpeg")


def good_files() -> list[bytes]:
    """Return small files that are read: colour and mask, strips and tiles, planes apart."""
    return list(_written())


def _written() -> Iterator[bytes]:
    pixels = (np.random.default_rng(0).random((40, 32, 3)) * 255).astype(np.uint8)
    mask = (pixels[..., 0] > 100) * np.uint8(255)
    for codec in _CODECS:
        for layout in ({}, {"rowsperstrip": 16}, {"tile": (16, 16)}):
            yield _tiff(pixels, photometric="rgb", compression=codec, **layout)
        yield _tiff(mask, photometric="minisblack", compression=codec)
        if codec in ("lzw", "zlib", "zstd"):
            yield _tiff(pixels, photometric="rgb", compression=codec, predictor=True)
            apart = np.moveaxis(pixels, -1, 0).astype(np.uint16) * 200
            yield _tiff(apart, photometric="rgb", planarconfig="separate", compression=codec)


def _tiff(pixels: Any, **options: Any) -> bytes:
    stream = BytesIO()
    imwrite(stream, pixels, **options)
    return stream.getvalue()


def _prepare(folder: Path) -> Callable[[random.Random], bool]:
    files, path = good_files(), folder / "input.tif"
    readers: tuple[Callable[[Path], object], ...] = (
        read_image,
        read_mask_slice,
        decoded_bytes,
        lambda path: tiff_stack.read([path]),
    )

    def attempt(chance: random.Random) -> bool:
        path.write_bytes(damaged(chance.choice(files), chance))
        return min(tuple(_is_read(reader, path) for reader in readers))

    return attempt


def _is_read(reader: Callable[[Path], object], path: Path) -> bool:
    try:
        reader(path)
    except AppError:
        return False
    return True


TIFF = Target("TIFF slices", _prepare, share=2000, tried=200)
