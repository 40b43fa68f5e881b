"""Slice change against napari, both measured in this run, in turns, on the same platform plugin."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.isolated import ROOT, MeasurementFailed, run_program
from tests.bench.side import Side
from tests.bench.slice_change import SIZE, SLICES
from tests.bench.timing import MILLISECONDS

VENV = ROOT / "build" / "napari-venv"
_PACKAGES = ("napari", "PySide6-Essentials")
_INSTALL_SECONDS = 900.0
_ROUNDS = 4


@dataclass(frozen=True)
class Contest:
    """One row: our module and napari's script with their arguments, and the ratio promised."""

    name: str
    ours: Sequence[str]
    theirs: Sequence[str]
    bound: float


SLICE_CHANGE = Contest(
    "slice_change_vs_napari", ("tests.bench.slice_change",), ("napari_side.py",), 2.0
)


class About(msgspec.Struct, frozen=True):
    """What napari's side says first: its version and the OpenGL it draws with."""

    version: str
    renderer: str


class Pass(msgspec.Struct, frozen=True):
    """Seconds of every step; `sliced` is napari's part before anything is drawn."""

    whole: list[float]
    sliced: list[float] = []


@dataclass(frozen=True)
class Platform:
    """A Qt platform to run both sides on: what it sets, and what goes before the command."""

    name: str
    environment: Mapping[str, str]
    prefix: Sequence[str] = field(default=())


def measure() -> list[Entry]:
    """Return our median step and how many times longer napari's takes; the same case on both sides.

    Overread: as `slice_change`, from the wheel event to the end of the paint of the whole window.
    napari: a viewer in an environment of its own, canvas as large as our view, the FLAIR channel as
    image, truth and prediction as labels layers, the settings as installed. Timed from
    `viewer.dims.set_current_step` until the canvas has run a draw of its scene and the event loop
    has come back, without a screenshot and without waiting for the graphics driver to finish, which
    is in napari's favour. Both rest until a thirtieth of a second is over between two steps, and
    both make a pass through all slices in turns, four each, the other asleep.

    Qt's `offscreen` has no OpenGL on most systems; then both sides run under Xvfb with OpenGL in
    software, so a part of napari's time would be less on a graphics card: `against` names it.
    """
    try:
        python = napari_python()
    except MeasurementFailed as error:
        return [unmeasured(f"not installed: {error}")]
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        file, made = Path(folder) / "case.npz", example(SLICES, SIZE)
        np.savez(file, image=made.pixels[1], truth=made.truth, prediction=made.prediction)
        return [compared(python, file, platforms())]


def compared(
    python: Path, case: Path, tried: Sequence[Platform], contest: Contest = SLICE_CHANGE
) -> Entry:
    """Return the entry made on the first platform both sides start on, or the reasons of all."""
    reasons = []
    for platform in tried:
        try:
            return _in_turns((python, case), platform, contest)
        except MeasurementFailed as error:
            reasons.append(f"{platform.name}: {error}")
    if not shutil.which("xvfb-run"):
        reasons.append("xvfb-run is not there to give it a screen")
    return unmeasured(f"not started: {'; '.join(reasons)}", contest)


def unmeasured(reason: str, contest: Contest = SLICE_CHANGE) -> Entry:
    """Return the entry that says why there is no comparison."""
    return Entry(contest.name, unit="ms", against=f"napari: {reason}", bound=contest.bound)


def platforms() -> list[Platform]:
    """Return what to try: Qt without a screen, then a screen without a monitor."""
    plain = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    found = [Platform("offscreen", {**plain, "QT_QPA_PLATFORM": "offscreen"})]
    if shutil.which("xvfb-run"):
        environment = {**plain, "QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1"}
        screen = ("xvfb-run", "-a", "-s", "-screen 0 1920x1200x24")
        found.append(Platform("Xvfb", environment, screen))
    return found


def _in_turns(given: tuple[Path, Path], platform: Platform, contest: Contest) -> Entry:
    python, case = map(str, given)
    script, *arguments = contest.theirs
    other = [python, str(Path(__file__).with_name(script)), *arguments, case]
    own = [*platform.prefix, sys.executable, "-m", *contest.ours]
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        apart = {**platform.environment, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}
        napari = Side([*platform.prefix, *other], apart)
        # One after the other: two at once could choose the same number of a screen.
        with napari, Side(own, platform.environment) as overread:
            rounds = [(_pass(overread), _pass(napari)) for _ in range(_ROUNDS)]
            about = msgspec.json.decode(napari.about, type=About)
    return _entry(rounds, about, platform, contest)


def _pass(side: Side) -> Pass:
    return msgspec.json.decode(side.make_pass(), type=Pass)


def _entry(
    rounds: Sequence[tuple[Pass, Pass]], about: About, platform: Platform, contest: Contest
) -> Entry:
    ours, theirs = zip(*rounds, strict=True)
    mine, whole = _median_ms([p.whole for p in ours]), _median_ms([p.whole for p in theirs])
    ratios = [np.median(b.whole) / np.median(a.whole) for a, b in rounds]
    said = (
        f"napari {about.version}, median {whole:.0f} ms, "
        f"{_median_ms([p.sliced for p in theirs]):.0f} ms of it before drawing; "
        f"{min(ratios):.1f}× to {max(ratios):.1f}× in {len(rounds)} rounds, ratio: their median; "
        f"{platform.name}, {about.renderer}"
    )
    ratio = float(np.median(ratios))
    return Figure(contest.name, mine, "ms").faster(ratio, said, bound=contest.bound)


def _median_ms(passes: Sequence[Sequence[float]]) -> float:
    return float(np.median(np.concatenate(passes))) * MILLISECONDS


def napari_python() -> Path:
    """Return the interpreter of napari's environment, made and filled when it is not there."""
    scripts, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    python, stamp = VENV / scripts / f"python{suffix}", VENV / ".installed"
    if not stamp.exists():
        run_program([sys.executable, "-m", "venv", "--clear", str(VENV)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run_program([*pip, "--retries", "1", *_PACKAGES], timeout_seconds=_INSTALL_SECONDS)
        stamp.touch()
    return python
