"""Offers to bring masks that lie on another grid onto their images; never done unasked."""

from functools import partial
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from core.io.found_case import RESAMPLE_OFFER
from core.workspace import known_dataset
from gui.shell.context import Context

_SUBJECT = "mask-grid"


class MaskGrid(QObject):
    """Offers it once for each folder, and keeps the answer for it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._offered: Path | None = None
        self._session.case_changed.connect(self._on_case_changed)

    def _on_case_changed(self) -> None:
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None or place.dataset.root == self._offered:
            return
        if any(RESAMPLE_OFFER in told for told in opened.loaded.damaged_masks):
            self._offered = root = place.dataset.root
            self._context.toasts.show_toast(
                "The mask lies on another grid",
                "It is left out. It can be brought onto the grid of its image by nearest "
                "neighbour; figures are then those of the resampled mask.",
                action=("Resample", partial(self._resample, root)),
                subject=_SUBJECT,
            )

    def _resample(self, root: Path) -> None:
        def work(_: object) -> None:
            how = msgspec.structs.replace(known_dataset.recalled(root), resample=True)
            known_dataset.keep(root, how)

        self._context.lanes.run(
            "io",
            work,
            lambda _: self._context.operations.open_dataset(root),
            failed=lambda said: self._context.say_failed("The answer was not kept", said),
        )
