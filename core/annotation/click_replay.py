"""Clicks that were kept, answered anew on what another model says."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.annotation import regions
from core.annotation.click_ground import ClickGround
from core.annotation.guided import guided
from core.annotation.label_rule import mask_of
from core.annotation.patch import Make, Patch, replayed
from core.domain.guide import Click, Guide
from core.domain.label_set import LabelMap
from core.domain.mask import Mask


def replay(
    ground: ClickGround,
    clicks: Sequence[Click],
    guide: Guide,
    *,
    of: tuple[Callable[[], LabelMap], int] | None = None,
) -> Make:
    """Return what makes a mask (Z, Y, X) what clicks, answered anew on a ground, would have it be.

    Where there are several labels, `of` gives the map that was predicted and the value in hand.
    """

    def make(mask: Mask) -> Patch | None:
        begun = ground if of is None else replace(ground, mask=mask_of(of[0](), (of[1],)))
        patch = guided(begun, clicks, guide).patch()
        after = begun.mask if patch is None else replayed(begun.mask, patch)
        return regions.replace(mask, after)

    return make
