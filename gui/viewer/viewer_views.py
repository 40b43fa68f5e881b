"""What of the window shows the case on screen."""

from dataclasses import dataclass

from gui.shell.top_bar import TopBar
from gui.viewer.labels.labels_presenter import LabelViews
from gui.viewer.layers import LayersPanel
from gui.viewer.planes.linked_grid import LinkedGrid
from gui.viewer.planes.plane_grid import PlanePanes
from gui.viewer.slice.empty_state import EmptyState
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.strip.strip import SliceStrip
from gui.viewer.surface.surface_pane import SurfacePane
from gui.viewer.viewer_header import ViewerHeader
from gui.widgets.notices import NoticeBar


@dataclass(frozen=True, eq=False)
class ViewerViews:
    """The parts of the window that the viewer fills."""

    view: SliceView
    empty: EmptyState
    grid: LinkedGrid
    strip: SliceStrip
    header: ViewerHeader
    notices: NoticeBar
    layers: LayersPanel
    top_bar: TopBar
    planes: PlanePanes
    labels: LabelViews
    surfaces: SurfacePane
