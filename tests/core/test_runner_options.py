"""Each command that does units runs as a whole on a cluster whose Jobs API is addressed."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from main import app

ADDRESS = "http://head:8265"
COMMANDS = {
    "predict": ["DATA", "--out", "OUT"],
    "evaluate": ["DATA", "--out", "OUT"],
    "compare": ["DATA", "--models", "a,b", "--out", "OUT"],
    "calibrate": ["DATA", "--model", "a", "--split", "split.json", "--out", "OUT"],
    "train": ["unet", "DATA", "--split", "split.json", "--folds", "5", "--out", "OUT"],
    "sweep": ["sweep.json", "--out", "OUT"],
    "rank": ["base", "--data", "DATA", "--split", "split.json", "--out", "OUT"],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("status", [0, 3])
def test_a_command_is_handed_over_and_ends_as_it_ends_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, status: int
) -> None:
    handed: list[list[str]] = []

    def run_there(_address: str, _module: str, words: list[str], *_: object, **__: object) -> int:
        handed.append(words)
        return status

    monkeypatch.chdir(tmp_path)
    (tmp_path / "DATA").mkdir()
    monkeypatch.setattr("core.jobs.ray_cluster.require_ray", lambda: None)
    monkeypatch.setattr("core.jobs.ray_job.run_on_cluster", run_there)
    words = [name, *COMMANDS[name], "--runner", "ray", "--address", ADDRESS]
    monkeypatch.setattr(sys, "argv", ["overread", *words])
    done = CliRunner().invoke(app, words)
    assert done.exit_code == status, done.output
    assert handed == [[*words[:-1], "auto"]]
    assert [path.name for path in tmp_path.iterdir()] == ["DATA"]
