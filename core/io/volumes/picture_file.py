"""Plain pictures, as classifiers see them: PNG, JPEG, TIFF or BMP, each a slice of its own."""

from pathlib import Path

import numpy as np
from PIL import Image

from core.domain.errors import DataError, FileError
from core.domain.grid import Grid
from core.domain.volume import Pixels, Volume, channel_names
from core.io.layouts.tree import natural_key

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
GREY, COLOUR = 1, 3
_GREY_MODES = ("1", "L", "I", "I;16", "I;16B", "F")


def pictures_below(place: Path) -> list[Path]:
    """Return the pictures at any depth below a folder, in natural order, or the one in a file.

    Raises `DataError` where there is none.
    """
    found = [place] if place.is_file() else sorted(place.rglob("*"), key=_order)
    shown = [p for p in found if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file()]
    if not shown:
        raise DataError(
            f"{place}: expected pictures ({', '.join(PICTURE_SUFFIXES)}), found none. Choose "
            "another folder."
        )
    return shown


def picture_channels(path: Path) -> int:
    """Return 1 for a picture in grey, 3 for one in colour; raises `FileError` for no picture."""
    with open_picture(path) as image:
        return GREY if image.mode in _GREY_MODES else COLOUR


def read_picture(path: Path, *, channels: int) -> Volume:
    """Return a picture as a volume of one slice, in grey (16 bit where it has them) or in colour.

    Raises `FileError` for a file that is no picture.
    """
    pixels = picture_pixels(path, channels=channels)
    shape = (1, int(pixels.shape[2]), int(pixels.shape[3]))
    return Volume(pixels, channel_names(channels), (1,), Grid(shape))


def picture_pixels(path: Path, *, channels: int) -> Pixels:
    """Return the pixels (C, 1, Y, X) of a picture, in grey or in colour."""
    with open_picture(path) as image:
        if channels == GREY and image.mode.startswith("I;16"):
            return np.array(image, np.uint16)[None, None]
        if channels == GREY:
            return np.array(image.convert("L"), np.uint8)[None, None]
        colours = np.array(image.convert("RGB"), np.uint8)
    return np.ascontiguousarray(np.moveaxis(colours, -1, 0)[:, None])


def open_picture(path: Path) -> Image.Image:
    """Return a decoded picture; raises `FileError` for a file that is none."""
    try:
        image = Image.open(path)
        image.load()
    except Exception as error:  # a damaged picture surfaces as whatever its decoder met
        raise FileError(
            path,
            expected="a picture",
            found=f"a file that cannot be read as one ({type(error).__name__})",
            action="Export it again, or take it out of the folder.",
        ) from error
    return image


def _order(path: Path) -> tuple[object, ...]:
    return natural_key(path.as_posix()), path.as_posix()
