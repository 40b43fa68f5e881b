"""Cross-validation: how cases are dealt out, what is written, and what a second run does not do."""

import csv
import json
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from core.cli.model_combine import combine_models
from core.domain.errors import DataError
from core.domain.figure_text import signed
from core.domain.statistics import fold_interval, mean_interval
from core.models.fold_file import fold_models
from core.models.registry import Registry
from core.workspace.settings import home
from tests.training.making import TRAIN, VAL, make_dataset, write_split
from training.commands import train
from training.folds.fold_cases import read_groups
from training.folds.folds import FoldCase, deal_folds
from training.reports.results import write_results

TINY = (
    *("--size", "32", "--max-steps", "2", "--batch-size", "2", "--device", "cpu"),
    *("--set", "selection_cases=1", "--set", "threads=1", "--arg", "init_features=2"),
)


def _cases(volumes: list[float], groups: list[int]) -> list[FoldCase]:
    return [
        FoldCase(f"C{n}", volume, f"G{group}")
        for n, (volume, group) in enumerate(zip(volumes, groups, strict=True))
    ]


@given(
    cases=st.lists(st.tuples(st.floats(0, 1e4), st.integers(0, 9)), min_size=2, max_size=40),
    folds=st.integers(2, 6),
    seed=st.integers(0, 9),
)
def test_every_case_is_in_one_fold_and_a_group_in_no_two(
    cases: list[tuple[float, int]], folds: int, seed: int
) -> None:
    made = _cases([c[0] for c in cases], [c[1] for c in cases])
    groups = {case.id: case.group for case in made}
    if len(set(groups.values())) < folds:
        with pytest.raises(DataError, match="--folds: expected 2 to"):
            deal_folds(made, folds, seed=seed)
        return
    dealt = deal_folds(made, folds, seed=seed)
    assert sorted(name for fold in dealt for name in fold) == sorted(groups)
    homes = [{groups[name] for name in fold} for fold in dealt]
    assert sum(map(len, homes)) == len(set().union(*homes))
    assert all(dealt)
    assert dealt == deal_folds(made, folds, seed=seed)


def test_folds_are_alike_in_size_and_lesion_volume() -> None:
    lot = np.random.default_rng(1)
    volumes = lot.lognormal(2, 1.5, 83).tolist()
    dealt = deal_folds(_cases(volumes, list(range(83))), 5, seed=3)
    assert {len(fold) for fold in dealt} == {16, 17}
    logs = [fmean(np.log(volumes[int(name[1:])]) for name in fold) for fold in dealt]
    by_lot = lot.permutation(np.log(volumes))[:80].reshape(5, 16).mean(axis=1)
    assert np.std(logs) < 0.5 * np.std(by_lot)


def test_another_seed_deals_anew() -> None:
    cases = _cases([float(n) for n in range(20)], list(range(20)))
    assert deal_folds(cases, 4, seed=1) != deal_folds(cases, 4, seed=2)


def test_the_intervals_keep_their_level() -> None:
    lot = np.random.default_rng(5)
    held = [
        (i.low or 0) <= 0 <= (i.high or 0)
        for i in (mean_interval(lot.normal(0, 1, 8).tolist()) for _ in range(2000))
    ]
    assert 0.935 < np.mean(held) < 0.965
    assert mean_interval([0.1] * 5).low is None
    # The corrected interval is wider than one that takes the folds for independent.
    means = [0.80, 0.82, 0.78, 0.81, 0.79]
    wide = fold_interval(means, judged=17, learnt=68)
    assert wide.low is not None
    assert wide.high is not None
    half = 2.776 * np.std(means, ddof=1) * (1 / 5 + 17 / 68) ** 0.5
    assert (wide.high - wide.low) / 2 == pytest.approx(half, rel=1e-3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_split(tmp_path / "split.json")
    return make_dataset(tmp_path)


def _folds(tmp_path: Path, *arguments: str, out: str = "cv") -> Result:
    app = typer.Typer()
    app.command()(train)
    place = [str(tmp_path / "data"), "--out", str(tmp_path / out)]
    return CliRunner().invoke(app, ["unet", *place, *TINY, *arguments])


def _rows(tmp_path: Path, out: str = "cv") -> list[dict[str, str]]:
    with (tmp_path / out / "cases.csv").open() as file:
        return list(csv.DictReader(file))


def test_folds_judge_every_case_of_train_once_by_a_model_that_never_saw_it(
    tmp_path: Path, data: Path
) -> None:
    split = ("--split", str(tmp_path / "split.json"))
    done = _folds(tmp_path, *split, "--folds", "2")
    assert done.exit_code == 0, done.output
    assert "5 cases out of fold: mean DSC" in done.output
    rows = _rows(tmp_path)
    assert [row["case"] for row in rows] == list(TRAIN)
    registry = Registry((home() / "models",))
    for row in rows:
        model = registry.find(row["model"]).spec
        assert row["case"] not in model.trained_on
        assert model.lineage is not None
        assert row["case"] in model.lineage.validation
        assert not set(VAL) & {*model.trained_on, *model.lineage.validation}
        assert (tmp_path / "cv" / "masks" / "r1" / row["case"]).is_dir()
    summary = json.loads((tmp_path / "cv" / "summary.json").read_text())
    assert summary["figures"]["dsc"]["mean"] == pytest.approx(fmean(float(r["dsc"]) for r in rows))
    assert [fold["dsc"]["n"] for fold in summary["by_fold"]] in ([3, 2], [2, 3])
    assert fold_models(tmp_path / "cv") == ("cv-f1", "cv-f2")

    # The same again does nothing anew, even if a crash took what stood beside the units.
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cv" / "folds").rglob("*")}
    written = (tmp_path / "cv" / "cases.csv").read_bytes()
    (tmp_path / "cv" / "cases.csv").unlink()
    again = _folds(tmp_path, *split, "--folds", "2")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "cv" / "cases.csv").read_bytes() == written
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "cv" / "folds").rglob("*")}

    combine_models("whole", folds=tmp_path / "cv")
    assert Registry((home() / "models",)).find("whole").spec.members == ("cv-f1", "cv-f2")

    # Killed between the model and the unit: the model is taken, not made anew.
    for unit in (tmp_path / "cv" / ".units").iterdir():
        unit.unlink()
    assert _folds(tmp_path, *split, "--folds", "2").exit_code == 0
    assert (tmp_path / "cv" / "cases.csv").read_bytes() == written

    other = _folds(tmp_path, *split, "--folds", "3")
    assert "found those of others" in str(other.exception)

    # Where what says so is lost, models of other settings are not taken for those of these.
    (tmp_path / "cv" / "folds.json").write_text("{")
    changed = _folds(tmp_path, *split, "--folds", "2", "--set", "learning_rate=0.5")
    assert "expected the training of these settings and cases" in str(changed.exception)


def test_a_report_pairs_folds_of_the_same_cases_and_tells_a_search(
    tmp_path: Path, data: Path
) -> None:
    split = ("--split", str(tmp_path / "split.json"))
    for out, seed in (("one", "1"), ("two", "1"), ("three", "2")):
        further = ("--loss", "dice") if out == "two" else ()
        done = _folds(tmp_path, *split, "--folds", "2", "--seed", seed, *further, out=out)
        assert done.exit_code == 0, done.output
    folders = [tmp_path / name for name in ("one", "two", "three")]
    write_results(folders, tmp_path / "report")
    text = (tmp_path / "report" / "RESULTS.md").read_text()
    rows = {name: [float(row["dsc"]) for row in _rows(tmp_path, name)] for name in ("one", "two")}
    mean = fmean(a - b for a, b in zip(rows["one"], rows["two"], strict=True))
    pair = next(line for line in text.splitlines() if line.startswith("| one | two |"))
    assert f"| 5 | {signed(mean)} | too few cases | too few cases |" in pair
    other = next(line for line in text.splitlines() if line.startswith("| one | three |"))
    assert "| other folds |" in other
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert "nan" not in (text + page.partition("<body>")[0]).lower()
    assert all(str(path) not in text for path in folders)

    (tmp_path / "two" / "summary.json").unlink()
    with pytest.raises(DataError, match="expected folds or a search that has ended"):
        write_results(folders, tmp_path / "again")


def test_folds_from_a_model_that_knows_a_case_are_refused(tmp_path: Path, data: Path) -> None:
    split = ("--split", str(tmp_path / "split.json"))
    assert _folds(tmp_path, *split, "--folds", "2").exit_code == 0
    app = typer.Typer()
    app.command()(train)
    again = [str(tmp_path / "data"), "--out", str(tmp_path / "tuned"), "--device", "cpu"]
    done = CliRunner().invoke(
        app, ["--from", "cv-f1", "--data", *again, *split, "--folds", "2", "--max-steps", "2"]
    )
    assert "has learnt from no case of the folds" in str(done.exception)
    assert not (tmp_path / "tuned" / "folds").exists()


def test_folds_without_a_split_leave_the_frozen_judges_out_and_repeat(
    tmp_path: Path, data: Path
) -> None:
    app = typer.Typer()
    app.command()(train)
    split = ["--split", str(tmp_path / "split.json")]
    first = ["unet", str(data), "--out", str(tmp_path / "first"), *TINY, *split]
    assert CliRunner().invoke(app, first).exit_code == 0  # freezes the judges
    done = _folds(tmp_path, "--folds", "2", "--repeats", "2")
    assert done.exit_code == 0, done.output
    rows = _rows(tmp_path)
    assert sorted({row["case"] for row in rows}) == list(TRAIN)
    assert [row["repeat"] for row in rows].count("2") == len(TRAIN)
    seeds = {
        json.loads((tmp_path / "cv" / "folds" / name / "job.json").read_text())["seed"]
        for name in ("r1-f1", "r2-f1")
    }
    assert len(seeds) == 2


def test_groups_of_a_table_stay_together(tmp_path: Path) -> None:
    table = tmp_path / "sites.csv"
    table.write_text("case,site\nA,one\nB,one\nC,two\n")
    assert read_groups(f"{table}:site") == {"A": "one", "B": "one", "C": "two"}
    assert read_groups("") == {}
    with pytest.raises(DataError, match="expected the columns case and scanner"):
        read_groups(f"{table}:scanner")
    with pytest.raises(DataError, match="FILE:COLUMN"):
        read_groups("sites")
    with pytest.raises(DataError, match="expected a table"):
        read_groups(f"{tmp_path / 'none.csv'}:site")
