"""Guided clicks in hand: answered on a worker, shown, taken back, accepted as one edit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Signal

from core.annotation.correction import Writes
from core.annotation.guided import Guided
from core.domain.guide import Click, Spot
from core.domain.plane import PLANES, Cut, PlaneName
from core.domain.progress import Progress
from gui.annotation.clicks.click_drag import ClickDrag
from gui.annotation.clicks.click_grounds import ClickGrounds
from gui.annotation.clicks.click_preview import AskedClick, ClickPreview, cut_of, pointed_by
from gui.annotation.clicks.taught_guide import TaughtGuide
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.correction.tool_settings import ToolSettings
from gui.shell.tasks import Lanes, Part, Task
from gui.viewer.items.click_item import ClickPicture, ClickSign
from gui.viewer.slice.touch import Touch

GUIDED = "guided click"
REPLAY = "replay clicks"
_ALL_OUT = "Every slice is left out"
_TAKE_IN = "Nothing was changed, and the clicks are kept. Take a slice in again, or leave with Esc."


@dataclass(frozen=True)
class GuidedFigures:
    """What the clicks in hand would change: voxels of the slice on screen, and of the case.

    `dsc` is that of the slice before and after, None without ground truth; `dsc_of` names the label
    it is of where there are several. `clicks` counts them. `note` says what else the reader should
    know of the newest.
    """

    clicks: int
    slice_added: int
    slice_taken: int
    added: int
    taken: int
    slices: int
    dsc: tuple[float, float] | None = None
    dsc_of: str = ""
    note: str = ""


class GuidedClicks(QObject):
    """The clicks on the case on screen that were made and are not accepted yet.

    They are answered one after the other; what is asked meanwhile is answered next, what was taken
    back is dropped. `changed` comes whenever something else is to be shown.
    """

    changed = Signal()

    def __init__(
        self, grey: ShownGrey, desk: CorrectionDesk, lanes: Lanes, taught: TaughtGuide
    ) -> None:
        super().__init__()
        self._taught = taught
        self._grey, self._session = grey, grey.session
        self._desk, self._lanes = desk, lanes
        self.preview = ClickPreview(lanes, pointed_by)
        self.preview.changed.connect(self.changed)
        self._grounds = ClickGrounds(self._session, desk, taught)
        self._ground: Guided | None = None
        self._states: list[Guided] = []
        self._clicks: list[Click] = []
        self._quick: Guided | None = None
        self._before: Guided | None = None
        self._task: Task[list[Guided]] | None = None
        self._drag: ClickDrag | None = None
        self._accepting = False
        self._then: Callable[[], None] | None = None
        session = self._session
        session.case_leaving.connect(self._on_case_leaving)
        session.case_changed.connect(self._on_case_changed)
        for moved in (
            session.correction_changed,
            session.result_changed,
            session.post_changed,
            desk.ready,
        ):
            moved.connect(self._on_ground_moved)
        self._rule = session.labels.rule
        session.labels_changed.connect(self._on_labels_changed)
        session.mask_painted.connect(lambda _: self._on_ground_moved())

    @property
    def clicks(self) -> tuple[Click, ...]:
        """The clicks in hand, oldest first."""
        return tuple(self._clicks)

    @property
    def case_id(self) -> str:
        """The case that they are on."""
        return self._session.current

    @property
    def states(self) -> tuple[Guided, ...]:
        """The states after each of the clicks that were answered so far."""
        return tuple(self._states)

    @property
    def state(self) -> Guided | None:
        """The newest state that is known: while clicks are answered anew, the one before."""
        return self._states[-1] if self._states else self._before

    def left_out(self, plane: PlaneName) -> frozenset[int]:
        """Return the slices of a plane that clicks in hand leave as they are."""
        return frozenset(
            z for click in self._clicks if click.plane == plane for z in click.left_out
        )

    def leave_out(self, plane: PlaneName, slices: Iterable[int]) -> None:
        """Have the clicks in a plane leave these slices as they are, and no others."""
        out = tuple(sorted(slices))
        changed = [_leaving(click, plane, out) for click in self._clicks]
        if changed == self._clicks:
            return
        known, self._before = tuple(self._states), self.state
        self._clicks = changed
        self._states.clear()
        self._quick = None
        self._stop()
        self._go_on(known)
        self.changed.emit()

    @property
    def holds(self) -> bool:
        """True while there is a click, or one in the making."""
        return bool(self._clicks) or self._drag is not None

    def take_in_hand(self) -> None:
        """The tool was taken: what answers clicks gets ready."""
        self._taught.warm()

    def touch(
        self, touch: Touch, cut: Cut, *, adds: bool, settings: ToolSettings, zoom: float
    ) -> None:
        """Take what the pointer did on a slice; `zoom` is pixels of the screen a column."""
        at = (touch.y, touch.x)
        if touch.kind == "press":
            self.preview.drop()
            self._drag = ClickDrag(cut, adds, settings.drag == "box", [at])
        elif touch.kind in ("move", "release") and self._drag is not None:
            _, row, column = self._grey.spacing(cut.plane)
            self._drag.move(at, zoom=(zoom * row / column, zoom))
            if touch.kind == "release":
                drag, self._drag = self._drag, None
                self._make(drag, settings)
        elif touch.kind == "cancel":
            self._drag = None
        self.changed.emit()

    def point_at(self, at: QPointF | None, cut: Cut, *, adds: bool, settings: ToolSettings) -> None:
        """Show soon what a click there on a slice would change; None shows nothing of it."""
        if at is None or self._drag is not None or self._desk.problem:
            self.preview.drop()
            return

        def asked() -> AskedClick | None:
            drag, state = ClickDrag(cut, adds, False, [(at.y(), at.x())]), self._newest()
            spots = drag.spots(self._sides(cut))
            if not spots or state is None or self._task is not None:
                return None
            return state, self._click(drag, spots, settings)

        self.preview.ask(asked)

    def take_back(self) -> bool:
        """Take back the drag in hand, else the newest click; False when there is neither."""
        if self._drag is not None:
            self._drag = None
            self.changed.emit()
            return True
        return self.remove(len(self._clicks) - 1)

    def remove(self, index: int) -> bool:
        """Take one click back, the others as if it had never been; False when there is none."""
        if not 0 <= index < len(self._clicks):
            return False
        self._before = self.state if len(self._clicks) > 1 else None
        del self._clicks[index]
        del self._states[index:]
        self._accepting, self._quick, self._then = False, None, None
        self._stop()
        self._go_on()
        self.changed.emit()
        return True

    def drop(self) -> bool:
        """Drop all clicks; False when there are none."""
        there = self.holds
        self._clicks.clear()
        self._states.clear()
        self._drag = self._quick = self._ground = self._before = self._then = None
        self._accepting = False
        self._stop()
        self.preview.drop()
        self.changed.emit()
        return there

    def accept(self) -> bool:
        """Make one edit of the clicks, as soon as all are answered; False when there are none.

        Where all that they reach is left out, they stay, and the reader is told.
        """
        if not self._clicks:
            return False
        self._accepting = True
        if len(self._states) == len(self._clicks):
            state, then = self._states[-1], self._then
            if state.reached["axial"] and not state.tallies["axial"]:
                self._desk.noted.emit(_ALL_OUT, _TAKE_IN)
                self._end_accepting()
                return True
            self.drop()
            cut, writes = cut_of(state.clicks[-1]), Writes(clicks=state.clicks)
            self._desk.apply(GUIDED, state.patch, cut=cut, writes=writes)
            if then is not None:
                then()
        return True

    def finish(self, then: Callable[[], None]) -> None:
        """Accept the clicks, then do `then`: at once without any, never once they are dropped."""
        self._then = then
        if not self.accept():
            self._end_accepting()

    def _end_accepting(self) -> None:
        then, self._then, self._accepting = self._then, None, False
        if then is not None:
            then()

    def replay(self) -> None:
        """Answer the clicks kept with the correction anew, on the prediction on screen."""
        made = self._grounds.replayed()
        if isinstance(made, str):
            self._desk.noted.emit(REPLAY, made)
        else:
            self._desk.apply_later(REPLAY, made)

    def picture(self, cut: Cut) -> ClickPicture | None:
        """Return what is to be shown on a slice of any plane; None for nothing."""
        pointed, state = self.preview.answer, self._quick or self.state
        pointed = pointed if pointed is not None and pointed.cut == cut else None
        drag = self._drag if self._drag is not None and self._drag.cut == cut else None
        shown = state is not None and bool(state.runs)
        signs = _signs(self._clicks, cut, self._shape)
        if not shown and not signs and pointed is None and drag is None:
            return None
        empty = np.zeros(self._sides(cut), bool)
        return ClickPicture(
            before=cut.of(state.ground.mask) > 0 if shown and state is not None else empty,
            after=state.mask_of(cut) if shown and state is not None else empty,
            signs=signs,
            pointed=None if pointed is None else pointed.plane,
            pointed_adds=pointed is None or pointed.adds,
            trace=() if drag is None else drag.trace,
            trace_adds=drag is None or drag.adds,
        )

    def figures(self, cut: Cut) -> GuidedFigures | None:
        """Return what the answered clicks would change, seen from a slice; None without any."""
        state = self.state
        if state is None:
            return None
        counts = state.tallies[cut.plane.name]
        added, taken = (sum(pair[part] for pair in counts.values()) for part in (0, 1))
        here = counts.get(cut.index, (0, 0))
        dsc, note = self._dsc(state, cut), self._taught.note(state.clicks[-1].plane)
        rule, labels = state.ground.rule, self._session.labels.labels
        named = dsc is not None and rule.value in labels.values and not labels.is_binary
        of = labels.label(rule.value).name if named else ""
        return GuidedFigures(len(self._clicks), *here, added, taken, len(counts), dsc, of, note)

    def _dsc(self, state: Guided, cut: Cut) -> tuple[float, float] | None:
        inside, before = self._truth(state, cut), cut.of(state.ground.mask) > 0
        if inside is None:
            return None
        after = state.mask_of(cut)
        total = [np.count_nonzero(inside) + np.count_nonzero(each) for each in (before, after)]
        both = [np.count_nonzero(inside & each) for each in (before, after)]
        if not all(total):
            return None
        return 2 * both[0] / total[0], 2 * both[1] / total[1]

    def _truth(self, state: Guided, cut: Cut) -> NDArray[np.bool_] | None:
        """Return what is true of what clicks write on a slice: the lesion, or one label of many.

        None where nobody said that: no truth, or one that does not know the label.
        """
        opened, labels = self._session.open_case, self._session.labels
        loaded = None if opened is None else opened.loaded
        if loaded is None or loaded.ground_truth is None:
            return None
        value = state.ground.rule.value
        if labels.labels.is_binary or (loaded.labels is None and labels.focus.values == (value,)):
            return np.asarray(cut.of(loaded.ground_truth) > 0)
        meaning = loaded.meaning
        if loaded.labels is None or meaning is None or value not in meaning.values:
            return None
        return np.asarray(cut.of(loaded.labels) == value)

    @property
    def _shape(self) -> tuple[int, int, int]:
        opened = self._session.open_case
        return (0, 0, 0) if opened is None else opened.loaded.volume.geometry.shape

    def _sides(self, cut: Cut) -> tuple[int, int]:
        """Return how many rows and columns a slice has."""
        _, rows, columns = cut.plane.turned(self._shape)
        return rows, columns

    def _click(self, drag: ClickDrag, spots: tuple[Spot, ...], settings: ToolSettings) -> Click:
        reach = {"slice": 0, "step": settings.steps, "lesion": None}[settings.reach]
        out = self.left_out(drag.cut.plane.name) - {drag.cut.index}
        return Click(
            drag.cut.index,
            spots,
            drag.adds,
            drag.shape,
            reach=reach,
            strength=settings.strength,
            channel=self._grey.channel,
            plane=drag.cut.plane.name,
            left_out=tuple(sorted(out)),
            inside=settings.inside,
        )

    def _make(self, drag: ClickDrag, settings: ToolSettings) -> None:
        """Add a click to those in hand."""
        spots = drag.spots(self._sides(drag.cut))
        if not spots or drag.cut != self._session.view.cut_in(drag.cut.plane):
            return
        if self._desk.problem:
            self._desk.noted.emit("Nothing can be painted", self._desk.problem)
            return
        if self._desk.is_stuck("hand", GUIDED):
            return
        click = self._click(drag, spots, settings)
        self.leave_out(click.plane, click.left_out)  # a slice that is clicked on is wanted again
        self._clicks.append(click)
        self._go_on()

    def _newest_known(self) -> Guided | None:
        return self._states[-1] if self._states else None

    def _newest(self) -> Guided | None:
        """Return the state that the next click is made on; None where none can be."""
        return self._newest_known() or self._start()

    def _start(self) -> Guided | None:
        """Return the state before the first click."""
        if self._ground is None:
            self._ground = self._grounds.begun()
        return self._ground

    def _on_labels_changed(self) -> None:
        """Clicks write another label, or something else is locked: all is answered anew."""
        rule, self._rule = self._rule, self._session.labels.rule
        if rule != self._rule:
            self._on_ground_moved()

    def _go_on(self, known: Sequence[Guided] = ()) -> None:
        """Have the clicks answered that are not yet; `known` are states that may do for them."""
        state = self._newest()
        left = self._clicks[len(self._states) :]
        if self._task is not None or not left or state is None:
            return

        def work(progress: Progress, part: Part) -> list[Guided]:
            return _answered(state, left, known, progress, part)

        self._task = self._lanes.run_in_parts(
            "io", work, self._take, parted=self._take_quick, failed=self._tell, finished=self._end
        )

    def _take_quick(self, part: object) -> None:
        """Show the slice that was clicked on before the others are reached."""
        assert isinstance(part, Guided)
        self._quick = part
        self.changed.emit()

    def _take(self, states: list[Guided]) -> None:
        self._quick = None
        for state in states:
            if state.clicks == tuple(self._clicks[: len(self._states) + 1]):
                self._states.append(state)
                self._before = None
        if states and not states[-1].reached["axial"]:
            self._desk.noted.emit("No change here", "It is already as the click says.")

    def _tell(self, sentence: str) -> None:
        """A click could not be answered: it is dropped, and nothing else changes."""
        number, self._then = len(self._states) + 1, None
        del self._clicks[number - 1 :]
        self._desk.failed.emit(f"Click {number} failed, mask unchanged", sentence, "")

    def _end(self) -> None:
        self._task = None
        self._before = self._before if self._clicks else None
        self._go_on()
        self.changed.emit()
        if self._accepting and self._task is None and not self.accept():
            self._end_accepting()  # none of them could be answered

    def _stop(self) -> None:
        """Want what is being computed no more."""
        if self._task is not None:
            self._task.cancel()

    def _on_ground_moved(self) -> None:
        """The mask or the probability is another one: the clicks are answered on it anew."""
        self._before = self.state if self._clicks else None  # shown until there is another
        self._ground = self._quick = None
        self._states.clear()
        self.preview.drop()
        if self._clicks:
            self._stop()
            self._go_on()
            self.changed.emit()

    def _on_case_leaving(self) -> None:
        count = len(self._clicks)
        if count:
            said = f"{count} click{'s were' if count > 1 else ' was'} not accepted"
            them = "them" if count > 1 else "it"
            self._desk.noted.emit(said, f"The mask of {self._session.current} is without {them}.")
        self.drop()

    def _on_case_changed(self) -> None:
        self._grounds.leave()
        self.drop()


def _answered(
    state: Guided,
    clicks: Sequence[Click],
    known: Sequence[Guided],
    progress: Progress,
    part: Part,
) -> list[Guided]:
    """Return the states after each click, having shown what each does to its own slice first.

    What one of the states `known` says, but for the slices it leaves out, is not answered anew.
    """
    found: list[Guided] = []
    for number, click in enumerate(clicks):
        progress(number / len(clicks), GUIDED)
        whole = (*state.clicks, click)
        same = known[number].leaving_out(whole) if number < len(known) else None
        if same is None and click.reach != 0:
            part(state.on_slice(click))
        state = state.add(click) if same is None else same
        _ = state.tallies, state.reached  # counted here, and kept
        found.append(state)
    return found


def _leaving(click: Click, plane: PlaneName, out: tuple[int, ...]) -> Click:
    """Return a click that leaves out slices of a plane, where it was made in that."""
    return msgspec.structs.replace(click, left_out=out) if click.plane == plane else click


def _signs(clicks: list[Click], cut: Cut, shape: tuple[int, int, int]) -> tuple[ClickSign, ...]:
    """Return the signs of the clicks on a slice, also of those in another plane that lie there."""
    found = []
    for number, click in enumerate(clicks, start=1):
        y, x = np.array(click.spots, np.float64).mean(axis=0) + 0.5
        if click.shape == "scribble":
            y, x = np.array(click.spots[len(click.spots) // 2], np.float64) + 0.5
        if cut_of(click) != cut:
            voxel = PLANES[click.plane].voxel((click.z, int(y), int(x)), shape)
            index, row, column = cut.plane.place(voxel, shape)
            if click.plane == cut.plane.name or index != cut.index:
                continue
            y, x = row + 0.5, column + 0.5
        newest = number == len(clicks)
        found.append(ClickSign(float(x), float(y), click.adds, number, newest))
    return tuple(found)
