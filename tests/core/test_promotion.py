"""Promotion, and the way back."""

from pathlib import Path

import pytest

from core.domain.errors import ModelError, WorkspaceError
from core.models.gate import judge_candidate
from core.models.promotion import (
    HISTORY_FILE,
    champion_history,
    earlier_champions,
    promote,
    roll_back,
)
from core.models.registry import Registry
from tests.synthetic import publish_unet


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Two own models, and one that came with the program and is the champion."""
    shipped = publish_unet(tmp_path / "shipped", "shipped")
    Registry((shipped.folder.parent,)).promote("shipped")
    for name in ("first", "second"):
        publish_unet(tmp_path / "own", name)
    return Registry((tmp_path / "own", tmp_path / "shipped"))


def test_promotions_can_be_taken_back_to_any_earlier_champion(registry: Registry) -> None:
    report = judge_candidate(("shipped", {"A": 0.5, "B": 0.5}), ("first", {"A": 0.6, "B": 0.7}))
    promote(registry, "first", report)
    promote(registry, "second")
    assert registry.champion().spec.id == "second"
    assert [(done.before, done.id) for done in champion_history(registry)] == [
        ("shipped", "first"),
        ("first", "second"),
    ]
    assert champion_history(registry)[0].report == report
    assert earlier_champions(registry) == ["first", "shipped"]
    assert roll_back(registry) == "first"
    assert registry.champion().spec.id == "first"
    assert roll_back(registry, "shipped") == "shipped"
    assert registry.champion().spec.id == "shipped"


def test_the_way_back_from_a_champion_that_was_set_elsewhere_is_the_last_one_known(
    registry: Registry,
) -> None:
    promote(registry, "first")
    registry.promote("second")
    assert roll_back(registry) == "first"


def test_what_never_was_champion_is_no_way_back(registry: Registry) -> None:
    with pytest.raises(ModelError, match="there is none"):
        roll_back(registry)
    promote(registry, "first")
    with pytest.raises(ModelError, match="found 'second'"):
        roll_back(registry, "second")
    assert registry.champion().spec.id == "first"


def test_promoting_the_champion_changes_nothing_and_an_unknown_model_is_told(
    registry: Registry,
) -> None:
    promote(registry, "shipped")
    with pytest.raises(ModelError, match="found the name 'absent'"):
        promote(registry, "absent")
    assert champion_history(registry) == []


def test_a_damaged_history_costs_the_history_alone(registry: Registry) -> None:
    promote(registry, "first")
    (registry.roots[0] / "promotions.json").write_text("{")
    assert champion_history(registry) == []
    promote(registry, "second")
    assert roll_back(registry) == "first"


def test_a_champion_that_cannot_be_remembered_is_not_made(tmp_path: Path) -> None:
    for name in ("a", "b"):
        publish_unet(tmp_path, name)
    registry = Registry((tmp_path,))
    before = registry.champion().spec.id
    (tmp_path / HISTORY_FILE).mkdir()  # where the history was to be written
    with pytest.raises(WorkspaceError):
        promote(registry, next(name for name in ("a", "b") if name != before))
    assert registry.champion().spec.id == before
