"""The bar of 50 mm: as long as 50 mm are drawn, or not there."""

import pytest
from PySide6.QtCore import QRectF

from core.domain.grid import Grid
from core.domain.plane import AXIAL, CORONAL, Plane
from core.domain.plane_metric import plane_metric
from gui.viewer.slice.scale_bar import ScaleBar

VIEW = QRectF(0, 0, 600, 700)


def bar(spacing: tuple[float, float, float] | None, plane: Plane, pixels: float) -> QRectF:
    grid = Grid((9, 9, 9), None, spacing)
    scale = ScaleBar()
    scale.set_metric(plane_metric(grid, plane))
    return scale.bar(pixels, VIEW)


@pytest.mark.parametrize(("plane", "row_mm"), [(AXIAL, 0.5), (CORONAL, 4.0)])
@pytest.mark.parametrize("pixels", [2.0, 3.0])
def test_it_is_as_long_as_fifty_millimetres_of_rows(
    plane: Plane, row_mm: float, pixels: float
) -> None:
    found = bar((4.0, 0.5, 0.9), plane, pixels)
    expected = 50.0 / row_mm * pixels
    fits = 40.0 <= expected <= 400.0
    assert found.isEmpty() is not fits
    if fits:
        assert found.height() == pytest.approx(expected)
        assert VIEW.contains(found)


def test_there_is_none_in_voxels_and_where_it_has_no_room() -> None:
    assert bar(None, AXIAL, 3.0).isEmpty()
    assert bar((1.0, 1.0, 1.0), AXIAL, 30.0).isEmpty()
    assert not bar((1.0, 1.0, 1.0), AXIAL, 3.0).isEmpty()
    scale = ScaleBar()
    scale.set_metric(plane_metric(Grid((9, 9, 9)).with_given((1.0, 1.0, 1.0)), AXIAL))
    assert scale.metric is not None
    assert scale.bar(3.0, QRectF(0, 0, 300, 170)).isEmpty()


@pytest.mark.parametrize("height", [340, 466, 700])
def test_it_ends_above_the_words_of_four_channels_a_model_and_a_label(height: int) -> None:
    scale = ScaleBar()
    scale.set_metric(plane_metric(Grid((9, 9, 9), None, (1.0, 1.0, 1.0)), AXIAL))
    found = scale.bar(1.4, QRectF(0, 0, 600, height))
    words = 8 * 18 + 9
    assert found.isEmpty() or found.bottom() + 4 + 18 <= height - words
