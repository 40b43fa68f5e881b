"""The window is killed while one corrects, saves and reviews: what was acknowledged is there."""

import random
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.annotation.journal import load_draft
from core.annotation.versions import load_version, versions
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings, save_settings
from core.workspace.workspace_folder import open_workspace, workspace_folder
from tests.gui.tiny import SIDE, keep_predictions, keep_triages
from tests.kill.driving import Counts, Moments, after, said_until_killed, server
from tests.kill.window_state import NOTHING, reviews_of, state_of_draft
from tests.synthetic import write_case

_CASE = "A"


@dataclass
class _Known:
    """What was acknowledged so far."""

    state: str = NOTHING
    versions: int = 0
    reviews: int = 0


def kill_window(folder: Path, *, kills: int, seed: int) -> Counts:
    """Kill that many windows on one case; each goes on where the last was killed."""
    home, data = folder / "home", folder / "data"
    write_case(data, _CASE, 4, (SIDE, SIDE))
    save_settings(home / "settings.json", Settings(reader="Reader"))
    # As if they had been run: what is said is said of a prediction, and no model need be started.
    keep_predictions(home, data, _CASE)
    keep_triages(home, data, {_CASE: [0.1, 0.9, 0.9, 0.9]})
    counts, known = Counts(name="window", lost=[]), _Known()
    moments = Moments(random.Random(seed), most=8, seconds=0.15)
    started = time.perf_counter()
    with server("tests.kill.window_child", str(folder)) as process:
        for number in range(kills):
            said = said_until_killed(process, number, moments)
            counts.kills += 1
            counts.acknowledged += len(after(said, "did"))
            counts.lost += [f"kill {number}: {lost}" for lost in _lost(folder, known, said)]
    counts.seconds = round(time.perf_counter() - started, 1)
    return counts


def _lost(folder: Path, known: _Known, said: list[str]) -> list[str]:
    """Return what is not there that was acknowledged, and take up what is there."""
    known.state = [known.state, *after(said, "did edit")][-1]
    known.versions = max(known.versions, *map(int, after(said, "did version")), 0)
    known.reviews = max(known.reviews, *map(int, after(said, "did review")), 0)
    last = next((line for line in reversed(said) if line.startswith(("will", "did"))), "")
    found = _on_disk(folder)
    lost: list[str] = []
    if found.state != known.state and last != "will edit":
        lost.append(f"the correction is {found.state}, not {known.state}")
    if found.versions < known.versions:
        lost.append(f"{found.versions} versions of {known.versions}")
    if found.reviews < known.reviews:
        lost.append(f"{found.reviews} reviews of {known.reviews}")
    known.state, known.versions, known.reviews = found.state, found.versions, found.reviews
    return lost


def _on_disk(folder: Path) -> _Known:
    """Return what a new start finds; every version is read."""
    loaded = read_case(scan(folder / "data").case(_CASE))
    shape = loaded.volume.geometry.shape
    place = workspace_folder(folder / "home", folder / "data")
    with closing(open_workspace(place)) as workspace:
        kept = versions(workspace, _CASE)
        for version in kept:
            load_version(version, shape)
        state = state_of_draft(load_draft(workspace.store, _CASE, shape))
        return _Known(state, len(kept), reviews_of(workspace, _CASE))
