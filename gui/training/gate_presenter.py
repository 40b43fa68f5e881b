"""Starts comparisons of candidates with the champion, shows them, and carries out the verdict."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from core.domain.errors import AppError
from core.io.dataset import short_names
from core.models import promotion
from core.models.gate import GateReport
from core.models.registry import Registry
from core.workspace.workspace_folder import registry
from gui.shell.place_reader import read_models
from gui.shell.session import Session
from gui.shell.session_parts import Models, Place
from gui.shell.tasks import Lanes, Work
from gui.training.gate_dialog import GateDialog
from gui.training.gate_ground import Made, make_gate, read_choices
from gui.training.gate_view import Choices, gate_view
from gui.widgets.confirm import confirm
from gui.widgets.palette import OverlayColours, Theme

T = TypeVar("T")


class GatePresenter(QObject):
    """One comparison on screen at a time; every change of champion can be taken back."""

    case_asked = Signal(str, str, str)
    """A case to show side by side: its id, that of the champion and that of the candidate."""

    promoted = Signal(str)
    told = Signal(str, str)
    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._lanes, self._window = session, lanes, window
        self._dialog: GateDialog | None = None
        self._report: GateReport | None = None
        self._look: tuple[Theme, OverlayColours] | None = None

    @property
    def dialog(self) -> GateDialog | None:
        """The dialog on screen."""
        return self._dialog if self._dialog is not None and isValid(self._dialog) else None

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme from now on."""
        self._look = (theme, overlays)
        if self.dialog is not None:
            self.dialog.set_look(theme, overlays)

    def prepare(self, path: Path, candidate: str) -> Made:
        """Make the folder of a comparison with the champion of now; runs on a worker."""
        place, device = self._session.place, self._session.settings.device
        if place is None:
            raise AppError("Expected an open dataset, found none. Open one.")
        return make_gate(path, place, self._registry(place), candidate, device=device)

    def show(self, report: GateReport) -> None:
        """Show a comparison in a dialog of its own."""
        self._report = report
        dialog = self.dialog
        if dialog is None:
            dialog = self._dialog = GateDialog(self._window)
            dialog.case_asked.connect(self._on_case_asked)
            dialog.promote_asked.connect(self._on_promote_asked)
            dialog.delete_asked.connect(self._on_delete_asked)
            dialog.roll_back_asked.connect(self._roll_back)
        if self._look is not None:
            dialog.set_look(*self._look)
        self._refresh()

    def show_again(self) -> None:
        """Show the comparison that was shown last."""
        if self._report is not None:
            self.show(self._report)

    def reload_models(self, then: Callable[[], None] | None = None) -> None:
        """Read the models anew, on a worker; the one in use stays in use."""
        self._change(lambda _: None, then)

    def _refresh(self) -> None:
        place, report = self._session.place, self._report
        if place is None or report is None:
            return
        names = short_names([case.id for case in place.dataset.cases])

        def fill(choices: Choices) -> None:
            dialog = self.dialog
            if dialog is not None and report is self._report:
                dialog.show_gate(gate_view(report, choices, names))
                dialog.show()
                dialog.raise_()

        self._start(lambda _: read_choices(self._registry(place)), fill)

    def _on_promote_asked(self, model_id: str) -> None:
        report = self._report
        if report is None or report.verdict != "reject":
            self._promote(model_id)
            return
        said = "It is worse than the champion on the frozen cases."
        texts = (f"Promote {self._title(model_id)}?", said, "Promote")
        confirm(self.dialog or self._window, texts, lambda: self._promote(model_id))

    def _promote(self, model_id: str) -> None:
        report, title = self._report, self._title(model_id)

        def tell() -> None:
            self.promoted.emit(model_id)
            self.told.emit("Promoted", f"{title} predicts by default; Roll back takes it back.")

        self._change(lambda found: promotion.promote(found, model_id, report), tell)

    def _roll_back(self, model_id: str) -> None:
        title = self._title(model_id)

        def tell() -> None:
            self.promoted.emit(model_id)
            self.told.emit("Rolled back", f"{title} predicts by default again.")

        self._change(lambda found: promotion.roll_back(found, model_id), tell)

    def _on_delete_asked(self, model_id: str) -> None:
        said = "Its weights are deleted, which cannot be taken back. Its job folder stays."
        texts = (f"Delete {self._title(model_id)}?", said, "Delete the candidate")
        confirm(self.dialog or self._window, texts, lambda: self._delete(model_id))

    def _delete(self, model_id: str) -> None:
        said = f"{self._title(model_id)} and its weights are gone; its job stays."
        self._change(
            lambda found: promotion.delete_model(found, model_id),
            lambda: self.told.emit("Candidate deleted", said),
        )

    def _change(
        self, act: Callable[[Registry], object], then: Callable[[], None] | None = None
    ) -> None:
        place, current = self._session.place, self._session.models.current
        if place is None:
            return
        wanted = "" if current is None else current.spec.id

        def work(_: object) -> Models:
            act(self._registry(place))
            home, settings = self._session.home, self._session.settings
            return read_models(home, place.workspace.folder, wanted, settings)

        def show(models: Models) -> None:
            if self._session.place is place:
                self._session.set_models(models)
                if then is not None:
                    then()
                self._refresh()

        self._start(work, show)

    def _start(self, work: Work[T], show: Callable[[T], None]) -> None:
        self._lanes.run(
            "io", work, show, failed=lambda said: self.failed.emit("Nothing was changed", said)
        )

    def _on_case_asked(self, case_id: str) -> None:
        if self.dialog is not None:
            self.dialog.close()  # it would lie over the views
        if self._report is not None:
            self.case_asked.emit(case_id, self._report.champion, self._report.candidate)

    def _title(self, model_id: str) -> str:
        """Return what readers call a model."""
        titles = {m.spec.id: m.spec.title for m in self._session.models.available}
        return titles.get(model_id, model_id)

    def _registry(self, place: Place) -> Registry:
        return registry(self._session.home, place.workspace.folder)
