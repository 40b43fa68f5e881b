"""The automatic range shows the brain, whatever shines around it."""

import numpy as np
import pytest

from core.domain.volume import Pixels
from core.domain.window_level import WindowLevel, automatic, full_range, preset_range

FAT, LESION, BRAIN, CSF = 250, 120, 80, 20


def head(*, rim: int, dtype: type = np.uint8, slices: int = 12) -> Pixels:
    """Return a round head (Z, Y, X): `rim` voxels of fat around brain, with a bright lesion."""
    y, x = np.mgrid[:128, :128]
    distance = np.hypot(y - 64, x - 60)
    plane = np.zeros((128, 128), dtype)
    plane[distance < 50] = FAT
    plane[distance < 50 - rim] = BRAIN
    plane[distance < 8] = CSF
    plane[np.hypot(y - 50, x - 75) < 9] = LESION
    return np.repeat(plane[np.newaxis], slices, axis=0)


@pytest.mark.parametrize("rim", [0, 6, 12])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_the_range_ends_above_the_lesion_and_below_the_fat(rim: int, dtype: type) -> None:
    low, high = automatic(head(rim=rim, dtype=dtype)).limits
    assert low == 0
    assert LESION <= high < 0.6 * FAT


def test_a_slice_of_fat_alone_changes_nothing() -> None:
    volume = head(rim=10)
    wanted = automatic(volume)
    volume[:1][volume[:1] > 0] = FAT
    assert automatic(volume) == wanted


def test_a_brighter_lesion_is_not_cut_off() -> None:
    volume = head(rim=10)
    volume[3:8][volume[3:8] == LESION] = 200
    assert automatic(volume).limits[1] >= 200


@pytest.mark.parametrize(
    "volume",
    [
        np.zeros((3, 8, 8), np.uint8),
        np.full((1, 1, 1), 7, np.uint16),
        np.full((2, 5, 5), -3.0, np.float32),
        np.arange(8, dtype=np.uint8).reshape(2, 2, 2),
    ],
)
def test_what_has_no_head_is_shown_whole(volume: Pixels) -> None:
    assert automatic(volume) == full_range(volume)


def test_presets_are_parts_of_the_automatic_range() -> None:
    around = WindowLevel(100.0, 60.0)
    assert around.part(0.0, 1.0) == around
    ranges = {name: preset_range(name, around).limits for name in ("contrast", "lesion", "soft")}
    assert ranges["contrast"] == pytest.approx((30.0, 90.0))
    assert ranges["lesion"] == pytest.approx((50.0, 120.0))
    assert ranges["soft"] == pytest.approx((10.0, 180.0))


def test_a_range_is_moved_and_never_narrower_than_one_value() -> None:
    around = WindowLevel(100.0, 60.0)
    assert around.moved(20.0, -5.0) == WindowLevel(120.0, 55.0)
    assert around.moved(-500.0, 0.0) == WindowLevel(1.0, 60.0)
