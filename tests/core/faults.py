"""The kinds of bad input: how each is made, and what a reader is told."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
from tifffile import imwrite

from tests.synthetic import head, lesion, write_slice


class _Unusable(TypedDict):
    slices_lost: tuple[int, ...]
    predicts: bool
    evaluates: bool


@dataclass(frozen=True)
class Fault:
    """One kind of bad input: how it is made, what is said, and whether figures can be made."""

    name: str
    damage: Callable[[Path], object]
    file: str
    expected: str
    found: str
    action: str
    slices_lost: tuple[int, ...] = ()
    predicts: bool = True
    evaluates: bool = True


def cut(name: str, share: float) -> Callable[[Path], object]:
    def damage(case: Path) -> None:
        content = (case / name).read_bytes()
        (case / name).write_bytes(content[: int(len(content) * share)])

    return damage


def fill(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda case: (case / name).write_bytes(content)


def remove(name: str) -> Callable[[Path], object]:
    return lambda case: (case / name).unlink()


def image(name: str, shape: tuple[int, int]) -> Callable[[Path], object]:
    return lambda case: write_slice(case / name, head(1, shape)[:, 0])


def mask(name: str, shape: tuple[int, int]) -> Callable[[Path], object]:
    return lambda case: write_slice(case / name, lesion(2, shape)[1:] * 255)


def folder_for_a_slice(case: Path) -> None:
    (case / "Bad_2.tif").unlink()
    (case / "Bad_2_mask.tif").unlink()
    (case / "Bad_2.tif").mkdir()


def float_image(case: Path) -> None:
    planes = np.moveaxis(head()[:, 1], 0, -1).astype(np.float32)
    imwrite(case / "Bad_2.tif", planes, photometric="rgb")


def grey_levels(case: Path) -> None:
    for number in (2, 3):
        levels = lesion(2)[1].astype(np.uint8) * 255
        levels[12:14, 16:22] = 100
        imwrite(case / f"Bad_{number}_mask.tif", levels, photometric="minisblack")


def many_images(case: Path) -> None:
    imwrite(case / "Bad_2.tif", np.zeros((5, 40, 32), np.uint8), photometric="minisblack")


def twice(case: Path) -> None:
    shutil.copy(case / "Bad_1.tif", case / "Bad_01.tif")


def mask_twice(case: Path) -> None:
    shutil.copy(case / "Bad_2_mask.tif", case / "Bad_02_mask.tiff")


def stray(case: Path) -> None:
    shutil.copy(case / "Bad_1.tif", case / "Other_1.tif")


def mask_alone(case: Path) -> None:
    shutil.copy(case / "Bad_1_mask.tif", case / "Bad_9_mask.tif")


def deeper(case: Path) -> None:
    write_slice(case / "Bad_2.tif", head(1, dtype=np.uint16)[:, 0])


_UNREADABLE: _Unusable = {"slices_lost": (1,), "predicts": False, "evaluates": False}
_TIFF = "a TIFF image of H×W"
COPY = "Replace the file with a good copy"
_EXPORT = "Export this slice again"
FAULTS = [
    Fault("truncated", cut("Bad_2.tif", 0.6), "Bad_2.tif", _TIFF, "truncated", COPY, **_UNREADABLE),
    Fault("cut in its header", cut("Bad_2.tif", 0.01), "Bad_2.tif", _TIFF, "", COPY, **_UNREADABLE),
    Fault(
        "two bytes",
        fill("Bad_2.tif", b"II"),
        "Bad_2.tif",
        _TIFF,
        "a damaged TIFF",
        COPY,
        **_UNREADABLE,
    ),
    Fault(
        "empty", fill("Bad_2.tif", b""), "Bad_2.tif", _TIFF, "an empty file", COPY, **_UNREADABLE
    ),
    Fault("text", fill("Bad_2.tif", b"hello\n"), "Bad_2.tif", _TIFF, "text", COPY, **_UNREADABLE),
    Fault(
        "Chinese text",
        fill("Bad_2.tif", "你好".encode()),
        "Bad_2.tif",
        _TIFF,
        "text",
        COPY,
        **_UNREADABLE,
    ),
    Fault(
        "a PNG",
        fill("Bad_2.tif", b"\x89PNG\r\n\x1a\n\0\0"),
        "Bad_2.tif",
        _TIFF,
        "another kind",
        COPY,
        **_UNREADABLE,
    ),
    Fault("float", float_image, "Bad_2.tif", "8 bit", "32 bit", _EXPORT, **_UNREADABLE),
    Fault(
        "multi-page", many_images, "Bad_2.tif", _TIFF, "5 images", "Save each slice", **_UNREADABLE
    ),
    Fault("a folder", folder_for_a_slice, "Bad", "slices 1 to 4", "no file for slice 2", "restore"),
    Fault(
        "shape",
        image("Bad_2.tif", (40, 30)),
        "Bad_2.tif",
        "40×32 pixels",
        "40×30 pixels",
        _EXPORT,
        **_UNREADABLE,
    ),
    Fault("one 16-bit slice", deeper, "Bad_2.tif", "8 bit", "16 bit", _EXPORT, **_UNREADABLE),
    Fault(
        "mask shape",
        mask("Bad_2_mask.tif", (20, 32)),
        "Bad_2_mask.tif",
        "40×32 pixels",
        "20×32",
        "export the mask",
        evaluates=False,
    ),
    Fault(
        "mask text",
        fill("Bad_2_mask.tif", b"hello"),
        "Bad_2_mask.tif",
        _TIFF,
        "text",
        COPY,
        evaluates=False,
    ),
    Fault(
        "mask empty",
        fill("Bad_2_mask.tif", b""),
        "Bad_2_mask.tif",
        _TIFF,
        "an empty file",
        COPY,
        evaluates=False,
    ),
    Fault(
        "mask truncated",
        cut("Bad_2_mask.tif", 0.7),
        "Bad_2_mask.tif",
        _TIFF,
        "truncated",
        COPY,
        evaluates=False,
    ),
    Fault(
        "missing mask",
        remove("Bad_2_mask.tif"),
        "Bad",
        "a mask for every slice",
        "none for slice 2",
        "add the mask",
    ),
    Fault(
        "missing number",
        lambda c: (remove("Bad_2.tif")(c), remove("Bad_2_mask.tif")(c)),
        "Bad",
        "slices 1 to 4",
        "no file for slice 2",
        "restore the file",
    ),
    Fault(
        "mask without image",
        mask_alone,
        "Bad_9_mask.tif",
        "an image Bad_9.tif",
        "none",
        "put the image back",
    ),
    Fault(
        "levels in a mask",
        grey_levels,
        "Bad_2_mask.tif",
        "two values",
        "as in 2 masks",
        "export a binary mask",
    ),
    Fault(
        "number twice",
        twice,
        "Bad_1.tif",
        "one file for slice 1",
        "Bad_01.tif too. Bad_01.tif is used",
        "remove one",
    ),
    Fault(
        "mask twice",
        mask_twice,
        "Bad_02_mask.tiff",
        "one file for slice 2",
        "Bad_2_mask.tif too. Bad_2_mask.tif is used",
        "remove one",
    ),
    Fault(
        "another case's file",
        stray,
        "Other_1.tif",
        "Bad_<number>.tif",
        "another name",
        "give each case a folder",
    ),
]
