"""Slice change against napari, both measured in this run on the same platform plugin."""

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
from tests.bench.isolated import ROOT, MeasurementFailed, run_isolated, run_program
from tests.bench.slice_change import SIZE, SLICES

_VENV = ROOT / "build" / "napari-venv"
_PACKAGE = "napari[pyside6]"
_BOUND = 2.0
_NAME = "slice_change_vs_napari"


class NapariTimes(msgspec.Struct, frozen=True):
    """What the other side prints: version, OpenGL, and a time in seconds of every step.

    `sliced` is the part of each step before anything is drawn.
    """

    version: str
    renderer: str
    whole: list[float]
    sliced: list[float]


@dataclass(frozen=True)
class _Platform:
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
    is in napari's favour. Both rest until a thirtieth of a second is over between two steps.

    Qt's `offscreen` has no OpenGL on most systems; then both sides run under Xvfb with OpenGL in
    software, so a part of napari's time would be less on a graphics card: `against` names it.
    """
    try:
        python = _napari_python()
    except MeasurementFailed as error:
        return [Entry(_NAME, unit="ms", against=f"napari: not installed: {error}", bound=_BOUND)]
    reasons = []
    for platform in _platforms():
        try:
            theirs = _napari_times(python, platform)
        except MeasurementFailed as error:
            reasons.append(f"{platform.name}: {error}")
            continue
        return [_compared(theirs, platform)]
    reason = "; ".join(reasons)
    return [Entry(_NAME, unit="ms", against=f"napari: not started: {reason}", bound=_BOUND)]


def _compared(theirs: NapariTimes, platform: _Platform) -> Entry:
    ours = {
        entry.name: entry
        for entry in run_isolated(
            "slice_change", prefix=platform.prefix, environment=platform.environment
        )
    }
    value = ours["slice_change_512_median"].value
    assert value is not None, "slice_change gave no median"
    whole, sliced = (float(np.median(times)) * 1000 for times in (theirs.whole, theirs.sliced))
    said = (
        f"napari {theirs.version}, median {whole:.0f} ms, {sliced:.0f} ms of it before drawing; "
        f"{platform.name}, {theirs.renderer}"
    )
    return Figure(_NAME, value, "ms").faster(whole / value, said, bound=_BOUND)


def _napari_times(python: Path, platform: _Platform) -> NapariTimes:
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        file = Path(folder) / "case.npz"
        made = example(SLICES, SIZE)
        np.savez(file, image=made.pixels[1], truth=made.truth, prediction=made.prediction)
        script = Path(__file__).with_name("napari_side.py")
        environment = {**platform.environment, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}
        command = [*platform.prefix, str(python), str(script), str(file)]
        printed = run_program(command, environment, timeout_seconds=240)
    return msgspec.json.decode(printed.strip().splitlines()[-1], type=NapariTimes)


def _napari_python() -> Path:
    """Return the interpreter of napari's environment, made and filled when it is not there."""
    scripts, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    python, stamp = _VENV / scripts / f"python{suffix}", _VENV / ".installed"
    if not stamp.exists():
        run_program([sys.executable, "-m", "venv", "--clear", str(_VENV)])
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run_program([*pip, _PACKAGE], timeout_seconds=900)
        stamp.touch()
    return python


def _platforms() -> list[_Platform]:
    plain = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    found = [_Platform("offscreen", {**plain, "QT_QPA_PLATFORM": "offscreen"})]
    if shutil.which("xvfb-run"):
        environment = {**plain, "QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1"}
        screen = ("xvfb-run", "-a", "-s", "-screen 0 1920x1200x24")
        found.append(_Platform("Xvfb", environment, screen))
    return found
