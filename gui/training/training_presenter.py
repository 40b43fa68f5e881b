"""Connects jobs drawer, train dialog and gate with the session and the job folders.

Everything slow is done on workers or by the jobs' own processes; torch is never loaded here.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from gui.shell.job_record import JobRecord
from gui.shell.job_watch import JobWatch
from gui.shell.look import look_of
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from gui.training.gate_presenter import GatePresenter
from gui.training.ground import Ground, read_ground
from gui.training.guide_offer import (
    GuideOffer,
    prepare_teaching,
    read_guide_offer,
    taught_words,
)
from gui.training.job_descriptions import (
    KnownModels,
    job_view,
    jobs_view,
    known_models,
    shown_record,
)
from gui.training.jobs_drawer import JobsDrawer
from gui.training.train_dialog import TrainDialog
from gui.training.train_plan import make_offer
from gui.training.train_request import TrainRequest
from gui.training.unit_dialog import show_unit_table
from gui.widgets.confirm import confirm

_STOP = (
    "It ends now and publishes the best weights so far as a candidate. To go on later instead, "
    "pause it."
)
_FINISH = "It publishes the best weights so far as a candidate, and cannot go on after that."


class TrainingPresenter(QObject):
    """Everything about jobs of one window; it lives as long as the drawer does."""

    told = Signal(str, str, str)
    """Title, sentence, and the kind of toast that it is."""

    went_on = Signal(str)
    """The subject of a failure that no longer holds."""

    failed = Signal(str, str, str)
    """Title, sentence and subject."""

    model_wanted = Signal(str)
    case_asked = Signal(str, str, str)

    def __init__(self, session: Session, lanes: Lanes, drawer: JobsDrawer) -> None:
        super().__init__(drawer)
        self._session, self._lanes, self._drawer = session, lanes, drawer
        self._chosen = ""
        self._unseen = True
        self._dialog: TrainDialog | None = None
        self._asking: TrainRequest | None = None
        self.watch = JobWatch(lanes)
        self.gate = GatePresenter(session, lanes, drawer)
        self._connect()
        self._on_settings_changed()
        self._on_place_changed()

    @property
    def dialog(self) -> TrainDialog | None:
        """The train dialog on screen."""
        return self._dialog if self._dialog is not None and isValid(self._dialog) else None

    @property
    def asking(self) -> TrainRequest | None:
        """What goes on behind the train dialog on screen."""
        return self._asking if self.dialog is not None else None

    @property
    def busy(self) -> bool:
        """True while a job runs or waits; closing the window leaves it running."""
        return any(record.active for record in self.watch.records)

    def new_job(self) -> None:
        """Open the train dialog, once what can be trained has been read."""
        place = self._session.place
        if place is None or self.dialog is not None:
            return
        home = self._session.home
        self._lanes.run(
            "io",
            lambda _: read_ground(home, place.dataset, place.workspace),
            self._ask,
            failed=lambda said: self.failed.emit("No training can start", said, ""),
        )

    def teach_clicks(self) -> None:
        """Ask whether what answers guided clicks is to be taught, and by what."""
        place, home = self._session.place, self._session.home
        if place is None:
            return
        self._lanes.run(
            "io",
            lambda _: read_guide_offer(read_ground(home, place.dataset, place.workspace)),
            self._ask_to_teach,
            failed=lambda said: self.told.emit("Nothing teaches the clicks yet", said, "info"),
        )

    def show_gate(self) -> None:
        """Show the newest gate; where there is none, judge the newest candidate."""
        records = self.watch.records
        report = next((r.report for r in reversed(records) if r.report is not None), None)
        made = next(
            (r.result for r in reversed(records) if r.result and r.head.kind == "train"),
            "",
        )
        if report is not None:
            self.gate.show(report)
        elif made:
            self._judge(made)
        else:
            self.told.emit("No candidate yet", "Train a candidate first.", "info")

    def toggle_drawer(self) -> None:
        """Open or close the drawer."""
        self._drawer.set_expanded(not self._drawer.expanded)

    def close(self) -> None:
        """Follow jobs no longer; those that run go on without the window."""
        if self._asking is not None and self.dialog is not None:
            self._asking.close()
        self.watch.watch(None)

    def _connect(self) -> None:
        session, watch, drawer, gate = self._session, self.watch, self._drawer, self.gate
        session.place_changed.connect(self._on_place_changed)
        session.models_changed.connect(self._show)
        session.settings_changed.connect(self._on_settings_changed)
        watch.changed.connect(self._show)
        watch.ended.connect(self._on_ended)
        watch.started.connect(self._on_started)
        for part in (watch, gate):
            part.failed.connect(self._on_failed)
        gate.told.connect(lambda title, said: self.told.emit(title, said, "ok"))
        gate.model_wanted.connect(self.model_wanted)
        gate.case_asked.connect(self.case_asked)
        drawer.new_asked.connect(self.new_job)
        drawer.job_chosen.connect(self._on_job_chosen)
        drawer.asked.connect(self._on_asked)

    def _ask(self, ground: Ground) -> None:
        place = self._session.place
        if place is None or place.workspace is not ground.workspace or self.dialog is not None:
            return
        number = max((record.number for record in self.watch.records), default=0) + 1
        offer = make_offer(ground, job_number=number, devices=self._session.devices)
        self._dialog = dialog = TrainDialog(self._drawer.window())
        dialog.set_look(*look_of(self._session.settings))
        self._asking = asking = TrainRequest(dialog, ground, offer, self._lanes)
        asking.failed.connect(self._on_failed)
        dialog.started.connect(partial(asking.begin, self.watch))
        current = self._session.models.current
        dialog.set_offer(offer, "" if current is None else current.spec.id)
        self._show_in_dialog(self._about())
        dialog.open()

    def _ask_to_teach(self, offer: GuideOffer) -> None:
        place = self._session.place
        if place is None or place.workspace is not offer.ground.workspace:
            return
        texts = ("Teach the guided clicks?", offer.said, "Start the job")
        self._ask_here(
            texts, lambda: self.watch.begin("train", lambda path: prepare_teaching(path, offer))
        )

    def _ask_here(self, texts: tuple[str, str, str], act: Callable[[], None]) -> None:
        """Ask before `act`, which is of the dataset that is open: for as long as it is."""
        self._session.place_changed.connect(confirm(self._drawer, texts, act).reject)

    def _judge(self, candidate: str) -> None:
        self.watch.begin("gate", self.gate.desk.prepare(candidate))

    def _on_place_changed(self) -> None:
        place = self._session.place
        self._chosen, self._unseen = "", True
        if self.dialog is not None:
            self.dialog.reject()
        self.watch.watch(None if place is None else place.workspace.jobs)

    def _on_settings_changed(self) -> None:
        self.gate.set_look(*look_of(self._session.settings))
        if self.dialog is not None:
            self.dialog.set_look(*look_of(self._session.settings))

    def _on_job_chosen(self, job_id: str) -> None:
        self._chosen = job_id
        self._show()

    def _on_asked(self, act: str, job_id: str) -> None:
        record = self.watch.find(job_id)
        if record is None:
            return
        if act == "pause":
            self.watch.request(job_id, "pause")
        elif act == "resume":
            self.went_on.emit(_subject(record))
            self.watch.resume(job_id)
        elif act == "stop":
            said = _STOP if record.active else _FINISH
            texts = (f"Stop {record.name.lower()}?", said, "Stop the job")
            self._ask_here(texts, lambda: self._stop(record))
        elif act == "table":
            show_unit_table(record, self._drawer.window(), look_of(self._session.settings))
        else:
            report = record.report or self._about().reports.get(record.result)
            if report is not None:
                self.gate.show(report)
            else:
                self._judge(record.result)

    def _stop(self, record: JobRecord) -> None:
        self.went_on.emit(_subject(record))
        self.watch.stop(record.id)

    def _on_started(self, job_id: str) -> None:
        record = self.watch.find(job_id)
        if record is None or record.head.kind != "gate":
            self._chosen = job_id
        self._drawer.set_expanded(True)
        self._show()

    def _on_ended(self, record: JobRecord) -> None:
        if record.state in ("failed", "interrupted"):
            why = record.failure or "Its process ended without a word. Resume it in the drawer."
            self.failed.emit(f"{record.name} broke off", why, _subject(record))
        elif record.state == "done" and record.head.kind == "gate" and record.report is not None:
            better = record.report.verdict == "promote"
            self._tell_done(record, record.report.reason, "ok" if better else "info")
        elif record.state == "done" and record.table is not None:
            said = "; ".join(f"{name} {value}" for name, value in record.table.facts[1:3])
            self._tell_done(record, f"{said}.", "ok")
            self.gate.desk.reload()
        elif record.state == "done" and record.head.is_guide:
            self._tell_done(record, taught_words(record), "ok")
            self.gate.desk.reload(lambda: self._judge(record.result))
        elif record.state == "done" and record.result:
            made = record.head.title or record.result
            self._tell_done(record, f"{made} is a candidate now.", "ok")
            self.gate.desk.reload(lambda: self._judge(record.result))

    def _on_failed(self, title: str, said: str) -> None:
        self.failed.emit(title, said, "")

    def _tell_done(self, record: JobRecord, said: str, kind: str) -> None:
        """Say that a job is done, unless the open drawer says so: a toast would lie over it."""
        shown = shown_record(self.watch.records, self._chosen)
        of_shown = shown is not None and (
            shown.id == record.id
            or (record.report is not None and record.report.candidate == shown.result)
        )
        if not (of_shown and self._drawer.expanded):
            self.told.emit(f"{record.name} is done", said, kind)

    def _show(self) -> None:
        if self._unseen and self.busy:
            # Jobs go on without a window: one that opens over them shows them.
            self._unseen = False
            self._drawer.set_expanded(True)
        about = self._about()
        self._drawer.show_jobs(jobs_view(self.watch.records, self._chosen, about))
        self._show_in_dialog(about)

    def _show_in_dialog(self, about: KnownModels) -> None:
        dialog, asking = self.dialog, self.asking
        if dialog is None or asking is None:
            return
        active = [record for record in self.watch.records if record.active]
        record = shown_record(active) if active else None
        dialog.show_running(None if record is None else job_view(record, about))
        asking.show_before(record)

    def _about(self) -> KnownModels:
        models = self._session.models.available
        return known_models(
            self.watch.records, {model.spec.id: model.spec.title for model in models}
        )


def _subject(record: JobRecord) -> str:
    """Return by which code what is said of a job is replaced and withdrawn."""
    return f"job {record.id}"
