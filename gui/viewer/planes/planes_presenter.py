"""Links the views of three planes: one crosshair through all of them, one plane to work in."""

from PySide6.QtCore import QObject, QPointF, Signal

from core.domain.plane import PLANES, Plane
from gui.shell.context import Context
from gui.viewer.planes.plane_grid import PlanePanes
from gui.viewer.slice.canvas_presenter import CanvasPresenter
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.view_verbs import ViewVerbs
from gui.widgets.later import Later

_FRAME_MS = 8


class PlanesPresenter(QObject):
    """Draws the small views and follows the pointer in every plane, the large one's included."""

    canvas_added = Signal(object)

    def __init__(self, context: Context, grid: PlanePanes, verbs: ViewVerbs) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._grid, self._verbs = grid, verbs
        self.canvases: list[CanvasPresenter] = []
        self._wanted: tuple[SliceView, QPointF] | None = None
        self._soon = Later(self, _FRAME_MS, self._go_there)
        self._watch(grid.views[0])
        grid.view_added.connect(self._on_view_added)
        grid.planes_changed.connect(self._on_planes_changed)
        self._session.view_changed.connect(self._show_active)
        self._session.case_changed.connect(self._show_active)
        context.closing.connect(self._soon.stop)

    def plane_of(self, view: SliceView) -> Plane:
        """Return the plane that one of the views shows."""
        views = self._grid.views
        return PLANES[self._session.view.planes[views.index(view) if view in views else 0]]

    def bring_into_view(self, plane: Plane, box: tuple[int, int, int, int]) -> None:
        """Move the view of a plane to (y0, y1, x0, x1), unless that is in view already."""
        view = next((each for each in self._grid.views if self.plane_of(each) == plane), None)
        if view is not None and not view.shows(box):
            y0, y1, x0, x1 = box
            view.centre_on((x0 + x1) / 2, (y0 + y1) / 2)

    def show_planes(self) -> None:
        """Show three planes, the one of the acquisition large."""
        self._grid.show_planes()
        opened = self._session.open_case
        if opened is not None:
            self._verbs.work_in(opened.acquired, large=True)

    def _on_view_added(self, view: SliceView) -> None:
        slot = self._grid.views.index(view)
        lanes = self._context.lanes
        self.canvases.append(CanvasPresenter(self._session, lanes, view, slot=slot))
        self.canvas_added.emit(self.canvases[-1])
        view.window_level_dragged.connect(self._verbs.drag_window)
        self._watch(view)

    def _watch(self, view: SliceView) -> None:
        view.slice_stepped.connect(lambda by: self._verbs.step_slice(by, self.plane_of(view)))
        view.entered.connect(lambda: self._enter(view))
        view.pointed.connect(lambda at: self._on_pointed(view, at))
        view.enlarge_asked.connect(lambda: self._enlarge(view))

    def _enter(self, view: SliceView) -> None:
        if self._grid.on:
            self._verbs.work_in(self.plane_of(view))

    def _enlarge(self, view: SliceView) -> None:
        self._grid.enlarge(view)
        for canvas in self.canvases:
            canvas.draw()

    def _on_pointed(self, view: SliceView, at: QPointF) -> None:
        """Move the crosshair, once a frame however fast the pointer is."""
        if not self._grid.on:
            return
        self._wanted = (view, at)
        if not self._soon.isActive():
            self._go_there()
            self._soon.start()

    def _go_there(self) -> None:
        wanted, self._wanted = self._wanted, None
        voxel = None if wanted is None else wanted[0].voxel_under(wanted[1])
        if voxel is not None:
            self._verbs.go_to(voxel)

    def _on_planes_changed(self, on: bool) -> None:
        self._verbs.show_crosshair(on)
        for canvas in self.canvases:
            canvas.draw()
        self._show_active()

    def _show_active(self) -> None:
        view = self._session.view
        framed = self._grid.on and self._session.open_case is not None
        for name, shown in zip(view.planes, self._grid.views, strict=False):
            shown.set_framed(framed and name == view.active)
