"""The verbs that make another mask of the prediction on screen; they run no model."""

import msgspec
from PySide6.QtCore import QObject, Signal

from core.domain.prediction import SMALL_SHARE
from gui.prediction.part_scores import Scoring
from gui.shell.session import Session


class MaskVerbs(QObject):
    """Changes how the probability becomes a mask; `failed` and `faulted` say what went wrong."""

    failed = Signal(str, str)
    faulted = Signal(object)

    def __init__(self, session: Session, scoring: Scoring) -> None:
        super().__init__()
        self._session = session
        self.scoring = scoring

    def set_threshold(self, threshold: float) -> None:
        """Take every voxel above `threshold` as lesion; runs nothing again."""
        self._set_post(threshold=threshold)

    def set_largest_component(self, on: bool) -> None:
        """Keep only the largest component of the prediction."""
        self._set_post(largest_component=on)

    def set_no_small(self, on: bool) -> None:
        """Leave out the components that are small beside the largest."""
        self._set_post(smallest_share=SMALL_SHARE if on else 0.0)

    def set_fill_holes(self, on: bool) -> None:
        """Fill the holes of the prediction, slice by slice."""
        self._set_post(fill_holes=on)

    def _set_post(self, **changes: object) -> None:
        self._session.set_post(msgspec.structs.replace(self._session.post, **changes))
        self.scoring.update()
