"""A search over settings: what is tried, stopped and written, and what is not done again."""

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from core.domain.errors import AppError, DataError
from core.jobs.local_runner import LocalRunner
from tests.training.making import VAL, small_spec
from training.sweep.sweep import read_sweep, run_sweep
from training.sweep.sweep_command import sweep
from training.sweep.sweep_space import SweepSpec, ValueRange, settings_of, trial_spec

SPACE: dict[str, Any] = {"learning_rate": [0.01, 1e-9], "arg.init_features": [2, 3]}


def _spec(**changes: Any) -> SweepSpec:
    return SweepSpec(**{"train": {"architecture": "unet", "data": "d", "split": "s"}, **changes})


def test_a_grid_has_all_combinations_and_reaches_parts_and_arguments() -> None:
    spec = _spec(space={**SPACE, "augmentation.flip": [0.1, 0.2, 0.3]})
    settings = settings_of(spec)
    assert len(settings) == 12
    made = trial_spec(spec, settings[-1])
    assert (made.learning_rate, made.arguments, made.augmentation.flip) == (
        1e-9,
        {"init_features": 3},
        0.3,
    )
    assert made.augmentation.rotation == 20.0


def test_a_random_search_draws_by_its_seed_within_its_ranges() -> None:
    space = {
        "learning_rate": ValueRange(1e-4, 1e-1, log=True),
        "batch_size": ValueRange(2, 5),
        "loss": ["dice", "bce-dice"],
    }
    spec = _spec(space=space, search="random", trials=200, seed=3)
    drawn = settings_of(spec)
    assert drawn == settings_of(spec)
    assert {s["batch_size"] for s in drawn} == {2, 3, 4, 5}
    rates = [float(str(s["learning_rate"])) for s in drawn]
    assert all(1e-4 <= rate <= 1e-1 for rate in rates)
    assert 0.35 < sum(rate < 10**-2.5 for rate in rates) / len(rates) < 0.65


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"space": {"learning_rate": ValueRange(0.1, 1)}}, "expected a list in a grid"),
        ({"space": {"loss": []}}, "expected values to choose from"),
        ({"space": {"x": [1] * 200, "y": [1] * 200}}, "at most 10000 combinations"),
        (
            {"space": {"learning_rate": ValueRange(1, 0)}, "search": "random"},
            "expected low below high",
        ),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(changes: Any, told: str) -> None:
    with pytest.raises(AppError, match=told):
        settings_of(_spec(**changes))


def test_a_setting_that_there_is_not_is_refused() -> None:
    with pytest.raises(AppError, match="Expected settings of a training"):
        trial_spec(_spec(space={}), {"learning_speed": 1})


def test_a_file_that_is_no_search_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"space": {}}')
    with pytest.raises(DataError, match="expected JSON as"):
        read_sweep(tmp_path / "s.json")


def test_trials_below_the_median_stop_and_nothing_is_done_twice(tmp_path: Path) -> None:
    base = msgspec.to_builtins(small_spec(tmp_path, selections=4))
    train = {name: value for name, value in base.items() if name not in ("model_id", "minutes")}
    file = tmp_path / "sweep.json"
    content = {"train": train, "space": SPACE, "stop": "median", "rounds": 2}
    file.write_text(json.dumps(content))
    out = tmp_path / "out"
    sweep(file, out)
    with (out / "sweep.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 4
    best = max(rows, key=lambda row: float(row["dsc_selection"]))
    assert rows[0] == best
    assert sorted(row["steps"] for row in rows) == ["4", "4", "8", "8"]
    assert {row["steps"] for row in rows if row["rounds"] == "2"} == {"8"}
    with Image.open(out / "sweep.png") as picture:
        assert picture.width > 400
    line = shlex.split((out / "best.txt").read_text())
    assert line[:4] == ["python", "main.py", "train", "unet"]
    assert f"init_features={best['arg.init_features']}" in line
    job = next((out / "trials").glob("*/split.json")).read_text()
    assert not any(case in job for case in VAL)  # the judges are never looked at

    before = {path: path.stat().st_mtime_ns for path in (out / "trials").rglob("*")}
    trials = run_sweep(read_sweep(file), out, runner=LocalRunner())
    assert [str(trial.number) for trial in trials] == [row["trial"] for row in rows]
    assert before == {path: path.stat().st_mtime_ns for path in (out / "trials").rglob("*")}

    # A trial that was stopped between its rounds goes on to the figures of one that was not.
    whole = run_sweep(
        msgspec.structs.replace(read_sweep(file), stop="none"), tmp_path / "w", runner=LocalRunner()
    )
    for trial in trials:
        if trial.rounds == 2:
            other = next(each for each in whole if each.number == trial.number)
            assert other.found == trial.found
