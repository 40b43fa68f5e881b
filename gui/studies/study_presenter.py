"""Compare models over all cases: the job, what it left, and the dialog that shows it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from core.jobs.job_events import progress_text
from core.jobs.job_folder import JobFolder, create_job
from core.jobs.job_start import JobProgram
from core.studies.study_job import StudyJob
from gui.shell.context import Context
from gui.shell.job_record import JobRecord
from gui.shell.job_watch import JobWatch
from gui.shell.look import look_of
from gui.shell.session_parts import Place
from gui.studies.study_dialog import StudyChoice, StudyDialog
from gui.studies.study_plots import (
    by_case,
    figure_choices,
    model_lines,
    one_against_other,
    pair_lines,
    volumes,
)
from gui.studies.study_reader import STUDIES_FOLDER, StudyFound, newest_study
from gui.studies.study_side import RunView
from gui.widgets.labels import duration

T = TypeVar("T")
_STOPPED = "Stopped. What was predicted is kept: running again goes on from there."


class StudyPresenter(QObject):
    """One dialog over the comparisons of the workspace that is open."""

    export_asked = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._found: StudyFound | None = None
        self._asked = ""
        self.watch = JobWatch(context.lanes)
        self.dialog = StudyDialog(context.window)
        dialog, watch, session = self.dialog, self.watch, self._session
        dialog.side.run_asked.connect(self._run)
        dialog.side.cancel_asked.connect(self._cancel)
        dialog.side.ticked_changed.connect(context.masks.tick)
        dialog.choice_changed.connect(self._show_choice)
        dialog.case_asked.connect(context.operations.choose_case)
        dialog.export_asked.connect(self.export_asked)
        watch.changed.connect(self._show_run)
        watch.ended.connect(self._on_ended)
        watch.started.connect(self._on_started)
        watch.failed.connect(self._tell_trouble)
        session.place_changed.connect(self._on_place_changed)
        session.models_changed.connect(self._offer)
        session.settings_changed.connect(self._on_settings_changed)
        session.case_opening.connect(self._on_case_opening)
        context.closing.connect(lambda: watch.watch(None))
        self._on_place_changed()

    @property
    def found(self) -> StudyFound | None:
        """The comparison on screen."""
        return self._found

    def show(self) -> None:
        """Open the dialog."""
        self._on_settings_changed()
        self._on_case_opening()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _on_place_changed(self) -> None:
        place = self._session.place
        self._found, self._asked = None, ""
        self.dialog.clear_study()
        self._offer()
        self.watch.watch(None if place is None else place.workspace.folder / STUDIES_FOLDER)
        if place is not None:
            count = len(place.dataset.cases)
            self.dialog.side.set_ground(f"{count} case{'' if count == 1 else 's'} in this folder")
            self._load(place)

    def _offer(self) -> None:
        models = self._session.models.available
        before = self.dialog.side.ticked
        there = [(model.spec.id, model.spec.title) for model in models]
        ticked = [name for name, _ in there if name in before] or [name for name, _ in there]
        self.dialog.side.set_models(there, ticked)

    def _on_settings_changed(self) -> None:
        self.dialog.set_look(*look_of(self._session.settings))

    def _on_case_opening(self) -> None:
        self.dialog.plot.show_case(self._session.wanted)

    def _run(self, models: tuple[str, ...], ensemble: bool) -> None:
        place = self._session.place
        if place is None:
            return
        if place.workspace.predictions is not None:
            said = "Only predictions are here. Open the dataset itself to compare its models."
            self.dialog.side.show_run(RunView(trouble=said))
            return
        spec = StudyJob(
            data=str(place.dataset.root),
            workspace=str(place.workspace.folder),
            models=models,
            device=self._session.settings.device,
            ensemble=ensemble,
        )

        def prepare(path: Path) -> tuple[JobFolder, JobProgram]:
            return create_job(path, spec), "study"

        self.dialog.side.show_run(RunView(0.0, "Starting…"))
        self.watch.begin("compare", prepare)

    def _cancel(self) -> None:
        record = self._running()
        if record is not None:
            self.watch.request(record.id, "stop")

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
            self.dialog.side.show_run(RunView(record.fraction, said, stopping))
            return
        last = self.watch.find(self._asked)
        trouble = ""
        if last is not None and last.state == "paused":
            trouble = _STOPPED
        elif last is not None and last.state in ("failed", "interrupted"):
            trouble = last.failure or "Its process ended without a word. Run it again."
        self.dialog.side.show_run(RunView(trouble=trouble))

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
            "Means, intervals and plots are in Compare models (Ctrl+M).",
            kind="ok",
            action=("Show", self.show),
        )
        self._context.operations.read_scores()

    def _load(self, place: Place) -> None:
        home = self._session.home

        def keep(found: StudyFound | None) -> None:
            if found is not None and self._session.place is place:
                self._found = found
                self._show_study(found)

        self._start(lambda: newest_study(home, place.workspace.folder / STUDIES_FOLDER), keep)

    def _show_study(self, found: StudyFound) -> None:
        summary = found.summary
        titles = [(model.id, model.title) for model in summary.models]
        cases = f"{summary.cases} case{'' if summary.cases == 1 else 's'}"
        failed = f" · {len(summary.failed)} not scored" if summary.failed else ""
        apart = summary.mean_disagreement
        divided = "" if apart is None else f" · mean disagreement {apart:.3f}"
        title = f"{len(found.study.models)} models on {cases}"
        said = f"{found.folder.name}{failed}{divided} · interval: {summary.interval}"
        self.dialog.set_study((title, said), titles, figure_choices(summary.distance_unit))

    def _show_choice(self) -> None:
        found = self._found
        if found is None:
            return
        choice, study = self.dialog.choice, found.study
        views: dict[str, Callable[[StudyChoice], object]] = {
            "by_case": lambda c: by_case(study, c.figure),
            "scatter": lambda c: one_against_other(study, c.figure, c.first, c.second),
            "volumes": lambda c: volumes(study, c.first, c.second),
        }
        self.dialog.show_plot(views[choice.plot](choice))  # type: ignore[arg-type]
        self.dialog.show_tables(
            model_lines(found.summary, choice.figure), pair_lines(found.summary, choice.figure)
        )

    def _start(self, work: Callable[[], T], keep: Callable[[T], None]) -> None:
        self._context.lanes.run(
            "io",
            lambda _: work(),
            keep,
            failed=lambda said: self._tell_trouble("The comparison was not read", said),
        )

    def _tell_trouble(self, title: str, said: str) -> None:
        self.dialog.side.show_run(RunView(trouble=said))
        self._context.say_failed(title, said)
