"""A trained guide sees the window around the newest mark and answers on its voxels."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import Guided
from core.domain.errors import ModelError
from core.domain.guide import Click, Mark, PairedGuide, Window
from core.domain.role import role_of
from core.inference.guide_network import ClickSight, NetworkGuide, network_input
from core.models.guide_choice import answering_guide
from core.models.guides import Guides, GuideSpec, read_guide

SPEC = GuideSpec(id="g", title="G", architecture="unet", window=32, disc=2.0)


def _window(
    shape: tuple[int, int], marks: tuple[Mark, ...], step: tuple[float, float] = (1.0, 1.0)
) -> Window:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(3, 3, *shape)).astype(np.float32)
    probability = rng.random(shape).astype(np.float32)
    return Window(probability, image, 1, marks, step)


def _mark(row: int, column: int, *, adds: bool = True) -> Mark:
    return Mark(np.array([row]), np.array([column]), adds)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_the_newest_mark_is_in_the_middle_and_every_voxel_in_view(
    height: int, width: int, data: st.DataObject
) -> None:
    row, column = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    window = _window((height, width), (_mark(row, column),))
    sight = ClickSight.of(window, 32)
    shown = sight.mark(window.mark, (height, width))
    assert np.argwhere(shown).tolist() == [[16, 16]]
    for edge in ((0, 0), (height - 1, width - 1)):
        assert sight.mark(_mark(*edge), (height, width)).sum() == 1


@given(st.integers(4, 31), st.integers(4, 31), st.data())
def test_at_one_pixel_a_voxel_what_is_seen_is_what_is_there(
    height: int, width: int, data: st.DataObject
) -> None:
    row = data.draw(st.integers(max(0, height - 16), min(height - 1, 15)))
    column = data.draw(st.integers(max(0, width - 16), min(width - 1, 15)))
    window = _window((height, width), (_mark(row, column),))
    sight = ClickSight.of(window, 32)
    assert sight.is_exact
    seen = sight.take(window.probability[np.newaxis])[0]
    nothing = np.full_like(window.probability, -1.0)
    assert np.array_equal(sight.back(seen, nothing), window.probability)


def test_where_voxels_are_larger_the_same_place_is_seen_and_answered() -> None:
    """A slope stays the slope it is, in millimetres, there and back."""
    rows, columns = np.mgrid[:12, :14].astype(np.float32)
    window = Window(
        0.02 * rows + 0.03 * columns,
        np.zeros((3, 3, 12, 14), np.float32),
        1,
        (_mark(6, 7),),
        (2, 2),
    )
    sight = ClickSight.of(window, 64)
    assert sight.scale == (2, 2)
    seen = sight.take(window.probability[np.newaxis])[0]
    assert seen[32, 32] == window.probability[6, 7]
    assert seen[33, 32] - seen[32, 32] == pytest.approx(0.01, abs=1e-6)
    assert sight.back(seen, window.probability) == pytest.approx(window.probability, abs=1e-5)


def test_a_window_larger_than_what_is_seen_is_seen_smaller() -> None:
    window = _window((200, 40), (_mark(100, 20),))
    sight = ClickSight.of(window, 64)
    assert sight.scale[0] < 0.4
    answer = NetworkGuide(SPEC, (0, 1, 2), lambda seen: np.zeros((1, 1, 32, 32), np.float32))
    assert answer.answer(window)[0, 20] == pytest.approx(0.5)


def test_planes_come_in_the_order_that_networks_are_trained_with() -> None:
    window = _window((31, 31), (_mark(10, 12, adds=False), _mark(15, 15)))
    seen = network_input(window, ClickSight.of(window, 32), (2, 0, 1), disc=2.0)
    inner = np.s_[1:, 1:]  # the middle of an even side lies past it: one pixel goes on beyond
    assert seen.shape == (12, 32, 32)
    for offset in range(3):
        for place, channel in enumerate((2, 0, 1)):
            assert np.array_equal(seen[3 * offset + place][inner], window.image[channel, offset])
    assert np.array_equal(seen[9][inner], window.probability)
    assert seen[10, 16, 18] == 1
    assert seen[10, 16, 19] == 0
    assert seen[10].sum() == seen[11].sum() == 13
    assert seen[11, 11, 13] == 1


def test_an_answer_changes_only_what_is_in_reach_and_the_clicked_voxel_obeys() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (3, 3, 96, 96)).astype(np.uint8)
    mask = np.zeros((3, 96, 96), np.uint8)
    guide = NetworkGuide(SPEC, (0, 1, 2), lambda seen: np.full((1, 1, 32, 32), 4.0, np.float32))
    ground = ClickGround(Scene(pixels, ("Pre", "FLAIR", "Post")), mask)
    after = Guided(ground, guide).add(Click(1, ((40, 50),)))
    found = np.argwhere(after.mask_of(1))
    assert len(found) > 1
    assert (np.abs(found - [40, 50]) <= 16).all()
    assert after.mask_of(1)[40, 50]
    refused = NetworkGuide(SPEC, (0, 1, 2), lambda seen: np.full((1, 1, 32, 32), -4.0, np.float32))
    assert Guided(ground, refused).add(Click(1, ((40, 50),))).mask_of(1)[40, 50]


def test_where_the_network_cannot_answer_the_bump_does_alone_and_it_is_told() -> None:
    def broken(seen: np.ndarray) -> np.ndarray:
        raise ModelError("gone")

    window = _window((20, 20), (_mark(10, 10),))
    told: list[str] = []
    pair = PairedGuide(Bump(), NetworkGuide(SPEC, (0, 1, 2), broken), told.append)
    assert pair.answer(window) == pytest.approx(Bump().answer(window))
    assert told == ["gone"]


@pytest.mark.parametrize(
    ("channels", "order"),
    [
        (("t1n", "t1c", "t2f", "t2w"), (0, 2, 1)),
        (("FLAIR", "T1"), (1, 0, 0)),
        (("Pre", "FLAIR", "Post"), (0, 1, 2)),
        (("Image",), (0, 0, 0)),
    ],
)
def test_channels_are_found_by_role_and_a_missing_one_is_flair(
    channels: tuple[str, ...], order: tuple[int, ...]
) -> None:
    assert SPEC.order(channels, [role_of(name) for name in channels]) == order


def test_a_guide_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert answering_guide([tmp_path]) is None
    with pytest.raises(ModelError, match="none there is"):
        Guides((tmp_path,)).find("g")
    folder = tmp_path / "g"
    folder.mkdir()
    (folder / "guide.json").write_text('{"id": 3}')
    with pytest.raises(ModelError, match=r"g/guide\.json: expected the specification"):
        read_guide(folder)
    (folder / "guide.json").write_text('{"id": "g", "title": "G", "architecture": "unet"}')
    with pytest.raises(ModelError, match=r"expected weights\.safetensors beside"):
        answering_guide([tmp_path])
