"""One train dialog while it is open: its preview, its estimate of time, and what it asks for."""

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog

from core.jobs.job_folder import JobFolder
from core.jobs.job_start import start_job
from core.jobs.train_preview import TrainPreview, preview_planes, read_preview
from core.workspace.splits import SplitFile, read_split
from gui.shell.job_record import JobRecord, JobTail
from gui.shell.job_watch import JobWatch
from gui.shell.tasks import Lanes
from gui.training.ground import Ground
from gui.training.several_plan import prepare_job
from gui.training.train_dialog import TrainDialog
from gui.training.train_form import TrainForm, TrainOffer, problems
from gui.training.train_judges import check_split
from gui.training.train_plan import prepare_preview, time_needed
from gui.training.train_side import PreviewView
from gui.widgets.labels import duration

PREVIEWS_FOLDER = "previews"
_POLL_MS = 300


@dataclass(frozen=True, eq=False)
class _Timed:
    """A preview that is there, and the choice it was made for."""

    form: TrainForm
    preview: TrainPreview
    planes: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Running:
    """A preview that is being made."""

    form: TrainForm
    tail: JobTail
    pid: int


class TrainRequest(QObject):
    """Keeps a dialog in step with what the reader chooses; starts no training itself."""

    failed = Signal(str, str)

    def __init__(
        self, dialog: TrainDialog, ground: Ground, offer: TrainOffer, lanes: Lanes
    ) -> None:
        super().__init__(dialog)
        self._dialog, self._ground, self._offer, self._lanes = dialog, ground, offer, lanes
        self._timed: _Timed | None = None
        self._running: _Running | None = None
        self._asked: TrainForm | None = None
        self._before: JobRecord | None = None
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._poll)
        dialog.preview_asked.connect(self.preview)
        dialog.form_changed.connect(self._on_form_changed)
        dialog.fields.split.file_asked.connect(self._ask_for_split)
        dialog.fields.several.table_asked.connect(self._ask_for_table)
        dialog.finished.connect(self.close)

    @property
    def measured(self) -> TrainPreview | None:
        """What was timed, None before."""
        return None if self._timed is None else self._timed.preview

    def begin(self, watch: JobWatch, form: TrainForm) -> None:
        """Begin the job that the reader chose; its folder is made on a worker."""
        kind = "train" if form.several.kind == "one" else form.several.kind
        offer, ground = self._offer, self._ground
        watch.begin(kind, lambda path: prepare_job(path, form, offer, ground))

    def show_before(self, record: JobRecord | None) -> None:
        """Say which job the training would wait for."""
        self._before = record
        self._show_estimate(self._dialog.form)

    def preview(self, form: TrainForm) -> None:
        """Start a process that times the training and shows its augmentation."""
        if self._asked is not None:
            return
        wrong = problems(form, self._offer)
        wrong.pop("title", None)
        if wrong:
            self._say("failed", " ".join(wrong.values()))
            return
        self._asked = form
        self._say("running", "Reading cases and taking 20 steps…")
        self._lanes.run("io", lambda _: self._start(form), self._on_started, failed=self._on_failed)

    def take_split(self, path: Path) -> None:
        """Take a split file: what it says is ticked, or what is wrong with it is said."""

        def read(_: object) -> SplitFile:
            split = read_split(path)
            check_split(path.name, split, self._offer)
            return split

        fields = self._dialog.fields
        self._lanes.run(
            "io",
            read,
            lambda split: None if self._closed else fields.take_split(split.train, split.val),
            failed=lambda said: None if self._closed else fields.split.show_trouble(said),
        )

    def close(self) -> None:
        """End a preview that nobody waits for any more."""
        self._closed = True
        self._timer.stop()
        if self._running is not None:
            _end(self._running.pid)
            self._running = None

    def _ask_for_split(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self._dialog, "Take a split file", "", "Split files (*.json)"
        )
        if chosen:
            self.take_split(Path(chosen))

    def _ask_for_table(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self._dialog, "Take a table of groups", "", "Tables (*.csv *.tsv)"
        )
        if chosen:
            self._dialog.fields.several.set_table(chosen)

    def _start(self, form: TrainForm) -> _Running:
        root = self._ground.workspace.folder / PREVIEWS_FOLDER
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=root))
        job = prepare_preview(folder, form, self._offer, self._ground)
        return _Running(form, JobTail(job), start_job(job, "preview"))

    def _on_started(self, running: _Running) -> None:
        if self._closed:
            _end(running.pid)
            return
        self._running = running
        self._timer.start(_POLL_MS)

    def _poll(self) -> None:
        running = self._running
        if running is None:
            return
        self._lanes.run(
            "io",
            lambda _: _look(running),
            lambda found: self._on_polled(running, *found),
            failed=lambda sentence: self._give_up(running, sentence),
        )

    def _give_up(self, running: _Running, sentence: str) -> None:
        """End a preview that cannot be followed any more."""
        if running is self._running:
            _end(running.pid)
            self._running = None
            self._on_failed(sentence)

    def _on_polled(self, running: _Running, record: JobRecord, timed: _Timed | None) -> None:
        if running is not self._running:
            return
        if timed is not None:
            self._running = self._asked = None
            self._timed = timed
            self._show_preview(self._dialog.form)
            self._show_estimate(self._dialog.form)
        elif record.state in ("failed", "interrupted"):
            self._running = None
            self._on_failed(record.failure or "The preview's process ended without a word.")
        else:
            self._timer.start(_POLL_MS)

    def _on_failed(self, sentence: str) -> None:
        self._asked = None
        self._say("failed", sentence)

    def _on_form_changed(self, form: TrainForm) -> None:
        self._show_preview(form)
        self._show_estimate(form)

    def _show_preview(self, form: TrainForm) -> None:
        if self._asked is not None or self._timed is None:
            return
        found, batch = self._timed.preview, self._timed.form.batch_size
        if form.steps_like != self._timed.form.steps_like:
            self._say("stale", "Made for other settings.")
            return
        said = (
            f"Timed with {found.cases} cases to learn from: {found.seconds_a_step:.2f} s a step of "
            f"{batch}, {found.images_a_second:.0f} slices a second."
        )
        self._say("ready", said)

    def _say(self, state: str, said: str) -> None:
        planes = None if self._timed is None else self._timed.planes
        self._dialog.show_preview(PreviewView(state, said, planes))  # type: ignore[arg-type]

    def _show_estimate(self, form: TrainForm) -> None:
        title, detail = self._estimate(form)
        if self._before is not None:
            left = self._before.seconds_left
            told = "" if left is None else f" ({duration(left)})"
            title += f", starts when {self._before.name.lower()} ends{told}"
        self._dialog.show_estimate(title, detail)

    def _estimate(self, form: TrainForm) -> tuple[str, str]:
        timed, seconds = self._timed, None
        if timed is not None and form.steps_like == timed.form.steps_like:
            seconds = time_needed(form, self._offer, self._ground, timed.preview)
        if timed is None or seconds is None:
            if form.minutes:
                return f"At most {duration(60 * form.minutes * form.several.rounds)}", ""
            return "Time not known yet", "“Time and preview” takes 20 steps to estimate it."
        a_step = timed.preview.seconds_a_step
        said = f"From 20 timed steps on this computer, {a_step:.2f} s each."
        return f"About {duration(seconds)}", said


def _look(running: _Running) -> tuple[JobRecord, _Timed | None]:
    record = running.tail.read()
    folder: JobFolder = record.folder
    found = read_preview(folder.path)
    if found is None:
        return record, None
    return record, _Timed(running.form, found, preview_planes(folder.path))


def _end(pid: int) -> None:
    with suppress(OSError):  # it has ended by itself
        os.kill(pid, signal.SIGTERM)
