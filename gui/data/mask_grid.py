"""Offers to bring masks that lie on another grid onto their images; never done unasked."""

from functools import partial

from PySide6.QtCore import QObject

from gui.data.folder_question import FolderQuestion
from gui.shell.context import Context


class MaskGrid(QObject):
    """Offers it once for each folder, and keeps the answer for it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._session = context.session
        self._question = FolderQuestion(context, "mask-grid", unkept="The answer was not kept")
        self._session.case_changed.connect(self._on_case_changed)

    def _on_case_changed(self) -> None:
        opened, question = self._session.open_case, self._question
        if opened is None or not question.is_new:
            return
        if opened.loaded.off_grid:
            question.offer(
                "The mask lies on another grid",
                "It is left out. It can be brought onto the grid of its image by nearest "
                "neighbour; figures are then those of the resampled mask.",
                ("Resample", partial(question.keep, question.root, resample=True)),
            )
