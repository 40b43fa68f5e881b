"""Fixtures of every room's tests."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

SCREENS = Path(__file__).with_name("screens.json")
# Qt's own screen without a display is 800 pixels wide, and the window fits the screen it is on.
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={SCREENS}"
# Waiting threads of torch are to sleep: on a busy machine they would take the core they wait for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# A loaded build server is no fault of the code, and a failure there must come again here.
settings.register_profile("overread", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("overread")

REAL_DATA_VARIABLE = "OVERREAD_REAL_DATA"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything Overread writes goes below the test's own folder."""
    place = tmp_path / "home"
    monkeypatch.setenv("OVERREAD_HOME", str(place))
    return place


@pytest.fixture(scope="session")
def real_data() -> Iterator[Path]:
    """A folder that holds the reference validation patients; skips where there are none."""
    chosen = os.environ.get(REAL_DATA_VARIABLE)
    if chosen:
        yield Path(chosen)
        return
    unpack = SHARED / "unpack.py"
    if not unpack.is_file():
        pytest.skip(f"no real data: set {REAL_DATA_VARIABLE} to a folder of cases")
    with tempfile.TemporaryDirectory(prefix="overread-real-") as folder:
        subprocess.run(
            [sys.executable, str(unpack), folder, "--only", "val"], check=True, capture_output=True
        )
        yield Path(folder)


@pytest.fixture(scope="session")
def val_cases(real_data: Path) -> list[str]:
    """The ids of the reference validation patients in sorted order; all cases where not told."""
    from core.io.dataset import scan

    present = sorted(case.id for case in scan(real_data).cases)
    split = SHARED / "split.json"
    if not split.is_file():
        return present
    wanted = set(json.loads(split.read_text())["val"])
    return [case_id for case_id in present if case_id in wanted] or present
