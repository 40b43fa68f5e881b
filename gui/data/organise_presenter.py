"""Asks how a folder is organised: what is typed is looked for at once, off the GUI thread."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from core.domain.errors import DataError
from core.domain.progress import Progress
from core.io.datasets.folder_names import (
    PATTERNS,
    FolderNames,
    LayoutOffer,
    offers,
    organised,
    patterns_of,
    read_names,
)
from core.io.datasets.organisation import Organisation
from core.io.layouts.found import FoundCase, FoundDataset
from core.workspace.known_dataset import recalled, unpacked
from gui.data.organise_dialog import OrganiseDialog
from gui.data.organise_form import MASK, FileRow, FoundView, OrganiseForm, PassportView
from gui.data.organise_looks import row_of, survey_view
from gui.data.organise_survey import OrganiseSurvey
from gui.data.organise_views import (
    cards,
    chosen_layout,
    file_rows,
    found_view,
    how_of,
    nothing_view,
    read_passport,
    rows_of,
)
from gui.shell.context import Context
from gui.shell.look import look_of
from gui.shell.tasks import Task

_TYPE = "Type a pattern for a channel: the cases it finds are listed as you type."
_EMPTY = "Choose another folder: the one that holds the images, or the one above it."


@dataclass(frozen=True, eq=False)
class _Read:
    """The names below a folder, what layouts find in them, and what was said of it before."""

    folder: Path
    names: FolderNames
    offers: list[LayoutOffer]
    known: Organisation


@dataclass(frozen=True, eq=False)
class _Counted:
    """What a form finds, or why nothing; `guessed` is it without corrected roles."""

    form: OrganiseForm
    guessed: FoundDataset | None
    how: Organisation
    files: tuple[str, list[FileRow]]
    why: str = ""


class OrganisePresenter(QObject):
    """One dialog at a time; `refused` is called when it is closed without an answer."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self.dialog: OrganiseDialog | None = None
        self._read: _Read | None = None
        self._found: _Counted | None = None
        self._task: Task[_Counted] | None = None
        self._passport: FoundCase | None = None
        self._survey = OrganiseSurvey(context)
        self._refused: Callable[[], None] = lambda: None

    def ask(self, folder: Path, *, refused: Callable[[], None] | None = None) -> None:
        """Ask how `folder` is organised, and open it as the answer says."""
        if self.dialog is not None:
            self.dialog.close()
        self._refused = refused or (lambda: None)
        self.dialog = dialog = OrganiseDialog(self._context.window)
        dialog.set_look(*look_of(self._session.settings))
        dialog.counted.connect(self._count)
        dialog.opened.connect(self._open)
        dialog.case_chosen.connect(self._show_passport)
        dialog.other_asked.connect(self._ask_other)
        dialog.finished.connect(self._on_finished)
        dialog.show()
        self._start(folder)

    def ask_again(self) -> None:
        """Ask how the dataset on screen is organised."""
        place = self._session.place
        if place is not None and not place.synthetic:
            self.ask(place.dataset.root)

    def _start(self, folder: Path) -> None:
        assert self.dialog is not None
        dialog = self.dialog
        dialog.set_folder(str(folder), "", ())
        dialog.show_counting("Reading names…")
        self._read = self._found = self._passport = None
        self._survey.forget()

        def work(_: Progress) -> _Read:
            names = read_names(unpacked(folder))
            return _Read(folder, names, offers(names), recalled(folder))

        self._context.lanes.run(
            "io",
            work,
            lambda read: self._on_read(dialog, read),
            failed=lambda said: dialog.show_found(nothing_view(said), ""),
        )

    def _on_read(self, dialog: OrganiseDialog, read: _Read) -> None:
        if dialog is not self.dialog:
            return
        self._read = read
        count = len(read.names.files())
        plural = "" if count == 1 else "s"
        layout = chosen_layout(read.offers, read.known)
        dialog.set_layouts(cards(read.offers), layout, f"{count:,} name{plural} read")
        known = read.known
        dialog.set_answers(resample=bool(known.resample))
        form = OrganiseForm(
            layout,
            known.images,
            known.mask,
            (),
            known.region,
            known.labels,
            resample=bool(known.resample),
        )
        self._count(form, rows=True)

    def _count(self, form: OrganiseForm, *, rows: bool = False) -> None:
        """Look for what a form describes; a newer one takes its place."""
        read, dialog, before = self._read, self.dialog, self._found
        if read is None or dialog is None:
            return
        if self._task is not None:
            self._task.cancel()
        dialog.show_counting("Counting…")
        # What is typed stays in its place: only another card makes other rows.
        typed = form.layout == PATTERNS and bool(form.patterns or form.mask)
        fresh = rows or before is None or (before.form.layout != form.layout and not typed)
        if fresh and form.layout == PATTERNS and not form.patterns and before is not None:
            form = _as_patterns(form, before.guessed, read.names.place)

        def work(_: Progress) -> _Counted:
            return _counted(read, form)

        self._task = self._context.lanes.run(
            "io",
            work,
            lambda counted: self._show(dialog, counted, fresh=fresh),
            failed=lambda said: dialog.show_found(nothing_view(said), ""),
        )

    def _show(self, dialog: OrganiseDialog, counted: _Counted, *, fresh: bool) -> None:
        read = self._read
        if dialog is not self.dialog or read is None:
            return
        self._found = counted
        dialog.set_folder(str(read.folder), *counted.files)
        if fresh:
            known = _known_of(read.known, counted.form)
            dialog.set_rows(rows_of(counted.guessed, read.names.place, known))
            dialog.focus_layout()
        found = counted.guessed
        if found is None:
            self._survey.stop()
            dialog.show_found(_nothing(read, counted), "")
            return
        resample = counted.form.resample
        looks = self._survey.known(found, resample=resample)
        rows = [row_of(case, looks.get(case.id)) for case in found.cases]
        dialog.show_found(found_view(found, read.names, rows), counted.form.region)
        self._show_looks(counted, [])
        self._survey.start(
            found, resample=resample, told=lambda ids: self._show_looks(counted, ids)
        )

    def _show_looks(self, counted: _Counted, fresh: list[str]) -> None:
        """Show what looks into the files told, as long as they are of what is shown."""
        dialog, found = self.dialog, counted.guessed
        if dialog is None or found is None or counted is not self._found:
            return
        looks = self._survey.known(found, resample=counted.form.resample)
        rows = {case.id: row_of(case, looks.get(case.id)) for case in found.cases}
        view = survey_view(found, tuple(looks.values()), tuple(rows.values()))
        dialog.show_survey(view, {name: rows[name] for name in fresh})

    def _show_passport(self, case_id: str) -> None:
        dialog, counted = self.dialog, self._found
        if dialog is None or counted is None or counted.guessed is None:
            return
        found = counted.guessed
        case = next((case for case in found.cases if case.id == case_id), None)
        if case is None or case == self._passport:
            return
        self._passport = case
        dialog.cases.passport.say(f"Reading {case_id}…")

        def show(view: PassportView) -> None:
            if dialog is self.dialog:
                dialog.show_passport(view)

        self._context.lanes.run(
            "io",
            lambda _: read_passport(case, found.labels),
            show,
            failed=dialog.cases.passport.say,
        )

    def _open(self, form: OrganiseForm) -> None:
        read, counted = self._read, self._found
        if read is not None and counted is not None:
            self._refused = lambda: None
            assert self.dialog is not None
            how = how_of(form, counted.guessed)
            named = counted.guessed is not None and counted.guessed.labels is not None
            if how.labels and not named:  # files name them, and one name goes before all of those
                how = msgspec.structs.replace(how, labels=self.dialog.all_labels)
            remember = self.dialog.remember
            self._context.operations.open_dataset(read.folder, how, remember=remember)

    def _ask_other(self) -> None:
        start = str(self._read.folder.parent) if self._read is not None else str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self.dialog, "Open a folder of cases", start)
        if chosen:
            self._start(Path(chosen))

    def _on_finished(self) -> None:
        dialog, self.dialog = self.dialog, None
        self._survey.forget()
        refused, self._refused = self._refused, lambda: None
        if dialog is not None:
            dialog.deleteLater()
        refused()


def _as_patterns(form: OrganiseForm, found: FoundDataset | None, place: Path) -> OrganiseForm:
    """Return a form of the patterns that the files found before seem to follow."""
    told = {} if found is None else patterns_of(found, place)
    mask = told.pop(MASK, "")
    return replace(form, patterns=tuple(told.items()), mask=mask)


def _counted(read: _Read, form: OrganiseForm) -> _Counted:
    how = how_of(form, None)
    plain = Organisation(how.layout, how.images, how.mask, labels=read.known.labels)
    if form.layout == PATTERNS and not how.images:
        return _Counted(
            form,
            None,
            how,
            file_rows(read.names, None),
            _TYPE,
        )
    try:
        found = organised(read.names, plain)
    except DataError as error:
        return _Counted(form, None, how, file_rows(read.names, None), str(error))
    return _Counted(form, found, how, file_rows(read.names, found))


def _nothing(read: _Read, counted: _Counted) -> FoundView:
    """Return that nothing is found so, or that there is nothing to be found at all."""
    if not read.names.files():
        return nothing_view(_EMPTY, title="No images here")
    return nothing_view(counted.why, counted.form)


def _known_of(known: Organisation, form: OrganiseForm) -> Organisation:
    """Return what was said before where it is about what is shown now, else what the form says."""
    layout = PATTERNS if known.images else known.layout
    if layout in ("", form.layout) and not form.patterns:
        return known
    return Organisation("", form.patterns, form.mask, known.roles)
