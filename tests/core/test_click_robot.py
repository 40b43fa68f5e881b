"""The robot reader: where it clicks, what it counts, and the files it leaves."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.io.cases.case import Case
from core.io.csv_file import plain
from core.studies.clicks.click_report import write_clicks
from core.studies.clicks.click_robot import (
    Aim,
    Clicked,
    DabPen,
    FillPen,
    Pen,
    click_case,
    click_slice,
    deepest_error,
    dsc,
    off_by,
)
from core.studies.clicks.click_study import ClickRow, ClickStudy, RobotOptions, run_click_study
from core.studies.clicks.click_summary import ClickSummary, paired_models, summarise_clicks
from tests.core.studies import IDS, models, moved, write_cases

KEYS = [
    "dsc_0",
    "dsc_1",
    "dsc_3",
    "dsc_5",
    "dsc_10",
    "share_85_within_5",
    "share_90_within_5",
    "noc_85",
    "noc_90",
    "harmful",
    "case_dsc_0",
    "case_dsc_5",
    "case_dsc_10",
    "case_dsc_20",
    "seconds_per_click",
]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return write_cases(tmp_path_factory.mktemp("robot") / "cases")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, cases: list[Case]) -> ClickStudy:
    chosen = models(tmp_path_factory.mktemp("models"))[1:]
    return run_click_study(cases, chosen, moved())


def _disc(y: int, x: int, radius: float) -> np.ndarray:
    rows, columns = np.ogrid[:40, :40]
    return np.hypot(rows - y, columns - x) < radius


def test_it_clicks_in_the_middle_of_the_largest_error_and_says_of_which_kind() -> None:
    truth = _disc(20, 12, 8)
    missed = deepest_error(_disc(30, 32, 3), truth, 4)
    assert missed is not None
    assert (missed.z, missed.y, missed.x, missed.adds) == (4, 20, 12, True)
    invented = deepest_error(truth | _disc(20, 30, 7), truth, 0)
    assert invented is not None
    assert (invented.y, invented.x, invented.adds) == (20, 30, False)
    assert deepest_error(truth, truth, 0) is None


def test_a_noisy_click_is_off_by_so_many_pixels_and_stays_on_the_slice() -> None:
    rng = np.random.default_rng(0)
    middle, corner = Aim(1, 20, 20, True, 3.0), Aim(1, 0, 0, True, 3.0)
    for _ in range(50):
        moved_to = off_by(middle, 3.0, (40, 40), rng)
        assert 2.2 < np.hypot(moved_to.y - 20, moved_to.x - 20) < 3.8
        held = off_by(corner, 3.0, (40, 40), rng)
        assert held.y >= 0
        assert held.x >= 0
    assert off_by(middle, 0.0, (40, 40), rng) is middle


@pytest.mark.parametrize("kind", ["brush", "fill"])
def test_other_tools_add_and_take_away_where_it_clicks(kind: str) -> None:
    truth = _disc(20, 12, 5)
    grey = np.where(truth, 200, 60).astype(np.uint8)[np.newaxis]
    for start, adds in ((np.zeros_like(truth), True), (truth, False)):
        mask = start[np.newaxis].astype(np.uint8)
        pen: Pen = DabPen(mask) if kind == "brush" else FillPen(mask, grey)
        pen.click(Aim(0, 20, 12, adds, 5.0))
        assert pen.seen(0)[20, 12] == adds
        assert not np.array_equal(pen.seen(0), start)
        assert np.array_equal(mask[0] > 0, start)


class _Perfect:
    """A pen that makes the slice right with one click."""

    def __init__(self, truth: np.ndarray) -> None:
        self._truth = truth
        self._planes = {z: np.zeros_like(plane) for z, plane in enumerate(truth)}

    def seen(self, z: int) -> np.ndarray:
        return self._planes[z]

    def click(self, aim: Aim) -> None:
        self._planes[aim.z] = self._truth[aim.z]


def test_it_stops_when_nothing_is_wrong_and_takes_the_worst_slice_first() -> None:
    truth = np.stack([_disc(20, 12, 4), _disc(20, 12, 9), _disc(20, 12, 6)])
    rng = np.random.default_rng(0)
    rows = list(click_case(_Perfect(truth), truth.astype(np.uint8), noise=0, rng=rng))
    assert [row.aim.z for row in rows if row.aim is not None] == [1, 2, 0]
    assert rows[-1].dsc == 1.0
    one: Iterator[Clicked] = click_slice(_Perfect(truth), truth[1], 1, noise=0, rng=rng)
    assert [row.number for row in one] == [0, 1]


def test_dsc_of_two_empty_regions_is_one() -> None:
    empty = np.zeros((3, 3), bool)
    assert dsc(empty, empty) == 1.0
    assert dsc(empty, ~empty) == 0.0


def test_clicks_bring_every_bad_slice_closer_to_the_truth(study: ClickStudy) -> None:
    summary = summarise_clicks(study.rows, model="far", tool="guided")
    after = [summary.dsc_0, summary.dsc_1, summary.dsc_3, summary.dsc_5, summary.dsc_10]
    assert all(value is not None for value in after)
    assert after == sorted(after)  # type: ignore[type-var]
    assert summary.case_dsc_0 is not None
    assert summary.case_dsc_20 is not None
    assert summary.case_dsc_0 < summary.case_dsc_20


def test_the_same_cases_give_the_same_clicks(
    tmp_path: Path, cases: list[Case], study: ClickStudy
) -> None:
    (far,) = models(tmp_path)[2:]
    noisy = [
        run_click_study(chosen, [far], moved(), RobotOptions(noise=2.0))
        for chosen in (cases[:2], cases[1:2])
    ]
    where = [
        [(row.case, row.tool, row.slice, row.y, row.x) for row in each.rows if row.case == "C_1"]
        for each in noisy
    ]
    assert where[0] == where[1]
    ideal = [
        (row.case, row.tool, row.slice, row.y, row.x)
        for row in study.rows
        if (row.case, row.model) == ("C_1", "far")
    ]
    assert where[0] != ideal


def test_from_nothing_every_slice_with_lesion_starts_at_zero(
    tmp_path: Path, cases: list[Case]
) -> None:
    (still,) = models(tmp_path)[:1]
    found = run_click_study(cases[:1], [still], moved(), RobotOptions("empty"))
    starts = [row for row in found.rows if row.click == 0 and row.part == "slice"]
    assert {row.dsc for row in starts} == {0.0}
    assert len(starts) == 3 * len({row.slice for row in starts}) == 9


def test_what_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "cases", without_truth=1)
    found = run_click_study(cases, models(tmp_path / "models")[2:], moved(failing="C_1"))
    assert set(found.failed) == {"C_1, far", "C_2, far"}
    assert {row.case for row in found.rows} == {"C_0"}


def test_the_summary_has_the_keys_that_were_agreed(tmp_path: Path, study: ClickStudy) -> None:
    told = write_clicks(tmp_path, study)
    assert tuple(told) == IDS[1:]
    assert told[IDS[1]] != told[IDS[2]]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert list(summary) == KEYS
    with (tmp_path / "clicks.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(ClickRow.__struct_fields__)
    assert len(rows) == len(study.rows)
    with (tmp_path / "tools.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [(row["model"], row["tool"]) for row in table] == [
        (model, tool) for model in IDS[1:] for tool in ("guided", "brush", "smart fill")
    ]
    assert float(plain(table[0]["dsc_5"])) == summary["dsc_5"]
    with (tmp_path / "paired.csv").open(encoding="utf-8") as file:
        pairs = list(csv.DictReader(file))
    assert [row["figure"] for row in pairs][:2] == ["case_dsc_0", "case_dsc_5"]
    for name in ("slices.png", "cases.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.size[0] > 400


def test_two_models_are_compared_case_by_case(study: ClickStudy) -> None:
    (start, *_, slices) = paired_models(study)
    assert (start.comparison.first, start.comparison.second) == ("near", "far")
    assert start.comparison.n == 3
    assert start.comparison.mean_difference is not None
    assert start.comparison.mean_difference > 0
    assert slices.figure == "slices_dsc_5"


def _row(click: int, value: float, *, case: str = "A", part: str = "slice") -> ClickRow:
    return ClickRow(
        model="m",
        tool="guided",
        part=part,  # type: ignore[arg-type]
        case=case,
        slice=1,
        click=click,
        y=None,
        x=None,
        adds=None,
        dsc=value,
        seconds=0.1 if click else None,
    )


def test_figures_by_hand() -> None:
    values = {"A": [0.5, 0.8, 0.86, 0.83, 0.92], "B": [0.2, 0.4, 0.5, 0.45, 0.5, 0.6, 0.85]}
    rows = [_row(n, v, case=case) for case, curve in values.items() for n, v in enumerate(curve)]
    rows += [_row(n, v, part="case") for n, v in enumerate([0.7, 0.9])]
    found = summarise_clicks(rows, model="m", tool="guided")
    assert found.dsc_0 == pytest.approx(0.35)
    assert found.dsc_5 == pytest.approx((0.92 + 0.6) / 2)
    assert found.dsc_10 == pytest.approx((0.92 + 0.85) / 2)
    assert found.share_85_within_5 == 0.5
    assert found.share_90_within_5 == 0.5
    assert found.noc_85 == (2 + 6) / 2
    assert found.noc_90 == (4 + 10) / 2
    assert found.harmful == pytest.approx(2 / 10)
    assert (found.case_dsc_0, found.case_dsc_5, found.case_dsc_20) == (0.7, 0.9, 0.9)
    assert found.seconds_per_click == pytest.approx(0.1)


def test_nothing_to_correct_gives_no_figures() -> None:
    empty = summarise_clicks([], model="m", tool="guided")
    assert empty == ClickSummary(**dict.fromkeys(KEYS))
