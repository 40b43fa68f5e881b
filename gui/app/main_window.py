"""The layout of the window: regions and their sizes, nothing of what they do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QMimeData, QRect, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
    QScreen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.workspace.settings import WindowPlace
from gui.annotation.clicks.clicks_panel import ClicksPanel
from gui.annotation.clicks.film_strip import FilmStrip
from gui.annotation.tools.tool_card import ToolCard
from gui.annotation.tools.tool_rail import ToolRail
from gui.app.inspector import Inspector
from gui.app.menu_bar import fill_menu_bar
from gui.app.side_panel import NARROWEST, RAIL, WIDEST, WIDTH, SidePanel
from gui.app.window_place import first_geometry, kept_place, screen_key, smallest_size
from gui.data.recent_menu import RecentMenu
from gui.measurement.measurement_panel import MeasurementPanel
from gui.prediction.metrics import MetricsPanel
from gui.prediction.model_panel import ModelPanel
from gui.review.disagreement_panel import DisagreementPanel
from gui.review.review_panel import ReviewPanel
from gui.shell.actions import Actions
from gui.shell.commands import COMMANDS, Keys
from gui.shell.keyboard import Keyboard
from gui.shell.messages import Toasts
from gui.shell.regions import first_focusable, within
from gui.shell.session import Session
from gui.shell.status_bar import StatusBar
from gui.shell.top_bar import TopBar
from gui.training.jobs_drawer import JobsDrawer
from gui.viewer.labels.labels_panel import LabelsPanel
from gui.viewer.labels.regions_panel import RegionsPanel
from gui.viewer.layers import LayersPanel
from gui.viewer.planes.linked_grid import LinkedGrid
from gui.viewer.planes.plane_grid import PlanePanes
from gui.viewer.slice.empty_state import EmptyState
from gui.viewer.slice.slice_view import SliceView
from gui.viewer.slice.touch import Tool
from gui.viewer.strip.strip import SliceStrip
from gui.viewer.surface.surface_pane import SurfacePane
from gui.viewer.viewer_header import ViewerHeader
from gui.widgets.later import Later
from gui.widgets.notices import NoticeBar
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.run_line import RunLine
from gui.worklist.worklist_panel import Worklist

if TYPE_CHECKING:
    from gui.studies.study_panel import StudyPanel

_COMPACT_BELOW = 1400
_LOW = 900
_INSPECTOR_WIDTH = 320
_COMPACT_INSPECTOR = 296
TOOL_COMMANDS = tuple(c.id for c in COMMANDS if c.id.endswith("_tool"))


class MainWindow(QMainWindow):
    """Holds the regions; narrow windows get the compact layout of each."""

    closing = Signal()
    overlays_held = Signal(bool)
    dropped = Signal(list)
    """Paths of what was dropped on the window."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Overread")
        self.theme: Theme = DARK
        self.overlays: OverlayColours = DEFAULT_OVERLAYS
        self._compact: bool | None = None
        self._closed = self._several = self._filming = False
        self._reviewing = True
        self._below: StudyPanel | None = None
        self.may_close: Callable[[], bool] = lambda: True
        self.actions_table = Actions(self)
        self._make_regions()
        self._lay_out()
        self._to_clicks = Later(self, 0, lambda: self._inspector.bring_into_view(self.clicks))
        self.setAcceptDrops(True)
        self.toasts = Toasts(self, over=self.grid)
        self._keyboard = Keyboard(self)
        self._keyboard.meant = self.actions.start
        self.actions.held = lambda: self._keyboard.repeats
        self._keyboard.space_held.connect(self.overlays_held)
        later = Qt.ConnectionType.QueuedConnection  # the focus is on its way still
        self._keyboard.thrown.connect(self.view.setFocus, later)
        self._keyboard.typing_changed.connect(self.actions.release_typing_keys)

    def show_in_place(self, kept: Mapping[str, WindowPlace], last_screen: str) -> None:
        """Show the window on the screen it was on last, as it was left there, and whole."""
        screens = {screen_key(screen): screen for screen in QGuiApplication.screens()}
        screen = screens.get(last_screen) or QGuiApplication.primaryScreen()
        self.setScreen(screen)
        self._fit_screen(screen)
        place = kept.get(screen_key(screen))
        geometry = first_geometry(screen.availableGeometry(), place)
        self.move(geometry.topLeft())
        self.resize(geometry.size())
        if place is not None and place.maximised:
            self.showMaximized()
        else:
            self.show()
        self.windowHandle().screenChanged.connect(self._fit_screen)

    def place(self) -> tuple[str, WindowPlace]:
        """Return the screen the window is on, and what to keep of its place there."""
        screen = self.screen()
        normal = self.normalGeometry()
        frame = self.frameGeometry().topLeft() - self.geometry().topLeft()
        left = QRect(normal.topLeft() + frame, normal.size())
        available = screen.availableGeometry()
        return screen_key(screen), kept_place(left, available, maximised=self.isMaximized())

    def _fit_screen(self, screen: QScreen) -> None:
        self.setMinimumSize(smallest_size(screen.availableSize()))

    @property
    def actions(self) -> Actions:  # type: ignore[override]
        """Every command by its id."""
        return self.actions_table

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw everything in the colours of a theme and a palette."""
        self.theme, self.overlays = theme, overlays
        for part in self._looks:
            part.set_look(theme, overlays)

    def enable_commands(self, session: Session) -> None:
        """Enable what can be done with what is open."""
        case, model = bool(session.current), session.models.current is not None
        self.actions.enable(case=case, model=model, running=session.queue.active)
        self.top_bar.set_runnable(case and model)

    def set_tool(self, tool: Tool) -> None:
        """Choose what a press and a drag with the left button do."""
        command = f"{tool}_tool"
        self.view.set_tool(tool)
        self.rail.set_tool(command)
        guided = tool == "guided"
        self.strip.set_tall(guided)
        if guided and self.clicks.isHidden():
            self._to_clicks.start()
        self.clicks.setVisible(guided)
        for name in TOOL_COMMANDS:
            self.actions[name].setChecked(name == command)

    def set_keys(self, changed: Keys) -> None:
        """Obey and name the keys that the reader gave to commands."""
        self.actions.set_keys(changed)
        self.rail.set_keys(changed)
        named = (self.top_bar, self.header, self.card, self.review, self.disagreements)
        for part in (*named, self.film, self.clicks):
            part.set_keys(changed)

    def find_case(self) -> None:
        """Put the cursor into the worklist's search field."""
        self.unfold_worklist()
        self.worklist.focus_search()

    def quit(self) -> None:
        """Close the window, and with it the program."""
        self.close()

    def next_region(self, step: int) -> None:
        """Move the focus to the next region, in reading order."""
        every: list[QWidget] = [
            self.top_bar,
            self.worklist,
            self.view,
            self.strip,
            self.film,
            self.jobs,
            self.layers,
            self.review,
            self._right,
        ]
        regions = [region for region in every if region.isVisible()]
        regions = regions[:-1] if self.review in regions else regions
        focused = self.focusWidget()
        inside = [n for n, r in enumerate(regions) if focused is not None and within(r, focused)]
        index = (inside[0] + step) % len(regions) if inside else 0
        target = first_focusable(regions[index])
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def unfold_worklist(self) -> None:
        """Show the whole worklist, which a narrow window folds to a rail."""
        if self._compact:
            self._show_worklist(True)

    def fold_worklist(self) -> None:
        """Fold the worklist to a rail again, in a narrow window."""
        if self._compact:
            self._show_worklist(False)

    def lay_compare(self, side: QWidget, below: "StudyPanel") -> None:
        """Show the views large, `side` at their right and `below` under both."""
        self._right.addWidget(side)
        self._right.setCurrentWidget(side)
        self._below = below
        self._area.addWidget(below)
        below.show()
        self._set_reviewing(False)

    def lay_review(self) -> None:
        """Show the regions of a review."""
        self._right.setCurrentWidget(self._inspector)
        if self._below is not None:
            self._below.hide()
        self._set_reviewing(True)

    def _set_reviewing(self, reviewing: bool) -> None:
        self._reviewing = reviewing
        for part in (self.rail, self.jobs):
            part.setVisible(reviewing)
        self.show_film(self._filming)
        self._fit_below()

    def show_film(self, filming: bool) -> None:
        """Show the slices of carried clicks in the place of the strip, or that again."""
        self._filming = filming
        self.strip.setVisible(self._reviewing and not filming)
        self.film.setVisible(self._reviewing and filming)

    def _fit_below(self) -> None:
        if self._below is not None:
            self._below.set_narrow(bool(self._compact))
            self._below.set_low(self.height() < _LOW)

    def _show_worklist(self, shown: bool) -> None:
        """Show the whole worklist or its rail; in a narrow window the whole lies over the image."""
        self.worklist.set_compact(not shown)
        self._side.lay_over(shown and bool(self._compact))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed and not self.may_close():
            event.ignore()
            return
        # A second signal to end may come while the first one is heeded.
        if not self._closed:
            self._closed = True
            self.closing.emit()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(_paths(event.mimeData()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_compact(self.width() < _COMPACT_BELOW)
        self._fit_below()
        self.empty.place()

    def _make_regions(self) -> None:
        self.recent = RecentMenu(self)
        fill_menu_bar(self.menuBar(), self.actions, self.recent)
        self.top_bar = TopBar(self.recent, self.actions)
        self.worklist = Worklist()
        self.header = ViewerHeader()
        self.notices = NoticeBar()
        self.rail = ToolRail()
        self.view = SliceView()
        self.grid = LinkedGrid(self.view)
        self.planes = PlanePanes(self.grid, self.view)
        self.surfaces = SurfacePane()
        self.planes.set_surface_pane(self.surfaces)
        self.card = ToolCard(self.view)
        self.view.keep_clear(self.card, self.card.preview)
        self.empty = EmptyState(self.view)
        self.strip, self.film, self.clicks = SliceStrip(), FilmStrip(), ClicksPanel()
        self.drawer = RunLine("Runs", stop_tip="Stop the runs (Esc)")
        tip = "Stop after the slices in hand; what is predicted is kept"
        self.study_line = RunLine("Comparison", stop_tip=tip, show_label="Show")
        self.jobs = JobsDrawer()
        self.layers = LayersPanel()
        self.label_rows, self.region_rows = LabelsPanel(), RegionsPanel()
        self.metrics = MetricsPanel()
        self.measurements = MeasurementPanel()
        self.disagreements = DisagreementPanel()
        self.review = ReviewPanel()
        self.model_panel = ModelPanel()
        self.status = StatusBar()
        self.worklist.case_chosen.connect(lambda _: self.fold_worklist())
        self.worklist.expand_requested.connect(self.unfold_worklist)

    @property
    def _looks(self) -> tuple["_Look", ...]:
        return (
            self.top_bar,
            self.worklist,
            self.header,
            self.notices,
            self.rail,
            self.view,
            self.grid,
            self.surfaces,
            self.planes,
            self.empty,
            self.strip,
            self.film,
            self.jobs,
            self.layers,
            self.label_rows,
            self.region_rows,
            self.metrics,
            self.clicks,
            self.measurements,
            self.disagreements,
            self.review,
            self.model_panel,
            self.status,
            self.toasts,
        )

    def _lay_out(self) -> None:
        panels = (
            self.layers,
            self.label_rows,
            self.region_rows,
            self.metrics,
            self.clicks,
            self.measurements,
            self.disagreements,
        )
        self._inspector = Inspector(panels, (self.model_panel,), self.review)
        self._right = QStackedWidget()
        self._right.setMinimumWidth(NARROWEST)
        self._right.setMaximumWidth(WIDEST)
        self._right.addWidget(self._inspector)
        self._inner = _splitter(self._centre(), self._right)
        self._inner.setStretchFactor(0, 1)
        room, area = QWidget(), QWidget()
        self._area = _column(area)
        self._area.addWidget(self._inner, 1)
        self._split = split = _splitter(room, area)
        split.setStretchFactor(1, 1)
        whole = QWidget()
        column = _column(whole)
        for widget in (self.top_bar, split, self.status):
            column.addWidget(widget, 1 if widget is split else 0)
        self.worklist.setParent(whole)
        self._side = SidePanel(self.worklist, room)
        self._side.left.connect(self.fold_worklist)
        self.setCentralWidget(whole)

    def _centre(self) -> QWidget:
        centre = _Centre(self.view)
        column = _column(centre)
        image = QWidget()
        row = QHBoxLayout(image)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        # What comes and goes with a case changes the image alone: no button moves for it.
        beside = QWidget()
        seen = _column(beside)
        seen.addWidget(self.planes, 1)
        seen.addWidget(self.notices)
        row.addWidget(beside, 1)
        for line in (self.drawer, self.study_line):
            self.jobs.show_in_line(line)
        for widget in (self.header, image, self.strip, self.film, self.jobs):
            column.addWidget(widget, 1 if widget is image else 0)
        return centre

    def _set_compact(self, compact: bool) -> None:
        if compact == self._compact:
            return
        self._compact = compact
        bars = (self.top_bar, self.header, self.strip, self.jobs, self.status)
        for part in (*bars, self.film, self.clicks, self.review, self.metrics):
            part.set_compact(compact)
        self.layers.set_expanded(not compact and not self._several)
        self._side.set_narrow(compact)
        self._show_worklist(not compact)
        self._set_sides(RAIL if compact else WIDTH)

    def set_several(self, several: bool) -> None:
        """Make room for the labels and regions of a case that has several."""
        if several == self._several:
            return
        self._several = several
        self.layers.set_expanded(not several and not self._compact)
        self.metrics.section.set_expanded(not several)

    def _set_sides(self, worklist: int) -> None:
        """Give the panels at the sides their widths, and the image the rest."""
        inspector = _COMPACT_INSPECTOR if self._compact else _INSPECTOR_WIDTH
        rest = self.width() - worklist
        self._split.setSizes([worklist, rest])
        self._inner.setSizes([max(rest - inspector, 1), inspector])


class _Look(Protocol):
    """A part of the window that is drawn in the colours of a theme and a palette."""

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None: ...


class _Centre(QWidget):
    """Turns the slices wherever the wheel is turned around the image: headers, cards, tools."""

    def __init__(self, view: SliceView) -> None:
        super().__init__()
        self._view = view

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._view.wheelEvent(event)


def _splitter(*parts: QWidget) -> QSplitter:
    split = QSplitter(Qt.Orientation.Horizontal)
    split.setHandleWidth(1)
    split.setChildrenCollapsible(False)
    for part in parts:
        split.addWidget(part)
    return split


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column


def _paths(data: QMimeData) -> list[Path]:
    """Return the files and folders of this computer that are dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
