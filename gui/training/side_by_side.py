"""A case of the gate: the masks of both models beside each other, where they are furthest apart."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.models.registry import Model

if TYPE_CHECKING:
    from gui.app.program import Program


class SideBySide(QObject):
    """Opens the case, lays both masks over it, and goes to the slice that tells most."""

    def __init__(self, program: "Program") -> None:
        super().__init__()
        self._program = program
        self._case = ""
        self._models: tuple[Model, Model] | None = None
        program.session.case_changed.connect(self._on_case_changed)

    def show(self, case_id: str, champion: str, candidate: str) -> None:
        """Show a case with the champion on the left and the candidate on the right."""
        program, session = self._program, self._program.session
        there = {model.spec.id: model for model in session.models.available}
        gone = [name for name in (champion, candidate) if name not in there]
        toasts = program.window.toasts
        if gone:
            said = f"{gone[0]} is no longer among the models, and its mask cannot be shown."
            toasts.show_toast("Not side by side", said)
            return
        self._case, self._models = case_id, (there[champion], there[candidate])
        program.operations.choose_model(champion)
        program.operations.choose_case(case_id)
        program.window.grid.set_count(2)
        program.compared.show_source(0, candidate)
        opened = session.open_case
        if opened is not None and opened.loaded.case.id == case_id == session.opening:
            self._on_case_changed()
        toasts.show_toast(
            "Side by side",
            f"{there[champion].spec.title} left, {there[candidate].spec.title} right.",
            action=("Back to the gate", program.training.gate.show_again),
        )

    def _on_case_changed(self) -> None:
        opened, models = self._program.session.open_case, self._models
        self._models = None
        if opened is not None and models is not None and opened.loaded.case.id == self._case:
            self._program.comparing.find_slice(models, self._go_to)

    def _go_to(self, index: int) -> None:
        if self._program.session.result is None:
            self._program.operations.runs.show()  # the champion may just have been run
        self._program.view_verbs.go_to_slice(index)
