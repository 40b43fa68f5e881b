from dataclasses import replace

import numpy as np
import pytest

from core.domain.errors import FileError
from core.domain.label_set import LabelSet
from core.io.labels.label_values import label_map
from core.io.readers import read
from tests.core.io.making import SHAPE, assert_sentence, blob, nifti


def scaled(path, labels, highest):
    """Write labels as some programs do: spread over all 8 bit numbers, with a slope."""
    numbers = np.rint(labels * (255 / highest)).astype(np.uint8)
    return nifti(path, numbers, change=lambda header: header.set_slope_inter(highest / 255, 0))


def test_labels_through_a_slope_are_the_nearest_whole_numbers(tmp_path):
    labels = blob(SHAPE, (1, 2, 4))
    path = scaled(tmp_path / "a.nii", labels, 4)
    stored = read(path)
    assert stored.real().max() == pytest.approx(4)
    assert stored.real()[labels[np.newaxis] == 1].max() == pytest.approx(1.0039, abs=1e-4)
    found = label_map(stored)
    assert np.array_equal(found.values, labels)
    assert found.labels.values == (1, 2, 4)
    assert_sentence(found.notices[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64, np.uint16])
def test_every_type_holds_labels(tmp_path, dtype):
    found = label_map(read(nifti(tmp_path / "a.nii", blob().astype(dtype))))
    assert np.array_equal(found.values, blob())
    assert found.values.dtype == np.uint8
    assert found.notices == ()


def test_a_binary_mask_of_any_value_keeps_it_where_it_fits(tmp_path):
    found = label_map(read(nifti(tmp_path / "a.nii", (blob() > 0) * np.uint8(255))))
    assert found.labels.values == (255,)
    wide = label_map(read(nifti(tmp_path / "b.nii", (blob() > 0) * np.uint16(1000))))
    assert wide.labels.values == (1,)
    assert "1000" in wide.notices[0]
    empty = label_map(read(nifti(tmp_path / "c.nii", np.zeros(SHAPE, np.uint8))))
    assert empty.labels.is_binary


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([0, 0.3, 0.9], np.float32), "probabilities"),
        (np.array([0, -1, 2], np.int16), "-1"),
        (np.array([0, 300, 2], np.int16), "300 among 2"),
        (np.array([0, np.nan, 2], np.float32), "NaN"),
    ],
)
def test_what_is_no_label_map_is_told(tmp_path, values, words):
    stored = np.zeros(SHAPE, values.dtype)
    stored[0, 0, :3] = values
    with pytest.raises(FileError, match=words) as caught:
        label_map(read(nifti(tmp_path / "a.nii", stored)))
    assert_sentence(str(caught.value))


def test_names_that_a_dataset_gives_are_used(tmp_path):
    stored = read(nifti(tmp_path / "a.nii", blob()))
    named = LabelSet(()).with_found([1])
    assert label_map(stored, named).labels.values == (1, 2, 3)


def test_a_mask_in_colour_is_one_where_its_channels_are_the_same(tmp_path):
    stored = read(nifti(tmp_path / "a.nii", blob()))
    same = replace(stored, pixels=np.repeat(stored.pixels, 3, axis=0))
    assert np.array_equal(label_map(same).values, blob())
    other = np.concatenate([stored.pixels, stored.pixels[:, ::-1]])
    with pytest.raises(FileError, match="a mask in colour"):
        label_map(replace(stored, pixels=other))
