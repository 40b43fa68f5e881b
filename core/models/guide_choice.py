"""Which guide answers clicks: chosen after its gate, with its history, and the way back."""

import time
from collections.abc import Sequence
from pathlib import Path

from core.domain.errors import ModelError
from core.models.gate import GateReport
from core.models.guides import GuideModel, Guides
from core.models.promotion_history import (
    Promotion,
    earlier_ones,
    one_before,
    read_promotions,
    write_promotions,
)

CHOICE_FILE = "guides.json"
BUMP = "bump"
"""What stands for the rule that was never trained, in the place of an id."""


def answering_guide(roots: Sequence[Path]) -> GuideModel | None:
    """Return the guide that answers clicks; None where the bump does, alone.

    That is the one chosen last, in the first of the folders where one was; else the one that came
    with Overread, in the last folder. One that was taught answers once it is chosen. Raises
    `ModelError` where there are guides, and none can be used.
    """
    chosen = next(
        (changes[-1].id for root in roots if (changes := read_promotions(root / CHOICE_FILE))), ""
    )
    if chosen == BUMP:
        return None
    models, problems = Guides(tuple(roots)).all()
    wanted = [model for model in models if model.spec.id == chosen]
    boxed = [m for root in reversed(roots) for m in models if m.folder.parent == root]
    found = next(iter([*wanted, *boxed]), None)
    if found is None and problems:
        raise ModelError(" ".join(problems))
    return found


def answering_id(roots: Sequence[Path]) -> str:
    """Return the id of what answers clicks, `BUMP` where no guide does."""
    found = answering_guide(roots)
    return BUMP if found is None else found.spec.id


def use_guide(roots: Sequence[Path], guide_id: str, report: GateReport | None = None) -> None:
    """Have a guide answer clicks from now on, or the bump, and remember which it followed.

    Raises `ModelError` for an id there is not.
    """
    before = answering_id(roots)
    if guide_id == before:
        return
    if guide_id != BUMP:
        Guides(tuple(roots)).find(guide_id)
    done = Promotion(id=guide_id, before=before, time=time.time(), report=report)
    path = roots[0] / CHOICE_FILE
    write_promotions(path, [*read_promotions(path), done])


def earlier_guides(roots: Sequence[Path]) -> list[str]:
    """Return what answered clicks before and is still there, the latest first, each once."""
    there = {BUMP, *(guide.spec.id for guide in Guides(tuple(roots)).all()[0])}
    return earlier_ones(_latest_first(roots), there, answering_id(roots))


def take_guide_back(roots: Sequence[Path], guide_id: str = "") -> str:
    """Have an earlier guide answer again, by default the one before; returns its id.

    Raises `ModelError` where there is no such one any more.
    """
    past = earlier_guides(roots)
    wanted = guide_id or one_before(_latest_first(roots), past, answering_id(roots))
    if wanted not in past:
        raise ModelError(
            f"Expected a guide that answered before ({', '.join(past) or 'there is none'}), found "
            f"{wanted or 'none'!r}. Promote another instead."
        )
    use_guide(roots, wanted)
    return wanted


def _latest_first(roots: Sequence[Path]) -> list[Promotion]:
    """Return the changes of every folder, those of the first folder first."""
    return [done for root in roots for done in reversed(read_promotions(root / CHOICE_FILE))]
