"""Units: each done once, wherever, and what a killed process costs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import AppError
from core.domain.progress import Cancelled
from core.jobs.local_runner import LocalRunner
from core.jobs.runners import make_runner
from core.jobs.units import Unit, UnitOutcome, run_units, unit_key
from tests.core.unit_works import die, die_once, double, refuse, write_down


class Counting:
    """Runs units here and counts them."""

    one_at_a_time = True

    def __init__(self) -> None:
        self.done: list[str] = []

    def outcomes(self, units: Sequence[Unit]) -> Iterator[tuple[Unit, UnitOutcome]]:
        for unit, outcome in LocalRunner().outcomes(units):
            self.done.append(unit.name)
            yield unit, outcome


def _units(work: Any, tasks: Sequence[Any]) -> list[Unit]:
    return [Unit(unit_key("t", n), f"unit {n}", work, task) for n, task in enumerate(tasks)]


def test_a_unit_that_is_done_is_never_done_again(tmp_path: Path) -> None:
    units = _units(double, range(4))
    first, second = Counting(), Counting()
    told: list[float] = []

    def cancel(fraction: float, _: str) -> None:
        told.append(fraction)
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_units(units, first, tmp_path, progress=cancel)
    found = run_units(units, second, tmp_path)
    assert first.done + second.done == [unit.name for unit in units]
    assert [o.content for o in found.values()] == [b"0", b"2", b"4", b"6"]
    assert told == [0.0, 0.25, 0.5]


def test_a_failure_is_told_and_tried_again(tmp_path: Path) -> None:
    units = _units(refuse, [1])
    found = run_units(units, LocalRunner(), tmp_path)
    assert found[units[0].key].failed == "1: expected another number."
    again = Counting()
    run_units(units, again, tmp_path)
    assert again.done == ["unit 0"]


@pytest.mark.parametrize("damaged", [b"", b"{", b"0" * 40])
def test_what_is_kept_of_a_unit_and_damaged_is_done_again(tmp_path: Path, damaged: bytes) -> None:
    units = _units(double, [3])
    run_units(units, LocalRunner(), tmp_path)
    (tmp_path / units[0].key).write_bytes(damaged)
    again = Counting()
    found = run_units(units, again, tmp_path)
    assert again.done == ["unit 0"]
    assert found[units[0].key].content == b"6"


def test_units_of_one_key_are_one(tmp_path: Path) -> None:
    runner = Counting()
    unit = _units(double, [3])[0]
    assert len(run_units([unit, unit], runner, tmp_path)) == 1
    assert runner.done == ["unit 0"]


def test_processes_find_what_one_finds_though_one_of_them_is_killed(tmp_path: Path) -> None:
    tasks = [(str(tmp_path), n) for n in range(4)]
    units = [*_units(write_down, tasks[:3]), Unit("k", "killed", die_once, tasks[3])]
    found = run_units(units, LocalRunner(workers=2), tmp_path / "units")
    assert [outcome.content for outcome in found.values()] == [b"0", b"2", b"4", b"6"]


def test_a_unit_whose_process_always_ends_is_given_up_in_a_sentence(tmp_path: Path) -> None:
    units = [Unit("k", "killer", die, 1)]
    found = run_units(units, LocalRunner(workers=2), tmp_path)
    assert "killer: expected its process to end well" in found["k"].failed
    assert not list(tmp_path.iterdir())


def test_the_key_tells_kinds_and_contents_apart() -> None:
    keys = {unit_key("a", 1), unit_key("a", 2), unit_key("b", 1), unit_key("a", [1])}
    assert len(keys) == 4
    assert unit_key("a", {"x": 1}) == unit_key("a", {"x": 1})


def test_an_address_without_ray_is_refused() -> None:
    with pytest.raises(AppError, match="--runner ray"):
        make_runner({"name": "local", "workers": 1, "address": "127.0.0.1:6379"})
