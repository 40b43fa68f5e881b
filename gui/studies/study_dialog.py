"""The comparison of models over all cases: ticks and run, plots, tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.studies.case_plot import CasePlot, PlotView
from gui.studies.study_plots import ModelLine, PairLine
from gui.studies.study_side import StudySide
from gui.studies.study_tables import ModelTable, PairTable
from gui.widgets.icons import icon
from gui.widgets.labels import ElidedLabel, Glyph, make_label, make_wrapped_label
from gui.widgets.palette import OverlayColours, Theme
from gui.widgets.segments import Segments

_SIZE = QSize(1320, 800)
_TABLES_HEIGHT = 200
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
    """What the reader wants to see: a plot, a figure, and two models for the plots of two."""

    plot: PlotKind
    figure: str
    first: str
    second: str


class StudyDialog(QDialog):
    """Shows a comparison and asks for one; modeless, so that a case can be seen behind it."""

    choice_changed = Signal()
    case_asked = Signal(str)
    export_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare models")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.side = StudySide()
        self.plot = CasePlot()
        self.plot.case_chosen.connect(self.case_asked)
        self.models, self.pairs = ModelTable(), PairTable()
        self._title = make_label("", "title")
        self._caption = ElidedLabel("", "caption")
        self._figure = self._combo("Figure")
        self._first, self._second = self._combo("Model A"), self._combo("Model B")
        self._against = make_label("against", "caption")
        self._kind = Segments([title for _, title in _PLOTS], name="Plot")
        self._kind.chosen.connect(lambda _: self._on_choice())
        self._export = QPushButton("Export…")
        self._export.setAutoDefault(False)
        self._export.setToolTip("Write this comparison as HTML, PDF and CSV")
        self._export.clicked.connect(self.export_asked)
        self._lay_out()
        room = self.screen().availableSize()
        self.resize(_SIZE.boundedTo(QSize(room.width() - 40, room.height() - 80)))
        self.clear_study()

    @property
    def choice(self) -> StudyChoice:
        """What is chosen."""
        return StudyChoice(
            _PLOTS[self._kind.index][0],
            str(self._figure.currentData() or "dsc"),
            str(self._first.currentData() or ""),
            str(self._second.currentData() or ""),
        )

    def choose(self, choice: StudyChoice) -> None:
        """Show another plot, figure or pair."""
        kinds = [kind for kind, _ in _PLOTS]
        self._kind.set_index(kinds.index(choice.plot))
        for box, value in (
            (self._figure, choice.figure),
            (self._first, choice.first),
            (self._second, choice.second),
        ):
            box.setCurrentIndex(max(box.findData(value), 0))

    def clear_study(self) -> None:
        """Say that nothing was compared yet."""
        self._pages.setCurrentWidget(self._empty)
        self._export.setEnabled(False)
        self._title.setText("Compare models")
        self._caption.setText("")

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
        self._export.setEnabled(True)
        self._on_choice()

    def show_plot(self, view: PlotView) -> None:
        """Show a plot."""
        self.plot.show_plot(view)

    def show_tables(self, models: Sequence[ModelLine], pairs: Sequence[PairLine]) -> None:
        """Show the tables of a figure."""
        self.models.show_models(models)
        self.pairs.show_pairs(pairs)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self.plot.set_look(theme, overlays)
        self.pairs.set_theme(theme)
        self._export.setIcon(icon("export", colour=theme.t2, size=16))
        self._glyph.set_colour(theme.t3)

    def _on_choice(self) -> None:
        two = self.choice.plot != "by_case"
        for widget in (self._first, self._against, self._second):
            widget.setVisible(two)
        self._figure.setEnabled(self.choice.plot != "volumes")
        self.choice_changed.emit()

    def _combo(self, name: str) -> QComboBox:
        box = QComboBox()
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

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._title)
        head.addWidget(self._caption, 1)
        head.addWidget(self._export)
        chooser = QHBoxLayout()
        chooser.setSpacing(8)
        for widget in (self._kind, self._figure, self._first, self._against, self._second):
            chooser.addWidget(widget)
        chooser.addStretch(1)
        tables = QHBoxLayout()
        tables.setSpacing(16)
        tables.addWidget(self.models, 4)
        tables.addWidget(self.pairs, 8)
        for table in (self.models, self.pairs):
            table.setFixedHeight(_TABLES_HEIGHT)
        self._found, self._empty = QWidget(), self._make_empty()
        column = QVBoxLayout(self._found)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(chooser)
        column.addWidget(self.plot, 1)
        column.addLayout(tables)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._found)
        right = QVBoxLayout()
        right.setContentsMargins(20, 16, 20, 16)
        right.setSpacing(12)
        right.addLayout(head)
        right.addWidget(self._pages, 1)
        rule = QFrame()
        rule.setProperty("rule", "vertical")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.side)
        row.addWidget(rule)
        row.addLayout(right, 1)


def _fill(box: QComboBox, rows: Sequence[tuple[str, str]], wanted: str) -> None:
    blocker = QSignalBlocker(box)
    box.clear()
    for key, title in rows:
        box.addItem(title, key)
    box.setCurrentIndex(max(box.findData(wanted), 0))
    blocker.unblock()
