"""What guided clicks correct on the case on screen: its image, the mask, and what a model says."""

from core.annotation.click_ground import ClickGround, Scene
from core.annotation.click_replay import replay
from core.annotation.guided import Guided
from core.annotation.patch import Make
from core.domain.mask import Mask
from gui.annotation.clicks.taught_guide import TaughtGuide
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.correction_start import predicted_mask, predicted_values
from gui.shell.session import Session


class ClickGrounds:
    """Makes the grounds of one case after the other; a scene is kept until `leave`."""

    def __init__(self, session: Session, desk: CorrectionDesk, taught: TaughtGuide) -> None:
        self._session, self._desk, self._taught = session, desk, taught
        self._scene: Scene | None = None

    def leave(self) -> None:
        """Another case is on screen."""
        self._scene = None

    def begun(self) -> Guided | None:
        """Return the state before a first click: the mask there is, what the model says.

        None where nothing can be clicked yet.
        """
        mask, opened = self._desk.ground_now(), self._session.open_case
        if mask is None or opened is None:
            return None
        return Guided(self.over(mask.copy()), self._taught.over(opened.loaded.volume))

    def over(self, mask: Mask) -> ClickGround:
        """Return a mask (Z, Y, X) as clicks correct it, what the model says behind it."""
        opened, result = self._session.open_case, self._session.result
        assert opened is not None, "a case is on screen"
        volume = opened.loaded.volume
        if self._scene is None:
            self._scene = Scene(volume.pixels, volume.channels, volume.geometry.spacing_mm)
        whole = result is not None and result.ready is None and self._is_of_hand
        found = result.probability if result is not None and whole else None
        rule = self._session.labels.rule
        free = rule.over == "all" and not rule.locked  # then what lies there need not be copied
        values = None if free else self._desk.values_now()
        return ClickGround(self._scene, mask, found, self._session.post.threshold, values, rule)

    def replayed(self) -> "Make | str":
        """Return what answers the clicks kept with the correction on the prediction on screen.

        A sentence where nothing does.
        """
        known, predicted = self._desk.known, predicted_mask(self._session)
        opened = self._session.open_case
        if known is None or not known.clicks:
            return "There are no clicks in this correction."
        if predicted is None or opened is None:
            return "Run the model on this case first."
        values = predicted_values(self._session) if known.several else None
        of = None if values is None else (values, known.rule.value)
        guide = self._taught.over(opened.loaded.volume)
        return replay(self.over(predicted), known.clicks, guide, of=of)

    @property
    def _is_of_hand(self) -> bool:
        """True where the prediction is of what clicks write: the one label, or that in hand.

        So is one of a region, not told apart, for each label of the region: where it says lesion
        and the label is not there, the mask is right.
        """
        state, result = self._session.labels, self._session.result
        if state.labels.is_binary or state.focus.values == (state.in_hand,):
            return True
        made = None if result is None else result.prediction
        plain = made is not None and made.several is None
        return plain and state.in_hand in state.focus.values
