"""The views of a case in three planes: the large one, and the other two and surfaces beside it."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gui.viewer.planes.linked_grid import LinkedGrid
from gui.viewer.slice.slice_view import SliceView
from gui.widgets.kept_keys import keys_kept
from gui.widgets.palette import OverlayColours, Theme

PLANES_LAYOUT = "planes_view"
_SIDE_SHARE, _NARROW_SHARE, _WIDE_FROM = 0.373, 0.34, 940
_SMALL_VIEWS = 2


class PlanePanes(QWidget):
    """Shows the linked views alone, or the large one at the left of three planes.

    The small views are made when they are first wanted, which `view_added` tells. With a widget
    for surfaces there is a fourth pane below them; without one they fill the height.
    """

    view_added = Signal(object)
    planes_changed = Signal(bool)

    def __init__(self, grid: LinkedGrid, main: SliceView) -> None:
        super().__init__()
        self.grid, self._main = grid, main
        self.small: list[SliceView] = []
        self.surfaces: QWidget | None = None
        self._look: tuple[Theme, OverlayColours] | None = None
        self._on = False
        self._alone: QWidget | None = None
        self._side = QFrame()
        self._side.setObjectName("LinkedPane")
        self._column = QVBoxLayout(self._side)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(grid, 1)
        row.addWidget(self._side)
        self._side.hide()
        grid.layout_changed.connect(lambda _: self.set_on(False))

    @property
    def on(self) -> bool:
        """Whether three planes are shown."""
        return self._on

    @property
    def layout_name(self) -> str:
        """The id of the command that lays the views out as they are."""
        return PLANES_LAYOUT if self._on else self.grid.layout_name

    @property
    def views(self) -> tuple[SliceView, ...]:
        """The views of the planes, the large one first."""
        return (self._main, *self.small)

    @property
    def alone(self) -> QWidget | None:
        """The view that fills the area for a while; None while all are shown."""
        return self._alone

    def show_planes(self) -> None:
        """Show three planes, and surfaces where there are any."""
        if self.grid.count > 1 or self.grid.swiping:
            self.grid.set_count(1)
        while len(self.small) < _SMALL_VIEWS:
            self._add_view()
        self.set_on(True)

    def set_on(self, on: bool) -> None:
        """Show three planes, or the linked views alone."""
        if on == self._on:
            return
        self._on, self._alone = on, None
        self._lay_out()
        self.planes_changed.emit(on)

    def set_surface_pane(self, widget: QWidget | None) -> None:
        """Put a widget into the fourth pane, or take the pane away."""
        if self.surfaces is not None:
            self._column.removeWidget(self.surfaces)
            self.surfaces.setParent(None)
        self.surfaces = widget
        if widget is not None:
            self._column.addWidget(widget, 1)
        self._lay_out()

    def enlarge(self, pane: QWidget) -> None:
        """Let one pane fill the area, or show all of them again."""
        if self._on:
            self._alone = None if self._alone is pane else pane
            self._lay_out()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        self._look = (theme, overlays)
        for view in self.small:
            view.set_look(theme, overlays)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(event.size())

    def _add_view(self) -> None:
        view = SliceView(self._side)
        view.set_small(True)
        view.setMinimumSize(1, 1)
        if self._look is not None:
            view.set_look(*self._look)
        self._column.insertWidget(len(self.small), view, 1)
        self.small.append(view)
        self.view_added.emit(view)

    def _lay_out(self) -> None:
        with keys_kept(self, self._alone or self._main):
            self._show_panes()
        self._fit(self.size())

    def _show_panes(self) -> None:
        alone = self._alone
        beside: list[QWidget] = [*self.small, *([] if self.surfaces is None else [self.surfaces])]
        self.grid.setVisible(alone is None or alone is self._main)
        for pane in beside:
            pane.setVisible(alone is None or alone is pane)
        for view in self.small:
            view.set_small(alone is not view)
        self._side.setVisible(self._on and alone is not self._main)

    def _fit(self, size: QSize) -> None:
        """Give the small views their share of the width."""
        if self._alone is not None:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16777215)
            return
        share = _SIDE_SHARE if size.width() >= _WIDE_FROM else _NARROW_SHARE
        self._side.setFixedWidth(round(size.width() * share))
