"""Lays the labels of the case on screen under the contours of a view, and keeps them in step."""

from PySide6.QtCore import QObject

from core.domain.label_set import LabelMap
from gui.shell.session import Session
from gui.shell.tasks import Lanes
from gui.shell.view_state import Display
from gui.viewer.drawn.label_picture import LabelMaps
from gui.viewer.labels.label_painter import LabelPainter, seen_labels
from gui.viewer.slice.canvas_presenter import CanvasPresenter


class LabelLayer(QObject):
    """Fills the labels of the correction, else the prediction, else the truth: of what is shown.

    A binary case has nothing of it.
    """

    def __init__(
        self, session: Session, lanes: Lanes, canvas: CanvasPresenter, *, small: bool = False
    ) -> None:
        super().__init__(canvas)
        self._session = session
        self._painter = LabelPainter(session, lanes, canvas.view, small=small)
        self.item = self._painter.item
        self._drawn: Display | None = None
        canvas.drawn.connect(lambda _, display, __: self.draw(display))
        session.labels_changed.connect(self._draw_again)
        session.case_changed.connect(self._on_case_changed)

    def draw(self, display: Display) -> None:
        """Draw the labels of the slice that `display` shows."""
        self._drawn = display
        opened, state = self._session.open_case, self._session.labels
        if opened is None or state.labels.is_binary or display.hidden:
            self._painter.show_nothing()
            return
        truth = opened.loaded.labels
        corrected, predicted = corrected_labels(self._session), predicted_labels(self._session)
        judged = corrected if corrected is not None else predicted
        layers = (
            ("correction", corrected, display.correction),
            ("prediction", predicted, display.prediction),
            ("truth", truth, display.truth),
        )
        maps = LabelMaps(state.focus, truth=truth, judged=judged)
        self._painter.show(display, seen_labels(layers, maps))

    def _draw_again(self) -> None:
        if self._drawn is not None:
            self.draw(self._drawn)

    def _on_case_changed(self) -> None:
        self._painter.forget()
        if self._session.open_case is None:
            self._drawn = None
            self._painter.show_nothing()


def predicted_labels(session: Session) -> LabelMap | None:
    """Return the labels (Z, Y, X) of the prediction on screen, None where it tells none."""
    result = session.result
    return None if result is None else result.label_map


def corrected_labels(session: Session) -> LabelMap | None:
    """Return the labels (Z, Y, X) of the correction on screen, None where it has none."""
    correction = session.correction
    return correction.label_map if correction is not None and correction.several else None


def tells_labels(session: Session) -> bool:
    """Whether what is judged against the truth, the correction or the prediction, has labels."""
    if session.correction is not None:
        return session.correction.several
    return predicted_labels(session) is not None
