"""Outlines of masks against contourpy's usual algorithm, and against the voxels they go around."""

import numpy as np
import pytest
from contourpy import LineType, contour_generator
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.mask import Mask
from core.domain.outlines import Outline, outlines

MASKS = arrays(
    np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.sampled_from([0, 1])
)


def area(line: Outline) -> float:
    """Return the area a closed line goes around, negative for the other direction."""
    (x, y), (to_x, to_y) = line[:-1].T, line[1:].T
    return float(np.sum(x * to_y - to_x * y) / 2)


def vertices(lines: list[Outline]) -> list[tuple[float, ...]]:
    return sorted(tuple(point) for line in lines for point in line[:-1].tolist())


@given(MASKS)
@example(np.eye(9, dtype=np.uint8))
@example(np.ones((70, 130), np.uint8))
def test_exact_outlines_go_around_as_much_as_there_is_foreground(mask: Mask) -> None:
    lines = outlines(mask, exact=True)
    assert abs(sum(area(line) for line in lines)) == int(mask.sum())
    for line in lines:
        assert (line[0] == line[-1]).all()
        assert (np.abs(np.diff(line, axis=0)).sum(axis=1) == 1).all()


@given(MASKS)
def test_there_are_as_many_lines_as_marching_squares_finds(mask: Mask) -> None:
    grid = np.pad(mask, 1).astype(np.float64)
    usual: list[Outline] = contour_generator(  # type: ignore[assignment]
        z=grid, line_type=LineType.Separate
    ).lines(0.5)
    found = outlines(mask)
    assert sorted(map(len, found)) == sorted(map(len, usual))
    short = [line for line in found if len(line) < 10]
    assert vertices(short) == vertices([line - 0.5 for line in usual if len(line) < 10])


@pytest.mark.parametrize("exact", [False, True])
def test_a_shape_is_the_same_wherever_it_lies(exact: bool) -> None:
    rows, columns = np.mgrid[:40, :40]
    disc = ((rows - 20) ** 2 + (columns - 18) ** 2 < 150).astype(np.uint8)
    (here,) = outlines(disc, exact=exact)
    (there,) = outlines(np.pad(disc, ((90, 7), (33, 0))), exact=exact)
    np.testing.assert_allclose(there - here, np.broadcast_to([33.0, 90.0], here.shape), atol=1e-9)
    assert abs(area(here)) == pytest.approx(int(disc.sum()), rel=0.01)


def test_an_empty_mask_has_no_outline() -> None:
    assert outlines(np.zeros((5, 6), np.uint8)) == []
