"""Offers to bring masks of another program from another grid onto their images; never unasked."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from core.models.mask_model import MaskModel
from gui.shell.context import Context

_SUBJECT = "foreign-grid"


class ForeignGrid(QObject):
    """Says what failed, with an offer where the grid alone is the reason; says what was done.

    `is_off_grid` tells of a case whether it is.
    """

    def __init__(self, context: Context, is_off_grid: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_off_grid = is_off_grid
        self._context, self._session = context, context.session
        self._told: set[Path] = set()
        self._session.result_changed.connect(self._on_result_changed)

    def say_failed(self, title: str, said: str) -> None:
        """Say what went wrong with the case `title`; a mask on another grid can be resampled."""
        model = self._session.models.current
        if not isinstance(model, MaskModel) or not self._is_off_grid(title):
            self._context.say_failed(title, said)
            return
        self._context.toasts.show_toast(
            f"{title}: the mask lies on another grid",
            f"{model.spec.title} is left out there. It can be brought onto the grid of its image "
            "by nearest neighbour; figures are then those of the resampled mask.",
            kind="error",
            action=("Resample", partial(self._answer, model.folder, resample=True)),
            subject=_SUBJECT,
        )

    def _on_result_changed(self) -> None:
        result, model = self._session.result, self._session.models.current
        known = None if result is None else result.prediction
        if known is None or not known.resampled or not isinstance(model, MaskModel):
            return
        if model.folder in self._told:
            return
        self._told.add(model.folder)
        self._context.toasts.show_toast(
            f"Masks of {model.spec.title} are resampled",
            "Those on another grid are shown on that of their image, by nearest neighbour.",
            action=("Leave them out", partial(self._answer, model.folder, resample=False)),
            subject=_SUBJECT,
        )

    def _answer(self, folder: Path, *, resample: bool) -> None:
        self._told.discard(folder)
        self._context.toasts.withdraw(_SUBJECT)
        self._context.operations.open_predictions(folder, resample=resample)
