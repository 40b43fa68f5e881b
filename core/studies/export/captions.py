"""What a picture of a case says of itself: case, slice, model, DSC, and what it is not for."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.domain.mask import Mask
from core.domain.metrics import slice_counts
from core.io.cases.case_reader import LoadedCase
from core.io.resource_paths import resource
from core.studies.export.pictures import PictureFrame, PictureStyle, frames

NOT_CLINICAL = "Not for clinical use"
_PIXELS, _LINE, _INSET = 12, 17, 6
_GROUND, _INK, _WARNING = (19, 22, 25), (232, 235, 238), (255, 178, 36)
_BETWEEN = " · "


def captioned_frames(
    loaded: LoadedCase, mask: Mask | None, made_by: str, style: PictureStyle
) -> Iterator[PictureFrame]:
    """Yield every slice with its outlines over a caption; `made_by` names the mask (Z, Y, X)."""
    case, said = loaded.case, mask_words(loaded, mask, made_by)
    pictures = frames(loaded.volume, loaded.ground_truth, mask, style)
    for number, picture in zip(loaded.volume.slice_numbers, pictures, strict=True):
        yield captioned(picture, (case.id, f"slice {number}", *said))


def mask_words(loaded: LoadedCase, mask: Mask | None, made_by: str) -> tuple[str, ...]:
    """Say whose mask it is and how right, by the DSC of the whole volume where there is truth."""
    if mask is None:
        return ("no prediction",)
    if loaded.ground_truth is None:
        return (made_by,)
    return made_by, f"DSC {slice_counts(loaded.ground_truth, mask).pooled().dsc:.3f}"


def captioned(picture: PictureFrame, parts: Sequence[str]) -> PictureFrame:
    """Return a picture (Y, X, 3) over a band with `parts`, in as many lines as they need.

    A picture narrower than the words that never go missing is widened.
    """
    font = ImageFont.truetype(str(resource("fonts", "Inter-Medium.otf")), _PIXELS)
    height, width = picture.shape[:2]
    widest = max(font.getlength(part) for part in (*parts, NOT_CLINICAL))
    width = max(width, int(widest) + 2 * _INSET)
    lines = _lines(parts, font, width - 2 * _INSET)
    room = width - 2 * _INSET - font.getlength(lines[-1]) if lines else 0
    alone = room < font.getlength(NOT_CLINICAL) + 2 * _INSET
    count = len(lines) + (1 if alone else 0)
    made = Image.new("RGB", (width, height + count * _LINE + _INSET), _GROUND)
    made.paste(Image.fromarray(picture), ((width - picture.shape[1]) // 2, 0))
    draw = ImageDraw.Draw(made)
    for row, line in enumerate(lines):
        draw.text((_INSET, height + row * _LINE + 3), line, fill=_INK, font=font)
    left = width - _INSET - font.getlength(NOT_CLINICAL)
    bottom = height + (count - 1) * _LINE + 3
    draw.text((left, bottom), NOT_CLINICAL, fill=_WARNING, font=font)
    return np.asarray(made)


def _lines(parts: Sequence[str], font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}{_BETWEEN}{part}" if lines else part
        if lines and font.getlength(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines
