"""Clicks in every plane and for every label: as axial ones on a volume that lies otherwise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import guided
from core.annotation.label_rule import LabelRule, hand_of, mask_of
from core.domain.guide import PIXEL_MM, Click, PairedGuide, Window, guide_in
from core.domain.plane import PLANES, Cut, Plane
from core.domain.prediction import Postprocessing, to_mask
from tests.core.corrections.acting import Wild, put

_SHAPE = (7, 22, 19)
_LABELS = 4
_seeds = st.integers(0, 2**32 - 1)
_spacings = st.sampled_from(((5.0, 0.8, 0.8), (1.0, 1.0, 1.0), (2.0, 0.5, 3.0)))
_planes = st.sampled_from(list(PLANES.values()))


_guides = st.sampled_from((Bump(), Wild(12.0)))


@st.composite
def _clicks(draw: st.DrawFn, *, reaches: tuple[int | None, ...] = (0,)) -> Click:
    plane = draw(_planes)
    depth, rows, columns = plane.turned(_SHAPE)
    spot = st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))
    spots = draw(st.lists(spot, min_size=1, max_size=4, unique=True).map(tuple))
    return Click(
        draw(st.integers(0, depth - 1)),
        spots,
        draw(st.booleans()),
        "click" if len(spots) == 1 else "scribble",
        reach=draw(st.sampled_from(reaches)),
        strength=draw(st.sampled_from((0.0, 0.5, 1.0))),
        plane=plane.name,
    )


def _ground(seed: int, spacing=None, *, probability: bool = True) -> ClickGround:
    random = np.random.default_rng(seed)
    pixels = random.integers(20, 255, (2, *_SHAPE)).astype(np.uint8)
    found = random.integers(0, 256, _SHAPE).astype(np.uint8)
    mask = to_mask(found, Postprocessing(0.4))
    scene = Scene(pixels, ("T1", "FLAIR"), spacing)
    return ClickGround(scene, mask, found if probability else None, 0.4)


def _voxels(click: Click) -> list[tuple[int, int, int]]:
    plane = PLANES[click.plane]
    return [plane.voxel((click.z, *spot), _SHAPE) for spot in click.spots]


def _lying(ground: ClickGround, plane: Plane) -> ClickGround:
    """Return a ground as if its volume had been stored slice by slice of another plane."""
    scene = ground.scene
    assert scene.spacing_mm is not None
    pixels = np.ascontiguousarray(plane.apply(scene.pixels))
    turned = Scene(pixels, scene.channels, plane.turned(scene.spacing_mm))
    probability = None if ground.probability is None else plane.apply(ground.probability).copy()
    return ClickGround(turned, plane.apply(ground.mask).copy(), probability, ground.threshold)


@settings(deadline=None, max_examples=40)
@given(_seeds, _clicks(reaches=(0, 1, None)), _spacings, st.booleans())
def test_a_click_in_a_plane_is_an_axial_one_on_a_volume_that_lies_so(seed, click, spacing, known):
    ground, plane = _ground(seed, spacing, probability=known), PLANES[click.plane]
    after = put(ground.mask, guided(ground, [click]).patch())
    lying = _lying(ground, plane)
    expected = put(lying.mask, guided(lying, [_axial(click)]).patch())
    np.testing.assert_array_equal(plane.apply(after), expected)


def _axial(click: Click) -> Click:
    return Click(click.z, click.spots, click.adds, click.shape, click.reach, click.strength)


@settings(deadline=None, max_examples=60)
@given(_seeds, st.lists(_clicks(), max_size=5), _spacings, _guides, st.booleans())
def test_clicked_voxels_obey_the_newest_click_on_them_in_whatever_plane(
    seed, clicks, spacing, guide, known
):
    ground = _ground(seed, spacing, probability=known)
    after = put(ground.mask, guided(ground, clicks, guide).patch())
    wanted = {voxel: click.adds for click in clicks for voxel in _voxels(click)}
    assert {voxel: bool(after[voxel]) for voxel in wanted} == wanted


@settings(deadline=None, max_examples=60)
@given(_seeds, _clicks(), _spacings, _guides)
def test_nothing_changes_beyond_the_millimetres_a_click_reaches(seed, click, spacing, guide):
    ground = _ground(seed, spacing)
    plane = PLANES[click.plane]
    after = put(ground.mask, guided(ground, [click], guide).patch())
    changed = np.argwhere(plane.apply(after != ground.mask))
    assert (changed[:, 0] == click.z).all()
    reach_mm = guide.reach(click.strength) * PIXEL_MM
    _, *sides = plane.turned(spacing)
    spots = np.array(click.spots)
    for axis, side in enumerate(sides):
        far = np.ceil(reach_mm / side)
        assert (changed[:, axis + 1] >= spots[:, axis].min() - far).all()
        assert (changed[:, axis + 1] <= spots[:, axis].max() + far).all()


@settings(deadline=None, max_examples=40)
@given(_seeds, st.lists(_clicks(reaches=(0, 2, None)), min_size=1, max_size=4), _spacings, _guides)
def test_each_click_changes_one_way_alone_and_the_clicks_before_stay(seed, clicks, spacing, guide):
    ground = _ground(seed, spacing)
    before = ground.mask
    for count, click in enumerate(clicks, start=1):
        state = guided(ground, clicks[:count], guide)
        after = put(ground.mask, state.patch())
        assert (after >= before).all() if click.adds else (after <= before).all()
        for plane in PLANES.values():
            seen = np.stack([state.mask_of(cut) for cut in _cuts(plane)])
            np.testing.assert_array_equal(seen, plane.apply(after) > 0)
        before = after


def _cuts(plane: Plane) -> list[Cut]:
    return [Cut(plane, index) for index in range(plane.turned(_SHAPE)[0])]


@settings(deadline=None, max_examples=40)
@given(_seeds, st.lists(_clicks(reaches=(0, None)), min_size=1, max_size=3))
def test_what_changed_is_counted_alike_in_every_plane(seed, clicks):
    ground = _ground(seed)
    state = guided(ground, clicks)
    after = put(ground.mask, state.patch())
    for name, plane in PLANES.items():
        added = plane.apply(after > ground.mask).sum(axis=(1, 2))
        taken = plane.apply(after < ground.mask).sum(axis=(1, 2))
        expected = {z: (a, t) for z, (a, t) in enumerate(zip(added, taken, strict=True)) if a or t}
        assert dict(state.tallies[name]) == expected


@st.composite
def _rules(draw: st.DrawFn) -> LabelRule:
    values = st.integers(1, _LABELS)
    return LabelRule(
        draw(values),
        draw(st.sampled_from(("all", "background", "label"))),
        draw(values),
        frozenset(draw(st.sets(values, max_size=2))),
    )


@settings(deadline=None, max_examples=60)
@given(_seeds, st.lists(_clicks(reaches=(0, None)), min_size=1, max_size=3), _rules(), _guides)
def test_clicks_fill_the_label_in_hand_and_promise_what_the_rule_lets_them_write(
    seed, clicks, rule, guide
):
    labels = np.random.default_rng(seed).integers(0, _LABELS + 1, _SHAPE).astype(np.uint8)
    ground = _ground(seed)
    hand = mask_of(labels, (rule.value,))
    ground = replace(ground, mask=hand, labels=labels, rule=rule)
    state = guided(ground, clicks, guide)
    patch = state.patch()
    after = hand_of(rule).put(labels, patch)
    np.testing.assert_array_equal(after == rule.value, put(hand, patch) > 0)  # as was shown
    changed = after != labels
    assert not changed[np.isin(labels, list(rule.locked))].any()
    assert set(np.unique(after[changed])) <= {0, rule.value}
    gained = labels[changed & (after == rule.value)]
    if rule.over == "background":
        assert not gained.any()
    elif rule.over == "label":
        assert (gained == rule.over_value).all()
    if rule.stuck:
        assert patch is None
    free = rule.replaceable()
    for voxel, adds in {v: c.adds for c in clicks if c.reach == 0 for v in _voxels(c)}.items():
        later = any(c.reach is None for c in clicks)
        stays = rule.stuck or (adds and labels[voxel] != rule.value and not free[labels[voxel]])
        assert later or stays or (after[voxel] == rule.value) == adds


def test_a_voxel_is_as_large_in_every_plane_where_nobody_knows_how_large():
    scene = Scene(np.zeros((1, 20, 256, 200), np.uint8), ("FLAIR",))
    z, y, x = scene.steps
    assert scene.cut(PLANES["coronal"]).steps == pytest.approx(
        (y * PIXEL_MM / 5.5, z * 5.5 / PIXEL_MM, x)
    )
    assert scene.cut(PLANES["sagittal"]).steps == pytest.approx(
        (x * PIXEL_MM / 5.5, z * 5.5 / PIXEL_MM, y)
    )


@pytest.mark.parametrize("plane", PLANES.values(), ids=lambda plane: plane.name)
def test_a_bump_is_as_wide_in_millimetres_along_rows_and_columns(plane):
    spacing, shape = (4.0, 1.0, 2.0), (31, 120, 60)
    pixels = np.full((1, *shape), 100, np.uint8)
    probability = np.full(shape, 90, np.uint8)
    ground = ClickGround(Scene(pixels, ("",), spacing), np.zeros(shape, np.uint8), probability)
    depth, rows, columns = plane.turned(shape)
    click = Click(depth // 2, ((rows // 2, columns // 2),), plane=plane.name)
    after = plane.apply(put(ground.mask, guided(ground, [click]).patch()))[depth // 2]
    _, row_mm, column_mm = plane.turned(spacing)
    high = np.count_nonzero(after.any(axis=1)) * row_mm
    wide = np.count_nonzero(after.any(axis=0)) * column_mm
    assert abs(high - wide) <= 2 * max(row_mm, column_mm)
    assert high > 10


@pytest.mark.parametrize("plane", PLANES.values(), ids=lambda plane: plane.name)
def test_a_click_is_carried_along_the_axis_of_its_plane(plane):
    depth = 10
    rows, columns = np.mgrid[:48, :48]
    disc = np.hypot(rows - 22, columns - 25) < 4
    turned = np.full((1, depth, 48, 48), 60, np.uint8)
    turned += np.random.default_rng(0).integers(0, 6, turned.shape).astype(np.uint8)
    turned[0, 2:7, disc] = 200
    pixels = np.ascontiguousarray(plane.undo(turned))
    mm = [1.0, 1.0, 1.0]
    mm[plane.axis] = 5.0
    scene = Scene(pixels, ("FLAIR",), (mm[0], mm[1], mm[2]))
    ground = ClickGround(scene, np.zeros(pixels.shape[1:], np.uint8))
    click = Click(4, ((22, 25),), reach=None, channel="FLAIR", plane=plane.name)
    after = put(ground.mask, guided(ground, [click]).patch())
    assert np.flatnonzero(plane.apply(after).any(axis=(1, 2))).tolist() == [2, 3, 4, 5, 6]


def test_a_network_is_asked_on_slices_of_the_planes_it_learnt_alone():
    asked = []

    class Taught(Wild):
        def answer(self, window: Window) -> np.ndarray:
            asked.append(window)
            return super().answer(window)

    pair = PairedGuide(Bump(), Taught(12.0))
    ground = _ground(3)
    for name in ("coronal", "sagittal"):
        alone = guided(ground, [Click(3, ((4, 5),), plane=name)], pair).patch()
        bump = guided(ground, [Click(3, ((4, 5),), plane=name)]).patch()
        np.testing.assert_array_equal(put(ground.mask, alone), put(ground.mask, bump))
        assert guide_in(pair, name) is pair.always
    assert not asked
    guided(ground, [Click(3, ((4, 5),))], pair)
    assert len(asked) == 1
    every = replace(pair, planes=("axial", "coronal", "sagittal"))
    guided(ground, [Click(3, ((4, 5),), plane="coronal")], every)
    assert len(asked) == 2
