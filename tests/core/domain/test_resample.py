import numpy as np
import pytest

from core.domain.grid import Grid
from core.domain.resample import nearest


def test_labels_keep_their_place_in_the_patient():
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1, 2, 3] = 2
    source = Grid(labels.shape, np.eye(4))
    target = Grid((8, 10, 12), np.diag([0.5, 0.5, 0.5, 1]))
    found = nearest(labels, source, target)
    assert set(np.unique(found)) == {0, 2}
    middle = target.to_patient(np.argwhere(found == 2)).mean(axis=0)
    assert np.allclose(middle, (3, 2, 1), atol=0.3)


def test_a_flipped_grid_gives_the_flipped_labels():
    labels = np.random.default_rng(1).integers(0, 4, (4, 5, 6), np.uint8)
    affine = np.diag([-1.0, 1, 1, 1])
    affine[0, 3] = 5
    found = nearest(labels, Grid(labels.shape, np.eye(4)), Grid(labels.shape, affine))
    assert np.array_equal(found, labels[:, :, ::-1])


def test_unknown_orientation_cannot_be_resampled():
    with pytest.raises(ValueError, match="unknown"):
        nearest(np.zeros((1, 1, 1), np.uint8), Grid((1, 1, 1)), Grid((1, 1, 1), np.eye(4)))
