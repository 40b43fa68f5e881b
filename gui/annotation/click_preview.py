"""What a guided click under the pointer would change, shown once the pointer rests."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotation.guided import Guided
from core.domain.guide import Click
from gui.annotation.rested_question import RestedQuestion

Asked = tuple[Guided, Click]


@dataclass(frozen=True, eq=False)
class Pointed:
    """What a click would change of slice `z`: the voxels of `plane` (Y, X)."""

    z: int
    adds: bool
    plane: NDArray[np.bool_]


ClickPreview = RestedQuestion[Asked, Pointed]


def pointed_by(asked: Asked) -> Pointed:
    """Return what the click that is asked about would change."""
    state, click = asked
    after = state.on_slice(click)
    return Pointed(click.z, click.adds, after.mask_of(click.z) != state.mask_of(click.z))
