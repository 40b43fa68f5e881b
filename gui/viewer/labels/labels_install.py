"""The labels of a window: what shows them in every plane, and what the reader says of them."""

from dataclasses import dataclass

from gui.shell.context import Context, Handlers
from gui.shell.label_desk import LabelDesk
from gui.viewer.labels.label_layer import LabelLayer
from gui.viewer.labels.labels_presenter import LabelsPresenter, LabelViews
from gui.viewer.slice.canvas_presenter import CanvasPresenter


@dataclass(frozen=True, eq=False)
class ViewerLabels:
    """What shows the labels of a case, and changes them."""

    context: Context
    desk: LabelDesk
    layer: LabelLayer
    panels: LabelsPresenter

    @property
    def handlers(self) -> Handlers:
        """What the commands of labels do that change no mask."""
        return {"add_label": self.desk.add, "mask_fills": self.panels.choose_filled}

    def add_canvas(self, canvas: CanvasPresenter) -> None:
        """Fill labels in one more view, a small one."""
        LabelLayer(self.context.session, self.context.lanes, canvas, small=True)


def install_labels(context: Context, views: LabelViews, canvas: CanvasPresenter) -> ViewerLabels:
    """Make what shows labels in the large view and in the panels."""
    desk = LabelDesk(context)
    desk.failed.connect(context.toasts.show_error)
    layer = LabelLayer(context.session, context.lanes, canvas)
    return ViewerLabels(context, desk, layer, LabelsPresenter(context, views, desk))
