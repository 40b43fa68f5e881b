"""Pictures and masks mean what other programs think they mean; Pillow is the oracle."""

import struct
import unicodedata
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from tifffile import imwrite

from core.domain.errors import DataError
from core.domain.mask_judgement import judge_mask
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.memory import require_memory
from core.io.tiff.tiff import read_image
from tests.synthetic import head, lesion, write_case, write_slice

ORIENTATION = 274
Plane = NDArray[np.uint8]


def load(root: Path) -> LoadedCase:
    return read_case(scan(root).cases[0])


def with_masks(root: Path, draw: Callable[[Path, Plane], object]) -> LoadedCase:
    place = write_case(root, "A")
    for z, plane in enumerate(lesion()):
        draw(place / f"A_{z + 1}_mask.tif", plane)
    return load(root)


def rgba(path: Path, les: Plane) -> None:
    """Four samples and no word that one is transparency, as OpenCV writes them."""
    planes = np.dstack([les * 255] * 3 + [np.full_like(les, 255)])
    imwrite(path, planes, photometric="rgb", extrasamples=["unassalpha"])
    content = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, at)
    tags = [bytes(content[at + 2 + 12 * n : at + 14 + 12 * n]) for n in range(count)]
    kept = [tag for tag in tags if struct.unpack_from("<H", tag)[0] != 338]
    directory = struct.pack("<H", len(kept)) + b"".join(kept) + bytes(4)
    content[at : at + len(directory)] = directory
    path.write_bytes(content)


def alpha_only(path: Path, les: Plane) -> None:
    planes = np.dstack([np.full_like(les, 200)] * 3 + [les * np.uint8(255)])
    imwrite(path, planes, photometric="rgb", extrasamples=["unassalpha"])


def imagej(path: Path, les: Plane) -> None:
    said = "ImageJ=1.54f\nmin=0.0\nmax=255.0\n"
    imwrite(path, les * 255, photometric="miniswhite", description=said, metadata=None)


def shown_imagej(path: Path, les: Plane) -> None:
    imagej(path, 1 - les)


def palette(path: Path, les: Plane) -> None:
    colours = np.zeros((3, 256), np.uint16)
    colours[:, 7] = 65535
    imwrite(path, np.where(les, 7, 200).astype(np.uint8), photometric="palette", colormap=colours)


def on_white(path: Path, les: Plane) -> None:
    planes = np.full((*les.shape, 3), 255, np.uint8)
    planes[les > 0] = (255, 0, 0)
    imwrite(path, planes, photometric="rgb")


def on_black(path: Path, les: Plane) -> None:
    imwrite(path, np.dstack([les * 200, les * 0, les * 30]), photometric="rgb")


def one_hot(path: Path, les: Plane) -> None:
    planes = np.dstack([1 - les, les]) * np.uint8(255)
    imwrite(path, planes, photometric="minisblack", planarconfig="contig")


def separate(path: Path, les: Plane) -> None:
    planes = np.stack([les * 255, les * 0, les * 0])
    imwrite(path, planes, photometric="rgb", planarconfig="separate")


def inks(path: Path, les: Plane) -> None:
    """What is white is paper; the rest is printed black."""
    paper = np.zeros_like(les)
    Image.fromarray(np.dstack([paper] * 3 + [(1 - les) * 255]), mode="CMYK").save(path)


def brightness(path: Path, les: Plane) -> None:
    Image.fromarray(np.dstack([les * 255] * 3)).convert("YCbCr").save(path)


def white_is_zero(path: Path, les: Plane) -> None:
    imwrite(path, np.where(les, 0, 255).astype(np.uint8), photometric="miniswhite")


def one_bit(path: Path, les: Plane) -> None:
    imwrite(path, les == 0, photometric="miniswhite")


def from_one(path: Path, les: Plane) -> None:
    imwrite(path, les + np.uint8(1), photometric="minisblack")


PLAIN = [rgba, imagej, shown_imagej, palette, on_white, on_black, one_hot, separate, inks]


@pytest.mark.parametrize("draw", [*PLAIN, brightness, white_is_zero, one_bit])
def test_masks_of_other_programs_are_the_lesion(
    tmp_path: Path, draw: Callable[[Path, Plane], object]
) -> None:
    loaded = with_masks(tmp_path, draw)
    assert np.array_equal(loaded.ground_truth, lesion())  # type: ignore[arg-type]
    assert loaded.notices == ()


def jpeg(path: Path, les: Plane, top: int = 255) -> None:
    Image.fromarray(les * np.uint8(top)).save(path, compression="jpeg", quality=75)


def faint_jpeg(path: Path, les: Plane) -> None:
    jpeg(path, les, 128)


def smooth_on_white(path: Path, les: Plane) -> None:
    share = gaussian_filter(les.astype(float), 0.6)[..., None]
    colours = share * [255, 0, 0] + (1 - share) * 255
    imwrite(path, colours.astype(np.uint8), photometric="rgb")


def once_a_jpeg(path: Path, les: Plane) -> None:
    stream = BytesIO()
    Image.fromarray(np.dstack([les * 255, les * 0, les * 0])).save(stream, "JPEG", quality=90)
    Image.open(stream).save(path)


def sums_to_255(path: Path, les: Plane) -> None:
    share = np.where(les, 200, 30).astype(np.uint8)
    imwrite(path, np.dstack([255 - share, share]), photometric="minisblack", planarconfig="contig")


def low_and_high(path: Path, les: Plane) -> None:
    """Whole numbers of a few values, as labels have: but the low ones are noise all around."""
    noise = np.random.default_rng(0).integers(0, 3, les.shape)
    imwrite(path, (np.where(les, 228, 0) + noise).astype(np.uint8), photometric="minisblack")


def black_palette(path: Path, les: Plane) -> None:
    imwrite(path, les, photometric="palette", colormap=np.zeros((3, 256), np.uint16))


def without_numbers(path: Path, les: Plane) -> None:
    imwrite(path, np.where(les, 1, np.nan).astype(np.float32), photometric="minisblack")


SAID = [jpeg, faint_jpeg, smooth_on_white, once_a_jpeg, sums_to_255, low_and_high]


def probability(path: Path, les: Plane) -> None:
    imwrite(path, np.where(les, 0.9, 0.001).astype(np.float32), photometric="minisblack")


@pytest.mark.parametrize(
    "draw", [*SAID, probability, alpha_only, from_one, black_palette, without_numbers]
)
def test_masks_that_need_a_word_are_the_lesion_and_said(
    tmp_path: Path, draw: Callable[[Path, Plane], object]
) -> None:
    loaded = with_masks(tmp_path, draw)
    assert loaded.ground_truth is not None
    assert np.count_nonzero(loaded.ground_truth != lesion()) <= 4
    (notice,) = loaded.notices
    assert "expected a mask of two values" in notice


def test_a_lossy_file_of_the_faintest_values_is_refused(tmp_path: Path) -> None:
    loaded = with_masks(tmp_path, lambda path, les: jpeg(path, les, 2))
    assert loaded.ground_truth is None or not loaded.ground_truth.any()
    assert "what is lesion is lost in it" in loaded.damaged_masks[0]


def test_a_mask_of_the_head_is_told() -> None:
    shown = np.zeros((8, 40, 40), bool)
    shown[:, 5:35, 8:32] = True
    (said,) = judge_mask("A", shown.astype(np.uint8), shown)
    assert "fills most of the head" in said


def test_small_integers_are_labels_and_kept(tmp_path: Path) -> None:
    def draw(path: Path, les: Plane) -> None:
        les = les.copy()
        les[14:17, 18:20] *= 2
        imwrite(path, les, photometric="minisblack")

    loaded = with_masks(tmp_path, draw)
    assert np.array_equal(loaded.ground_truth, lesion())  # type: ignore[arg-type]
    assert loaded.labels is not None
    assert set(np.unique(loaded.labels)) == {0, 1, 2}


def test_four_bits_are_inverted_over_four_bits(tmp_path: Path) -> None:
    path = tmp_path / "A_1.tif"
    values = np.arange(32, dtype=np.uint8).reshape(4, 8) % 16
    packed = ((values[:, ::2] << 4) | values[:, 1::2]).tobytes()
    tags = [(256, 8), (257, 4), (258, 4), (259, 1), (262, 0), (273, 8), (277, 1), (278, 4)]
    rows = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in [*tags, (279, len(packed))]]
    directory = struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + directory)
    with Image.open(path) as picture:
        shown = np.asarray(picture.convert("L"))
    assert np.array_equal(read_image(path)[0], shown)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_as_pillow_shows_them(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "A_1.tif"
    pixels = np.arange(20 * 30 * 3, dtype=np.uint16).reshape(20, 30, 3).astype(np.uint8)
    tag = (ORIENTATION, "H", 1, orientation, True)
    imwrite(path, pixels, photometric="rgb", extratags=[tag])
    with Image.open(path) as picture:
        shown = np.asarray(picture.convert("RGB"))
    assert np.array_equal(np.moveaxis(read_image(path), 0, -1), shown)


@pytest.mark.parametrize("axes", ["CYX", "ZYX"])
def test_a_stack_of_one_directory_is_read_whole(tmp_path: Path, axes: str) -> None:
    pixels = head(1)[:, 0]
    imwrite(tmp_path / "A_1.tif", pixels, imagej=True, truncate=True, metadata={"axes": axes})
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), pixels)


@pytest.mark.parametrize(("lowest", "said"), [(0, "0 to 2916"), (-20, "down to -20")])
def test_signed_images_are_read(tmp_path: Path, lowest: int, said: str) -> None:
    place = write_case(tmp_path, "A", 2)
    whole = head(2).astype(np.int16) * 12 + np.int16(lowest)
    for z in range(2):
        imwrite(place / f"A_{z + 1}.tif", np.moveaxis(whole[:, z], 0, -1), photometric="rgb")
    loaded = load(tmp_path)
    assert np.array_equal(loaded.volume.pixels, whole - lowest)
    assert said in " ".join(loaded.notices)


@pytest.mark.parametrize("dtype", ["i1", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
def test_whole_numbers_of_any_type_are_read_as_they_are(tmp_path: Path, dtype: str) -> None:
    place, whole = write_case(tmp_path, "A", 2), head(2) // 2
    for z in range(2):
        imwrite(
            place / f"A_{z + 1}.tif",
            np.moveaxis(whole[:, z], 0, -1).astype(dtype),
            photometric="rgb",
        )
    pixels = load(tmp_path).volume.pixels
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, whole)


def test_floating_images_keep_their_values_and_gaps_are_told(tmp_path: Path) -> None:
    place = write_case(tmp_path, "A", 2)
    whole = head(2).astype(np.float64) / 255 - 0.25
    for z in range(2):
        imwrite(place / f"A_{z + 1}.tif", np.moveaxis(whole[:, z], 0, -1), photometric="rgb")
    loaded = load(tmp_path)
    assert loaded.volume.pixels.dtype == np.float32
    assert np.array_equal(loaded.volume.pixels, whole.astype(np.float32))
    assert "32-bit images" in " ".join(loaded.notices)
    whole[0, 0, 5, 5] = np.inf
    imwrite(place / "A_1.tif", np.moveaxis(whole[:, 0], 0, -1), photometric="rgb")
    loaded = load(tmp_path)
    assert loaded.volume.pixels[0, 0, 5, 5] == 0
    assert "found some without (NaN or infinite)" in " ".join(loaded.notices)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_other_colours_are_seen_as_pillow_shows_them(
    tmp_path: Path, mode: str, compression: str | None
) -> None:
    path = tmp_path / "A_1.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, compression=compression)
    with Image.open(path) as picture:
        shown = np.asarray(picture.convert("RGB")).astype(int)
    # Whole steps of tables there, rounded products here.
    assert np.abs(np.moveaxis(read_image(path), 0, -1) - shown).max() <= 1


def test_names_are_compared_composed(tmp_path: Path) -> None:
    place = write_case(tmp_path, unicodedata.normalize("NFC", "Kölliker"))
    for path in place.glob("*_mask.tif"):
        path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
    loaded = load(tmp_path)
    assert np.array_equal(loaded.ground_truth, lesion())  # type: ignore[arg-type]
    assert loaded.notices == ()


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.ones_like(lesion()), "full on every"),
        (1 - lesion(), "complement"),
        (np.pad(np.ones((4, 2, 2), np.uint8), ((0, 0), (0, 38), (0, 30))), "outside"),
    ],
)
def test_masks_that_can_hardly_be_lesion_are_told(
    tmp_path: Path, mask: NDArray[np.uint8], said: str
) -> None:
    place = write_case(tmp_path, "A")
    for z, plane in enumerate(mask):
        write_slice(place / f"A_{z + 1}_mask.tif", plane[np.newaxis] * 255)
    assert said in " ".join(load(tmp_path).notices)


def test_an_outline_alone_is_told_and_small_lesions_are_not() -> None:
    mask = np.zeros((6, 60, 60), np.uint8)
    mask[1:5, 10:40, 15:35] = 1
    everywhere = np.ones(mask.shape, bool)
    assert judge_mask("A", mask, everywhere) == ()
    mask[1:5, 12:38, 17:33] = 0
    (said,) = judge_mask("A", mask, everywhere)
    assert "found its outline alone" in said
    mask[:] = 0
    mask[2, 10:13, 10:13], mask[3, 20, 20:28] = 1, 1
    assert judge_mask("A", mask, everywhere) == ()


def test_one_slice_that_means_the_opposite_is_told() -> None:
    mask = np.repeat(lesion(2)[1:], 5, axis=0)
    mask[2] = 1 - mask[2]
    (said,) = judge_mask("A", mask, np.ones(mask.shape, bool))
    assert "neighbours" in said


def test_pixels_that_do_not_fit_are_told_before_they_are_decoded() -> None:
    with pytest.raises(DataError, match="A: expected pixels that fit into memory"):
        require_memory("A", 3 << 30, available=4 << 30)


def test_transparency_that_was_multiplied_in_is_divided_out_as_pillow_does(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 128, (20, 30, 3)).astype(np.uint8)
    half = np.full((20, 30), 128, np.uint8)
    path = tmp_path / "A_1.tif"
    imwrite(path, np.dstack([pixels, half]), photometric="rgb", extrasamples=["assocalpha"])
    with Image.open(path) as picture:
        shown = np.asarray(picture.convert("RGBA"))[..., :3]
    assert np.array_equal(np.moveaxis(read_image(path), 0, -1), shown)
