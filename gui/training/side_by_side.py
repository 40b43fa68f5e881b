"""A case of the gate: the masks of both models beside each other, where they are furthest apart."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from core.domain.plane import Cut
from core.models.registry import Model
from gui.shell.context import Context
from gui.shell.mask_source import MaskSource
from gui.viewer.install import Viewer


class SideBySide(QObject):
    """Opens the case, lays both masks over it, and goes to the slice that tells most."""

    def __init__(
        self, context: Context, viewer: Viewer, show_gate_again: Callable[[], None]
    ) -> None:
        super().__init__()
        self._context, self._viewer, self._show_gate_again = context, viewer, show_gate_again
        self._case = ""
        self._models: tuple[Model, Model] | None = None
        context.session.case_changed.connect(self._on_case_changed)

    def show(self, case_id: str, champion: str, candidate: str) -> None:
        """Show a case with the champion on the left and the candidate on the right."""
        context, session, viewer = self._context, self._context.session, self._viewer
        there = {model.spec.id: model for model in session.models.available}
        gone = [name for name in (champion, candidate) if name not in there]
        toasts = context.toasts
        if gone:
            said = f"{gone[0]} is no longer among the models, and its mask cannot be shown."
            toasts.show_toast("Not side by side", said)
            return
        self._case, self._models = case_id, (there[champion], there[candidate])
        context.wishes.model_wanted.emit(champion)
        context.operations.choose_case(case_id)
        viewer.views.grid.set_count(2)
        viewer.linked.show_source(0, MaskSource("model", candidate))
        opened = session.open_case
        if opened is not None and opened.loaded.case.id == case_id and not session.pending:
            self._on_case_changed()
        toasts.show_toast(
            "Side by side",
            f"{there[champion].spec.title} left, {there[candidate].spec.title} right.",
            action=("Back to the gate", self._show_gate_again),
        )

    def _on_case_changed(self) -> None:
        opened, models = self._context.session.open_case, self._models
        self._models = None
        if opened is not None and models is not None and opened.loaded.case.id == self._case:
            self._context.masks.find_slice(models, self._go_to)

    def _go_to(self, index: int) -> None:
        if self._context.session.result is None:
            self._context.wishes.prediction_wanted.emit()  # the champion may just have been run
        self._viewer.verbs.show_cut(Cut(index=index))
