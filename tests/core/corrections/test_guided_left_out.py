"""Slices of a carried click that are left out, and clicks that keep inside what the image shows."""

from dataclasses import replace

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import Guided, guided
from core.domain.guide import Click
from core.domain.plane import PLANES, Cut
from core.domain.prediction import Postprocessing, to_mask
from tests.core.corrections.acting import Wild, put

_SHAPE = (7, 22, 19)
_seeds = st.integers(0, 2**32 - 1)
_names = st.sampled_from(list(PLANES))
_out = st.lists(st.integers(0, 6), max_size=4, unique=True).map(lambda found: tuple(sorted(found)))


@st.composite
def _clicks(draw: st.DrawFn, plane: str) -> Click:
    depth, rows, columns = PLANES[plane].turned(_SHAPE)
    spot = (draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1)))
    reach = draw(st.sampled_from((0, 2, None)))
    return Click(
        draw(st.integers(0, depth - 1)), (spot,), draw(st.booleans()), reach=reach, plane=plane
    )


def _ground(seed: int, *, pixels=None) -> ClickGround:
    random = np.random.default_rng(seed)
    if pixels is None:
        pixels = random.integers(20, 255, (2, *_SHAPE)).astype(np.uint8)
    found = random.integers(0, 256, _SHAPE).astype(np.uint8)
    scene = Scene(pixels, ("T1", "FLAIR"), (5.0, 0.8, 0.8))
    return ClickGround(scene, to_mask(found, Postprocessing(0.4)), found, 0.4)


@settings(deadline=None, max_examples=40)
@given(_seeds, st.data(), _names, _out)
def test_what_is_left_out_stays_and_the_other_slices_change_as_without(seed, data, name, out):
    ground = _ground(seed)
    clicks = [data.draw(_clicks(name)) for _ in range(3)]
    whole = guided(ground, clicks, Wild(12.0))
    less = guided(ground, [replace_out(click, out) for click in clicks], Wild(12.0))
    mask, expected = put(ground.mask, less.patch()), put(ground.mask, whole.patch())
    plane = PLANES[name]
    plane.apply(expected)[list(out)] = plane.apply(ground.mask)[list(out)]
    np.testing.assert_array_equal(mask, expected)
    for other in PLANES.values():
        for index in range(other.turned(_SHAPE)[0]):
            cut = Cut(other, index)
            np.testing.assert_array_equal(less.mask_of(cut), cut.of(mask) > 0)
    assert less.reached[name] == whole.tallies[name]
    assert not set(less.tallies[name]) & set(out)


@settings(deadline=None, max_examples=25)
@given(_seeds, st.data(), _names, _out)
def test_leaving_out_afterwards_is_as_if_it_had_been_said_before(seed, data, name, out):
    ground = _ground(seed)
    clicks = [data.draw(_clicks(name)) for _ in range(2)]
    changed = tuple(replace_out(click, out) for click in clicks)
    state = guided(ground, clicks, Wild(12.0)).leaving_out(changed)
    assert state is not None
    assert state.clicks == changed
    expected = guided(ground, changed, Wild(12.0))
    np.testing.assert_array_equal(
        put(ground.mask, state.patch()), put(ground.mask, expected.patch())
    )
    later = data.draw(_clicks(name))
    later = replace_out(later, out)
    assert state.add(later).tallies == expected.add(later).tallies


@settings(deadline=None, max_examples=25)
@given(_seeds, st.data())
def test_clicks_in_another_plane_see_nothing_of_what_was_left_out(seed, data):
    ground = _ground(seed)
    first, then = data.draw(_clicks("axial")), data.draw(_clicks("coronal"))
    first = replace_out(first, tuple(range(_SHAPE[0])))
    both, alone = (guided(ground, clicks, Wild(12.0)) for clicks in ([first, then], [then]))
    np.testing.assert_array_equal(put(ground.mask, both.patch()), put(ground.mask, alone.patch()))


def test_an_edit_before_that_left_nothing_out_stays_when_a_later_one_does() -> None:
    ground = _ground(3)
    first = Click(3, ((11, 9),), True, reach=None)
    second = Click(3, ((5, 5),), True, reach=None, left_out=(3,))
    alone = guided(ground, [first], Wild(12.0))
    both = guided(ground, [first, second], Wild(12.0))
    np.testing.assert_array_equal(both.mask_of(3), alone.mask_of(3))


def test_clicks_of_older_journals_leave_nothing_out() -> None:
    kept = msgspec.json.decode(b'{"z":2,"spots":[[1,2]]}', type=Click)
    assert (kept.left_out, kept.inside) == ((), False)
    assert b"left_out" not in msgspec.json.encode(kept)
    said = Click(2, ((1, 2),), left_out=(4, 5), inside=True)
    assert msgspec.json.decode(msgspec.json.encode(said), type=Click) == said


@settings(deadline=None, max_examples=30)
@given(_seeds, st.data(), _names)
def test_what_keeps_inside_adds_nothing_where_the_image_shows_nothing(seed, data, name):
    pixels = np.zeros((2, *_SHAPE), np.uint8)
    pixels[:, :, 4:15, 3:14] = 120
    pixels[:, :, 8:10, 6:9] = 0  # as ventricles are
    ground = _ground(seed, pixels=pixels)
    ground = replace(ground, mask=np.zeros_like(ground.mask), probability=None)
    inside = ground.scene.shown
    assert inside[:, 8:10, 6:9].all()
    assert not inside[:, :4].any()
    click = data.draw(_clicks(name))
    click = Click(click.z, click.spots, True, reach=click.reach, plane=name, inside=True)
    after = put(ground.mask, Guided(ground, Wild(12.0)).add(click).patch())
    assert not (after.astype(bool) & ~inside).any()


def test_what_keeps_inside_still_takes_away_beyond() -> None:
    pixels = np.zeros((2, *_SHAPE), np.uint8)
    pixels[:, :, 4:15, 3:14] = 120
    ground = _ground(1, pixels=pixels)
    ground = replace(ground, mask=np.ones_like(ground.mask), probability=None)
    click = Click(3, ((1, 1),), False, inside=True)
    assert not Guided(ground).add(click).mask_of(3)[1, 1]


def replace_out(click: Click, out: tuple[int, ...]) -> Click:
    return msgspec.structs.replace(click, left_out=out)
