"""What a robot reader's clicks bring on the slices that a model has badly, guide by guide."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from core.annotation.click_ground import ClickGround
from core.domain.guide import Guide
from core.domain.mask import Mask
from core.domain.role import Role
from core.domain.volume import Volume
from core.models.gate import ClickedPath, harmful
from core.studies.clicks.click_robot import GuidedPen, click_slice, dsc
from core.studies.clicks.click_study import FEWEST_VOXELS, SLICE_BELOW

CLICKS = 5
TOLD = (0, 1, 3, CLICKS)
"""After how many clicks a DSC is told; the last judges."""


@dataclass(frozen=True)
class ClickFigures:
    """What a robot reader reaches on slices below 0.85: mean DSC after 0, 1, 3 and 5 clicks.

    `harmful` is the share of clicks that lose more than 0.02.
    """

    slices: int
    dsc: dict[int, float]
    harmful: float


def looked_at(volume: Volume) -> str:
    """Return the channel that a robot looks at: FLAIR, else the first."""
    shown = volume.roles.index(Role.FLAIR) if Role.FLAIR in volume.roles else 0
    return volume.channels[shown]


def clicked_paths(
    ground: ClickGround, truth: Mask, guide: Guide | None, *, channel: str
) -> list[ClickedPath]:
    """Return the DSC of each slice below 0.85, at the start and after each of `CLICKS` clicks.

    Slices of fewer than 30 voxels of `truth` (Z, Y, X) are left out. None for `guide` is the bump.
    """
    found: list[ClickedPath] = []
    for z in np.flatnonzero(truth.any(axis=(1, 2))).tolist():
        inside, seen = truth[z] > 0, ground.mask[z] > 0
        if np.count_nonzero(inside) < FEWEST_VOXELS or dsc(seen, inside) >= SLICE_BELOW:
            continue
        pen = GuidedPen(ground, guide, reach=0, channel=channel)
        clicked = click_slice(pen, inside, z, noise=0.0, rng=np.random.default_rng(z))
        path = [each.dsc for each, _ in zip(clicked, range(CLICKS + 1), strict=False)]
        found.append(path + [path[-1]] * (CLICKS + 1 - len(path)))
    return found


def click_figures(paths: Sequence[ClickedPath]) -> ClickFigures:
    """Return the means over slices; zeros where there are none."""
    means = {n: fmean(path[n] for path in paths) if paths else 0.0 for n in TOLD}
    return ClickFigures(len(paths), means, harmful(paths))
