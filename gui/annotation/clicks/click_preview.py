"""What a guided click under the pointer would change, shown once the pointer rests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotation.guided import Guided
from core.domain.guide import Click
from core.domain.plane import PLANES, Cut
from gui.annotation.correction.rested_question import RestedQuestion

AskedClick = tuple[Guided, Click]


@dataclass(frozen=True, eq=False)
class Pointed:
    """What a click would change of a slice: the voxels of `plane` (Y, X)."""

    cut: Cut
    adds: bool
    plane: NDArray[np.bool_]


ClickPreview = RestedQuestion[AskedClick, Pointed]


def pointed_by(asked: AskedClick) -> Pointed:
    """Return what the click that is asked about would change."""
    state, click = asked
    after, cut = state.on_slice(click), cut_of(click)
    return Pointed(cut, click.adds, after.mask_of(cut) != state.mask_of(cut))


def cut_of(click: Click) -> Cut:
    """Return the slice that a click was made on."""
    return Cut(PLANES[click.plane], click.z)
