"""`train` and `report` as they are typed, and what they say of bad input."""

import csv
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from core.domain.errors import AppError, DataError, WorkspaceError
from core.jobs.job_folder import JobFolder
from core.models.registry import Registry
from core.workspace.settings import home
from tests.synthetic import write_case
from tests.training.making import TRAIN, VAL, make_dataset, make_job, write_split
from training.commands import report, train
from training.reports.report import ReportRow, table
from training.train import run

TINY = (
    *("--size", "32", "--max-steps", "2", "--batch-size", "2", "--device", "cpu"),
    *("--set", "selection_cases=1", "--set", "threads=1"),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_split(tmp_path / "split.json")
    return make_dataset(tmp_path)


def _call(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(train)
    app.command()(report)
    return CliRunner().invoke(app, arguments)


def _train(tmp_path: Path, out: str, *arguments: str, architecture: str = "unet") -> Result:
    return _call(
        "train",
        *([architecture] if architecture else []),
        *("--data", str(tmp_path / "data"), "--split", str(tmp_path / "split.json")),
        *("--out", str(tmp_path / out)),
        *TINY,
        *arguments,
    )


def test_train_makes_a_candidate_that_can_be_fine_tuned_and_resumed(
    tmp_path: Path, data: Path
) -> None:
    first = _train(tmp_path, "first", "--arg", "init_features=2", "--loss", "soft-iou")
    assert first.exit_code == 0, first.output
    assert "first is a candidate now" in first.output
    second = _train(
        tmp_path,
        "second",
        "--from",
        "first",
        "--case",
        TRAIN[0],
        "--replay",
        "0.3",
        architecture="",
    )
    assert second.exit_code == 0, second.output
    registry = Registry((home() / "models",))
    lineage = registry.find("second").spec.lineage
    assert lineage is not None
    assert lineage.parent == "first"
    assert lineage.settings is not None
    assert (lineage.settings.replay, lineage.settings.cases) == (0.3, (TRAIN[0],))
    assert registry.find("second").spec.arguments == {"init_features": 2}
    again = _call("train", "--resume", "--out", str(tmp_path / "first"))
    assert "ended with the model first" in str(again.exception)
    assert JobFolder(tmp_path / "first").state() == "done"
    for name in ("job.json", "events.jsonl", "checkpoint.pt"):
        assert (tmp_path / "first" / name).is_file()
    assert list((tmp_path / "first" / "tensorboard").iterdir())


def test_a_judge_of_the_frozen_split_cannot_be_trained_on_later(tmp_path: Path, data: Path) -> None:
    assert _train(tmp_path, "first", "--arg", "init_features=2").exit_code == 0
    write_split(tmp_path / "split.json", (*TRAIN, VAL[0]), (VAL[1],))
    leaked = _train(tmp_path, "second", "--arg", "init_features=2")
    assert isinstance(leaked.exception, DataError)
    assert f"found {VAL[0]} in train" in str(leaked.exception)
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize(
    ("train_part", "told"),
    [
        ((TRAIN[0],), "at least 2 cases"),
        ((*TRAIN, "ABSENT"), "expected the case ABSENT"),
        ((*TRAIN, "BARE"), "BARE: expected ground truth"),
    ],
)
def test_a_bad_split_is_told_before_a_folder_is_made(
    tmp_path: Path, data: Path, train_part: tuple[str, ...], told: str
) -> None:
    write_case(data, "BARE", masks=False)
    write_split(tmp_path / "split.json", train_part)
    result = _train(tmp_path, "job")
    assert isinstance(result.exception, DataError)
    assert told in str(result.exception)
    assert not (tmp_path / "job").exists()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path, data: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "thesis.txt").write_text("mine")
    result = _train(tmp_path, "job")
    assert isinstance(result.exception, WorkspaceError)
    assert "expected an empty or a new folder" in str(result.exception)
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train",), "expected an architecture, --recipe or --from"),
        (("train", "--resume", "--out", "nowhere"), "expected the file of a training"),
        (("report", "nowhere", "--out", "x"), "expected the file of a training"),
    ],
)
def test_what_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _call(*arguments)
    assert isinstance(result.exception, AppError)
    assert told in str(result.exception)


def test_a_report_holds_a_row_a_run_with_its_scores_and_cost(tmp_path: Path) -> None:
    models = [run(*make_job(tmp_path, name, loss=name)) for name in ("dice", "bce-dice")]
    (tmp_path / "notes.md").write_text("Too few steps.")
    out = tmp_path / "report"
    folders = [str(tmp_path / name) for name in ("dice", "bce-dice")]
    result = _call("report", *folders, "--out", str(out), "--notes", str(tmp_path / "notes.md"))
    assert result.exit_code == 0, result.output
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["run"] for row in rows] == ["dice", "bce-dice"]
    for row, model in zip(rows, models, strict=True):
        assert model is not None
        metrics = model.spec.metrics
        for protocol in ("native", "reference"):
            assert float(row[f"{protocol}_mean"]) == pytest.approx(
                metrics[f"dsc_{protocol}_val"], abs=1e-4
            )
        assert int(row["parameters"]) == model.spec.parameters
        assert float(row["gmac"]) > 0
        assert int(row["slices_seen"]) == 32
        assert row["published"] == ""
    text = (out / "RESULTS.md").read_text()
    for untrue in ("articles", "nan", "1 cases", "1 others"):
        assert untrue not in text
    assert "| dice | unet init_features=2 | dice |" in text
    assert "Too few steps." in text
    assert str(tmp_path) not in text
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_articles_give_stands_beside_their_ten_cases_alone() -> None:
    row = ReportRow(
        run="r",
        network="unet",
        loss="dice",
        n=1,
        reference_mean=0.9,
        reference_median=0.9,
        reference_error=None,
        published=None,
        native_mean=None,
        native_median=None,
        native_error=None,
        parameters=1,
        gmac=1.0,
        seconds_a_volume=1.0,
        minutes=1.0,
        slices_seen=1,
        size=None,
        seed=1,
    )
    told = table([row, msgspec.structs.replace(row, published=0.914)])
    assert "articles" in told
    assert "| 0.900 | 0.900 | 0.914 | – | – |" in told
    assert "| 0.900 | 0.900 | – | – | – |" in told
    assert "articles" not in table([row])


def test_a_run_that_has_not_ended_is_told(tmp_path: Path) -> None:
    _, job = make_job(tmp_path)
    result = _call("report", str(job.path), "--out", str(tmp_path / "report"))
    assert "expected a training that has ended" in str(result.exception)
    assert JobFolder(job.path).state() == "new"
