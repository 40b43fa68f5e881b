"""A plot with a dot a case: which dot is which case can be pointed at and clicked."""

from dataclasses import dataclass
from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget

from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.theme import app_font

LineMeaning = Literal["mean", "median", "guide", "limit"]

_DOT, _CHOSEN_DOT = 7, 11
_GRID_ALPHA = 40
_TICK_PIXELS, _TITLE_PIXELS = 18, 20


@dataclass(frozen=True)
class Dot:
    """A case in a plot, and what is said of it under the pointer."""

    x: float
    y: float
    case_id: str
    tip: str


@dataclass(frozen=True)
class PlotLine:
    """A straight line from (x0, y0) to (x1, y1) with a few words at its end."""

    means: LineMeaning
    start: tuple[float, float]
    end: tuple[float, float]
    text: str = ""


@dataclass(frozen=True)
class PlotView:
    """What is drawn; `ticks` name places of the x axis, `chain` joins the dots of one case.

    `empty` is said where there is nothing to draw.
    """

    dots: tuple[Dot, ...] = ()
    lines: tuple[PlotLine, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    x_title: str = ""
    y_title: str = ""
    x_range: tuple[float, float] = (-1.0, 1.0)
    y_range: tuple[float, float] = (-1.0, 1.0)
    chain: bool = False
    empty: str = ""


class CasePlot(pg.GraphicsView):  # type: ignore[misc]
    """Draws a `PlotView`; says which case was clicked by `case_chosen`."""

    case_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=DARK.bg1)
        self.setAccessibleName("Plot of the cases")
        self._view = PlotView()
        self._case_id = ""
        self._theme: Theme = DARK
        self._overlays: OverlayColours = DEFAULT_OVERLAYS
        self._dots = pg.ScatterPlotItem(pxMode=True, hoverable=True, tip=_tip)
        self._dots.sigClicked.connect(self._on_clicked)
        # Not pyqtgraph's own plot, whose menus outlive it.
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._axes = {side: pg.AxisItem(side) for side in ("left", "bottom")}
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(4, 12, 16, 4)
        layout.setSpacing(0)
        layout.addItem(self._axes["left"], 0, 0)
        layout.addItem(self._box, 0, 1)
        layout.addItem(self._axes["bottom"], 1, 1)
        self.setCentralItem(layout)
        for axis in self._axes.values():
            axis.linkToView(self._box)
        self._axes["left"].setGrid(_GRID_ALPHA)

    @property
    def view(self) -> PlotView:
        """What is drawn."""
        return self._view

    def show_plot(self, view: PlotView) -> None:
        """Draw something else."""
        self._view = view
        self.setAccessibleDescription(f"{view.y_title}, {len(view.dots)} dots")
        self._draw()

    def show_case(self, case_id: str) -> None:
        """Mark the dots of a case."""
        if case_id != self._case_id:
            self._case_id = case_id
            self._draw()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self.setBackground(theme.bg1)
        self._draw()

    def place_of(self, dot: Dot) -> QPointF:
        """Return where a dot lies in this widget."""
        return QPointF(self.mapFromScene(self._box.mapViewToScene(QPointF(dot.x, dot.y))))

    def _draw(self) -> None:
        view, box = self._view, self._box
        box.clear()
        self._draw_axes()
        chosen = [dot for dot in view.dots if dot.case_id == self._case_id]
        if view.chain and len(chosen) > 1:
            pen = QPen(QColor(self._theme.acc), 0)
            pen.setStyle(Qt.PenStyle.DashLine)
            xs, ys = [dot.x for dot in chosen], [dot.y for dot in chosen]
            box.addItem(pg.PlotDataItem(xs, ys, pen=pen), ignoreBounds=True)
        # The chosen last, so that nothing lies over them.
        ordered = [dot for dot in view.dots if dot.case_id != self._case_id] + chosen
        self._dots.setData([self._spot(dot) for dot in ordered])
        box.addItem(self._dots)
        for line in view.lines:
            self._draw_line(line)
        if not view.dots:
            said = pg.TextItem(view.empty, color=self._theme.t3, anchor=(0.5, 0.5))
            said.setFont(app_font(size_px=12))
            box.addItem(said, ignoreBounds=True)
            box.setRange(xRange=(-1, 1), yRange=(-1, 1), padding=0)
            return
        box.setRange(xRange=view.x_range, yRange=view.y_range, padding=0)

    def _draw_axes(self) -> None:
        view, theme = self._view, self._theme
        for side, title in (("bottom", view.x_title), ("left", view.y_title)):
            axis = self._axes[side]
            axis.setPen(theme.line2)
            axis.setTextPen(theme.t2)
            axis.setTickFont(app_font(size_px=11))
            axis.setStyle(tickLength=0)
            axis.label.setFont(app_font(size_px=11))
            axis.setLabel(title, color=theme.t3)
            axis.showLabel(bool(title))
        bottom = self._axes["bottom"]
        bottom.setTicks([list(view.ticks)] if view.ticks else None)
        lines = max((text.count("\n") + 1 for _, text in view.ticks), default=1)
        bottom.setHeight(lines * _TICK_PIXELS + (_TITLE_PIXELS if view.x_title else 4))

    def _draw_line(self, line: PlotLine) -> None:
        xs, ys = zip(line.start, line.end, strict=True)
        pen = self._pen(line.means)
        self._box.addItem(pg.PlotDataItem(list(xs), list(ys), pen=pen), ignoreBounds=True)
        if line.text:
            said = pg.TextItem(line.text, color=self._theme.t2, anchor=(1, 1))
            said.setFont(app_font(size_px=11))
            said.setPos(*line.end)
            self._box.addItem(said, ignoreBounds=True)

    def _pen(self, means: LineMeaning) -> QPen:
        overlays, theme = self._overlays, self._theme
        colours = {"mean": overlays.prediction, "median": overlays.truth, "guide": theme.line3}
        pen = QPen(QColor(colours.get(means, overlays.prediction)), 2 if means == "mean" else 1.5)
        pen.setCosmetic(True)
        if means == "guide":
            pen.setWidthF(1)
        if means == "limit":
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen

    def _spot(self, dot: Dot) -> dict[str, object]:
        chosen = dot.case_id == self._case_id
        colour = QColor(self._theme.acc if chosen else self._theme.t3)
        return {
            "pos": (dot.x, dot.y),
            "data": dot,
            "size": _CHOSEN_DOT if chosen else _DOT,
            "brush": colour,
            "pen": QPen(Qt.PenStyle.NoPen),
        }

    def _on_clicked(self, item: object, points: object, event: object) -> None:
        for point in points:  # type: ignore[attr-defined]
            self.case_chosen.emit(point.data().case_id)
            return


def _tip(x: float, y: float, data: Dot) -> str:
    del x, y
    return data.tip
