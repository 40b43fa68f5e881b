"""Overlap and distance metrics, against their definitions, medpy and MONAI."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from medpy.metric import binary
from numpy.typing import NDArray

from core.domain.metrics import (
    SliceMetrics,
    VolumeMetrics,
    hd95,
    overlap,
    slice_counts,
    slice_metrics,
    surface_distances,
    volume_metrics,
)
from core.domain.metrics.surface import plane_distances

Bool = NDArray[np.bool_]
Spacing = tuple[float, float, float]

shapes = array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9)
spacings = st.tuples(*[st.floats(0.2, 6.0)] * 3)


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[Bool, Bool]:
    """Draw two masks of one shape, each from empty to full."""
    shape = draw(shapes)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = st.sampled_from([0.0, 0.02, 0.3, 0.7, 1.0])
    truth, prediction = (random.random(shape) < draw(density) for _ in range(2))
    return truth, prediction


def ball(shape: tuple[int, int, int], centre: tuple[int, int, int], radius: float) -> Bool:
    """Return a ball of `radius` voxels around `centre`."""
    grid = np.indices(shape) - np.array(centre)[:, None, None, None]
    return np.asarray((grid**2).sum(axis=0) <= radius**2)


def test_figures_of_a_case_counted_by_hand() -> None:
    truth, prediction = np.zeros((2, 1, 4, 4), np.uint8)
    truth[0, 0, :3] = 1
    prediction[0, 0, 1:] = 255
    prediction[0, 1, 1] = 255
    figures = volume_metrics(truth, prediction)
    assert figures == VolumeMetrics(
        dsc=4 / 7,
        iou=2 / 5,
        sensitivity=2 / 3,
        specificity=11 / 13,
        precision=2 / 4,
        hd95=1.0,
        hd95_max=1.0,
        average_surface_distance=3 / 7,
        surface_dice=1.0,
        tolerance=2.0,
        volume_difference=1 / 3,
        truth_voxels=3,
        predicted_voxels=4,
    )


@pytest.mark.parametrize(
    ("truth_filled", "prediction_filled", "expected"),
    [
        (False, False, (1.0, 1.0, None, None, None)),
        (True, False, (0.0, 0.0, 0.0, None, None)),
        (False, True, (0.0, 0.0, None, 0.0, None)),
        (True, True, (1.0, 1.0, 1.0, 1.0, 0.0)),
    ],
)
def test_empty_mask_rule(
    truth_filled: bool, prediction_filled: bool, expected: tuple[float | None, ...]
) -> None:
    shape = (3, 5, 4)
    figures = volume_metrics(np.full(shape, truth_filled), np.full(shape, prediction_filled))
    found = (figures.dsc, figures.iou, figures.sensitivity, figures.precision, figures.hd95)
    assert found == expected


@pytest.mark.parametrize(
    ("truth_filled", "prediction_filled", "expected"),
    [
        (False, False, (1.0, None, None, 1.0)),
        (True, False, (0.0, None, -1.0, None)),
        (False, True, (0.0, None, None, 0.0)),
        (True, True, (1.0, 0.0, 0.0, None)),
    ],
)
def test_empty_mask_rule_of_surfaces_volume_and_background(
    truth_filled: bool, prediction_filled: bool, expected: tuple[float | None, ...]
) -> None:
    shape = (3, 5, 4)
    figures = volume_metrics(np.full(shape, truth_filled), np.full(shape, prediction_filled))
    assert expected == (
        figures.surface_dice,
        figures.average_surface_distance,
        figures.volume_difference,
        figures.specificity,
    )


def test_undefined_figures_are_null_in_json() -> None:
    empty = np.zeros((2, 3, 3), np.uint8)
    text = msgspec.json.encode(volume_metrics(empty, empty)).decode()
    assert '"hd95":null' in text
    assert "nan" not in text.lower()


def test_distances_can_be_left_out() -> None:
    truth = ball((5, 9, 9), (2, 4, 4), 2)
    assert volume_metrics(truth, truth, distances=False).hd95 is None


@pytest.mark.parametrize("function", [volume_metrics, overlap, slice_counts, hd95])
def test_different_shapes_are_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=r"\(2, 3, 4\).*\(2, 4, 3\)"):
        function(np.zeros((2, 3, 4), np.uint8), np.zeros((2, 4, 3), np.uint8))


@given(mask_pairs())
def test_overlap_equals_medpy(pair: tuple[Bool, Bool]) -> None:
    truth, prediction = pair
    counts = overlap(truth, prediction)
    assert counts.truth_voxels == truth.sum()
    assert counts.predicted_voxels == prediction.sum()
    if truth.any() or prediction.any():
        assert counts.dsc == pytest.approx(binary.dc(prediction, truth), abs=1e-12)
        assert counts.iou == pytest.approx(binary.jc(prediction, truth), abs=1e-12)
    if truth.any():
        assert counts.sensitivity == pytest.approx(binary.recall(prediction, truth), abs=1e-12)
    if prediction.any():
        assert counts.precision == pytest.approx(binary.precision(prediction, truth), abs=1e-12)


@given(mask_pairs())
@settings(max_examples=50)
def test_dsc_equals_monai(pair: tuple[Bool, Bool]) -> None:
    from monai.metrics.meandice import compute_dice

    one, other = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in pair)
    expected = compute_dice(other, one, ignore_empty=False)
    assert overlap(*pair).dsc == pytest.approx(float(expected), abs=1e-6)


@given(mask_pairs(), st.none() | spacings)
@settings(max_examples=200)
def test_hd95_equals_medpy(pair: tuple[Bool, Bool], spacing_mm: Spacing | None) -> None:
    truth, prediction = pair
    found = hd95(truth, prediction, spacing_mm=spacing_mm)
    if truth.any() and prediction.any():
        expected = binary.hd95(prediction, truth, voxelspacing=spacing_mm, connectivity=1)
        assert found is not None
        assert found.pooled == pytest.approx(expected, abs=1e-9)
    else:
        assert found is None


@pytest.mark.parametrize("spacing_mm", [None, (5.0, 0.9, 1.1)])
def test_hd95_of_lesions_far_apart_equals_medpy(spacing_mm: Spacing | None) -> None:
    shape = (20, 64, 48)
    truth = ball(shape, (4, 12, 10), 5)
    prediction = ball(shape, (5, 14, 11), 5) | ball(shape, (17, 60, 44), 3)
    expected = binary.hd95(prediction, truth, voxelspacing=spacing_mm, connectivity=1)
    found = hd95(truth, prediction, spacing_mm=spacing_mm)
    assert found is not None
    assert found.pooled == pytest.approx(expected, abs=1e-9)


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy.*:FutureWarning")  # MONAI's own
@given(mask_pairs(), spacings)
@settings(max_examples=50)
def test_hd95_is_the_pooled_percentile_of_monai_distances(
    pair: tuple[Bool, Bool], spacing_mm: Spacing
) -> None:
    truth, prediction = pair
    found = hd95(truth, prediction, spacing_mm=spacing_mm)
    if found is None:
        assert not (truth.any() and prediction.any())
        return
    from monai.metrics.utils import get_edge_surface_distance

    one, other = (torch.from_numpy(mask) for mask in pair)
    _, distances, _ = get_edge_surface_distance(other, one, spacing=spacing_mm, symmetric=True)
    pooled = np.concatenate([np.asarray(each, np.float64) for each in distances])
    assert found.pooled == pytest.approx(float(np.percentile(pooled, 95)), rel=1e-5, abs=1e-5)


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy.*:FutureWarning")  # MONAI's own
@given(mask_pairs(), spacings)
@settings(max_examples=50)
def test_the_greater_direction_is_the_hd95_of_monai(
    pair: tuple[Bool, Bool], spacing_mm: Spacing
) -> None:
    truth, prediction = pair
    found = hd95(truth, prediction, spacing_mm=spacing_mm)
    if found is None:
        return
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance

    one, other = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in pair)
    expected = compute_hausdorff_distance(other, one, percentile=95, spacing=list(spacing_mm))
    assert found.maximum == pytest.approx(float(expected), rel=1e-4, abs=1e-4)


@given(mask_pairs())
def test_hd95_is_symmetric_and_scales_with_the_spacing(pair: tuple[Bool, Bool]) -> None:
    truth, prediction = pair
    voxels, mirrored = hd95(truth, prediction), hd95(prediction, truth)
    millimetres = hd95(truth, prediction, spacing_mm=(2.5, 2.5, 2.5))
    assert voxels == pytest.approx(mirrored)
    scaled = None if voxels is None else tuple(2.5 * value for value in voxels)
    assert millimetres == (None if scaled is None else pytest.approx(scaled))


@given(mask_pairs())
def test_slices_add_up_to_the_volume(pair: tuple[Bool, Bool]) -> None:
    truth, prediction = pair
    counts = slice_counts(truth, prediction)
    assert counts.pooled() == overlap(truth, prediction)
    assert counts.true_positive.tolist() == (truth & prediction).sum(axis=(1, 2)).tolist()
    assert counts.false_positive.tolist() == (~truth & prediction).sum(axis=(1, 2)).tolist()
    assert counts.false_negative.tolist() == (truth & ~prediction).sum(axis=(1, 2)).tolist()


def test_slice_empty_in_both_has_no_dsc() -> None:
    truth, prediction = np.zeros((2, 4, 3, 3), np.uint8)
    truth[1:3, 0, :2] = 1
    prediction[2:, 0, :2] = 1
    scores = slice_counts(truth, prediction).dsc()
    np.testing.assert_array_equal(scores, [np.nan, 0.0, 1.0, 0.0])


@given(arrays(np.uint8, shapes), st.data())
def test_any_value_above_zero_is_foreground(truth: NDArray[np.uint8], data: st.DataObject) -> None:
    prediction = data.draw(arrays(np.uint8, truth.shape))
    assert volume_metrics(truth, prediction) == volume_metrics(truth > 0, prediction > 0)
    assert overlap(truth, prediction > 0) == overlap(truth > 0, prediction)


@given(mask_pairs(), st.none() | spacings)
@settings(max_examples=100)
def test_surface_specificity_and_volume_equal_medpy(
    pair: tuple[Bool, Bool], spacing_mm: Spacing | None
) -> None:
    truth, prediction = pair
    figures = volume_metrics(truth, prediction, spacing_mm=spacing_mm)
    if not truth.all():
        expected = binary.specificity(prediction, truth)
        assert figures.specificity == pytest.approx(expected, abs=1e-9)
    if truth.any():
        expected = binary.ravd(prediction, truth)
        assert figures.volume_difference == pytest.approx(expected, abs=1e-9)
    found = surface_distances(truth, prediction, spacing_mm=spacing_mm)
    if found is None:
        assert not (truth.any() and prediction.any())
        return
    expected = binary.assd(prediction, truth, voxelspacing=spacing_mm)
    assert figures.average_surface_distance == pytest.approx(expected, abs=1e-9)
    for each, (source, target) in (
        (found.from_truth, (truth, prediction)),
        (found.from_prediction, (prediction, truth)),
    ):
        expected = binary.asd(source, target, voxelspacing=spacing_mm)
        assert each.mean() == pytest.approx(expected, abs=1e-9)


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy.*:FutureWarning")  # MONAI's own
@given(mask_pairs(), spacings, st.floats(0.0, 8.0))
@settings(max_examples=50)
def test_surface_dice_and_average_distance_equal_monai(
    pair: tuple[Bool, Bool], spacing_mm: Spacing, tolerance: float
) -> None:
    truth, prediction = pair
    found = surface_distances(truth, prediction, spacing_mm=spacing_mm)
    if found is None:
        return
    pooled = np.concatenate([found.from_truth, found.from_prediction])
    if np.abs(pooled - tolerance).min() < 1e-4:  # MONAI measures in float32
        return
    from monai.metrics.surface_dice import compute_surface_dice
    from monai.metrics.surface_distance import compute_average_surface_distance

    one, other = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in pair)
    options = {"include_background": True, "spacing": list(spacing_mm)}
    dice = compute_surface_dice(other, one, [tolerance], **options)  # type: ignore[arg-type]
    assert found.surface_dice(tolerance) == pytest.approx(float(dice), abs=1e-6)
    mean = compute_average_surface_distance(other, one, symmetric=True, **options)  # type: ignore[arg-type]
    assert found.average == pytest.approx(float(mean), rel=1e-5, abs=1e-5)


@given(mask_pairs(), st.none() | spacings, st.data())
@settings(max_examples=50)
def test_figures_of_a_slice_equal_medpy_in_the_plane(
    pair: tuple[Bool, Bool], spacing_mm: Spacing | None, data: st.DataObject
) -> None:
    truth, prediction = pair
    index = data.draw(st.integers(0, len(truth) - 1))
    figures = slice_metrics(truth, prediction, index, spacing_mm=spacing_mm)
    one, other = truth[index], prediction[index]
    if not one.any() and not other.any():
        assert figures == SliceMetrics()
        return
    assert figures.dsc == pytest.approx(binary.dc(other, one), abs=1e-9)
    assert figures.iou == pytest.approx(binary.jc(other, one), abs=1e-9)
    if not (one.any() and other.any()):
        assert (figures.hd95, figures.surface_dice) == (None, 0.0)
        return
    plane_mm = None if spacing_mm is None else spacing_mm[1:]
    expected = binary.hd95(other, one, voxelspacing=plane_mm)
    assert figures.hd95 == pytest.approx(expected, abs=1e-9)
    expected = binary.assd(other, one, voxelspacing=plane_mm)
    assert figures.average_surface_distance == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("spacing_mm", [None, (1.0, 2.0, 2.0)])
def test_the_surface_dice_of_a_case_is_at_the_tolerance_asked_for(
    spacing_mm: Spacing | None,
) -> None:
    truth = ball((14, 30, 30), (7, 14, 12), 5.0)
    prediction = np.roll(truth, 4, axis=2)
    found = surface_distances(truth, prediction, spacing_mm=spacing_mm)
    assert found is not None
    plane = plane_distances(truth[7], prediction[7], spacing_mm=spacing_mm)
    assert plane is not None
    seen = []
    for tolerance in (0.0, 1.0, 3.0, 5.0, 20.0):
        options = {"spacing_mm": spacing_mm, "tolerance": tolerance}
        figures = volume_metrics(truth, prediction, **options)  # type: ignore[arg-type]
        assert figures.tolerance == tolerance
        assert figures.surface_dice == pytest.approx(found.surface_dice(tolerance))
        of_slice = slice_metrics(truth, prediction, 7, **options)  # type: ignore[arg-type]
        assert of_slice.surface_dice == pytest.approx(plane.surface_dice(tolerance))
        seen.append(figures.surface_dice)
    assert len(set(seen)) > 3
