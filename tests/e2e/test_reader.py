"""The Reader: Overread where torch, medpy and SimpleITK are not installed."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tifffile import imread

from core.domain.libraries import NEEDED_FOR
from core.workspace.settings import HOME_VARIABLE
from tests.core.test_graph_import import network
from tests.e2e.test_window import ROOT, read
from tests.synthetic import write_case

BARRED = sorted(NEEDED_FOR)
LIST = ROOT / ".ci" / "reader.txt"


@pytest.fixture(autouse=True)
def without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bar them in every process that a test starts, and in those that these start."""
    place = tmp_path / "barred"
    place.mkdir()
    code = f"import sys\nsys.modules.update(dict.fromkeys({BARRED!r}))\n"
    (place / "sitecustomize.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(place), str(ROOT))))


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    write_case(folder, "A_1", 3, (48, 48))
    return folder


def run(home: Path, *arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "main.py", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, HOME_VARIABLE: str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_the_window_predicts_and_a_prediction_is_corrected(home: Path, cases: Path) -> None:
    seen = read(home, "corrected", "open", str(cases))
    assert seen.case_id == "A_1"
    assert seen.dsc is not None
    assert seen.tools == {"brush": 1}


def test_bundled_and_exported_models_predict(home: Path, cases: Path, tmp_path: Path) -> None:
    network(tmp_path / "mine.onnx", "Sigmoid")
    assert run(home, "models", "import", tmp_path / "mine.onnx")[0] == 0
    for model in ("lite01", "mine"):
        out = tmp_path / model
        done, said = run(home, "predict", cases, "--out", out, "--model", model)
        assert done == 0, said
        assert len({imread(path).shape for path in out.rglob("*.tif")}) == 1
    assert run(home, "triage", cases, "--out", tmp_path / "triage")[0] == 0


REFUSED = [
    ("predict {cases} --out {home}/o --engine torch", "torch, which trains networks"),
    ("evaluate {cases} --out {home}/o --verify", "medpy, which computes every figure again"),
    ("convert {cases}/A_1 {home}/a.mha --channel FLAIR", "SimpleITK, which writes MetaImage"),
    ("models show lite0", "torch, which trains networks"),
    ("models import {cases}/w.pt --architecture unet", "torch, which trains networks"),
    ("train unet --data {cases} --split {cases}", "torch, which trains networks"),
]


@pytest.mark.parametrize(("command", "sentence"), REFUSED, ids=lambda each: each.split()[0])
def test_what_needs_a_library_says_so(home: Path, cases: Path, command: str, sentence: str) -> None:
    done, said = run(home, *command.format(cases=cases, home=home).split())
    assert done in (1, 3)
    assert f"Expected the library {sentence}" in said
    assert "the Reader goes without it" in said


def test_the_list_of_the_reader_is_what_is_left_of_ours() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ours = tomllib.load(file)["project"]["dependencies"]
    lines = LIST.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    assert set(kept) <= set(ours)
    left_out = {re.split(r"[<>=]", line)[0].replace("-", "_") for line in set(ours) - set(kept)}
    assert left_out == set(BARRED)
