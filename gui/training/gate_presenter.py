"""Shows candidates against the champion and asks what becomes of them."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from core.io.datasets.dataset import short_names
from core.models.gate import GateReport
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from gui.training.gate_desk import GateDesk
from gui.training.gate_dialog import GateDialog
from gui.training.gate_view import Choices, gate_view
from gui.widgets.confirm import confirm
from gui.widgets.palette import OverlayColours, Theme


class GatePresenter(QObject):
    """One gate on screen at a time; every change of champion can be taken back."""

    case_asked = Signal(str, str, str)
    """A case to show side by side: its id, that of the champion and that of the candidate."""

    promoted = Signal(str)
    told = Signal(str, str)
    failed = Signal(str, str)

    def __init__(self, session: Session, lanes: Lanes, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self.desk = GateDesk(session, lanes)
        self.desk.failed.connect(self.failed)
        self.desk.changed.connect(self._refresh)
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

    def show(self, report: GateReport) -> None:
        """Show a gate in a dialog of its own."""
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
        """Show the gate that was shown last."""
        if self._report is not None:
            self.show(self._report)

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

        self.desk.find_choices(fill, guide=report.clicks is not None)

    def _on_promote_asked(self, model_id: str) -> None:
        said = "" if self._report is None else self._report.doubt
        if not said:
            self._promote(model_id)
            return
        texts = (f"Promote {self._title(model_id)}?", said, "Promote")
        confirm(self.dialog or self._window, texts, lambda: self._promote(model_id))

    def _promote(self, model_id: str) -> None:
        report, title = self._report, self._title(model_id)

        guide = report is not None and report.clicks is not None
        does = "answers guided clicks" if guide else "predicts by default"

        def tell() -> None:
            if not guide:
                self.promoted.emit(model_id)
            self.told.emit("Promoted", f"{title} {does}; Roll back takes it back.")

        self.desk.promote(model_id, report, tell)

    def _roll_back(self, model_id: str) -> None:
        title = self._title(model_id)

        guide = self._report is not None and self._report.clicks is not None
        does = "answers guided clicks" if guide else "predicts by default"

        def tell() -> None:
            if not guide:
                self.promoted.emit(model_id)
            self.told.emit("Rolled back", f"{title} {does} again.")

        self.desk.roll_back(model_id, tell, guide=guide)

    def _on_delete_asked(self, model_id: str) -> None:
        said = "Its weights are deleted, which cannot be taken back. Its job folder stays."
        texts = (f"Delete {self._title(model_id)}?", said, "Delete the candidate")
        confirm(self.dialog or self._window, texts, lambda: self._delete(model_id))

    def _delete(self, model_id: str) -> None:
        said = f"{self._title(model_id)} and its weights are gone; its job stays."
        self.desk.delete(model_id, lambda: self.told.emit("Candidate deleted", said))

    def _on_case_asked(self, case_id: str) -> None:
        if self.dialog is not None:
            self.dialog.close()  # it would lie over the views
        if self._report is not None:
            self.case_asked.emit(case_id, self._report.champion, self._report.candidate)

    def _title(self, model_id: str) -> str:
        """Return what readers call a model."""
        titles = {m.spec.id: m.spec.title for m in self._session.models.available}
        return titles.get(model_id, model_id)
