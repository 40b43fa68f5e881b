"""The labels of a slice: their outlines, what a stroke changes of them, and how they are drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QTransform
from PySide6.QtWidgets import QApplication, QGraphicsScene, QStyleOptionGraphicsItem

from core.domain.label_set import LabelSet, Region, from_values
from core.domain.outlines import outlines
from core.domain.plane import CORONAL, Cut
from gui.viewer.drawn.label_picture import LabelMaps, make_label_picture
from gui.viewer.drawn.screen import Screen
from gui.viewer.items.label_item import (
    LabelItem,
    LabelStyle,
    draw_labels,
    rasterised,
)

LABELS = from_values([1, 2, 3])
WHOLE = Region("Whole", (1, 2, 3))
PLANES = arrays(np.uint8, (9, 11), elements=st.sampled_from([0, 1, 2, 3]))
SIDE = 40


def maps(shown: np.ndarray, **others: np.ndarray) -> LabelMaps:
    return LabelMaps(WHOLE, shown, **others)


@given(before=PLANES, after=PLANES)
def test_what_is_taken_from_an_older_picture_is_as_if_made_anew(
    before: np.ndarray, after: np.ndarray
) -> None:
    first = make_label_picture(maps(before[None]), Cut(), exact=True)
    then = make_label_picture(maps(after[None]), Cut(), exact=True, before=first)
    anew = make_label_picture(maps(after[None]), Cut(), exact=True)
    assert then is not None
    assert anew is not None
    assert [value for value, _ in then.fills] == [value for value, _ in anew.fills]
    for (_, one), (value, other) in zip(then.fills, anew.fills, strict=True):
        assert np.array_equal(one.points, other.points)
        assert len(other.ends) == len(outlines((after == value).astype(np.uint8), exact=True))


def test_a_label_that_has_not_changed_keeps_its_outline() -> None:
    shown = np.zeros((1, 12, 12), np.uint8)
    shown[0, 1:5, 1:5], shown[0, 7:10, 7:10] = 1, 2
    first = make_label_picture(maps(shown), Cut(), exact=False)
    shown[0, 8, 8] = 3
    then = make_label_picture(maps(shown), Cut(), exact=False, before=first)
    assert first is not None
    assert then is not None
    assert dict(then.fills)[1] is dict(first.fills)[1]
    assert dict(then.fills)[2] is not dict(first.fills)[2]
    smooth = make_label_picture(maps(shown), Cut(), exact=True, before=then)
    assert smooth is not None
    assert dict(smooth.fills)[1] is not dict(first.fills)[1]


def test_any_plane_is_cut_and_wrong_labels_are_outlined_there() -> None:
    truth = np.zeros((4, 6, 8), np.uint8)
    truth[1:3, 2:4, 1:4] = 1
    judged = truth.copy()
    judged[1, 2, 1] = 2
    found = make_label_picture(
        maps(judged, truth=truth, judged=judged), Cut(CORONAL, 2), exact=True
    )
    assert found is not None
    assert found.shape == (4, 8)
    assert len(found.wrong.ends) == 1
    other = make_label_picture(
        maps(judged, truth=truth, judged=judged), Cut(CORONAL, 3), exact=True
    )
    assert other is not None
    assert not len(other.wrong.ends)
    assert make_label_picture(LabelMaps(WHOLE), Cut(), exact=True) is None


def painted(labels: LabelSet, shown: np.ndarray, qapp: QApplication, **style: object) -> QImage:
    """Return what the item draws of a plane, a pixel a voxel, over black."""
    del qapp
    truth = style.pop("truth", None)
    found = make_label_picture(
        LabelMaps(
            Region("Whole", labels.values),
            shown[None],
            None if truth is None else np.asarray(truth)[None],
            shown[None],
        ),
        Cut(),
        exact=True,
    )
    item, scene = LabelItem(), QGraphicsScene()
    scene.addItem(item)
    item.set_picture(found, LabelStyle(labels, **style))  # type: ignore[arg-type]
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    item.paint(painter, QStyleOptionGraphicsItem())
    painter.end()
    assert item.boundingRect() == QRectF(0, 0, SIDE, SIDE)
    return image


@pytest.fixture
def square() -> np.ndarray:
    plane = np.zeros((SIDE, SIDE), np.uint8)
    plane[8:32, 8:32] = 2
    return plane


def test_a_fill_has_the_colour_and_the_opacity_of_its_label(
    square: np.ndarray, qapp: QApplication
) -> None:
    inside = painted(LABELS, square, qapp).pixelColor(20, 20)
    assert (inside.red(), inside.green(), inside.blue()) == pytest.approx(
        tuple(round(0.13 * part) for part in (135, 255, 225)), abs=2
    )
    half = painted(LABELS, square, qapp, opacity=0.5).pixelColor(20, 20)
    assert half.green() == pytest.approx(inside.green() / 2, abs=2)
    hidden = painted(LABELS, square, qapp, hidden=frozenset({2}))
    assert hidden.pixelColor(20, 20) == QColor("black")
    edge = max(painted(LABELS, square, qapp).pixelColor(x, 20).green() for x in range(5, 12))
    assert edge > 150  # its own contour


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("smooth", [True, False])
def test_labels_drawn_ahead_look_as_they_do_when_they_are_drawn(
    square: np.ndarray, qapp: QApplication, smooth: bool, ratio: float
) -> None:
    del qapp
    shown = np.where(square > 0, square + (np.indices(square.shape)[0] > 18), 0).astype(np.uint8)
    truth = np.roll(shown, 3, axis=0)
    found = make_label_picture(
        LabelMaps(WHOLE, shown[None], truth[None], shown[None]), Cut(), exact=not smooth
    )
    assert found is not None
    style = LabelStyle(LABELS, opacity=0.8, smooth=smooth)
    screen = Screen(QTransform.fromScale(3.5, 2.5), QSize(150, 110), ratio)
    images = []
    for ahead in (True, False):
        image = QImage(screen.size * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(QColor(90, 120, 60))
        painter = QPainter(image)
        if ahead:
            painter.drawImage(QPointF(0, 0), rasterised(found, style, screen).image)
        else:
            draw_labels(painter, found, style, screen)
        painter.end()
        images.append(np.frombuffer(image.constBits(), np.uint8).astype(int))
    assert np.abs(images[0] - images[1]).max() <= 4
    assert np.ptp(images[1]) > 100


def test_a_ninth_label_is_dotted_and_a_wrong_one_crossed(
    square: np.ndarray, qapp: QApplication
) -> None:
    many = from_values(range(1, 10))
    flat = painted(many, (square > 0).astype(np.uint8), qapp)
    dotted = painted(many, np.where(square > 0, 9, 0).astype(np.uint8), qapp)

    def colours(image: QImage) -> set[int]:
        return {image.pixel(x, y) for x in range(12, 28) for y in range(12, 28)}

    assert len(colours(flat)) == 1
    assert len(colours(dotted)) > 1
    truth = np.where(square > 0, 1, 0).astype(np.uint8)
    crossed = painted(LABELS, square, qapp, truth=truth)
    assert len(colours(crossed)) > 1
    assert len(colours(painted(LABELS, square, qapp, truth=truth, wrong=False))) == 1
