"""Pixels of a case as they come from its files."""

import logging
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tifffile import imread, imwrite

from core.domain.errors import DataError, FileError
from core.domain.grid import Grid
from core.domain.progress import Cancelled
from core.domain.volume import Volume
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.tiff.tiff import read_image, read_mask_slice, write_image, write_mask_slice
from tests.synthetic import digest, head, lesion, write_case, write_slice

LOSSLESS = {
    "none": "NONE",
    "zlib": "DEFLATE",
    "lzw": "LZW",
    "zstd": "ZSTD",
    "packbits": "PACKBITS",
    "lzma": "LZMA",
    "png": "PNG",
    "webp": "WEBP",
    "jpegxl": "JPEGXL",
    "jpeg2000": "JPEG2K",
    "lerc": "LERC",
}
OFFERED = [n for n, c in LOSSLESS.items() if n == "none" or getattr(imagecodecs, c).available]

HEADER = 190
"""Bytes before the pixels in the files of `whole_files`: those behind it are the decoders' own."""


def load(folder: Path, case_id: str = "A") -> LoadedCase:
    return read_case(scan(folder).case(case_id))


def random_slice(
    shape: tuple[int, ...] = (24, 20, 3), dtype: type[np.generic] = np.uint8
) -> NDArray[np.generic]:
    return np.random.default_rng(1).integers(0, 250, shape).astype(dtype)


def test_volume_has_channels_slices_rows_columns(tmp_path: Path) -> None:
    write_case(tmp_path, "A", 3, (20, 28))
    loaded = load(tmp_path)
    assert np.array_equal(loaded.volume.pixels, head(3, (20, 28)))
    assert loaded.volume.channels == ("Pre", "FLAIR", "Post")
    assert loaded.volume.geometry.shape == (3, 20, 28)
    assert loaded.ground_truth is not None
    assert np.array_equal(loaded.ground_truth, lesion(3, (20, 28)))
    assert loaded.notices == ()
    assert loaded.nbytes == 3 * 3 * 20 * 28 + 3 * 20 * 28


def test_slices_follow_their_numbers_not_their_names(tmp_path: Path) -> None:
    write_case(tmp_path, "A", 3, numbers=(10, 2, 1))
    loaded = load(tmp_path)
    assert loaded.volume.slice_numbers == (1, 2, 10)
    assert np.array_equal(loaded.volume.pixels, head(3)[:, ::-1])
    assert loaded.ground_truth is not None
    assert np.array_equal(loaded.ground_truth, lesion(3)[::-1])


def test_grey_slices_are_one_channel(tmp_path: Path) -> None:
    write_case(tmp_path, "A", channels=1, masks=False)
    loaded = load(tmp_path)
    assert np.array_equal(loaded.volume.pixels, head(channels=1))
    assert loaded.volume.channels == ("Image",)
    assert loaded.ground_truth is None


def test_sixteen_bit_is_kept_and_said_once(tmp_path: Path) -> None:
    write_case(tmp_path, "A", dtype=np.uint16)
    loaded = load(tmp_path)
    assert loaded.volume.pixels.dtype == np.uint16
    assert np.array_equal(loaded.volume.pixels, head(dtype=np.uint16))
    (notice,) = loaded.notices
    assert "16-bit" in notice
    assert f"0 to {loaded.volume.pixels.max()}" in notice


@pytest.mark.parametrize("compression", OFFERED)
def test_every_lossless_compression_is_read(tmp_path: Path, compression: str) -> None:
    path, pixels = tmp_path / "A_1.tif", random_slice()
    imwrite(path, pixels, photometric="rgb", compression=compression)
    assert np.array_equal(read_image(path), np.moveaxis(pixels, -1, 0))
    if compression != "webp":  # which has no grey images
        imwrite(path, pixels[..., 0], photometric="minisblack", compression=compression)
        assert np.array_equal(read_image(path)[0], pixels[..., 0])


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_either_byte_order(tmp_path: Path, byteorder: str) -> None:
    pixels = random_slice(dtype=np.uint16) * np.uint16(255)
    imwrite(tmp_path / "A_1.tif", pixels, photometric="rgb", byteorder=byteorder)  # type: ignore[arg-type]
    found = read_image(tmp_path / "A_1.tif")
    assert found.dtype == np.dtype(np.uint16)
    assert np.array_equal(found, np.moveaxis(pixels, -1, 0))


@pytest.mark.parametrize("shape", [(24, 20), (24, 16), (40, 3), (3, 40)])
def test_planes_stored_one_after_the_other(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = random_slice((3, *shape))
    imwrite(tmp_path / "A_1.tif", pixels, photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), pixels)


@pytest.mark.parametrize("options", [{"tile": (16, 16)}, {"rowsperstrip": 5}, {"bigtiff": True}])
@pytest.mark.parametrize("compression", ["none", "zlib"])
def test_tiles_strips_and_bigtiff(
    tmp_path: Path, options: dict[str, object], compression: str
) -> None:
    pixels = random_slice()
    imwrite(tmp_path / "A_1.tif", pixels, photometric="rgb", compression=compression, **options)  # type: ignore[arg-type]
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), np.moveaxis(pixels, -1, 0))


def test_white_as_zero_is_turned_round(tmp_path: Path) -> None:
    pixels = random_slice((24, 20))
    imwrite(tmp_path / "A_1.tif", pixels, photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "A_1.tif")[0], 255 - pixels)
    drawn = lesion(2)[1] == 0
    imwrite(tmp_path / "A_1_mask.tif", drawn, photometric="miniswhite")
    assert np.array_equal(read_mask_slice(tmp_path / "A_1_mask.tif")[0], lesion(2)[1])


def test_complex_pixels_are_refused(tmp_path: Path) -> None:
    imwrite(tmp_path / "A_1.tif", random_slice((24, 20)).astype(np.complex64))
    with pytest.raises(FileError, match=r"A_1.tif: expected .*8 or 16 bit, found .*complex64"):
        read_image(tmp_path / "A_1.tif")


def test_a_whole_volume_in_one_file_is_refused(tmp_path: Path) -> None:
    imwrite(tmp_path / "A_1.tif", random_slice((7, 24, 20)), photometric="minisblack")
    for read in (read_image, read_mask_slice):
        with pytest.raises(FileError, match=r"A_1.tif: expected .*, found 7 images.* Save"):
            read(tmp_path / "A_1.tif")


def test_a_preview_beside_the_image_is_no_second_image(tmp_path: Path) -> None:
    pixels = random_slice()
    imwrite(tmp_path / "A_1.tif", pixels, photometric="rgb")
    imwrite(tmp_path / "A_1.tif", pixels[::2, ::2], photometric="rgb", subfiletype=1, append=True)
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), np.moveaxis(pixels, -1, 0))


def test_four_channels_stay_four_and_transparency_is_no_channel(tmp_path: Path) -> None:
    pixels = random_slice((24, 20, 4))
    imwrite(tmp_path / "A_1.tif", pixels, photometric="rgb", extrasamples=["unspecified"])
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), np.moveaxis(pixels, -1, 0))
    imwrite(tmp_path / "A_1.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), np.moveaxis(pixels[..., :3], -1, 0))


@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("colours", [1, 3])
def test_transparency_of_a_mask_is_no_lesion(tmp_path: Path, alpha: str, colours: int) -> None:
    truth = lesion(2)[1]
    planes = [truth * 255] * colours + [np.full_like(truth, 255)]
    imwrite(
        tmp_path / "A_1_mask.tif",
        np.dstack(planes),
        photometric="rgb" if colours == 3 else "minisblack",
        planarconfig="contig",
        extrasamples=[alpha],
    )
    mask, binary = read_mask_slice(tmp_path / "A_1_mask.tif")
    assert np.array_equal(mask, truth)
    assert binary


@pytest.mark.parametrize("value", [1, 255, 7])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.uint16, np.int16, np.float32])
def test_masks_of_any_type_with_one_value_are_binary(
    tmp_path: Path, value: int, dtype: type[np.generic]
) -> None:
    truth = lesion(2)[1]
    imwrite(tmp_path / "m.tif", (truth * np.uint8(value)).astype(dtype), photometric="minisblack")
    mask, binary = read_mask_slice(tmp_path / "m.tif")
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, truth)
    assert binary


@pytest.mark.parametrize(("value", "binary"), [(0, True), (255, True)])
def test_flat_masks_are_binary(tmp_path: Path, value: int, binary: bool) -> None:
    imwrite(tmp_path / "m.tif", np.full((8, 8), value, np.uint8), photometric="minisblack")
    mask, found = read_mask_slice(tmp_path / "m.tif")
    assert mask.max() == (value > 0)
    assert found is binary


def test_complex_numbers_are_no_mask(tmp_path: Path) -> None:
    imwrite(tmp_path / "m.tif", lesion(2)[1].astype(np.complex64))
    with pytest.raises(FileError, match=r"m.tif: expected .*found pixels of type complex64"):
        read_mask_slice(tmp_path / "m.tif")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_written_slices_come_back(
    tmp_path: Path, channels: int, dtype: type[np.unsignedinteger]
) -> None:
    pixels = head(1, channels=channels, dtype=dtype)[:, 0]
    write_image(tmp_path / "A_1.tif", pixels)
    assert np.array_equal(read_image(tmp_path / "A_1.tif"), pixels)


def test_written_masks_are_0_and_255(tmp_path: Path) -> None:
    truth = lesion(2)[1]
    write_mask_slice(tmp_path / "A_1_mask.tif", truth)
    assert np.array_equal(imread(tmp_path / "A_1_mask.tif"), truth * 255)
    mask, binary = read_mask_slice(tmp_path / "A_1_mask.tif")
    assert np.array_equal(mask, truth)
    assert binary


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The same slice in every compression, also a lossy one, in one strip and in many."""
    folder = tmp_path_factory.mktemp("whole")
    pixels = head(1)[:, 0]
    files = []
    for index, compression in enumerate([*OFFERED, "jpeg"]):
        for rows in (None, 7):
            path = folder / f"{index}_{rows}.tif"
            imwrite(
                path,
                np.moveaxis(pixels, 0, -1),
                photometric="rgb",
                compression=compression,
                rowsperstrip=16 if rows and compression == "jpeg" else rows,
            )
            files.append(path.read_bytes())
    return files


def told_or_read(read: Callable[[Path], object], path: Path) -> object:
    """Return what is read, or the sentence that refuses it; anything else that is raised fails."""
    try:
        return read(path)
    except FileError as error:
        return str(error)


@given(data=st.data())
@settings(max_examples=300)
def test_cut_off_files_never_give_other_pixels(
    data: st.DataObject, whole_files: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole, cut = folder / "whole_1.tif", folder / "cut_1.tif"
    content = data.draw(st.sampled_from(whole_files))
    whole.write_bytes(content)
    cut.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    found = told_or_read(read_image, cut)
    if isinstance(found, str):
        assert found.startswith("cut_1.tif: expected a TIFF")
    else:
        assert np.array_equal(found, read_image(whole))


@given(data=st.data())
@settings(max_examples=300)
def test_damaged_files_are_told_or_read(
    data: st.DataObject, whole_files: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged_1.tif"
    content = bytearray(data.draw(st.sampled_from(whole_files)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, HEADER - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    for read in (read_image, read_mask_slice):
        found = told_or_read(read, path)
        assert not isinstance(found, str) or found.startswith("damaged_1.tif: expected a TIFF")


def test_library_does_not_write_past_the_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], whole_files: list[bytes]
) -> None:
    (tmp_path / "A_1.tif").write_bytes(whole_files[0][:190])
    handlers = logging.getLogger().handlers
    kept = handlers[:]
    handlers.clear()  # pytest's own would take the records that a program run by hand would print
    try:
        with pytest.raises(FileError):
            read_image(tmp_path / "A_1.tif")
    finally:
        handlers.extend(kept)
    assert capfd.readouterr() == ("", "")


def test_unreadable_slice_is_zero_and_the_rest_is_there(tmp_path: Path) -> None:
    place = write_case(tmp_path, "A")
    (place / "A_3.tif").write_text("no TIFF")
    loaded = load(tmp_path)
    assert list(loaded.volume.unreadable) == [2]
    assert not loaded.volume.pixels[:, 2].any()
    others = [0, 1, 3]
    assert np.array_equal(loaded.volume.pixels[:, others], head()[:, others])
    with pytest.raises(DataError, match=r"A_3.tif: expected .* found text"):
        loaded.require_whole()


def test_the_commonest_kind_of_slice_wins(tmp_path: Path) -> None:
    place = write_case(tmp_path, "A", 5)
    write_slice(place / "A_1.tif", head(1, (16, 16))[:, 0])
    write_slice(place / "A_2.tif", head(1, channels=1)[:, 0])
    loaded = load(tmp_path)
    assert loaded.volume.pixels.shape == head(5).shape
    assert list(loaded.volume.unreadable) == [0, 1]
    assert "expected 40×32 pixels, 3 channels, 8 bit" in loaded.volume.unreadable[0]
    assert "found 16×16 pixels" in loaded.volume.unreadable[0]
    assert "found 40×32 pixels, 1 channel," in loaded.volume.unreadable[1]


def test_masks_alone_are_told(tmp_path: Path) -> None:
    place = write_case(tmp_path, "A")
    for path in place.glob("A_?.tif"):
        path.unlink()
    with pytest.raises(
        DataError, match=r"A: expected image files A_<number>.tif, found only masks"
    ):
        load(tmp_path)


def test_progress_can_stop_a_read(tmp_path: Path) -> None:
    write_case(tmp_path, "A")
    seen: list[str] = []

    def stop_at_third(fraction: float, message: str) -> None:
        seen.append(message)
        if len(seen) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_case(scan(tmp_path).case("A"), progress=stop_at_third)
    assert len(seen) == 3


def test_volume_is_held_against_writing(tmp_path: Path) -> None:
    write_case(tmp_path, "A")
    before = digest(tmp_path)
    loaded = load(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        loaded.volume.pixels[0, 0, 0, 0] = 1
    assert digest(tmp_path) == before


def test_content_hash_is_of_pixels_alone(tmp_path: Path) -> None:
    write_case(tmp_path, "A")
    write_case(tmp_path, "B", masks=False)
    write_case(tmp_path, "C", seed=1)
    write_case(tmp_path, "D", 5)
    hashes = [load(tmp_path, name).volume.content_hash() for name in "ABCD"]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((1, 2, 8, 4), np.uint8),
        np.zeros((1, 4, 4, 4), np.uint8),
        np.zeros((1, 2, 4, 4), np.uint16),
        np.zeros((2, 2, 4, 4), np.uint8),
    ],
    ids=["wider", "deeper", "of 16 bit", "of two channels"],
)
def test_content_hash_tells_shapes_and_types_of_the_same_bytes_apart(
    other: NDArray[np.generic],
) -> None:
    def hash_of(pixels: NDArray[np.generic]) -> str:
        shape = pixels.shape[1:]
        named = tuple("ab"[: len(pixels)])
        return Volume(pixels, named, tuple(range(shape[0])), Grid(shape)).content_hash()  # type: ignore[arg-type]

    one = np.zeros((1, 2, 4, 8), np.uint8)
    assert one.nbytes == other.nbytes
    assert hash_of(one) != hash_of(other)
