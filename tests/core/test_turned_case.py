"""Pictures of a case in another plane: the voxels of that plane, in their true proportions."""

from pathlib import Path

import numpy as np
import pytest

from core.domain.grid import Grid
from core.domain.plane import PLANES, Plane
from core.domain.volume import Volume
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.studies.export.pictures import PREDICTION, TRUTH, frames, write_slices
from core.studies.export.turned_case import turned_case

SHAPE, SPACING = (6, 20, 24), (4.0, 1.0, 1.0)


def case() -> tuple[LoadedCase, np.ndarray]:
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 255, (1, *SHAPE)).astype(np.uint8)
    grid = Grid(SHAPE, known_spacing_mm=SPACING)
    volume = Volume(pixels, ("FLAIR",), tuple(range(1, 7)), grid)
    truth, mask = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    truth[2:4, 5:12, 6:15] = 1
    mask[1:3, 8:16, 9:20] = 1
    return LoadedCase(Case("A_1", Path("A_1")), volume, truth), mask


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)
def test_pictures_of_a_plane_show_its_slices(plane: Plane, tmp_path: Path) -> None:
    loaded, mask = case()
    turned, cut = turned_case(loaded, mask, plane)
    assert cut is not None
    slices, rows, columns = plane.turned(SHAPE)
    _, high, wide = plane.turned(SPACING)
    drawn = list(frames(turned.volume, turned.ground_truth, cut))
    assert len(drawn) == slices
    assert drawn[0].shape[:2] == (rows * max(high // wide, 1), columns * max(wide // high, 1))
    assert loaded.ground_truth is not None
    truth, predicted = (plane.apply(each).any(axis=(1, 2)) for each in (loaded.ground_truth, mask))
    for index, picture in enumerate(drawn):
        assert (picture == TRUTH).all(axis=-1).any() == truth[index]
        if not truth[index]:
            assert (picture == PREDICTION).all(axis=-1).any() == predicted[index]
    paths = write_slices(tmp_path, turned, drawn)
    named = "A_1" if plane.name == "axial" else f"A_1_{plane.name}"
    assert {path.parent.name for path in paths} == {named}
