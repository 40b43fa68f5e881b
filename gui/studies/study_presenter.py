"""Compare models over all cases: the job, what it left, and the panels that show it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.jobs.job_events import progress_text
from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_start import JobProgram
from core.models.model_fit import lacking, lacking_said
from core.studies.comparison.study_job import StudyJob
from gui.shell.context import Context
from gui.shell.job_record import JobRecord
from gui.shell.job_watch import JobWatch
from gui.shell.look import look_of
from gui.shell.session_parts import Place
from gui.studies.compare_side import CompareSide, RunView
from gui.studies.study_pages import part_of, show_choice, show_regions, show_study
from gui.studies.study_panel import StudyPanel
from gui.studies.study_reader import STUDIES_FOLDER, StudyFound, newest_study
from gui.widgets.labels import duration

T = TypeVar("T")
_STOPPED = "Stopped. What was predicted is kept: running again goes on from there."


class StudyPresenter(QObject):
    """The comparisons of the workspace that is open, on the panels below and beside the images."""

    show_asked = Signal()
    run_changed = Signal(object)
    """The `RunView` of the comparison that runs, or of none."""

    def __init__(self, context: Context, panel: StudyPanel, side: CompareSide) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._found: StudyFound | None = None
        self._parts: dict[str, StudyFound] = {}
        self._asked = ""
        self.watch = JobWatch(context.lanes)
        self.panel, self.side = panel, side
        watch, session = self.watch, self._session
        side.run_asked.connect(self._run)
        side.cancel_asked.connect(self.cancel)
        panel.choice_changed.connect(self._show_choice)
        panel.case_asked.connect(context.operations.choose_case)
        watch.changed.connect(self._show_run)
        watch.ended.connect(self._on_ended)
        watch.started.connect(self._on_started)
        watch.failed.connect(self._tell_trouble)
        session.place_changed.connect(self._on_place_changed)
        session.models_changed.connect(self._show_choice)
        session.settings_changed.connect(self._on_settings_changed)
        session.case_opening.connect(self._on_case_opening)
        context.closing.connect(lambda: watch.watch(None))
        self._on_settings_changed()
        self._on_case_opening()
        self._on_place_changed()

    @property
    def found(self) -> StudyFound | None:
        """The comparison on screen."""
        return self._found

    def _on_place_changed(self) -> None:
        place = self._session.place
        self._found, self._asked = None, ""
        self._parts = {}
        self.panel.clear_study()
        self.watch.watch(None if place is None else place.workspace.folder / STUDIES_FOLDER)
        if place is not None:
            count = len(place.dataset.cases)
            self.side.set_ground(f"{count} case{'' if count == 1 else 's'} in this folder")
            self._load(place)

    def _on_settings_changed(self) -> None:
        for part in (self.panel, self.side):
            part.set_look(*look_of(self._session.settings))

    def _on_case_opening(self) -> None:
        self.panel.plot.show_case(self._session.wanted)

    def _run(self, models: tuple[str, ...], ensemble: bool) -> None:
        place = self._session.place
        if place is None:
            return
        if place.workspace.predictions is not None:
            said = "Only predictions are here. Open the dataset itself to compare its models."
            self._say_run(RunView(trouble=said))
            return
        chosen = [m for m in self._session.models.available if m.spec.id in models]
        cases = place.dataset.cases
        told = lacking_said(chosen, cases)
        nowhere = [m.spec.title for m in chosen if len(lacking(m.spec, cases)) == len(cases)]
        if nowhere:
            self._say_run(RunView(trouble=" ".join(told)))
            return
        for sentence in told:
            self._tell_trouble("Some cases cannot be compared", sentence)
        settings = self._session.settings
        spec = StudyJob(
            data=str(place.dataset.root),
            workspace=str(place.workspace.folder),
            models=models,
            device=settings.device,
            engine=settings.engine,
            flips=settings.flips,
            ensemble=ensemble,
            region=next((case.region for case in place.dataset.cases), ""),
        )

        def prepare(path: Path) -> tuple[JobFolder, JobProgram]:
            return create_job(path, spec), "study"

        self._say_run(RunView(0.0, "Starting…"))
        self.watch.begin("compare", prepare)

    def cancel(self) -> None:
        """Stop the comparison that runs."""
        record = self._running()
        if record is not None:
            self.watch.request(record.id, "stop")

    def announce(self) -> None:
        """Say how the comparison stands that runs, to whoever shows it now."""
        self._show_run()

    def _say_run(self, view: RunView) -> None:
        self.side.show_run(view)
        self.run_changed.emit(view)

    def _running(self) -> JobRecord | None:
        return next((record for record in self.watch.records if record.active), None)

    def _on_started(self, job_id: str) -> None:
        self._asked = job_id

    def _show_run(self) -> None:
        record = self._running()
        if record is not None:
            left = "" if record.seconds_left is None else f", {duration(record.seconds_left)} left"
            doing = "starting" if record.progress is None else progress_text(record.progress)
            said = f"{record.fraction:.0%}{left}\n{doing}"
            stopping = record.requested in ("pause", "stop")
            self._say_run(RunView(record.fraction, said, stopping))
            return
        last = self.watch.find(self._asked)
        trouble = ""
        if last is not None and last.state == "paused":
            trouble = _STOPPED
        elif last is not None and last.state in ("failed", "interrupted"):
            trouble = last.failure or "Its process ended without a word. Run it again."
        self._say_run(RunView(trouble=trouble))

    def _on_ended(self, record: JobRecord) -> None:
        place = self._session.place
        if record.state != "done" or place is None:
            if record.state != "paused":
                said = record.failure or "Its process ended without a word. Run it again."
                self._tell_trouble("The comparison broke off", said)
            return
        self._load(place)
        self._context.toasts.show_toast(
            "The models are compared",
            "Means, intervals and plots are in Compare (Ctrl+M).",
            kind="ok",
            action=("Show", self.show_asked.emit),
        )
        self._context.operations.read_scores()

    def _load(self, place: Place) -> None:
        home = self._session.home

        def keep(found: StudyFound | None) -> None:
            if found is not None and self._session.place is place:
                self._found, self._parts = found, {"": found}
                show_study(self.panel, found)

        self._start(lambda: newest_study(home, place.workspace.folder / STUDIES_FOLDER), keep)

    def _show_choice(self) -> None:
        found, place, part = self._found, self._session.place, self.panel.choice.part
        if found is None or place is None:
            return
        show_regions(self.panel, found)
        if part in self._parts:
            show_choice(self.panel, self._parts[part], self._session.models.champion_id)
            return
        labels = place.dataset.labels

        def keep(made: StudyFound) -> None:
            if self._found is found:
                self._parts[part] = made
                self._show_choice()

        self._start(lambda: part_of(found, part, labels), keep)

    def _start(self, work: Callable[[], T], keep: Callable[[T], None]) -> None:
        self._context.lanes.run(
            "io",
            lambda _: work(),
            keep,
            failed=lambda said: self._tell_trouble("The comparison was not read", said),
        )

    def _tell_trouble(self, title: str, said: str) -> None:
        self._say_run(RunView(trouble=said))
        self._context.say_failed(title, said)
