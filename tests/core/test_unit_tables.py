"""Tables that folds and searches left, and what is read of damaged ones."""

from pathlib import Path

import pytest

from core.domain.errors import DataError
from core.studies.fold_figures import FOLD_CASES_FILE, read_fold_cases
from core.studies.unit_table import TRIALS_FILE, read_unit_table
from training.rank.rank_rows import read_ranked

_HEADS = "trial,loss,dsc_selection,failed\n"


def test_a_search_tells_its_best(tmp_path: Path) -> None:
    (tmp_path / TRIALS_FILE).write_text(f"{_HEADS}2,dice,0.9,\n1,bce-dice,0.8,\n")
    table = read_unit_table(tmp_path)
    assert table is not None
    assert dict(table.facts)["Best"] == "loss = dice"
    assert len(table.rows) == 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        _HEADS,
        "trial,loss\n1,dice\n",
        f"{_HEADS}1\n",
        f"{_HEADS}1,dice,0.9,\n2,di",
        f"{_HEADS}1,dice,0.9,,more\n",
        f'{_HEADS}1,"dice\0,0.9,\n',
    ],
)
def test_a_damaged_table_of_a_search_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / TRIALS_FILE).write_text(content)
    assert read_unit_table(tmp_path) is None


def test_a_summary_without_the_dsc_is_none(tmp_path: Path) -> None:
    interval = '{"mean": 0.5, "low": null, "high": null, "n": 0}'
    (tmp_path / "summary.json").write_text(
        '{"cases": 1, "folds": 2, "repeats": 1, "figures": {}, "by_fold": [], "models": [], '
        f'"over_cases": {interval}, "over_folds": {interval}, "seed": 1, "distance_unit": "mm"}}'
    )
    assert read_unit_table(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        "case,repeat,fold,dsc\nA,1,1,0.9\nB,1,1\n",
        "case,repeat,fold,dsc\n,1\n",
        "case,repeat,fold,dsc\n",
        "case,dsc\nA,0.9\n",
        f"case,repeat,fold,dsc\nA,1,1,{'9' * 200_000}\n",
    ],
)
def test_a_damaged_table_of_folds_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / FOLD_CASES_FILE).write_text(content)
    for read in (read_fold_cases, lambda out: read_ranked(out, name="r", folds=2)):
        with pytest.raises(DataError, match=r"cases\.csv: expected the figures of every case"):
            read(tmp_path)
