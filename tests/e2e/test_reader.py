"""The Reader: Overread where torch, medpy and SimpleITK are not installed."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
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


_COMMANDS = """
import json, sys
from pathlib import Path
from tests.command_line import run_main
for command in json.loads(sys.argv[2]):
    done = run_main(Path(sys.argv[1]), *command)
    print(json.dumps([done.returncode, done.stdout + done.stderr]))
"""


def run(home: Path, *commands: Sequence[object]) -> list[tuple[int, str]]:
    """Run commands one after the other in one process; returns how each ended and what it said."""
    told = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", _COMMANDS, str(home), told],
        cwd=ROOT, env={**os.environ, HOME_VARIABLE: str(home)},
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(commands)
    return [(int(status), str(said)) for status, said in found]


def test_the_window_predicts_and_a_prediction_is_corrected(home: Path, cases: Path) -> None:
    seen = read(home, "corrected", "open", str(cases))
    assert seen.case_id == "A_1"
    assert seen.dsc is not None
    assert seen.tools == {"brush": 1}


def test_bundled_and_exported_models_predict(home: Path, cases: Path, tmp_path: Path) -> None:
    network(tmp_path / "mine.onnx", "Sigmoid")
    models = ("lite01", "mine")
    done = run(
        home,
        ("models", "import", tmp_path / "mine.onnx"),
        *(("predict", cases, "--out", tmp_path / name, "--model", name) for name in models),
        ("triage", cases, "--out", tmp_path / "triage"),
        ("clicks", cases, "--out", tmp_path / "clicks"),
    )
    assert [status for status, _ in done] == [0, 0, 0, 0, 0], done
    for name in models:
        assert len({imread(path).shape for path in (tmp_path / name).rglob("*.tif")}) == 1


REFUSED = [
    ("predict {cases} --out {home}/o --engine torch", "torch, which trains networks"),
    ("evaluate {cases} --out {home}/o --verify", "medpy, which computes every figure again"),
    ("convert {cases}/A_1 {home}/a.mha --channel FLAIR", "SimpleITK, which writes MetaImage"),
    ("models show lite0", "torch, which trains networks"),
    ("models import {cases}/w.pt --architecture unet", "torch, which trains networks"),
    ("train unet --data {cases} --split {cases}", "torch, which trains networks"),
]


def test_what_needs_a_library_says_so(home: Path, cases: Path) -> None:
    commands = [command.format(cases=cases, home=home).split() for command, _ in REFUSED]
    for (command, sentence), (done, said) in zip(REFUSED, run(home, *commands), strict=True):
        assert done in (1, 3), command
        assert f"Expected the library {sentence}" in said, command
        assert "the Reader goes without it" in said, command


def test_the_list_of_the_reader_is_what_is_left_of_ours() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        ours = tomllib.load(file)["project"]["dependencies"]
    lines = LIST.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith("#")]
    assert set(kept) <= set(ours)
    left_out = {re.split(r"[<>=]", line)[0].replace("-", "_") for line in set(ours) - set(kept)}
    assert left_out == set(BARRED)
