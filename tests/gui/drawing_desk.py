"""Tools and correction over one slice view, without the rest of a window."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from core.annotation.correction import Correction
from core.domain.counted_mask import count_mask
from core.domain.plane import Plane
from core.domain.prediction import Prediction
from core.domain.window_level import automatic
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.workspace.settings import Settings
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.annotation.clicks.guided_clicks import GuidedClicks
from gui.annotation.clicks.taught_guide import TaughtGuide
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.tools.lesion_marker import Lesions
from gui.annotation.tools.paint_tools import PaintTools
from gui.annotation.tools.range_preview import Preview, taken_by
from gui.shell.model_reader import read_models
from gui.shell.place_reader import plain_states
from gui.shell.session import Session
from gui.shell.session_parts import OpenCase, Place, Result
from gui.shell.tasks import Lanes
from gui.shell.view_state import resolve
from gui.viewer.drawn.picture import Masks, make_picture
from gui.viewer.drawn.shown_case import shown
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Touch
from tests.gui.resting import is_at_rest

Point = tuple[float, float]
"""(y, x) on the slice on screen, in voxels."""


class DrawingDesk:
    """A case that is open, with a prediction or without, and what a hand does to it."""

    def __init__(self, qtbot: QtBot, home: Path, folder: Path, view: SliceView) -> None:
        self._qtbot, self.view = qtbot, view
        dataset = scan(folder)
        workspace = open_workspace(workspace_folder(home, dataset.root))
        self.session = Session(home, Settings(reader="Ann"))
        self.lanes = Lanes()
        self.place = Place(dataset, workspace)
        self.session.set_models(read_models(home, workspace.folder, "", self.session.settings))
        self.session.set_place(self.place, plain_states(dataset))
        self.desk = CorrectionDesk(self.session, self.lanes)
        self.said: list[tuple[str, str]] = []
        self.desk.noted.connect(lambda *said: self.said.append(said))
        self.desk.failed.connect(lambda *said: self.said.append(said))
        self.lesions = Lesions(self.session, self.lanes, self.desk)
        self.preview = Preview(self.lanes, taken_by)
        grey = ShownGrey(self.session)
        self.guided = GuidedClicks(grey, self.desk, self.lanes, TaughtGuide(tuple, self.lanes))
        self.drawing = PaintTools(grey, self.desk, (self.lesions, self.preview, self.guided))
        self.drawing.asked.connect(lambda *said: self.said.append(said))
        self.drawing.add_view(view)

    def open(self, case_id: str, *, slice_index: int = 2) -> None:
        """Put a case on screen, nothing predicted yet."""
        loaded = read_case(self.place.dataset.case(case_id))
        volume = loaded.volume
        pairs = zip(volume.channels, volume.pixels, strict=True)
        ranges = tuple((name, automatic(pixels)) for name, pixels in pairs)
        height, width = volume.geometry.shape[1:]
        opened = OpenCase(loaded, ranges, (0, height, 0, width))
        self.session.set_open_case(opened, slice_index=slice_index)
        self.session.set_seeking(False)
        self.show()
        self.settle()

    def show(self, plane: Plane | None = None) -> None:
        """Show the case in the view, in another plane where one is given."""
        opened = self.session.open_case
        assert opened is not None
        if plane is not None:
            self.session.set_view(self.session.view.working_in(plane))
        display = resolve(self.session.view, shown(self.session, opened))
        masks = Masks(opened.loaded.ground_truth)
        picture = make_picture(opened.loaded.volume, masks, display.picture)
        self.view.show_display(display, picture)

    def predict(self, probability: NDArray[np.uint8]) -> None:
        """Put a prediction of the model in use on screen."""
        opened, model = self.session.open_case, self.session.models.current
        assert opened is not None
        assert model is not None
        made = Prediction(probability, model.spec.id, "key", "cpu", 0.1)
        compared = count_mask(probability, opened.loaded.ground_truth, self.session.post)
        result = Result(probability, None, made, compared, cut=self.session.post)
        self.session.set_result(result)
        self.settle()

    @property
    def correction(self) -> Correction:
        """The correction, also one that was undone whole."""
        known = self.desk.known
        assert known is not None
        return known

    @property
    def plane(self) -> NDArray[np.uint8]:
        """A copy of the corrected slice on screen."""
        return self.session.view.cut.of(self.correction.mask).copy()

    def go_to(self, index: int) -> None:
        """Show another slice."""
        self.session.set_view(self.session.view.on_slice(index))

    def press(self, at: Point, **how: object) -> None:
        self._touch("press", at, how)

    def move(self, at: Point, **how: object) -> None:
        self._touch("move", at, how)

    def release(self, at: Point, **how: object) -> None:
        self._touch("release", at, how)

    def draw(self, *path: Point, **how: object) -> None:
        """Press, move and release; one point alone is a click."""
        self.press(path[0], **how)
        for at in path[1:]:
            self.move(at, **how)
        self.release(path[-1], **how)

    def hover(self, at: Point | None) -> None:
        """Point there without a button."""
        self.view.hovered.emit(None if at is None else QPointF(at[1], at[0]))

    def settle(self) -> None:
        """Wait until nothing is being computed or written, and nothing put off."""
        self.until(lambda: is_at_rest(self.lanes))

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something."""
        self._qtbot.waitUntil(condition)

    def close(self) -> None:
        """End all work."""
        self.preview.drop()
        self.lanes.close()
        self.place.close()

    def _touch(self, kind: str, at: Point, how: dict[str, object]) -> None:
        self.view.touched.emit(Touch(kind, at[1], at[0], **how))  # type: ignore[arg-type]
