"""Pictures of a case with the outlines of truth and prediction, for other programs and for print.

Drawn as the public reference implementation of LGG U-Net draws its figures: outlines one pixel wide
on the FLAIR channel, the prediction red and the truth green over it. An outline is made of the
foreground voxels with a background voxel among their eight neighbours in the slice.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core.domain.mask import Mask
from core.domain.outlines import enlarged
from core.domain.volume import Pixels, Volume
from core.domain.window_level import WindowLevel, automatic
from core.io.atomic import atomic_path, write_bytes
from core.io.cases.case_reader import LoadedCase
from core.io.resource_paths import resource

PictureFrame = NDArray[np.uint8]
"""A picture (Y, X, 3), red, green, blue."""

Background = Literal["FLAIR", "RGB"]

TRUTH, PREDICTION = (0, 255, 0), (255, 0, 0)
_SECONDS = 0.2
_LABEL_PIXELS = 12
_GAP = 4
_COLOURS = 254  # of a GIF's 256, less those of the two outlines
_LARGEST_SHEET = 8192  # squared, it stays below what Pillow takes for an attack


@dataclass(frozen=True)
class PictureStyle:
    """What lies under the outlines and how many pixels a voxel has a side, at its shorter one."""

    background: Background = "FLAIR"
    scale: int = 1


def overlay(
    volume: Volume,
    index: int,
    truth: Mask | None,
    prediction: Mask | None,
    style: PictureStyle = PictureStyle(),
) -> PictureFrame:
    """Return slice `index` with outlines; the masks are (Z, Y, X), None draws none.

    FLAIR falls back to the only channel there is, RGB to FLAIR when there are not three channels.
    """
    return _drawn(_plane(volume, index, style, _windows(volume, style)), index, truth, prediction)


def frames(
    volume: Volume,
    truth: Mask | None,
    prediction: Mask | None,
    style: PictureStyle = PictureStyle(),
) -> Iterator[PictureFrame]:
    """Yield every slice as `overlay` draws it."""
    windows = _windows(volume, style)
    for index in range(volume.slices):
        yield _drawn(_plane(volume, index, style, windows), index, truth, prediction)


def outlined(plane: NDArray[np.float32], truth: Mask, prediction: Mask) -> PictureFrame:
    """Return a plane (Y, X) of any values, its range from the 1st to the 99th percentile, outlined.

    The masks are (Y, X).
    """
    plane = np.nan_to_num(plane)
    low, high = np.percentile(plane, (1, 99))
    grey = np.clip((plane - low) / max(high - low, 1e-6), 0, 1) * 255
    picture = np.stack([grey.astype(np.uint8)] * 3, axis=-1)
    return _drawn(picture, 0, truth[np.newaxis], prediction[np.newaxis])


def outline(plane: Mask) -> NDArray[np.bool_]:
    """Return the outline of a mask (Y, X), one pixel wide; the picture's rim is no background."""
    # Loaded at the first use: the first picture of the window need not wait for scipy.
    from scipy import ndimage

    foreground = np.asarray(plane > 0)
    inner = ndimage.binary_erosion(foreground, np.ones((3, 3), bool), border_value=1)
    return np.asarray(foreground & ~inner)


def telling_slice(truth: Mask | None, prediction: Mask | None) -> int:
    """Return the slice with the most lesion, by truth where there is any, else the middle one."""
    for mask in (truth, prediction):
        if mask is not None and mask.any():
            return int(np.count_nonzero(mask, axis=(1, 2)).argmax())
    given = truth if truth is not None else prediction
    return 0 if given is None else len(given) // 2


def write_slices(out: Path, loaded: LoadedCase, pictures: Sequence[PictureFrame]) -> list[Path]:
    """Write a PNG a slice as `<CASE>/<CASE>-<number>.png`; returns their paths."""
    case_id, numbers = loaded.case.id, loaded.volume.slice_numbers
    digits = max(2, *(len(str(number)) for number in numbers))
    paths = [out / case_id / f"{case_id}-{number:0{digits}d}.png" for number in numbers]
    for path, picture in zip(paths, pictures, strict=True):
        write_bytes(path, png(picture))
    return paths


def write_gif(path: Path, pictures: Sequence[PictureFrame], *, seconds: float = _SECONDS) -> None:
    """Write an animated GIF that goes on for ever, each picture `seconds` long.

    Raises `ValueError` without pictures.
    """
    if not pictures:
        raise ValueError("an animation needs at least one picture")
    first, *rest = [_indexed(picture) for picture in pictures]
    with atomic_path(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=rest,
            duration=round(seconds * 1000),
            loop=0,
            optimize=False,
        )


def contact_sheet(pictures: Sequence[PictureFrame], labels: Sequence[str]) -> PictureFrame:
    """Return all pictures side by side, each with its label; at most 8192 a side.

    Pictures that would not fit are made smaller. Raises `ValueError` without pictures.
    """
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    columns = ceil(sqrt(len(pictures)))
    rows = ceil(len(pictures) / columns)
    height, width = pictures[0].shape[:2]
    shrink = min(1.0, ((_LARGEST_SHEET - _GAP) / columns - _GAP) / width)
    shrink = min(shrink, ((_LARGEST_SHEET - _GAP) / rows - _GAP - 2 * _LABEL_PIXELS) / height)
    cell = (int(width * shrink) + _GAP, int(height * shrink) + _GAP + 2 * _LABEL_PIXELS)
    sheet = Image.new("RGB", (columns * cell[0] + _GAP, rows * cell[1] + _GAP), "black")
    font = ImageFont.truetype(str(resource("fonts", "Inter-Medium.otf")), _LABEL_PIXELS)
    draw = ImageDraw.Draw(sheet)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left, top = (number % columns) * cell[0] + _GAP, (number // columns) * cell[1] + _GAP
        image = Image.fromarray(picture)
        if shrink < 1.0:
            image = image.resize((int(width * shrink), int(height * shrink)))
        sheet.paste(image, (left, top))
        draw.text((left + 2, top + image.height + 3), label, fill="white", font=font)
    return np.asarray(sheet)


def png(picture: PictureFrame) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def _drawn(
    plane: PictureFrame, index: int, truth: Mask | None, prediction: Mask | None
) -> PictureFrame:
    for mask, colour in ((prediction, PREDICTION), (truth, TRUTH)):
        if mask is not None and mask[index].any():
            times = (plane.shape[0] // mask.shape[1], plane.shape[1] // mask.shape[2])
            plane[outline(np.kron(mask[index], np.ones(times, np.uint8)))] = colour
    return plane


def _plane(
    volume: Volume, index: int, style: PictureStyle, windows: Sequence[tuple[int, WindowLevel]]
) -> PictureFrame:
    shown = [_shown(volume.pixels[channel, index], window) for channel, window in windows]
    rows, columns = _steps(volume)
    big = [enlarged(plane, style.scale, rows=rows, columns=columns) for plane in shown]
    return np.stack(big * (3 // len(big)), axis=-1).astype(np.uint8)


def _steps(volume: Volume) -> tuple[int, int]:
    """Return how many times more rows and columns are enlarged, so that voxels are about square."""
    if volume.geometry.spacing_mm is None:
        return 1, 1
    _, row, column = volume.geometry.spacing_mm
    return max(round(row / column), 1), max(round(column / row), 1)


def _windows(volume: Volume, style: PictureStyle) -> list[tuple[int, WindowLevel]]:
    """Return the channels to show and the range of each, one for the whole case."""
    if style.background == "RGB" and len(volume.channels) == 3:
        channels = [0, 1, 2]
    else:
        channels = [volume.channels.index("FLAIR") if "FLAIR" in volume.channels else 0]
    return [(channel, automatic(volume.pixels[channel])) for channel in channels]


def _shown(plane: Pixels, window: WindowLevel) -> PictureFrame:
    low, high = window.limits
    scaled = (plane.astype(np.float32) - low) * (255.0 / (high - low))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def _indexed(picture: PictureFrame) -> Image.Image:
    """Return a picture with a palette of its own, in which both outlines keep their colours."""
    image = Image.fromarray(picture).quantize(_COLOURS, dither=Image.Dither.NONE)
    palette = (image.getpalette() or [])[: 3 * _COLOURS]
    palette += [0] * (3 * _COLOURS - len(palette))
    indices = np.array(image)
    for offset, colour in enumerate((TRUTH, PREDICTION)):
        indices[(picture == np.array(colour, np.uint8)).all(axis=-1)] = _COLOURS + offset
    found = Image.fromarray(indices)
    found.putpalette([*palette, *TRUTH, *PREDICTION])
    return found
