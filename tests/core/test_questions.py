"""What is asked about two masks that disagree: its order, its names, and what an answer changes."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.components import disagreements
from core.domain.errors import WorkspaceError
from core.domain.mask import Mask
from core.review.questions import (
    SMALL_ONES,
    Effect,
    Question,
    SmallLimit,
    effect,
    holding,
    questions,
    region_of,
)
from core.review.truth_errors import (
    MarkedError,
    TruthError,
    count_truth_errors,
    drop_truth_error,
    proposed_mask,
    put_truth_error,
    truth_errors,
    wrong_keys,
)
from core.workspace.store import Store

SHAPE = (6, 40, 40)
PAIRS = st.tuples(
    arrays(np.uint8, (2, 6, 6), elements=st.integers(0, 1)),
    arrays(np.uint8, (2, 6, 6), elements=st.integers(0, 1)),
)


def block(*where: slice) -> Mask:
    mask = np.zeros(SHAPE, np.uint8)
    mask[where] = 1
    return mask


def asked(truth: Mask, prediction: Mask, **limit: float) -> tuple[Question, ...]:
    small = SmallLimit(**limit)  # type: ignore[arg-type]
    found = disagreements(truth, prediction)
    return questions(found, (truth, prediction), small=small, voxel_ml=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


def test_lesions_come_before_parts_and_the_larger_first() -> None:
    known = block(slice(1, 5), slice(2, 20), slice(2, 20))
    missed = block(slice(2, 3), slice(30, 34), slice(2, 6))
    invented = block(slice(2, 4), slice(30, 35), slice(25, 30))
    part = block(slice(2, 4), slice(2, 20), slice(20, 30))
    found = asked(known | missed, known | invented | part)
    assert [(each.name, each.voxels) for each in found] == [
        ("invented lesion", 50),
        ("missed lesion", 16),
        ("invented part", 360),
    ]


def test_a_rim_is_called_a_rim_and_what_is_thick_is_not() -> None:
    known = block(slice(1, 5), slice(4, 20), slice(4, 20))
    wider = block(slice(1, 5), slice(3, 21), slice(3, 21))
    (rim,) = asked(known, wider)
    assert rim.name == "rim too wide"
    assert asked(wider, known)[0].name == "rim too narrow"
    half = block(slice(1, 5), slice(4, 20), slice(4, 12))
    (part,) = asked(known, half)
    assert (part.name, part.voxels) == ("missed part", 512)


def test_small_ones_are_one_question_at_the_end() -> None:
    truth = np.zeros(SHAPE, np.uint8)
    truth[1, 4:12, 4:12] = 1
    for row in range(20, 36, 3):
        truth[2, row, 5] = 1
    prediction = block(slice(3, 4), slice(30, 32), slice(30, 32))
    found = asked(truth, prediction)
    assert [each.name for each in found] == ["missed lesion", "small ones"]
    few = found[-1]
    assert (few.key, few.together, len(few.pieces), few.voxels) == (SMALL_ONES, True, 7, 10)
    region = region_of(few, (truth, prediction))
    whole = np.zeros(SHAPE, bool)
    z0, z1, y0, y1, x0, x1 = few.box
    whole[z0:z1, y0:y1, x0:x1] = region
    assert (whole[2] == (truth[2] > 0)).all()
    assert whole[3].sum() == 4
    assert [each.name for each in asked(truth, prediction, voxels=1)].count("small ones") == 0


@pytest.mark.parametrize(("voxel_ml", "small"), [(None, False), (0.001, True), (0.01, False)])
def test_the_limit_is_in_ml_where_the_spacing_is_known(voxel_ml: float | None, small: bool) -> None:
    truth = block(slice(1, 2), slice(2, 12), slice(2, 7))
    found = disagreements(truth, np.zeros(SHAPE, np.uint8))
    assert SmallLimit().holds(found[0], voxel_ml) == small


@given(PAIRS)
def test_every_voxel_in_dispute_is_asked_about_once(pair: tuple[Mask, Mask]) -> None:
    truth, prediction = pair
    found = asked(truth, prediction, voxels=3)
    seen = np.zeros(truth.shape, int)
    for question in found:
        z0, z1, y0, y1, x0, x1 = question.box
        seen[z0:z1, y0:y1, x0:x1] += region_of(question, pair)
    assert (seen == (truth != prediction)).all()


def test_what_an_answer_changes_is_counted_on_the_mask_as_it_is() -> None:
    truth = block(slice(1, 4), slice(2, 12), slice(2, 12))
    prediction = np.zeros(SHAPE, np.uint8)
    (question,) = asked(truth, prediction)
    region = region_of(question, (truth, prediction))
    assert effect(prediction, question.box, region, is_lesion=True) == Effect(300, 1, 3)
    assert effect(prediction, question.box, region, is_lesion=False) == Effect()
    half = block(slice(1, 2), slice(2, 12), slice(2, 12))
    assert effect(half, question.box, region, is_lesion=True) == Effect(200, 2, 3)
    assert effect(half, question.box, region, is_lesion=False) == Effect(100, 1, 1)


def test_an_edit_is_found_again_by_the_question_it_answered() -> None:
    truth = np.zeros(SHAPE, np.uint8)
    truth[1, 4:12, 4:12] = 1
    truth[4, 30, 5] = truth[4, 33, 9] = 1
    masks = (truth, np.zeros(SHAPE, np.uint8))
    found = asked(*masks)
    small = np.ones((1, 4, 5), bool)
    small[0, 1:3] = small[0, :, 1:4] = False
    small[0, 0, 4] = small[0, 3, 0] = False
    assert holding(found, small, (4, 5, 30, 34, 5, 10), masks) == found[1]
    assert holding(found, np.ones((1, 2, 2), bool), (1, 2, 4, 6, 4, 6), masks) == found[0]
    assert holding(found, np.ones((1, 2, 2), bool), (1, 2, 3, 5, 4, 6), masks) is None


def marked(case_id: str, key: str, truth: Mask) -> MarkedError:
    (question,) = asked(truth, np.zeros(SHAPE, np.uint8))
    error = TruthError(
        case_id=case_id,
        against="truth aa",
        key=key,
        name=question.name,
        kind="false_negative",
        box=question.box,
        voxels=question.voxels,
        lesion=False,
        reason="An artefact",
        reader="Ann",
        time="2026-11-27T10:00:00+00:00",
    )
    return MarkedError(error, region_of(question, (truth, np.zeros(SHAPE, np.uint8))))


def test_errors_of_the_truth_are_kept_and_forgotten(store: Store) -> None:
    truth = block(slice(1, 4), slice(2, 12), slice(2, 12))
    for each in (marked("b", "k1", truth), marked("a", "k2", truth)):
        put_truth_error(store, each.error, each.region)
    kept = truth_errors(store)
    assert [each.error.case_id for each in kept] == ["a", "b"]
    assert count_truth_errors(store) == 2
    assert not proposed_mask(truth, kept[:1]).any()
    assert truth.any()
    assert wrong_keys(store, "b", "truth aa") == {"k1"}
    drop_truth_error(store, "b", "truth aa", "k1")
    assert wrong_keys(store, "b", "truth aa") == frozenset()


@pytest.mark.parametrize("damage", [b"no bits", zlib.compress(b"\x01")])
def test_a_damaged_error_of_the_truth_is_told(store: Store, damage: bytes) -> None:
    truth = block(slice(1, 4), slice(2, 12), slice(2, 12))
    (each,) = [marked("a", "k", truth)]
    put_truth_error(store, each.error, each.region)
    with store.transaction() as connection:
        connection.execute("UPDATE truth_errors SET region = ?", (damage,))
    with pytest.raises(WorkspaceError, match="found a row that is damaged"):
        truth_errors(store)
