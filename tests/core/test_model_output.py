"""Models of several labels: what they give, how it becomes a label map, and what stays binary."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.domain.label_set import Label, LabelSet, Region, binary
from core.domain.model_output import ModelOutput, OutputKind
from core.domain.prediction import (
    Focus,
    LabelProbabilities,
    Postprocessing,
    Prediction,
    prediction_of,
    quantise,
    to_mask,
)
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.models.filled_label import in_focus
from tests.synthetic import write_case

TUMOUR = LabelSet(
    (
        Label(1, "Necrosis", (230, 159, 0)),
        Label(2, "Oedema", (86, 180, 233)),
        Label(3, "Enhancing", (0, 158, 115)),
    ),
    (
        Region("Whole tumour", (1, 2, 3)),
        Region("Tumour core", (1, 3)),
        Region("Enhancing tumour", (3,)),
    ),
)
PLAIN = Postprocessing()
SHAPE = (2, 6, 7)
UNIONS = [Region("x", v) for k in (1, 2, 3) for v in combinations((1, 2, 3), k)]


def output(kind: OutputKind = "regions") -> ModelOutput:
    return ModelOutput(kind=kind, labels=TUMOUR)


def levels(*shape: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float32, shape, elements=st.floats(0, 1, width=32))


def said(kind: OutputKind, values: np.ndarray) -> LabelProbabilities:
    """Return what a model of three channels says, from (4, Z, Y, X) in 0 to 1."""
    if kind == "classes":
        share = (values + 1e-3) / (values + 1e-3).sum(axis=0)
        return LabelProbabilities(quantise(share[1:]), output(kind))
    return LabelProbabilities(quantise(values[1:]), output(kind))


def test_regions_are_painted_in_their_order_each_with_the_value_no_later_one_has() -> None:
    assert output().paints == (2, 1, 3)
    assert [each.name for each in output().channels] == [each.name for each in TUMOUR.regions]


def test_classes_have_a_channel_a_label_and_a_logit_more_for_the_background() -> None:
    assert [each.values for each in output("classes").channels] == [(1,), (2,), (3,)]
    assert (output("classes").logits, output().logits) == (4, 3)


def test_a_region_that_later_ones_cover_whole_is_refused() -> None:
    covered = LabelSet(TUMOUR.labels, (Region("A", (1,)), Region("B", (1, 2))))
    with pytest.raises(ValueError, match="A: expected a label of its own to paint"):
        ModelOutput(kind="regions", labels=covered)


@pytest.mark.parametrize("kind", ["classes", "regions"])
def test_it_comes_back_from_json_as_it_was(kind: OutputKind) -> None:
    made = output(kind)
    assert msgspec.json.decode(msgspec.json.encode(made), type=ModelOutput) == made


@pytest.mark.parametrize("kind", ["classes", "regions"])
@given(values=levels(4, *SHAPE))
def test_the_map_and_the_mask_of_every_union_of_labels_say_the_same(
    kind: OutputKind, values: np.ndarray
) -> None:
    found = said(kind, values)
    shown = found.label_map(PLAIN)
    for union in UNIONS:
        assert np.array_equal(to_mask(found.of(union), PLAIN), TUMOUR.mask(shown, union))


@given(values=levels(4, *SHAPE))
def test_classes_are_the_likeliest_of_all_and_the_background(values: np.ndarray) -> None:
    found = said("classes", values)
    every = found.channels.astype(int)
    whole = np.concatenate([np.maximum(255 - every.sum(0), 0)[None], every])
    assert np.array_equal(found.label_map(PLAIN), whole.argmax(0))


@given(values=levels(4, *SHAPE))
def test_regions_are_painted_as_nnunet_paints_them(values: np.ndarray) -> None:
    # convert_probabilities_to_segmentation of nnU-Net v2 with regions_class_order (2, 1, 3).
    found = said("regions", values)
    painted = np.zeros(SHAPE, np.uint8)
    for channel, value in zip(found.channels, (2, 1, 3), strict=True):
        painted[channel > 127] = value
    assert np.array_equal(found.label_map(PLAIN), painted)


def test_components_are_chosen_label_by_label() -> None:
    channels = np.zeros((3, 1, 6, 12), np.uint8)
    channels[0, 0, :4, :4] = channels[0, 0, 0, 8] = 255
    channels[1, 0, 4:, 6:] = 255
    found = LabelProbabilities(channels, output("classes"))
    kept = found.label_map(Postprocessing(largest_component=True))
    assert kept[0, 0, 8] == 0
    assert (kept == 1).sum() == 16
    assert (kept == 2).sum() == 12


@pytest.mark.parametrize("kind", ["classes", "regions"])
def test_values_and_their_order_become_those_of_the_case(kind: OutputKind) -> None:
    # BraTS before 2023 gives 4 to what is 3 since; this one has two labels the other way round too.
    case = LabelSet(
        (
            Label(2, "necrosis", (1, 1, 1)),
            Label(1, "Oedema", (1, 1, 1)),
            Label(4, "Enhancing", (1, 1, 1)),
        )
    )
    values = np.random.default_rng(0).random((4, *SHAPE)).astype(np.float32)
    own = said(kind, values)
    moved = np.array([0, 2, 1, 4], np.uint8)[own.label_map(PLAIN)]
    assert np.array_equal(own.adapted(case).label_map(PLAIN), moved)


def test_a_label_the_case_lacks_takes_no_value_of_another() -> None:
    case = LabelSet((Label(1, "Enhancing", (1, 1, 1)), Label(2, "Oedema", (1, 1, 1))))
    adapted, _ = output().adapted(case)
    by_name = {label.name: label.value for label in adapted.labels.labels}
    assert by_name == {"Enhancing": 1, "Oedema": 2, "Necrosis": 3}


def made(kind: OutputKind = "regions") -> Prediction:
    values = np.random.default_rng(1).random((4, *SHAPE)).astype(np.float32)
    return prediction_of(
        said(kind, values).channels,
        output(kind),
        model_id="m",
        key="k",
        device="cpu",
        seconds=0.1,
    )


@pytest.mark.parametrize("kind", ["classes", "regions"])
def test_the_region_in_focus_is_the_probability_of_the_prediction(kind: OutputKind) -> None:
    whole = made(kind)
    core = whole.focused(Focus(TUMOUR, TUMOUR.region("Tumour core")))
    assert whole.several is not None
    assert np.array_equal(core.probability, whole.several.of(TUMOUR.region("Tumour core")))
    assert core.filed != whole.filed
    assert core.key == whole.key
    again = core.focused(Focus(TUMOUR, TUMOUR.region("Tumour core")))
    assert again is core


def test_a_case_of_one_label_asks_for_all_labels_of_a_model() -> None:
    core = made().focused(Focus(binary(), Region("Lesion", (1,))))
    assert core.focus == TUMOUR.region("Whole tumour")


def test_a_binary_prediction_fills_the_value_it_is_told_to() -> None:
    level = np.array([[[0, 200]]], np.uint8)
    plain = Prediction(level, "m", "k", "cpu", 0.1)
    assert plain.focused(Focus(TUMOUR, TUMOUR.region("Tumour core"))) is plain
    assert plain.label_map(PLAIN, 3).tolist() == [[[0, 3]]]
    assert plain.mask_of(TUMOUR.region("Oedema"), PLAIN).tolist() == [[[0, 1]]]
    assert plain.filed == "k"


def test_what_a_model_says_of_a_case_is_that_of_the_region_the_case_names(tmp_path: Path) -> None:
    write_case(tmp_path, "A")
    (case,) = scan(tmp_path).cases
    loaded = read_case(replace(case, labels=TUMOUR, region="Tumour core"))
    found = in_focus(loaded, made())
    assert found.several is not None
    assert found.focus == TUMOUR.region("Tumour core")
    assert np.array_equal(found.probability, found.several.of(TUMOUR.region("Tumour core")))
    filling = read_case(replace(case, labels=replace(TUMOUR, fills="Oedema"), region="Oedema"))
    level = np.array([[[0, 200]]], np.uint8)
    plain = in_focus(filling, Prediction(level, "m", "k", "cpu", 0.1))
    assert plain.focus == TUMOUR.region("Oedema")
    assert plain.probability.tolist() == level.tolist()
