"""The window as it is started: `main.py` in a process of its own, to its end."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from core.demo.demo_cases import DEMO_NAME
from core.workspace.settings import HOME_VARIABLE
from tests import patience
from tests.e2e.scenarios import Seen
from tests.processes import children

ROOT = Path(__file__).resolve().parents[2]
SIZE = (48, 48)


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, HOME_VARIABLE: str(home)}


def read(home: Path, scenario: str, *arguments: str) -> Seen:
    """Start the window with a reader, who closes it; returns what was seen."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.scenarios", scenario, *arguments],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        timeout=patience.PROCESS_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Seen)


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seen]:
    """Start Overread where it never was before; returns its folder and what was seen."""
    home = tmp_path_factory.mktemp("first")
    return home, read(home, "predicted")


def test_the_demo_opens_predicts_by_itself_and_says_it_is_synthetic(
    first_start: tuple[Path, Seen],
) -> None:
    home, seen = first_start
    assert seen.title.startswith(DEMO_NAME)
    assert seen.case_id.startswith("SYNTHETIC_")
    assert "synthetic" in seen.texts
    assert "synthetic" in seen.corner.lower()
    assert "Not for clinical use" in seen.texts
    assert seen.dsc is not None
    assert 0.5 < seen.dsc <= 1
    assert seen.figure == f"{seen.dsc:.3f}"
    assert seen.sentence == ""
    assert sorted(seen.statuses) == sorted(
        p.name for p in (home / DEMO_NAME).iterdir() if p.is_dir()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a window is closed otherwise there")
def test_a_window_told_to_end_while_models_run_ends_well(
    home: Path, first_start: tuple[Path, Seen]
) -> None:
    demo = shutil.copytree(first_start[0] / DEMO_NAME, home / DEMO_NAME)
    with subprocess.Popen(
        [sys.executable, str(ROOT / "main.py")],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as window:
        cases = len(list(demo.glob("SYNTHETIC_*")))
        kept = wait_for_first_prediction(window, home)
        assert kept < cases
        engines = children(window.pid)
        window.send_signal(signal.SIGTERM)
        said, errors = window.communicate(timeout=patience.PROCESS_SECONDS)
    assert window.returncode == 0, errors
    assert "Traceback" not in said + errors
    assert engines != set()
    assert not [number for number in engines if Path(f"/proc/{number}").exists()]
    assert len(list(predictions(home))) < cases
    assert not [path for path in home.rglob("*") if path.name.startswith(".")]


def predictions(home: Path) -> list[Path]:
    return [p for p in home.glob("workspaces/*/predictions/*/*.npz") if p.name[0] != "."]


def wait_for_first_prediction(window: "subprocess.Popen[str]", home: Path) -> int:
    """Return how many predictions there are as soon as there is one."""
    with suppress(AssertionError):
        patience.until(lambda: bool(predictions(home)) or window.poll() is not None)
    found = predictions(home)
    if not found:
        window.kill()
        raise AssertionError(f"no prediction was made: {window.communicate()}")
    return len(found)
