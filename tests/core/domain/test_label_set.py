import numpy as np
import pytest

from core.domain.label_set import (
    Label,
    LabelSet,
    Region,
    binary,
    from_values,
    new_label,
    values_in,
)

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


OVERLAPPING = LabelSet(
    (
        Label(1, "Core", RED),
        Label(2, "Rim", RED),
        Label(255, "Core + Rim", RED, None, (1, 2)),
    ),
    (Region("Core", (1, 255)), Region("Rim", (2,)), Region("All", (1, 2, 255))),
    "Core",
)


def test_what_names_a_label_is_renamed_with_it() -> None:
    found = OVERLAPPING.renamed([(1, "Kern"), (9, "Cyst")])
    assert [(each.value, each.name) for each in found.labels] == [
        (1, "Kern"), (2, "Rim"), (9, "Cyst"), (255, "Kern + Rim"),
    ]  # fmt: skip
    assert [each.name for each in found.regions] == ["Kern", "Rim", "All"]
    assert found.fills == "Kern"
    assert OVERLAPPING.with_label(Label(1, "Kern", RED)) == OVERLAPPING.renamed([(1, "Kern")])


def test_two_labels_may_change_their_names() -> None:
    found = OVERLAPPING.renamed([(1, "Rim"), (2, "Core")])
    assert [each.name for each in found.labels] == ["Rim", "Core", "Rim + Core"]
    assert [(each.name, each.values) for each in found.regions] == [
        ("Rim", (1, 255)), ("Core", (2,)), ("All", (1, 2, 255)),
    ]  # fmt: skip
    assert found.fills == "Rim"
    assert found.renamed([(1, "Core"), (2, "Rim")]) == OVERLAPPING


def test_a_region_that_has_the_name_of_no_label_alone_keeps_it() -> None:
    labels = LabelSet(TUMOUR.labels, (Region("Oedema", (1, 2)),), "Whole")
    found = labels.renamed([(2, "Swelling")])
    assert [each.name for each in found.regions] == ["Oedema"]
    assert found.fills == "Whole"


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4)])
def test_values_in_a_map_are_those_that_numpy_finds(shape: tuple[int, ...]) -> None:
    found = np.random.default_rng(0).choice([0, 1, 7, 255], shape).astype(np.uint8)
    assert values_in(found) == [v for v in np.unique(found).tolist() if v]
    assert values_in(np.zeros((2, 3, 0), np.uint8)) == []
