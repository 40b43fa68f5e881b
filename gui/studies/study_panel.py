"""The comparison of models over all cases, below the images: plots, tables, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.studies.case_plot import CasePlot, PlotView
from gui.studies.plot_legend import PlotLegend
from gui.studies.study_plots import ModelLine, PairLine, RegionLine
from gui.studies.study_tables import ModelTable, PairTable, RegionTable
from gui.widgets.icons import icon
from gui.widgets.labels import ElidedLabel, Glyph, make_label, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.quiet_choice import QuietChoice
from gui.widgets.segments import Segments

HEIGHT, LOW_HEIGHT = 312, 220
_TABLE_WIDTH = 640
_REGIONS = 2  # among the tables
_PLOTS: tuple[tuple["PlotKind", str], ...] = (
    ("by_case", "By case"),
    ("scatter", "A against B"),
    ("volumes", "Volume, A − B"),
)

_NOTHING = (
    "Tick two models or more and run them on all cases: mean, median and spread of each, what "
    "they differ by and how sure that is appear here."
)

PlotKind = Literal["by_case", "scatter", "volumes"]


@dataclass(frozen=True)
class StudyChoice:
    """What the reader wants to see: a plot, a figure, and two models for the plots of two.

    `part` names the region or mean that all of it is of, where there are several labels.
    """

    plot: PlotKind
    figure: str
    first: str
    second: str
    part: str = ""


class StudyPanel(QFrame):
    """Shows a comparison beside the images; narrow, its tables lie under a tab beside the plot."""

    choice_changed = Signal()
    case_asked = Signal(str)
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("LowerPanel")
        self.plot, self.legend = CasePlot(), PlotLegend()
        self.plot.case_chosen.connect(self.case_asked)
        self.models, self.pairs, self.regions = ModelTable(), PairTable(), RegionTable()
        self._title = make_label("", "section")
        self._caption = ElidedLabel("", "caption")
        self._figure = self._combo("Figure")
        self._first, self._second = self._combo("Model A"), self._combo("Model B")
        self._part = self._combo("Region compared")
        self._against = make_label("against", "caption")
        self._kind = Segments([title for _, title in _PLOTS], name="Plot")
        self._kind.chosen.connect(lambda _: self._on_choice())
        self._tables = Segments(("Pairs", "Models", "Regions"), name="Tables")
        self._table_pages = QStackedWidget()
        self._tables.chosen.connect(self._table_pages.setCurrentIndex)
        self._tab = Segments(("Plot", "Tables"), name="Comparison")
        self._tab.chosen.connect(lambda _: self._lay_narrow())
        self._verdict = make_wrapped_label("", "section")
        self._method = ElidedLabel("", "caption")
        self._export = QPushButton("Export…")
        self._export.setProperty("small", True)
        self._export.setToolTip("Write this comparison as HTML, PDF and CSV")
        self._export.clicked.connect(self.export_asked)
        self._narrow = False
        self._lay_out()
        self.set_narrow(False)
        self.clear_study()

    @property
    def choice(self) -> StudyChoice:
        """What is chosen."""
        return StudyChoice(
            _PLOTS[self._kind.index][0],
            str(self._figure.currentData() or "dsc"),
            str(self._first.currentData() or ""),
            str(self._second.currentData() or ""),
            str(self._part.currentData() or ""),
        )

    def choose(self, choice: StudyChoice) -> None:
        """Show another plot, figure or pair."""
        kinds = [kind for kind, _ in _PLOTS]
        self._kind.set_index(kinds.index(choice.plot))
        for box, value in (
            (self._figure, choice.figure),
            (self._first, choice.first),
            (self._second, choice.second),
            (self._part, choice.part),
        ):
            box.setCurrentIndex(max(box.findData(value), 0))

    def clear_study(self) -> None:
        """Say that nothing was compared yet."""
        self._pages.setCurrentWidget(self._empty)

    def set_study(
        self,
        texts: tuple[str, str],
        models: Sequence[tuple[str, str]],
        figures: Sequence[tuple[str, str]],
    ) -> None:
        """Offer the models and figures of a comparison; `texts` are its title and a caption."""
        before = self.choice
        self._title.setText(texts[0])
        self._caption.setText(texts[1])
        for box, rows, wanted in (
            (self._figure, figures, before.figure),
            (self._first, models, before.first),
            (self._second, models, before.second),
        ):
            _fill(box, rows, wanted)
        if self.choice.first == self.choice.second and len(models) > 1:
            _fill(self._second, models, models[1][0])
            _fill(self._first, models, models[0][0])
        self._kind.setEnabled(len(models) > 1)
        if len(models) < 2:
            self._kind.set_index(0)
        self._pages.setCurrentWidget(self._found)
        self._on_choice()

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """Offer regions, labels and their mean, the first to begin with; none of binary cases."""
        there = [self._part.itemData(index) for index in range(self._part.count())]
        if there != [key for key, _ in parts]:
            _fill(self._part, parts, str(self._part.currentData() or ""))
        self._part.setVisible(bool(parts))
        self._tables.offer(_REGIONS, bool(parts))

    def show_plot(self, view: PlotView) -> None:
        """Show a plot."""
        self.plot.show_plot(view)
        self.legend.show_lines(view)

    def show_tables(self, models: Sequence[ModelLine], pairs: Sequence[PairLine]) -> None:
        """Show the tables of a figure."""
        self.models.show_models(models)
        self.pairs.show_pairs(pairs)

    def show_regions(self, models: Sequence[str], lines: Sequence[RegionLine]) -> None:
        """Show the table of regions and labels, by models of these titles."""
        self.regions.show_regions(models, lines)

    def show_verdict(self, said: str, method: str) -> None:
        """Say in a sentence what the pairs come to, and how that was found."""
        self._verdict.setText(said)
        self._method.setText(method)

    def set_narrow(self, narrow: bool) -> None:
        """Show plot and tables side by side, or one of them."""
        self._narrow = narrow
        self._tab.setVisible(narrow)
        self._lay_narrow()

    def set_low(self, low: bool) -> None:
        """Leave the images more room in a low window."""
        self.setFixedHeight(LOW_HEIGHT if low else HEIGHT)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self.plot.set_look(theme, overlays)
        self.legend.set_look(theme, overlays)
        self.pairs.set_theme(theme)
        self._export.setIcon(icon("export", colour=theme.t2, size=14))
        self._glyph.set_colour(theme.t3)

    def _lay_narrow(self) -> None:
        tables = self._tab.index == 1
        self._left.setVisible(not (self._narrow and tables))
        self._right.setVisible(not self._narrow or tables)
        self._right.setMaximumWidth(16_777_215 if self._narrow else _TABLE_WIDTH)

    def _on_choice(self) -> None:
        two = self.choice.plot != "by_case"
        for widget in (self._first, self._against, self._second):
            widget.setVisible(two)
        self._figure.setEnabled(self.choice.plot != "volumes")
        self.choice_changed.emit()

    def _combo(self, name: str) -> QComboBox:
        box = QuietChoice()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.currentIndexChanged.connect(lambda _: self._on_choice())
        return box

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        self._glyph = Glyph("trend", size=28)
        said = make_wrapped_label(_NOTHING, "caption")
        said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        said.setFixedWidth(380)
        column = QVBoxLayout(empty)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(10)
        for widget in (self._glyph, make_label("Nothing compared yet", "panel"), said):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        return empty

    def _make_left(self) -> QWidget:
        left = QWidget()
        chooser = QHBoxLayout()
        chooser.setSpacing(8)
        for widget in (self._kind, self._figure, self._first, self._against, self._second):
            chooser.addWidget(widget)
        chooser.addStretch(1)
        chooser.addWidget(self.legend)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(chooser)
        column.addWidget(self.plot, 1)
        return left

    def _make_right(self) -> QWidget:
        right = QWidget()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(make_label("Differences", "section"))
        head.addWidget(self._tables)
        head.addStretch(1)
        head.addWidget(self._export)
        for table in (self.pairs, self.models, self.regions):
            self._table_pages.addWidget(table)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._table_pages, 1)
        column.addWidget(self._verdict)
        column.addWidget(self._method)
        return right

    def _lay_out(self) -> None:
        self._left, self._right = self._make_left(), self._make_right()
        self._found, self._empty = QWidget(), self._make_empty()
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._left, 1)
        row.addWidget(self._right, 1)
        inside = QVBoxLayout(self._found)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._tab)
        head.addWidget(self._title)
        head.addWidget(self._caption, 1)
        head.addWidget(self._part)
        inside.addLayout(head)
        inside.addLayout(row, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._found)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.addWidget(self._pages)


def _fill(box: QComboBox, rows: Sequence[tuple[str, str]], wanted: str) -> None:
    blocker = QSignalBlocker(box)
    box.clear()
    for key, title in rows:
        box.addItem(title, key)
    box.setCurrentIndex(max(box.findData(wanted), 0))
    blocker.unblock()
