"""Voxels of a whole window on screen: the colour of a mask lies on the voxels of that mask."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtGui import QColor

from core.domain.mask import Mask
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import HOME_VARIABLE
from gui.widgets.palette import DEFAULT_OVERLAYS
from tests import patience
from tests.gui.snapshot import Colour, Snapshot
from tests.gui.tiny import SLICES, keep_triages, probability

ROOT = Path(__file__).resolve().parents[2]
SLICE = 2


def regions(dataset: Path) -> tuple[Mask, Mask]:
    """Return the truth and the prediction of the slice looked at; the model keeps its largest."""
    loaded = read_case(scan(dataset).case("A_1"))
    assert loaded.ground_truth is not None
    return loaded.ground_truth[SLICE], (probability(loaded.volume.slices)[SLICE] > 127).astype(
        np.uint8
    )


def middle(region: Mask) -> tuple[int, int]:
    """Return a voxel (x, y) of a region, as far inside as there is one."""
    rows, columns = np.nonzero(region)
    y = int(np.median(rows))
    return int(np.median(columns[rows == y])), y


def tint(colour: Colour, wanted: str) -> float:
    """Return how much a colour leans towards another one, by hue; 1 is all the way."""
    lean = np.array(colour, float) - np.mean(colour)
    goal = np.array(QColor(wanted).getRgb()[:3], float)
    goal -= goal.mean()
    return float(lean @ goal / max(np.linalg.norm(lean) * np.linalg.norm(goal), 1e-9))


def strength(colour: Colour) -> int:
    return max(colour) - min(colour)


@pytest.mark.parametrize("ratio", [1, 2])
def test_colours_lie_on_the_voxels_of_their_masks(home: Path, predicted: Path, ratio: int) -> None:
    # Triage is kept, so that no process need be started for it.
    keep_triages(home, predicted, dict.fromkeys(SLICES, ()))
    truth, prediction = regions(predicted)
    parts = {
        "both": truth & prediction,
        "false_negative": truth & ~prediction & 1,
        "false_positive": prediction & ~truth & 1,
        "neither": np.pad(np.ones((3, 3), np.uint8), ((10, 35), (8, 37))),
    }
    voxels = msgspec.json.encode([(SLICE, *middle(region)) for region in parts.values()]).decode()
    environment = {
        **os.environ,
        HOME_VARIABLE: str(home),
        "QT_SCALE_FACTOR": str(ratio),
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.gui.snapshot",
            str(predicted),
            voxels,
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=patience.PROCESS_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Snapshot)

    assert seen.ratio == ratio
    there = {
        "grey": (),
        "truth": ("both", "false_negative"),
        "prediction": ("both", "false_positive"),
        "false_negative": ("false_negative",),
        "false_positive": ("false_positive",),
    }
    for layer, coloured in there.items():
        for part, colour in zip(parts, seen.colours[layer], strict=True):
            if part in coloured:
                assert strength(colour) > 25, (layer, part)
                assert tint(colour, getattr(DEFAULT_OVERLAYS, layer)) > 0.9, (layer, part)
            else:
                assert strength(colour) <= 6, (layer, part)
