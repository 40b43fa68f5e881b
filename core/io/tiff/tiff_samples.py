"""What the samples of a TIFF mean: values, transparency and the way up, as its tags say.

The file gives numbers; the tags say how to see them. After `meaning_of` white is high, row 0 is
the top, column 0 the left, palettes are looked up, and transparency is told from channels.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPage

Samples = NDArray[np.number[Any]]

ORIENTATION_TAG = 274
_INK_SET_TAG = 332
_ALPHA = (EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA)
_RGBA = 4
_FULL_BYTE = 255
_MAX_STACK = 4
_COUNTS = re.compile(r"^(images|channels|slices|frames)=(\d+)\s*$", re.MULTILINE)
# Others (JPEG 2000, JPEG XL, WebP, LERC) may be lossless; their values tell.
_LOSSY = {
    COMPRESSION[name] for name in ("OJPEG", "JPEG", "JPEG_99", "JPEG_LOSSY", "ALT_JPEG", "JPEGXR")
}
_JPEG_COLOURS = {
    *_LOSSY,
    *(COMPRESSION[name] for name in ("JPEG2000", "JPEG_2000_LOSSY", "APERIO_JP2000_YCBC")),
}
_PLAIN = (COMPRESSION.NONE, COMPRESSION.LZW, COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE)
_INKS = 4
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
_NO_COLOUR = 128.0
_SEEN = {
    PHOTOMETRIC.MINISWHITE,
    PHOTOMETRIC.MINISBLACK,
    PHOTOMETRIC.RGB,
    PHOTOMETRIC.PALETTE,
    PHOTOMETRIC.MASK,
}


@dataclass(frozen=True, eq=False)
class TiffPicture:
    """One plane of a TIFF as it is meant: `planes` (C, Y, X) without transparency.

    `alpha` (Y, X) is the transparency, where there is one. `bits` are those of a stored sample.
    `lossy` tells a compression that may change values. `inverted` tells samples that an inverting
    look-up table of ImageJ only shows the other way round: `planes` are what is shown.
    `colour` tells planes that are red, green and blue; `indices` (Y, X) are what a palette looked
    up.
    """

    planes: Samples
    alpha: Samples | None = None
    bits: int = 8
    lossy: bool = False
    inverted: bool = False
    colour: bool = False
    palette: bool = False
    indices: Samples | None = None


class Unread(Exception):
    """Samples whose meaning is not known; the text says what was found."""


class SeveralImages(Unread):
    """More images in a file than are one slice."""


def meaning_of(file: TiffFile, page: TiffPage) -> TiffPicture:
    """Return the picture of a page; raises `Unread` for kinds that have no plain meaning."""
    stack = _hyperstack(file, page)
    return _meant(page, _planes(page) if stack is None else stack, is_stack=stack is not None)


def meanings_of(file: TiffFile) -> list[list[TiffPicture]]:
    """Return the pictures of all pages as time points of slices, as ImageJ orders them if it did.

    Raises `Unread` as `meaning_of` does, and for a stack that is not what ImageJ says of it.
    """
    first = file.pages.first
    counts = stacked(first)
    channels, slices, frames = (counts.get(k, 1) for k in ("channels", "slices", "frames"))
    plain = first.samplesperpixel == 1 and first.photometric != PHOTOMETRIC.PALETTE
    images = counts.get("images", 1)
    if images <= 1 or not plain:
        return [[_meant(page.aspage(), _planes(page.aspage())) for page in file.pages]]
    if channels * slices * frames != images:
        slices, channels, frames = images, 1, 1
    sides = (first.imagelength, first.imagewidth)
    stack = np.asarray(file.series[0].asarray()).reshape(frames, slices, channels, *sides)
    return [[_meant(first, planes, is_stack=channels > 1) for planes in frame] for frame in stack]


def _meant(page: TiffPage, planes: Samples, *, is_stack: bool = False) -> TiffPicture:
    bits = _bits(page, planes)
    if planes.dtype.kind == "c" or planes.dtype.kind not in "buif":
        raise Unread(f"pixels of type {planes.dtype}")
    planes = _upright(planes, _orientation(page))
    imagej = _is_imagej(page)
    lossy = page.compression in _LOSSY
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None and len(planes) == 1:
        looked_up = look_up(planes[0], page.colormap)
        inverting = imagej and _is_inverting(page.colormap)
        return TiffPicture(
            looked_up,
            inverted=inverting,
            colour=len(looked_up) > 1,
            palette=True,
            indices=planes[0],
        )
    planes, alpha = _without_alpha(planes, page)
    white_is_zero = page.photometric == PHOTOMETRIC.MINISWHITE
    if white_is_zero:
        planes = invert(planes, bits)
    return TiffPicture(
        planes,
        alpha,
        bits,
        lossy,
        inverted=white_is_zero and imagej,
        colour=len(planes) == 3 and (_is_colour(page) or is_stack),
    )


def invert(planes: Samples, bits: int) -> Samples:
    """Return samples of `bits` with white and black exchanged; floats stay as they are."""
    if planes.dtype.kind == "b":
        return np.logical_not(planes)
    if planes.dtype.kind == "u":
        highest = planes.dtype.type((1 << min(bits, planes.dtype.itemsize * 8)) - 1)
        return np.asarray(highest - np.minimum(planes, highest))
    return np.invert(planes) if planes.dtype.kind == "i" else planes


def look_up(indices: Samples, colormap: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the colours (3, Y, X) of palette indices, or (1, Y, X) where all colours are grey."""
    table = np.asarray(colormap)
    # Some writers fill only the low byte; libtiff tells them by the same sign.
    eight = (table >> 8 if table.max(initial=0) > _FULL_BYTE else table).astype(np.uint8)
    grey = bool((eight[0] == eight[1]).all() and (eight[0] == eight[2]).all())
    at = np.minimum(indices.astype(np.int64), eight.shape[1] - 1)
    return np.ascontiguousarray(eight[:1, at] if grey else eight[:, at])


def as_image(picture: TiffPicture) -> Samples:
    """Return samples of fewer than 8 bits spread over 0 to 255, as picture programs show them."""
    planes = picture.planes
    if planes.dtype.kind == "b":
        return np.asarray(planes * np.uint8(_FULL_BYTE))
    if picture.bits < 8 and planes.dtype == np.uint8 and not picture.palette:
        return np.asarray(planes * np.uint8(_FULL_BYTE // ((1 << picture.bits) - 1)))
    return planes


def _planes(page: TiffPage) -> Samples:
    """Return the samples (C, Y, X) of a page; inks and brightness with colour apart as RGB."""
    # Codecs of photographs turn colour into RGB themselves.
    decoded = page.photometric == PHOTOMETRIC.YCBCR and page.compression in _JPEG_COLOURS
    if page.photometric in _SEEN or decoded:
        return _stored_planes(page)
    if _is_inks(page):
        planes = _stored_planes(page)
        return np.concatenate([_of_inks(planes[:_INKS]), planes[_INKS:]])
    if _is_brightness_and_colour(page):
        planes = _stored_planes(page)
        return np.concatenate([_of_brightness(planes[:3]), planes[3:]])
    name = getattr(page.photometric, "name", str(page.photometric))
    raise Unread(f"colours of the kind {name}")


def _is_inks(page: TiffPage) -> bool:
    """Tell cyan, magenta, yellow and black of 8 or 16 bits, as the tag InkSet has them."""
    inks = page.tags.get(_INK_SET_TAG)
    return (
        page.photometric == PHOTOMETRIC.SEPARATED
        and page.samplesperpixel >= _INKS
        and (inks is None or inks.value == 1)
        and page.dtype in (np.uint8, np.uint16)
    )


def _is_brightness_and_colour(page: TiffPage) -> bool:
    """Tell YCbCr without a codec of its own, every sample stored."""
    return (
        page.photometric == PHOTOMETRIC.YCBCR
        and page.compression in _PLAIN
        and page.samplesperpixel >= len(_TO_RGB)
        and page.subsampling in (None, (1, 1))
        and page.dtype == np.uint8
    )


def _of_inks(inks: Samples) -> Samples:
    """Return red, green and blue (3, Y, X) of inks (4, Y, X), as picture programs show them."""
    top = np.uint64((1 << 8 * inks.dtype.itemsize) - 1)
    white = top - inks.astype(np.uint64)
    shown = (white[:3] * white[3:] * np.uint64(2) + top) // (np.uint64(2) * top)
    return np.asarray(shown.astype(inks.dtype))


def _of_brightness(planes: Samples) -> Samples:
    """Return red, green and blue (3, Y, X) of Y, Cb, Cr (3, Y, X), by ITU-R BT.601."""
    values = planes.astype(np.float64)
    values[1:] -= _NO_COLOUR
    shown = np.tensordot(np.array(_TO_RGB), values, axes=1)
    return np.asarray(np.clip(np.rint(shown), 0, _FULL_BYTE).astype(np.uint8))


def _stored_planes(page: TiffPage) -> Samples:
    pixels = np.asarray(page.asarray())
    if page.axes == "YXS":
        return np.moveaxis(pixels, -1, 0)
    if page.axes == "YX":
        return pixels[np.newaxis]
    if pixels.ndim != 3:
        raise Unread(f"an array of {'×'.join(map(str, page.shape))} pixels")
    return pixels


def stacked(page: TiffPage) -> dict[str, int]:
    """Return how many images, channels, slices and frames ImageJ says that a file holds."""
    return {k: int(v) for k, v in _COUNTS.findall(page.description)} if _is_imagej(page) else {}


def _hyperstack(file: TiffFile, page: TiffPage) -> Samples | None:
    """Return the planes (C, Y, X) of a stack by ImageJ, also with one directory for all."""
    counts = stacked(page)
    images = counts.get("images", 1)
    if images <= 1 and len(file.pages) <= 1:
        return None
    if not counts:
        return None
    channels = counts.get("channels", 1)
    if page.samplesperpixel > 1 or (channels not in (1, images)) or images > _MAX_STACK:
        raise SeveralImages(f"{images} images in one file")
    series = file.series[0]
    pixels = np.asarray(series.asarray()).reshape(images, page.imagelength, page.imagewidth)
    return pixels


def _is_imagej(page: TiffPage) -> bool:
    return page.description.startswith("ImageJ=")


def _is_inverting(colormap: NDArray[np.uint16]) -> bool:
    ramp = np.asarray(colormap[0], np.int64)
    grey = (colormap[0] == colormap[1]).all() and (colormap[0] == colormap[2]).all()
    return bool(grey and len(ramp) > 1 and (np.diff(ramp) < 0).all())


def _bits(page: TiffPage, planes: Samples) -> int:
    bits = page.bitspersample
    first = bits[0] if isinstance(bits, tuple) else bits
    return int(first) or planes.dtype.itemsize * 8


def _orientation(page: TiffPage) -> int:
    tag = page.tags.get(ORIENTATION_TAG)
    value = tag.value if tag is not None else 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(planes: Samples, orientation: int) -> Samples:
    """Turn (C, Y, X) as the Orientation tag says that it is stored, so that row 0 is the top."""
    if orientation >= 5:  # the rows are stored as columns
        planes = planes.swapaxes(1, 2)
    if orientation in (3, 4, 7, 8):
        planes = planes[:, ::-1]
    if orientation in (2, 3, 6, 7):
        planes = planes[:, :, ::-1]
    return planes


def _is_colour(page: TiffPage) -> bool:
    return page.photometric in (PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR, PHOTOMETRIC.SEPARATED)


def _without_alpha(planes: Samples, page: TiffPage) -> tuple[Samples, Samples | None]:
    """Return colours or channels, and transparency apart; it may be undeclared, as by OpenCV."""
    kinds = page.extrasamples
    first = len(planes) - len(kinds)
    declared = [first + n for n, kind in enumerate(kinds) if kind in _ALPHA and first + n > 0]
    if declared:
        kept = [n for n in range(len(planes)) if n not in declared]
        alpha = planes[declared[0]]
        multiplied = kinds[declared[0] - first] == EXTRASAMPLE.ASSOCALPHA
        return (_divided(planes[kept], alpha) if multiplied else planes[kept]), alpha
    if len(planes) == _RGBA and _is_colour(page) and not kinds:
        return planes[:3], planes[3]
    return planes, None


def _divided(colours: Samples, alpha: Samples) -> Samples:
    """Return colours as they were before they were multiplied with their transparency."""
    if colours.dtype not in (np.uint8, np.uint16) or not bool((alpha > 0).any()):
        return colours
    top = np.uint32((1 << 8 * colours.dtype.itemsize) - 1)
    opaque = np.where(alpha > 0, alpha, top).astype(np.uint32)
    divided = np.minimum(colours.astype(np.uint32) * top // opaque, top)
    return np.asarray(divided.astype(colours.dtype))
