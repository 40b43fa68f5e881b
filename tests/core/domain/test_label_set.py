import numpy as np
import pytest

from core.domain.label_set import Label, LabelSet, Region, binary, from_values, new_label

RED = (255, 0, 0)
TUMOUR = LabelSet(
    (Label(3, "Enhancing", RED), Label(1, "Necrosis", RED), Label(2, "Oedema", RED)),
    (Region("Whole tumour", (1, 2, 3)),),
)


def test_labels_stand_by_value():
    assert TUMOUR.values == (1, 2, 3)
    assert TUMOUR.label(2).name == "Oedema"
    assert not TUMOUR.is_binary
    with pytest.raises(KeyError):
        TUMOUR.label(9)


def test_region_is_a_union_and_a_label_is_one_too():
    labels = np.array([[[0, 1, 2, 3]]], np.uint8)
    assert TUMOUR.mask(labels, TUMOUR.region("Whole tumour")).tolist() == [[[0, 1, 1, 1]]]
    assert TUMOUR.mask(labels, TUMOUR.region("Oedema")).tolist() == [[[0, 0, 1, 0]]]
    with pytest.raises(KeyError):
        TUMOUR.region("Bone")


def test_values_found_get_names_and_colours():
    assert from_values([0, 1]) == binary()
    found = from_values([0, 4, 1])
    assert [label.name for label in found.labels] == ["Label 1", "Label 4"]
    assert len({label.colour for label in found.labels}) == 2
    assert TUMOUR.with_found([0, 2, 7]).values == (1, 2, 3, 7)
    assert TUMOUR.with_found([1]) == TUMOUR
    assert from_values([]).values == ()


def test_what_a_label_map_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="1 to 255"):
        Label(256, "Too high", RED)
    with pytest.raises(ValueError, match="once"):
        LabelSet((Label(1, "A", RED), Label(1, "B", RED)))
    with pytest.raises(ValueError, match="Core"):
        LabelSet((Label(1, "A", RED),), (Region("Core", (1, 2)),))


def test_what_is_scored_is_the_whole_the_regions_and_the_other_labels_each_once():
    regions = (Region("Core", (1, 3)), Region("Enhancing", (3,)))
    labels = LabelSet(TUMOUR.labels, regions)
    assert [each.name for each in labels.scored] == [
        "Whole",
        "Core",
        "Enhancing",
        "Necrosis",
        "Oedema",
    ]
    assert TUMOUR.whole.name == "Whole tumour"
    assert TUMOUR.scored[0] == TUMOUR.whole
    assert labels.region("Whole").values == (1, 2, 3)


def test_eight_colours_differ_and_a_ninth_label_has_dots():
    labels = from_values(range(1, 11))
    assert len({label.colour for label in labels.labels[:8]}) == 8
    assert labels.label(9).colour == labels.label(1).colour
    assert labels.dotted == {9, 10}
    assert [labels.label(value).opacity for value in (1, 2, 3, 4)] == [0.34, 0.13, 0.26, 0.26]


def test_a_label_is_changed_in_its_place_and_its_region_with_it():
    labels = LabelSet(TUMOUR.labels, (Region("Enhancing", (3,)), Region("Core", (1, 3))))
    renamed = labels.with_label(Label(3, "Active", RED))
    assert renamed.values == (1, 2, 3)
    assert [region.name for region in renamed.regions] == ["Active", "Core"]
    added = new_label(renamed)
    assert added is not None
    assert (added.value, renamed.with_label(added).values) == (4, (1, 2, 3, 4))
    assert new_label(from_values(range(1, 256))) is None


def test_a_label_is_called_as_nothing_else_is() -> None:
    core, rest = Label(1, "Core", (1, 2, 3)), Label(2, "Rest", (4, 5, 6))
    known = LabelSet((core, rest), (Region("Tumour", (1, 2)), Region("Centre", (1,))))
    assert "Give it a name" in known.label_fault(1, "  ")
    for taken in ("Rest", " Rest ", "Tumour"):
        assert "is a name here already" in known.label_fault(1, taken)
    assert "is a name here already" in known.label_fault(2, "Centre")
    for free in ("Core", "Centre", "Kern"):  # its own, of the region that it alone makes, a new one
        assert known.label_fault(1, free) == ""
