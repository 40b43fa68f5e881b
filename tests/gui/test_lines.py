"""Outlines of which only pieces near an area are drawn: there, they look like the whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QRegion, QTransform

from core.domain.mask import Mask
from gui.shell.view_state import PictureKey
from gui.viewer.drawn.lines import make_lines
from gui.viewer.drawn.picture import Masks, make_picture, with_edit
from tests.synthetic import volume_of

SIDE, ZOOM = 24, 5.0
SCREEN = int(SIDE * ZOOM)
WIDTH, REACH = 3.0, 4.0

MASKS = arrays(np.uint8, (SIDE, SIDE), elements=st.sampled_from([0, 0, 1]))
PLACES = st.integers(0, SCREEN - 20)
RECTANGLES = st.builds(QRect, PLACES, PLACES, st.integers(1, 60), st.integers(1, 60))


def blobs(noise: Mask, size: int) -> Mask:
    """Return noise with pieces of `size` voxels and more, so that lines get long."""
    return np.kron(noise[: SIDE // size, : SIDE // size], np.ones((size, size), np.uint8))


def stroked(path: QPainterPath, area: QRegion) -> NDArray[np.uint8]:
    """Return what a path looks like where `area` is, half transparent."""
    image = QImage(SCREEN, SCREEN, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("black"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRegion(area)
    painter.setOpacity(0.5)
    painter.strokePath(path, QPen(QColor("white"), WIDTH))
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).copy()


@given(MASKS, st.sampled_from([1, 2, 4, 6]), st.lists(RECTANGLES, min_size=1, max_size=10))
def test_near_an_area_the_pieces_look_like_the_whole(
    noise: Mask, size: int, rectangles: list[QRect]
) -> None:
    area = QRegion()
    for rectangle in rectangles:
        area += rectangle
    to_screen = QTransform(ZOOM, 0, 0, ZOOM, -3.25, 1.5)
    for exact in (False, True):
        lines = make_lines(blobs(noise, size), exact=exact)
        near = lines.near(area, to_screen, reach=REACH)
        whole = lines.on_screen(to_screen)
        assert near.elementCount() <= whole.elementCount() + len(lines.ends)
        seen, wanted = stroked(near, area), stroked(whole, area)
        assert np.abs(seen.astype(int) - wanted).max(initial=0) <= 1


def test_far_from_an_area_nothing_is_drawn() -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[2:20, 2:20] = 1
    lines, to_screen = make_lines(mask, exact=False), QTransform.fromScale(ZOOM, ZOOM)
    inside = QRegion(QRect(40, 40, 20, 20))
    assert lines.near(inside, to_screen, reach=REACH).isEmpty()
    corner = lines.near(QRegion(QRect(0, 0, 20, 20)), to_screen, reach=REACH)
    assert 0 < corner.elementCount() < lines.path.elementCount() / 2


def test_no_lines_are_no_path() -> None:
    lines = make_lines(None, exact=False)
    assert lines.near(QRegion(QRect(0, 0, 9, 9)), QTransform(), reach=REACH).isEmpty()
    assert lines.path.isEmpty()


@given(MASKS, MASKS, MASKS, st.integers(0, SIDE - 6), st.integers(0, SIDE - 9), st.booleans())
def test_a_picture_painted_on_is_the_one_made_anew(
    truth: Mask, before: Mask, values: Mask, y: int, x: int, exact: bool
) -> None:
    volume = volume_of(np.zeros((1, 1, SIDE, SIDE), np.uint8))
    prediction, after = before[np.newaxis], before.copy()
    after[y : y + 6, x : x + 9] = values[y : y + 6, x : x + 9]
    if bool(truth[0, 0]):
        truth[y : y + 6, x : x + 9] = truth[0, 1]
    key = PictureKey(1, 0, "Image", 2, exact)
    made = [
        make_picture(volume, Masks(truth[np.newaxis], prediction, mask[np.newaxis]), key)
        for mask in (before, after)
    ]
    masks = Masks(truth[np.newaxis], prediction, after[np.newaxis])
    painted = with_edit(made[0], masks, key, (0, 1, y, y + 6, x, x + 9))
    for name in ("truth", "prediction", "false_positive", "false_negative", "correction"):
        found, wanted = getattr(painted, name), getattr(made[1], name)
        np.testing.assert_array_equal(found.points, wanted.points)
        np.testing.assert_array_equal(found.ends, wanted.ends)
