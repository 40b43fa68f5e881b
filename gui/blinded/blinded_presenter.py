"""Blinded reading: set up, read in a window of its own, unblinded at the end."""

import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from core.domain.progress import Progress
from core.review.blinded import (
    StudyState,
    answer,
    blinded_studies,
    create_blinded,
    undo_answer,
)
from core.review.blinded_plan import Answer, StudyPlan
from core.review.unblinding import Unblinded, unblind
from gui.blinded.blinded_canvas import BlindedCanvas
from gui.blinded.blinded_dialog import BlindedDialog, BlindedForm
from gui.blinded.blinded_reading import BlindedReading
from gui.blinded.blinded_result import BlindedResult
from gui.blinded.pair_loader import BlindedCase, BlindedSource, next_case, prepare
from gui.shell.context import Context
from gui.shell.look import look_of
from gui.shell.readiness import SEEN_SECONDS
from gui.shell.tasks import Lane, Task
from gui.widgets.confirm import confirm

T = TypeVar("T")
_SEEDS = 1_000_000
_UNBLINDING = (
    "Show the names?",
    "Every case is answered. Once the names are shown, nothing can be answered or taken back.",
    "Show the names",
)


class BlindedPresenter(QObject):
    """The readings of one window; while one goes on, nothing else of Overread can be seen."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._study: StudyState | None = None
        self._case: BlindedCase | None = None
        self._canvas: BlindedCanvas | None = None
        self._hidden: list[QWidget] = []
        self.clock: Callable[[], float] = time.monotonic
        self._since: float | None = None
        self._unpainted: set[str] = set()
        self._preparing: Task[None] | None = None
        self.reading: BlindedReading | None = None
        self.dialog = BlindedDialog(context.window)
        self.result = BlindedResult(context.window)
        self.dialog.begin_asked.connect(
            lambda form: context.readers.named(lambda: self._begin(form))
        )
        self.dialog.go_on_asked.connect(self._go_on)
        self.dialog.unblind_asked.connect(self._ask_to_unblind)
        context.closing.connect(self._on_closing)
        context.session.place_changed.connect(self._on_place_changed)

    def show(self) -> None:
        """Open the dialog in which a reading is set up."""
        place = self._session.place
        if place is None:
            return
        store = place.workspace.store

        def fill(studies: list[StudyState]) -> None:
            models = [(m.spec.id, m.spec.title) for m in self._session.models.available]
            cases = len(self._context.operations.order())
            self.dialog.set_offer(models, cases, seed=secrets.randbelow(_SEEDS))
            self.dialog.set_studies(studies)
            self.dialog.show()
            self.dialog.raise_()
            self.dialog.activateWindow()

        self._start("io", lambda _: blinded_studies(store), fill)

    def _begin(self, form: BlindedForm) -> None:
        place = self._session.place
        if place is None:
            return
        if place.held:
            self._context.takeover.ask()
            return
        plan = StudyPlan(
            models=form.models,
            cases=tuple(self._context.operations.order()),
            question=form.question,
            repeats=form.repeats,
            seed=form.seed,
            reader=self._session.reader,
        )
        store = place.workspace.store
        self._start("journal", lambda _: create_blinded(store, plan), self._go_on)

    def _go_on(self, study_id: int) -> None:
        place = self._session.place
        if place is None or self.reading is not None:
            return
        store = place.workspace.store

        def open_window(studies: list[StudyState]) -> None:
            study = next((each for each in studies if each.id == study_id), None)
            if study is not None:
                self._open(study)

        self._start("io", lambda _: blinded_studies(store), open_window)

    def _open(self, study: StudyState) -> None:
        window = self._context.window
        self._study = study
        self.reading = reading = BlindedReading()
        reading.setWindowIcon(window.windowIcon())
        reading.set_letters(study.models, look_of(self._session.settings))
        exact = self._session.view.exact_voxels
        self._canvas = canvas = BlindedCanvas(reading.panes, exact_voxels=exact)
        reading.preferred.connect(lambda letter: self._answer(Answer(preferred=letter)))
        reading.rated.connect(lambda ratings: self._answer(Answer(ratings=ratings)))
        reading.undo_asked.connect(self._undo)
        reading.unblind_asked.connect(self._ask_to_finish)
        reading.may_answer = self._was_seen
        reading.left.connect(self._end)
        reading.slice_stepped.connect(lambda step: self._go_to(canvas.view.slice_index + step))
        reading.slice_chosen.connect(self._go_to)
        reading.overlays_held.connect(canvas.hide_overlays)
        for pane in reading.panes:
            pane.view.slice_stepped.connect(
                lambda step: self._go_to(canvas.view.slice_index + step)
            )
            pane.view.painted.connect(partial(self._on_painted, pane.letter))
        reading.setGeometry(window.geometry())
        reading.show()
        reading.activateWindow()
        # After it is there: Qt ends a program whose last window has gone.
        self._hide_others(reading)
        self._prepare(study)

    def _prepare(self, study: StudyState) -> None:
        """Predict what is missing of all pairs before the first of them is shown."""
        source, reading = self._source(), self.reading
        if source is None or reading is None:
            return
        reading.show_preparing(0.0, "")
        self._preparing = self._context.lanes.run(
            "gpu",
            lambda progress: prepare(source, study.id, progress),
            self._on_prepared,
            progressed=self._on_preparing,
            failed=self._say_failed,
            faulted=lambda _: self._end(),
        )

    def _on_preparing(self, fraction: float, said: str) -> None:
        if self.reading is not None and fraction >= 0:
            self.reading.show_preparing(fraction, said)

    def _on_prepared(self, _: object) -> None:
        self._preparing = None
        self._load()

    def _on_painted(self, letter: str) -> None:
        """Count from the moment at which the last of the outlines is on screen."""
        if self._case is not None and letter in self._unpainted:
            self._unpainted.discard(letter)
            if not self._unpainted:
                self._since = self.clock()

    def _was_seen(self) -> bool:
        """Whether the pair was shown long enough for anything to be said about it."""
        return self._since is not None and self.clock() - self._since >= SEEN_SECONDS

    def _hide_others(self, reading: QWidget) -> None:
        """Hide every other window, with all the names in it."""
        there = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not reading]
        main = self._context.window
        self._hidden = [widget for widget in there if widget is main]
        for widget in there:
            widget.hide()

    def _end(self) -> None:
        """Show the rest of Overread again; what was answered is kept."""
        reading, self.reading = self.reading, None
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
        self._canvas = self._case = self._study = None
        if reading is None:
            return
        for widget in self._hidden:
            widget.show()
        self._hidden = []
        reading.close()
        reading.deleteLater()

    def _on_closing(self) -> None:
        """Overread ends: the reading's window is the last to go, and nothing is shown again."""
        self._hidden = []
        self._end()

    def _on_place_changed(self) -> None:
        """A reading is of the cases and models of its workspace; it can be gone on with there."""
        self._end()
        self.dialog.hide()

    def _go_to(self, index: int) -> None:
        if self._canvas is not None and self.reading is not None:
            self._canvas.go_to_slice(index)
            self.reading.show_slice(self._canvas.view.slice_index)

    def _source(self) -> BlindedSource | None:
        place, operations = self._session.place, self._context.operations
        if place is None:
            return None
        return BlindedSource(
            place,
            self._session.models.available,
            operations.engine,
            operations.cache,
            self._session.settings.device,
        )

    def _load(self) -> None:
        source, study, reading = self._source(), self._study, self.reading
        if source is None or study is None or reading is None:
            return
        number = study.id
        reading.show_waiting("Getting the next case ready…")
        self._start("gpu", lambda progress: next_case(source, number, progress), self._show)

    def _show(self, case: BlindedCase | None) -> None:
        reading, canvas, study = self.reading, self._canvas, self._study
        if reading is None or canvas is None or study is None:
            return
        self._case, self._since = case, None
        self._unpainted = {pane.letter for pane in reading.panes}
        if case is None:
            canvas.show_nothing()
            reading.show_done(study.total)
            return
        canvas.show_case(case)
        volume = case.opened.loaded.volume
        reading.show_presentation(case.presentation, volume.slices, canvas.view.slice_index)

    def _answer(self, given: Answer) -> None:
        place, study, case, reading = self._session.place, self._study, self._case, self.reading
        if place is None or study is None or case is None or reading is None:
            return
        spent = self.clock() - (self._since or 0.0)
        timed = Answer(preferred=given.preferred, ratings=given.ratings, seconds=spent)
        store, number = place.workspace.store, case.presentation.number
        reading.show_waiting("Keeping the answer…")
        self._start("journal", lambda _: answer(store, study.id, number, timed), self._on_kept)

    def _undo(self) -> None:
        place, study = self._session.place, self._study
        if place is not None and study is not None:
            store = place.workspace.store
            self._start("journal", lambda _: undo_answer(store, study.id), self._on_kept)

    def _on_kept(self, _: object) -> None:
        self._load()

    def _ask_to_finish(self) -> None:
        if self.reading is not None:
            confirm(self.reading, _UNBLINDING, self._finish)

    def _ask_to_unblind(self, study_id: int) -> None:
        """Show the names of a reading: asked about the first time, for then it is over."""
        if self.dialog.is_unblinded(study_id):
            self._unblind(study_id)
        else:
            box = confirm(self.dialog, _UNBLINDING, lambda: self._unblind(study_id))
            self._session.place_changed.connect(box.reject)

    def _finish(self) -> None:
        study = self._study
        self._end()
        if study is not None:
            self._unblind(study.id)

    def _unblind(self, study_id: int) -> None:
        place = self._session.place
        if place is None:
            return
        store = place.workspace.store
        titles = {m.spec.id: m.spec.title for m in self._session.models.available}

        def show(found: Unblinded) -> None:
            self.dialog.hide()
            self.result.show_result(found, titles)
            self.result.show()
            self.result.raise_()

        self._start("journal", lambda _: unblind(store, study_id), show)

    def _start(self, lane: Lane, work: Callable[[Progress], T], keep: Callable[[T], None]) -> None:
        place = self._session.place

        def show(found: T) -> None:
            now = self._session.place
            # Told otherwise, by other names of labels, it is another one over the same workspace.
            if now is not None and place is not None and now.workspace is place.workspace:
                keep(found)

        self._context.lanes.run(
            lane, work, show, failed=self._say_failed, faulted=lambda _: self._end()
        )

    def _say_failed(self, said: str) -> None:
        if self.reading is not None:
            self.reading.show_waiting(said)
        else:
            self._context.say_failed("Blinded reading", said)
