"""The settings that a search tries: all combinations of lists, or as many drawn by lot."""

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Literal, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta

from core.domain.errors import AppError
from core.models.train_spec import Changes, PresetName, TrainSpec, make_spec

Value: TypeAlias = bool | int | float | str | None
_ARGUMENT = "arg."
_MOST_TRIALS = 10_000


class ValueRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers from `low` to `high`, uniform, or of the logarithm; whole ones where both are."""

    low: float | int
    high: float | int
    log: bool = False


class SweepSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A search: `train` are settings of a training as in its `job.json`, `space` those tried.

    A name of `space` is that of a setting, with a dot before a part of one (`augmentation.flip`),
    or `arg.NAME` for an argument of the architecture; a list is chosen from, a range drawn from.
    `grid` takes all combinations of lists, `random` draws `trials`. With `stop` median the budget
    is spent in `rounds`, after each of which go the trials below the median of those that are left.
    """

    train: dict[str, object]
    space: dict[str, list[Value] | ValueRange]
    preset: PresetName = "cpu"
    search: Literal["grid", "random"] = "grid"
    trials: Annotated[int, Meta(ge=1, le=_MOST_TRIALS)] = 20
    seed: int = 0
    stop: Literal["none", "median"] = "none"
    rounds: Annotated[int, Meta(ge=1, le=20)] = 4


Setting: TypeAlias = dict[str, Value]
"""A value for each name of a space."""


def settings_of(spec: SweepSpec) -> list[Setting]:
    """Return the settings of each trial, those drawn twice once.

    Raises `AppError` for a range in a grid, an empty list or range, and too many combinations.
    """
    for name, values in spec.space.items():
        _check(name, values, spec.search)
    if spec.search == "random":
        lot = np.random.default_rng(spec.seed)
        drawn = [{n: _draw(v, lot) for n, v in spec.space.items()} for _ in range(spec.trials)]
        return [each for i, each in enumerate(drawn) if each not in drawn[:i]]
    lists = [values for values in spec.space.values() if isinstance(values, list)]
    if (count := int(np.prod([len(values) for values in lists]))) > _MOST_TRIALS:
        raise AppError(
            f"sweep: expected at most {_MOST_TRIALS} combinations, found {count}. Take fewer "
            'values, or "search": "random".'
        )
    return [dict(zip(spec.space, values, strict=True)) for values in product(*lists)]


def trial_spec(spec: SweepSpec, setting: Setting) -> TrainSpec:
    """Return the training of one trial; raises `AppError` for a name or value that does not fit."""
    changes: Changes = dict(spec.train)
    for name, value in setting.items():
        _put(changes, name.replace(_ARGUMENT, "arguments.", 1), value)
    return make_spec(spec.preset, {}, changes)


def _put(changes: Changes, name: str, value: Value) -> None:
    """Put a value into settings, below a dot into a copy of what holds it."""
    outer, dot, inner = name.partition(".")
    if not dot:
        changes[outer] = value
        return
    held = changes.get(outer, {})
    part: Changes = dict(held) if isinstance(held, Mapping) else {}
    _put(part, inner, value)
    changes[outer] = part


def _check(name: str, values: list[Value] | ValueRange, search: str) -> None:
    if isinstance(values, list):
        if not values:
            raise AppError(f"sweep, {name}: expected values to choose from, found none. Add some.")
        return
    if search == "grid":
        raise AppError(
            f'sweep, {name}: expected a list in a grid, found a range. Give a list, or "search": '
            '"random".'
        )
    if not values.low < values.high or (values.log and values.low <= 0):
        raise AppError(
            f"sweep, {name}: expected low below high, above zero with log, found {values.low} to "
            f"{values.high}. Correct them."
        )


def _draw(values: list[Value] | ValueRange, lot: np.random.Generator) -> Value:
    if isinstance(values, list):
        return values[int(lot.integers(len(values)))]
    low, high = values.low, values.high
    whole = isinstance(low, int) and isinstance(high, int)
    if values.log:
        found = float(np.exp(lot.uniform(np.log(low), np.log(high))))
        return min(max(round(found), int(low)), int(high)) if whole else float(f"{found:.4g}")
    if whole:
        return int(lot.integers(int(low), int(high) + 1))
    return float(f"{lot.uniform(low, high):.4g}")
