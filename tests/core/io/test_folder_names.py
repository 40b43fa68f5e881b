"""What the names of a folder tell of how it is organised."""

from pathlib import Path

import pytest

from core.io.datasets.folder_names import PATTERNS, best, offers, organised, patterns_of, read_names
from core.io.datasets.organisation import Organisation
from core.io.layouts.pattern import pattern_layout
from core.io.layouts.registry import find
from tests.core.trees import LAYOUTS, make_tree


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "pattern"])
def test_the_layout_that_fits_is_offered_first(layout: str, tmp_path: Path) -> None:
    names = read_names(make_tree(layout, tmp_path))
    found = {offer.name: offer for offer in offers(names)}
    assert best(list(found.values())) == layout
    assert found[layout].cases == 2
    assert len(organised(names, Organisation(layout=layout)).cases) == 2


def test_where_nothing_fits_patterns_are_left(tmp_path: Path) -> None:
    (tmp_path / "a.docx").touch()
    found = offers(read_names(tmp_path))
    assert best(found) == PATTERNS
    assert {offer.cases for offer in found} == {0}


@pytest.mark.parametrize("layout", ["brats", "nnunet", "bids", "loose"])
def test_the_patterns_of_a_layout_find_the_same_cases(layout: str, tmp_path: Path) -> None:
    names = read_names(make_tree(layout, tmp_path))
    found = organised(names, Organisation(layout=layout))
    told = patterns_of(found, names.place)
    mask = told.pop("")
    again = find(tmp_path, layout=pattern_layout(told, mask))
    assert [case.id for case in again.cases] == [case.id for case in found.cases]
    for one, other in zip(again.cases, found.cases, strict=True):
        assert [c.files for c in one.channels] == [c.files for c in other.channels]
        assert [m.files for m in one.masks] == [m.files for m in other.masks]
