"""The command line: what it prints, writes and returns, here and in processes of its own."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tifffile import imread

from core.domain.prediction import to_mask
from core.domain.volume import Volume
from core.inference.volume_inference import RunOptions, predict
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.models.registry import Model, Registry
from tests.command_line import run_main
from tests.synthetic import digest, publish_unet, write_case

ROOT = Path(__file__).resolve().parents[2]
IDS = ("A_2", "病例 1")


def process(home: Path, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with everything it writes below `home`."""
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
        capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "OVERREAD_HOME": str(home), "PYTHONIOENCODING": "utf-8", **more},
    )  # fmt: skip


def assert_sentence(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """Check that a run ended with `status` and one sentence that holds `words`, no traceback."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith("overread: ")
    assert all(word in sentence for word in words), sentence


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("命令 line")


@pytest.fixture(scope="module")
def home(place: Path) -> Path:
    return place / "home 家"


@pytest.fixture(scope="module")
def dataset(place: Path) -> Path:
    folder = place / "数据 with spaces"
    for seed, case_id in enumerate(IDS):
        write_case(folder, case_id, slices=3, seed=seed)
    return folder


@pytest.fixture(scope="module")
def tiny(home: Path, place: Path) -> Model:
    """A model taken into the registry by the command line."""
    source = publish_unet(place / "elsewhere", "source")
    done = run_main(
        home, "models", "import", source.weights, "--architecture", "unet",
        "--arg", "init_features=2", "--id", "tiny", "--title", "Tiny 模型",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"tiny imported into {home / 'models' / 'tiny'}")
    return Registry((home / "models",)).find("tiny")


def volume(folder: Path, case_id: str) -> Volume:
    return read_case(scan(folder).case(case_id)).volume


def test_models_are_promoted_listed_and_shown(home: Path, tiny: Model) -> None:
    promoted = run_main(home, "models", "promote", "tiny")
    assert promoted.returncode == 0, promoted.stderr
    listed = run_main(home, "models", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    rows = {row["id"]: row for row in json.loads(listed.stdout)}
    assert rows["tiny"]["champion"]
    assert rows["tiny"]["architecture"] == "unet"
    assert rows["tiny"]["parameters"] == tiny.spec.parameters
    assert not rows["lite1"]["champion"]
    assert rows["lite1"]["metrics"]["dsc_native_val"] > 0.5
    shown = run_main(home, "models", "show", "tiny")
    assert shown.returncode == 0, shown.stderr
    assert f"Parameters: {tiny.spec.parameters:,}" in shown.stdout
    assert "GMAC" in shown.stdout
    assert "Tiny 模型" in shown.stdout
    assert_sentence(run_main(home, "models", "show", "none"), 1, "'none'", "tiny", "lite1")


def test_predict_writes_the_masks_this_process_would(
    home: Path, dataset: Path, tiny: Model, tmp_path: Path
) -> None:
    before = digest(dataset)
    out = tmp_path / "出 out"
    done = process(home, "predict", dataset, "--model", "tiny", "--out", out, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert f"2 of 2 cases written to {out}" in done.stdout
    for case_id in IDS:
        found = predict(volume(dataset, case_id), tiny, RunOptions("cpu")).probability
        expected = to_mask(found, tiny.spec.postprocessing) * np.uint8(255)
        for z in range(3):
            mask = imread(out / case_id / f"{case_id}_{z + 1}_pred.tif")
            assert mask.dtype == np.uint8
            # Another number of threads adds up in another order: single voxels may differ.
            assert (mask != expected[z]).mean() < 0.01
    assert digest(dataset) == before


def test_evaluate_scores_the_chosen_case(
    home: Path, dataset: Path, tiny: Model, tmp_path: Path
) -> None:
    done = run_main(
        home, "evaluate", dataset, "--model", "tiny", "--out", tmp_path,
        "--protocol", "reference", "--case", IDS[1], "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "tiny, reference: mean DSC" in done.stdout
    with (tmp_path / "metrics.csv").open(encoding="utf-8", newline="") as file:
        assert [row["case"] for row in csv.DictReader(file)] == [IDS[1]]
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert (summary["n"], summary["model"], summary["protocol"]) == (1, "tiny", "reference")
    assert (tmp_path / "dsc.png").read_bytes().startswith(b"\x89PNG")


def test_clicks_lets_a_robot_correct_and_leaves_the_dataset_alone(
    home: Path, dataset: Path, tiny: Model, tmp_path: Path
) -> None:
    before = digest(dataset)
    done = run_main(
        home, "clicks", dataset, "--model", "tiny", "--start", "empty", "--noise", 2,
        "--case", IDS[0], "--device", "cpu", "--out", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "tiny, slices below 0.85: DSC 0.000 → " in done.stdout
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["dsc_0"] == 0
    assert summary["dsc_10"] > 0.3
    with (tmp_path / "clicks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["tool"] for row in rows} == {"guided", "brush", "smart fill"}
    assert {row["part"] for row in rows} == {"slice", "case"}
    assert (tmp_path / "slices.png").read_bytes().startswith(b"\x89PNG")
    assert digest(dataset) == before


def test_a_case_that_fails_is_listed_with_status_3_and_the_others_are_done(
    home: Path, tiny: Model, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    for case_id in ("Bad", "Good"):
        write_case(folder, case_id, slices=2)
    (folder / "Bad" / "Bad_2.tif").write_bytes(b"text")
    before = digest(folder)
    done = run_main(home, "evaluate", folder, "--model", "tiny", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "Failed: Bad: Bad_2.tif: expected a TIFF image" in done.stderr
    assert "Traceback" not in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["n"] == 1
    assert list(summary["failed"]) == ["Bad"]
    assert digest(folder) == before


def test_what_is_not_there_is_one_sentence_with_status_1(
    home: Path, dataset: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "没有 here"
    done = process(home, "predict", missing, "--out", tmp_path / "out")
    assert_sentence(done, 1, str(missing), "no such file or directory")
    done = run_main(home, "evaluate", dataset, "--case", "none", "--out", tmp_path / "out")
    assert_sentence(done, 1, "expected a case named none")
    assert not (tmp_path / "out").exists()


def test_a_pipe_without_chinese_is_no_fault(home: Path, tiny: Model) -> None:
    done = process(home, "models", "list", "--json", PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert "Tiny 模型" in {row["title"] for row in json.loads(done.stdout)}


def test_demo_is_written_where_one_wants_it(demo: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(demo, tmp_path / "演示 demo")
    done = process(tmp_path / "home", "demo", "--write", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder)
    cases = scan(folder).cases
    assert len(cases) >= 4
    assert all(case.has_ground_truth and not case.notices for case in cases)
    assert not (tmp_path / "home" / "synthetic-demo").exists()


def test_slices_that_triage_calls_empty_are_left_out_on_demand(
    home: Path, dataset: Path, tiny: Model, tmp_path: Path
) -> None:
    for name, floor in (("all", 0.0), ("none", 1.0)):
        done = run_main(
            home, "predict", dataset, "--out", tmp_path / name, "--case", IDS[0], "--device", "cpu",
            "--model", tiny.spec.id, "--skip-below", floor,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    found = {
        name: sum(int(imread(file).any()) for file in (tmp_path / name).rglob("*_pred.tif"))
        for name in ("all", "none")
    }
    assert found["all"] > 0
    assert found["none"] == 0
    assert len(list((tmp_path / "none").rglob("*_pred.tif"))) == 3
