"""Opens datasets and cases, and keeps what the reader set and saw last."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from core.demo.demo_cases import DEMO_NAME
from core.domain.errors import AppError
from core.domain.worklist_state import Listing
from core.inference.engine import Engine
from core.io.cases.case_cache import CaseCache
from core.io.datasets.organisation import Organisation
from core.io.layouts.found import FolderUnknown
from core.workspace.settings import MOST_RECENT, save_settings, settings_path
from gui.shell.case_loader import CaseLoader
from gui.shell.opened_place import PlaceRead, PlaceWanted, read_place
from gui.shell.place_reader import close_place, last_state, plain_states, with_scores
from gui.shell.session import Session
from gui.shell.session_parts import CaseState, Place
from gui.shell.tasks import FAULT, Lane, Lanes, Task, Work
from gui.shell.triager import Triager


class Operations(QObject):
    """Opens datasets and cases, keeps settings and what was last seen.

    `leaving` comes before the dataset on screen gives way to another, `opened` after, and `loaded`
    when a case is on screen. `failed` says what went wrong, `not_opened` which folder was not
    opened and why, `unorganised` which one fits no layout. `guard` is given what would end work in
    hand, to do it when the reader agrees.
    """

    opening = Signal(str, float)
    unorganised = Signal(Path, str)
    leaving = Signal()
    opened = Signal()
    loaded = Signal()
    failed = Signal(str, str)
    not_opened = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, engine: Engine) -> None:
        super().__init__()
        self._session = session
        self._lanes = lanes
        self.engine = engine
        self.cache = CaseCache(int(session.settings.memory_gib * 2**30))
        self.case_loader = CaseLoader(session, lanes, self.cache)
        self.triager = Triager(session.home, engine)
        self._shown_order: Callable[[], list[str]] = list
        self._kept: tuple[Place, object] | None = None
        self.guard: Callable[[Callable[[], None]], None] = lambda go_on: go_on()
        self._opening: Task[PlaceRead | FolderUnknown] | None = None
        self.case_loader.loaded.connect(self._on_loaded)
        self.case_loader.failed.connect(self._on_load_failed)

    def open_demo(self) -> None:
        """Open the synthetic cases, made by code when they are not there yet."""
        self._open(self._session.home / DEMO_NAME, demo=True)

    def open_dataset(
        self, folder: Path, how: Organisation | None = None, *, remember: bool = True
    ) -> None:
        """Open a folder of cases, organised as `how` says or as was said before.

        What `how` says is kept for the next time, without `remember` for this window alone. The
        case seen last comes back.
        """
        demo = folder == self._session.home / DEMO_NAME
        self._open(folder, demo=demo, how=how, remember=remember)

    def open_predictions(
        self, *roots: Path, over: Path | None = None, resample: bool | None = None
    ) -> None:
        """Review folders of predictions of `over`, or of the open dataset; nothing is run.

        One folder of cached predictions has a workspace of its own. Masks of other programs are
        models of the dataset from then on; `resample` says whether those on another grid are
        brought onto their image.
        """
        place = self._session.place
        folder = over or (place.dataset.root if place is not None else None)
        if folder is not None:
            demo = over is None and place is not None and place.synthetic
            self._open(folder, demo=demo, predictions=roots, resample=resample)

    def open_again(self) -> None:
        """Open what is open once more, at the same place."""
        place = self._session.place
        if place is not None:
            cached = place.workspace.predictions
            roots = () if cached is None else (cached,)
            self._open(place.dataset.root, demo=place.synthetic, predictions=roots)

    def follow_order(self, order: Callable[[], list[str]]) -> None:
        """Take next and previous from `order`, which returns the case ids the worklist shows."""
        self._shown_order = order

    def order(self) -> list[str]:
        """Return the ids of the cases that the worklist shows, in its order."""
        return self._shown_order()

    def choose_case(self, case_id: str) -> None:
        """Show another case."""
        state = self._session.case_states.get(case_id)
        if state is not None and case_id != self._session.wanted:
            self.keep_place()
            self.case_loader.open(state.case)

    def step_case(self, step: int) -> None:
        """Show the next or previous case of the worklist as it is sorted and filtered."""
        order, here = self._shown_order(), self._session.wanted
        index = order.index(here) + step if here in order else 0
        if 0 <= index < len(order):
            self.choose_case(order[index])

    def keep_listing(self, listing: Listing) -> None:
        """Remember how the worklist is sorted and filtered."""
        self._session.set_listing(listing)

    def read_scores(self) -> None:
        """Read anew what is known of the cases, as another process may have found something."""
        place, model = self._session.place, self._session.models.current
        if place is None:
            return
        known = {name: state.outlook for name, state in self._session.case_states.items()}
        plain = plain_states(place.dataset, known)

        def keep(states: dict[str, CaseState]) -> None:
            if self._session.place is not place or self._session.models.current is not model:
                return
            for name, state in states.items():
                if state.scored and not self._session.case_states[name].run:
                    self._session.set_case_state(state)

        self._lanes.run(
            "io",
            lambda _: with_scores(place.workspace, model, plain),
            keep,
            failed=lambda said: self.failed.emit("The figures were not read", said),
        )

    def change_settings(self, **changes: object) -> None:
        """Change and keep settings of this reader."""
        settings = msgspec.structs.replace(self._session.settings, **changes)
        self._session.set_settings(settings)
        self._write_quietly(lambda _: save_settings(settings_path(), settings))

    def close(self) -> None:
        """Wait for what runs to end, and close the workspace."""
        # Before the engine: a task that waits for it would start it again.
        self._lanes.cancel()
        self.engine.retire()
        self._lanes.close()
        place, state = self._session.place, last_state(self._session)
        with suppress(AppError):  # size and place are not worth a question on the way out
            save_settings(settings_path(), self._session.settings)
        if place is not None:
            with suppress(AppError):
                close_place(place, state)

    def _open(
        self,
        folder: Path,
        *,
        demo: bool,
        predictions: tuple[Path, ...] = (),
        how: Organisation | None = None,
        resample: bool | None = None,
        remember: bool = True,
    ) -> None:
        def start() -> None:
            before, seen = self._session.place, last_state(self._session)
            asked = PlaceWanted(
                folder,
                demo,
                predictions,
                before,
                seen,
                how,
                reader=self._session.reader,
                settings=self._session.settings,
                resample=resample,
                remember=remember,
            )
            self._start_opening(asked)

        self.guard(start)

    def _start_opening(self, wanted: PlaceWanted) -> None:
        folder = wanted.folder
        if self._opening is not None:
            self._opening.cancel()
        self.opening.emit(folder.name, 0.0)
        self._opening = self._lanes.run(
            "io",
            lambda progress: read_place(wanted, self.triager, progress),
            lambda found: self._take(found, folder),
            progressed=lambda fraction, _: self.opening.emit(folder.name, fraction),
            failed=lambda sentence: self._say_unopened(folder.name, sentence),
            faulted=lambda _: self._say_unopened(folder.name, f"{folder.name}: {FAULT}"),
        )

    def _say_unopened(self, name: str, sentence: str) -> None:
        self.not_opened.emit(name, sentence)

    def _take(self, found: PlaceRead | FolderUnknown, folder: Path) -> None:
        """Show what was opened, or ask how a folder is organised."""
        if isinstance(found, FolderUnknown):
            self.unorganised.emit(folder, found.in_a_window)
        else:
            self._show_place(found)

    def _show_place(self, found: PlaceRead) -> None:
        place, states, models, last = found.place, found.states, found.models, found.last
        before = self._session.place
        if before is not None:
            self.leaving.emit()
            self._leave(replace(before, lock=None) if before.lock is place.lock else before)
        self._opening = None
        self.cache.clear()
        self._session.set_models(models)
        self._session.set_cuts(last.cuts)
        if models.current is not None:
            self._session.set_post(self._session.cut_of(models.current))
        self._session.set_listed(self._session.post)
        self._session.set_listing(last.listing)
        self._session.set_place(place, states)
        self._session.set_labels(self._session.labels.of_before(last.held))
        root = str(place.dataset.root)
        recent = self._session.settings.recent if place.synthetic else self._recent(root)
        self.change_settings(last_dataset=root, recent=recent)
        first = last.case_id if last.case_id in states else next(iter(states))
        index = last.slice_index if last.case_id in states else -1
        self.case_loader.open(states[first].case, slice_index=index)
        self.opened.emit()
        for notice in place.workspace.notices:
            self.failed.emit("The workspace was found damaged", notice)
        for problem in models.problems:
            self.failed.emit("Left out", problem)

    def _recent(self, root: str) -> tuple[str, ...]:
        """Return the datasets opened last, this one first."""
        before = self._session.settings.recent
        return (root, *(folder for folder in before if folder != root))[:MOST_RECENT]

    def _leave(self, place: Place) -> None:
        """Close a workspace on a worker, after what was last seen is kept in it."""
        state = last_state(self._session)
        # After the last edit was written, which waits in the same lane.
        self._write_quietly(lambda _: close_place(place, state), lane="journal")

    def keep_place(self) -> None:
        """Remember where the reader is, on a worker: the disk may take its time."""
        place, state = self._session.place, last_state(self._session)
        if place is not None and state is not None and (place, state) != self._kept:
            self._kept = place, state
            self._write_quietly(lambda _: place.workspace.put_state(state), lane="journal")

    def _write_quietly(self, work: Work[None], lane: Lane = "idle") -> None:
        self._lanes.run(lane, work, failed=lambda said: self.failed.emit("Not saved", said))

    def _on_loaded(self) -> None:
        self.loaded.emit()
        here, order = self._session.current, self._shown_order()
        state = self._session.case_states[here]
        if state.unread:
            self._session.set_case_state(replace(state, run="", problem="", unread=False))
        if here in order:
            index = order.index(here)
            near = [order[i] for i in (index + 1, index - 1) if 0 <= i < len(order)]
            self.case_loader.read_ahead([self._session.case_states[name].case for name in near])

    def _on_load_failed(self, case_id: str, sentence: str) -> None:
        state = self._session.case_states.get(case_id)
        if state is not None:
            failed = replace(state, run="failed", problem=sentence, unread=True)
            self._session.set_case_state(failed)
        self._session.set_unopened(sentence)
