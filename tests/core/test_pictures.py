"""Pictures of a case, read back by Pillow and compared with the reference rule for outlines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image

from core.domain.window_level import automatic
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.studies.export.captions import captioned, captioned_frames, mask_words
from core.studies.export.pictures import (
    PictureStyle,
    contact_sheet,
    frames,
    outline,
    overlay,
    png,
    telling_slice,
    write_gif,
    write_slices,
)
from tests.synthetic import head, volume_of, write_case

GREEN, RED = np.array([0, 255, 0]), np.array([255, 0, 0])


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedCase:
    write_case(tmp_path, "HT_1", slices=6, numbers=[2, 3, 5, 8, 9, 10])
    return read_case(scan(tmp_path).cases[0])


def predicted(loaded: LoadedCase) -> NDArray[np.uint8]:
    """Return the truth moved by two voxels."""
    return np.roll(loaded.require_ground_truth(), 2, axis=2)


def where(picture: NDArray[np.uint8], colour: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray((picture == colour).all(axis=-1))


def by_reference_rule(plane: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the foreground whose 3×3 neighbourhood, cut at the rim, is not all foreground."""
    found = np.zeros(plane.shape, bool)
    for y, x in np.argwhere(plane):
        around = plane[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        found[y, x] = 0.0 < around.mean() < 1.0
    return found


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)))
def test_outline_equals_the_reference_rule(plane: NDArray[np.bool_]) -> None:
    np.testing.assert_array_equal(outline(plane.astype(np.uint8)), by_reference_rule(plane))


def test_truth_is_green_over_a_red_prediction_on_grey(loaded: LoadedCase) -> None:
    truth, prediction = loaded.require_ground_truth(), predicted(loaded)
    picture = overlay(loaded.volume, 3, truth, prediction)
    green, red = outline(truth[3]), outline(prediction[3]) & ~outline(truth[3])
    np.testing.assert_array_equal(where(picture, GREEN), green)
    np.testing.assert_array_equal(where(picture, RED), red)
    rest = picture[~green & ~red]
    assert (rest == rest[:, :1]).all()
    flair = loaded.volume.pixels[1]
    brightest = int(flair[3][~green & ~red].max())
    assert rest.max() == min(round(255 * brightest / automatic(flair).limits[1]), 255)


def test_without_masks_the_picture_is_the_image_alone(loaded: LoadedCase) -> None:
    picture = overlay(loaded.volume, 3, None, None)
    assert (picture == picture[..., :1]).all()
    brightest = np.unravel_index(picture[..., 0].argmax(), picture.shape[:2])
    flair = loaded.volume.pixels[1, 3]
    assert flair[brightest] >= np.percentile(flair, 95)


def test_rgb_shows_all_three_channels_and_scale_enlarges(loaded: LoadedCase) -> None:
    truth = loaded.require_ground_truth()
    picture = overlay(loaded.volume, 3, truth, None, PictureStyle("RGB", 2))
    assert picture.shape == (80, 64, 3)
    assert not (picture == picture[..., :1]).all(axis=-1)[~where(picture, GREEN)].all()
    big = np.kron(truth[3], np.ones((2, 2), np.uint8))
    np.testing.assert_array_equal(where(picture, GREEN), outline(big))


def test_a_volume_of_one_channel_and_sixteen_bits_can_be_drawn() -> None:
    volume = volume_of(head(3, channels=1, dtype=np.uint16))
    picture = overlay(volume, 1, None, None, PictureStyle("RGB"))
    assert picture.shape == (40, 32, 3)
    assert picture.max() == 255


def test_telling_slice_has_the_most_lesion() -> None:
    truth = np.zeros((5, 4, 4), np.uint8)
    prediction = truth.copy()
    prediction[1] = 1
    assert telling_slice(truth, prediction) == 1
    truth[3, :2] = 1
    assert telling_slice(truth, prediction) == 3
    assert telling_slice(np.zeros((5, 4, 4), np.uint8), None) == 2


def test_png_of_every_slice_is_read_back_exactly(loaded: LoadedCase, tmp_path: Path) -> None:
    made = list(frames(loaded.volume, loaded.ground_truth, predicted(loaded)))
    paths = write_slices(tmp_path / "out", loaded, made)
    names = [path.name for path in paths]
    assert names == [f"HT_1-{number:02d}.png" for number in (2, 3, 5, 8, 9, 10)]
    for path, picture in zip(paths, made, strict=True):
        with Image.open(path) as read:
            assert read.format == "PNG"
            np.testing.assert_array_equal(np.asarray(read), picture)


@pytest.mark.parametrize("background", ["FLAIR", "RGB"])
def test_gif_has_every_slice_and_pure_outlines(
    loaded: LoadedCase, tmp_path: Path, background: str
) -> None:
    style = PictureStyle(background)  # type: ignore[arg-type]
    made = list(frames(loaded.volume, loaded.ground_truth, predicted(loaded), style))
    write_gif(tmp_path / "case.gif", made, seconds=0.3)
    with Image.open(tmp_path / "case.gif") as read:
        assert (read.format, read.n_frames, read.size) == ("GIF", 6, (32, 40))  # type: ignore[attr-defined]
        assert (read.info["duration"], read.info["loop"]) == (300, 0)
        for index, picture in enumerate(made):
            read.seek(index)
            shown = np.asarray(read.convert("RGB"))
            for colour in (GREEN, RED):
                np.testing.assert_array_equal(where(shown, colour), where(picture, colour))
            assert np.abs(shown.astype(int) - picture).max() <= 24


def test_contact_sheet_holds_every_picture(loaded: LoadedCase) -> None:
    made = list(frames(loaded.volume, loaded.ground_truth, None))
    sheet = contact_sheet(made, [f"slice {n}" for n in range(6)])
    assert sheet.shape[1] == 3 * (32 + 4) + 4
    height = (sheet.shape[0] - 4) // 2
    for index, picture in enumerate(made):
        top, left = (index // 3) * height + 4, (index % 3) * 36 + 4
        np.testing.assert_array_equal(sheet[top : top + 40, left : left + 32], picture)


def test_a_sheet_of_very_many_large_pictures_is_made_smaller() -> None:
    made = [np.zeros((512, 3000, 3), np.uint8)] * 9
    assert max(contact_sheet(made, [""] * 9).shape) <= 8192


def test_nothing_to_draw_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        write_gif(tmp_path / "a.gif", [])
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], [])
    assert list(tmp_path.iterdir()) == []


def test_png_bytes_start_as_a_png_does() -> None:
    assert png(np.zeros((2, 3, 3), np.uint8)).startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("width", [40, 150, 400, 900])
def test_a_caption_is_below_the_picture_whole_at_every_width(width: int) -> None:
    picture = np.full((50, width, 3), 77, np.uint8)
    said = ("TCGA_XY_1234_19990101", "slice 12", "Lite0 U-Net", "DSC 0.901")
    made = captioned(picture, said)
    left = (made.shape[1] - width) // 2
    np.testing.assert_array_equal(made[:50, left : left + width], picture)
    band = made[50:].astype(int)
    inked = (band.sum(axis=2) > 500).any(axis=0)
    warned = ((band[..., 0] > 180) & (band[..., 2] < 90)).any(axis=0)
    assert inked.any()
    assert warned.any()
    assert not inked[:5].any()
    assert not (inked | warned)[-5:].any()
    assert len(captioned(picture, said)) > len(captioned(picture, said[:1])) or width > 600


def test_captions_name_the_mask_and_its_dsc(loaded: LoadedCase) -> None:
    truth = loaded.require_ground_truth()
    assert mask_words(loaded, truth, "Lite0") == ("Lite0", "DSC 1.000")
    assert mask_words(replace(loaded, ground_truth=None), truth, "Lite0") == ("Lite0",)
    assert mask_words(loaded, None, "Lite0") == ("no prediction",)
    made = list(captioned_frames(loaded, predicted(loaded), "Lite0", PictureStyle()))
    plain = list(frames(loaded.volume, truth, predicted(loaded)))
    assert len(made) == len(plain)
    assert all(len(a) > len(b) for a, b in zip(made, plain, strict=True))
