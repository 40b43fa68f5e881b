"""The viewer of a window: the slice on screen, the views beside it, and what lies over both."""

from collections.abc import Callable
from dataclasses import dataclass

from core.domain.label_set import LabelMap
from core.domain.mask import Mask
from gui.shell.context import Context, Handlers
from gui.viewer.labels.labels_install import ViewerLabels, install_labels
from gui.viewer.linked_presenter import LinkedPresenter
from gui.viewer.planes.planes_presenter import PlanesPresenter
from gui.viewer.planes.pointer_words import PointerWords
from gui.viewer.slice.canvas_presenter import CanvasPresenter
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.view_verbs import ViewVerbs
from gui.viewer.surface.surface_presenter import SurfacePresenter
from gui.viewer.view_handlers import view_handlers
from gui.viewer.viewer_presenter import ViewerPresenter
from gui.viewer.viewer_views import ViewerViews


@dataclass(frozen=True, eq=False)
class Viewer:
    """What was installed; every feature may show something in it."""

    handlers: Handlers
    views: ViewerViews
    verbs: ViewVerbs
    canvas: CanvasPresenter
    panels: ViewerPresenter
    linked: LinkedPresenter
    surfaces: SurfacePresenter
    planes: PlanesPresenter
    words: PointerWords
    labels: ViewerLabels

    def with_views(self, use: Callable[[SliceView], None]) -> None:
        """Give every view of the case to `use`, those that are made later as well."""
        grid = self.views.grid
        swiped = [] if grid.swipe is None else [grid.swipe]
        beside = (pane.view for pane in (*grid.panes, *swiped))
        for view in (*self.views.planes.views, *beside):
            use(view)
        self.views.planes.view_added.connect(use)
        for added in (grid.pane_added, grid.swipe_added):
            added.connect(lambda pane: use(pane.view))

    def show_beside(self, title: str, mask: Mask, labels: LabelMap | None = None) -> None:
        """Show a mask (Z, Y, X) of the case in a view beside the one on screen.

        `labels` (Z, Y, X) is the map it was taken from, where it tells labels.
        """
        if self.views.grid.count == 1:
            self.views.grid.set_count(2)
        self.linked.show_mask(title, mask, labels)


def install(context: Context, views: ViewerViews) -> Viewer:
    """Make the presenters of the viewer and connect its views with its verbs."""
    verbs = ViewVerbs(context.session)
    canvas = CanvasPresenter(context.session, context.lanes, views.view, views.empty)
    panels = ViewerPresenter(context, views, verbs)
    linked = LinkedPresenter(context, views, verbs)
    words = PointerWords(context.session, views.view)
    planes = PlanesPresenter(context, views.planes, verbs)

    canvas.drawn.connect(lambda _, __, painted: words.note_drawn(painted))
    for added in (views.grid.pane_added, views.grid.swipe_added):
        added.connect(lambda pane: canvas.drawn.connect(pane.view.lay_correction))
    views.grid.layout_changed.connect(lambda _: canvas.draw())
    handlers = {**view_handlers(context, views, verbs), "planes_view": planes.show_planes}
    labels = install_labels(context, views.labels, canvas)
    planes.canvas_added.connect(labels.add_canvas)
    surfaces = _surfaces(context, views, verbs)
    handlers = {**handlers, **labels.handlers}
    viewer = Viewer(handlers, views, verbs, canvas, panels, linked, surfaces, planes, words, labels)
    viewer.with_views(words.add_view)
    return viewer


def _surfaces(context: Context, views: ViewerViews, verbs: ViewVerbs) -> SurfacePresenter:
    """Make what draws surfaces beside three planes; a click on one goes to its voxel."""
    pane = views.surfaces
    surfaces = SurfacePresenter(context, pane, verbs.go_to)
    views.planes.planes_changed.connect(surfaces.set_on)
    pane.maximise_asked.connect(lambda: views.planes.enlarge(pane))
    return surfaces
