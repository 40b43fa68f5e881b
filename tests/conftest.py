"""Fixtures of every room's tests."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from PySide6.QtWidgets import QApplication

import gui  # noqa: F401 - what is imported from here on is imported as the window does
from core.inference.engine import Engine
from tests.made_once import made_once
from tests.patient_bot import PatientBot

SCREENS = Path(__file__).with_name("screens.json")
# Qt's own screen without a display is 800 pixels wide, and the window fits the screen it is on.
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={SCREENS}"
# Tiny tensors gain nothing from more threads, which wait on the core that another worker is on; a
# test may import torch before anything of ours that would let them sleep.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# A loaded build server is no fault of the code, and a failure there must come again here.
settings.register_profile("overread", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("overread")

LONGEST = ("e2e", "fuzz", "kill", "soak", "training")
REAL_DATA_VARIABLE = "OVERREAD_REAL_DATA"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what starts processes and takes longest: nobody works alone at the end."""
    longest = tuple(str(Path(__file__).with_name(room)) + os.sep for room in LONGEST)
    items.sort(key=lambda item: not str(item.path).startswith(longest))


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processors: with files in memory tests hardly wait any more.

    Each process more pays for its imports anew, 15 seconds of a processor in all.
    """
    return os.cpu_count() or 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Search no module for garbage: what is imported here stays until the process ends.

    Python would look through all of it each time it tidies up, a second for every twenty of tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """What a test runs may let torch have more threads; the next test has one again."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def own_share() -> Iterator[None]:
    """No test leaves its process behind others, where all the tests after it would starve."""
    before = _niceness()
    yield
    assert _niceness() == before


def _niceness() -> int:
    return os.nice(0) if hasattr(os, "nice") else 0


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """The hand of pytest-qt on a window, with the patience of all tests."""
    return PatientBot(request)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything Overread writes goes below the test's own folder."""
    place = tmp_path / "home"
    monkeypatch.setenv("OVERREAD_HOME", str(place))
    return place


@pytest.fixture(scope="session")
def lender() -> Iterator[Engine]:
    """The engine that tests and their windows borrow: its process starts before any of them.

    What the life of the process is part of has an engine of its own.
    """
    engine = Engine()
    engine.devices()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, made once by the command line; no test may write into it."""
    from tests.command_line import run_main

    def write(place: Path) -> None:
        done = run_main(place.with_name("home"), "demo", "--write", place)
        assert (done.returncode, done.stdout.strip()) == (0, str(place)), done.stderr

    return made_once(tmp_path_factory, "synthetic heads", write)
