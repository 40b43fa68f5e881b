"""Connects the export dialogs with what writes: one export at a time, on a worker."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from core.domain.figure_text import counted
from core.domain.progress import Progress
from core.studies.export.turned_case import turned_case
from gui.shell.context import Context
from gui.shell.tasks import Lane, Task
from gui.studies.export_dialog import Ended, ExportDialog, ExportKind, ExportWanted
from gui.studies.mask_export import (
    FORMAT,
    FORMATS,
    MASKS,
    MaskExport,
    begun_words,
    mask_kinds,
    write_cases,
)
from gui.studies.picture_export import BACKGROUND, PicturedCase, write_pictures
from gui.studies.report_export import export_report
from gui.studies.report_source import ReportSource

_REPORT = (
    ExportKind("html", "Report for a browser (HTML)", "One file that needs no network"),
    ExportKind("pdf", "The same as PDF", "A4 pages, for print"),
    ExportKind("csv", "Tables (CSV)", "All figures by case and model, and all reviews with notes"),
)
_PICTURES = (
    ExportKind("png", "A picture of every slice (PNG)", "Truth green, prediction red"),
    ExportKind("gif", "An animation (GIF)", "Five slices a second, for ever"),
    ExportKind("sheet", "A contact sheet (PNG)", "All slices on one page, with their numbers"),
)
_BACKGROUNDS = (("FLAIR", "On FLAIR"), ("RGB", "On all three channels as colours"))


_CASES = (
    ExportKind("all", "All cases", "Otherwise the case on screen alone"),
    ExportKind("images", "With their images", "The folder can be opened and learnt from"),
)


class ExportPresenter(QObject):
    """The three dialogs of one window."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._tasks: dict[ExportDialog, Task[Ended]] = {}
        self.report = ExportDialog(context.window, "Export a report", _REPORT)
        self.pictures = ExportDialog(context.window, "Export pictures of the case", _PICTURES)
        self.pictures.set_options(BACKGROUND, _BACKGROUNDS)
        self.cases = ExportDialog(context.window, "Export cases", _CASES, may_be_none=True)
        self.cases.untick("all", "images")
        self.cases.asked.connect(self._write_cases)
        self.report.asked.connect(self._write_report)
        self.pictures.asked.connect(self._write_pictures)
        for dialog in (self.report, self.pictures, self.cases):
            dialog.cancel_asked.connect(lambda dialog=dialog: self._cancel(dialog))
        self._session.case_changed.connect(self._say_case)
        self._session.place_changed.connect(self._on_place_changed)

    def ask_report(self) -> None:
        """Ask which parts of the report to write."""
        place = self._session.place
        if place is not None:
            said = "The newest comparison of models; where there is none, the model in use."
            self._ask(self.report, said, f"{place.dataset.name} report")

    def ask_pictures(self) -> None:
        """Ask which pictures of the case on screen to write."""
        place = self._session.place
        if place is not None and self._session.open_case is not None:
            self._ask(self.pictures, "", f"{place.dataset.name} pictures")
            self._say_case()

    def ask_cases(self) -> None:
        """Ask which masks of which cases to write."""
        place = self._session.place
        if place is not None:
            self.cases.set_options(MASKS, mask_kinds(self._session.models.current))
            self.cases.set_options(FORMAT, FORMATS)
            self._ask(self.cases, "", f"{place.dataset.name} export")
            self._say_case()

    def _on_place_changed(self) -> None:
        """Close what proposes a folder for another dataset; what is being written goes on."""
        for dialog in (self.report, self.pictures, self.cases):
            if dialog not in self._tasks:
                dialog.hide()

    def _say_case(self) -> None:
        opened, place = self._session.open_case, self._session.place
        case = "No case" if opened is None else opened.loaded.case.id
        self.pictures.set_subject(f"{case}, as it is on screen now.")
        if place is not None:
            count = len(place.dataset.cases)
            more = f", or all {count} cases of {place.dataset.name}" if count > 1 else ""
            said = (f"{case}{more}.", begun_words(list(self._session.case_states.values())))
            self.cases.set_subject(" ".join(filter(None, said)))

    def _ask(self, dialog: ExportDialog, said: str, name: str) -> None:
        if dialog not in self._tasks:
            dialog.show_idle("")
        dialog.set_subject(said)
        dialog.propose(Path.home() / name)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _write_report(self, wanted: ExportWanted) -> None:
        place = self._session.place
        if place is not None:
            source = ReportSource(self._session.home, place, self._session.models.current)
            self._start(self.report, lambda p: _files(export_report(source, wanted, p)))

    def _write_pictures(self, wanted: ExportWanted) -> None:
        place, opened = self._session.place, self._session.open_case
        if place is None or opened is None:
            return
        result, correction = self._session.result, self._session.correction
        comparison = None if result is None else result.counted
        mask = None if comparison is None else comparison.mask
        model, threshold = self._session.models.current, self._session.post.threshold
        made_by = "" if model is None else f"{model.spec.title} at {threshold:.2f}"
        if correction is not None:
            mask, made_by = correction.snapshot_mask(), "correction"
        loaded, mask = turned_case(opened.loaded, mask, self._session.view.plane)
        source = PicturedCase(place.dataset.root, loaded, mask, made_by)
        self._start(self.pictures, lambda p: _files(write_pictures(source, wanted, p)))

    def _write_cases(self, wanted: ExportWanted) -> None:
        place, session = self._session.place, self._session
        if place is None:
            return
        cases = place.dataset.cases
        if "all" not in wanted.kinds:
            cases = tuple(case for case in cases if case.id == session.current)
        export = MaskExport(
            place,
            cases,
            session.running_model,
            self._context.operations.engine,
            session.settings.device,
        )
        lane: Lane = "gpu" if wanted.options[MASKS] == "prediction" else "io"
        self._start(self.cases, lambda p: write_cases(export, wanted, p), lane=lane)

    def _start(
        self, dialog: ExportDialog, work: Callable[[Progress], Ended], *, lane: Lane = "io"
    ) -> None:
        dialog.show_progress(0.0, "")
        self._tasks[dialog] = self._context.lanes.run(
            lane,
            work,
            lambda ended: dialog.show_idle(ended.said, wrong=ended.wrong, written=True),
            failed=lambda said: dialog.show_idle(said, wrong=True),
            progressed=dialog.show_progress,
            finished=lambda: self._on_finished(dialog),
        )

    def _cancel(self, dialog: ExportDialog) -> None:
        task = self._tasks.get(dialog)
        if task is not None:
            task.cancel()
            dialog.show_progress(0.0, "Stopping…")

    def _on_finished(self, dialog: ExportDialog) -> None:
        task = self._tasks.pop(dialog, None)
        if task is not None and task.cancelled:
            dialog.show_idle("Stopped; files that were done before are there.")


def _files(files: list[Path]) -> Ended:
    """Say which files were written."""
    count = counted(len(files), "file")
    names = [path.name for path in files]
    listed = ", ".join(names) if len(names) <= 4 else f"{names[0]} … {names[-1]}"
    return Ended(f"{count} written: {listed}")
