"""Cases in memory: the least recently used goes first, and a case is that of its own dataset."""

from pathlib import Path

import numpy as np
import pytest

from core.io.cases.case import Case
from core.io.cases.case_cache import CaseCache
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from tests.synthetic import write_case


@pytest.fixture
def cases(tmp_path: Path) -> dict[str, Case]:
    for seed, case_id in enumerate("ABC"):
        write_case(tmp_path / "data", case_id, slices=2, seed=seed)
    return {case.id: case for case in scan(tmp_path / "data").cases}


def test_what_was_used_last_stays(cases: dict[str, Case]) -> None:
    one = read_case(cases["A"]).nbytes
    cache = CaseCache(2 * one)
    for case_id in "ABAC":
        cache.read(cases[case_id])
    assert [case_id in cache for case_id in "ABC"] == [True, False, True]
    assert cache.nbytes == 2 * one


def test_a_case_in_memory_is_not_read_again(cases: dict[str, Case]) -> None:
    cache = CaseCache(1 << 30)
    first = cache.read(cases["A"])
    assert cache.read(cases["A"]) is first
    cache.clear()
    assert cache.nbytes == 0
    assert cache.read(cases["A"]) is not first


def test_a_case_of_the_same_name_elsewhere_is_another(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    write_case(tmp_path / "other", "A", slices=2, seed=9)
    (other,) = scan(tmp_path / "other").cases
    cache = CaseCache(1 << 30)
    cache.read(cases["A"])
    assert np.array_equal(cache.read(other).volume.pixels, read_case(other).volume.pixels)


def test_a_case_beyond_the_budget_is_read_and_not_kept(cases: dict[str, Case]) -> None:
    cache = CaseCache(1)
    assert cache.read(cases["A"]).case.id == "A"
    assert "A" not in cache
