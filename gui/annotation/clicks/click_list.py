"""What the list of clicks says: those in hand, else those that are kept with the correction."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.annotation.guided import Guided
from core.domain.guide import Click
from core.domain.plane import Cut
from gui.annotation.clicks.click_preview import cut_of
from gui.annotation.clicks.guided_clicks import GuidedClicks
from gui.annotation.correction.shown_grey import ShownGrey


@dataclass(frozen=True)
class ClickLine:
    """One click: what it does, where, and the voxels it added less those it took away.

    `voxels` are None until it is answered, and of one that is kept. `cut` is the slice it is on.
    """

    number: int
    adds: bool
    said: str
    where: str
    cut: Cut
    voxels: int | None = None


@dataclass(frozen=True)
class ClickList:
    """The lines, oldest first; of clicks `in_hand` one can be taken back, others are kept."""

    lines: tuple[ClickLine, ...] = ()
    in_hand: bool = True
    replayable: bool = False

    @property
    def said(self) -> str:
        """How many there are, and of which kind."""
        if not self.lines:
            return ""
        return f"{len(self.lines)}, {'not accepted yet' if self.in_hand else 'kept'}"


def click_list(guided: GuidedClicks, kept: Sequence[Click], grey: ShownGrey) -> ClickList:
    """Return the clicks in hand with what each brought; where there are none, those kept."""
    clicks = guided.clicks or tuple(kept)
    states = guided.states if guided.clicks else ()
    lines, before = [], None
    for index, click in enumerate(clicks):
        state = states[index] if index < len(states) else None
        net = None if state is None else _net(state) - (0 if before is None else _net(before))
        lines.append(_line(index + 1, click, (before, state), net, grey))
        before = state
    return ClickList(tuple(lines), bool(guided.clicks), bool(kept))


def _line(
    number: int,
    click: Click,
    states: tuple[Guided | None, Guided | None],
    voxels: int | None,
    grey: ShownGrey,
) -> ClickLine:
    cut = cut_of(click)
    at = str(grey.slice_number(cut))
    where = f"{click.plane.capitalize()} slice {at}" if cut.plane.axis else f"Slice {at}"
    reach = {0: "", None: ", lesion"}.get(click.reach, f", ±{click.reach}")
    verb = "Add" if click.adds else "Take away"
    said = verb if click.shape == "click" else f"{verb}, {click.shape}"
    return ClickLine(
        number, click.adds, said, where + reach + _span(states, cut, grey), cut, voxels
    )


def _span(states: tuple[Guided | None, Guided | None], cut: Cut, grey: ShownGrey) -> str:
    """Say from which slice to which the click between two states changed something."""
    before, after = states
    if after is None:
        return ""
    there, known = after.reached[cut.plane.name], before
    was = {} if known is None else known.reached[cut.plane.name]
    changed = [z for z in {*there, *was} if there.get(z) != was.get(z)]
    if len(changed) < 2:
        return ""
    first, last = (grey.slice_number(Cut(cut.plane, z)) for z in (min(changed), max(changed)))
    return f", {first}–{last}"


def _net(state: Guided) -> int:
    return sum(added - taken for added, taken in state.counts.values())
