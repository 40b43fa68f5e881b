"""The figures of a case or of the slice on screen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QStackedLayout, QVBoxLayout, QWidget

from gui.prediction.metrics_parts import Hero, Table, Volumes, without_prediction
from gui.widgets.labels import Glyph, keep_room, make_label, make_wrapped_label
from gui.widgets.metrics_view import MetricsView
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS
from gui.widgets.section import INSET, Section
from gui.widgets.segments import Segments
from gui.widgets.theme import OverlayColours, Theme

_TITLES = {
    "no_case": "No case on screen",
    "no_truth": "No ground truth",
    "no_prediction": "No prediction yet",
}
_SENTENCE_LINES = 3
_ICONS = {"no_case": "image", "no_truth": "info", "no_prediction": "play"}
_BETWEEN = 2


class MetricsPanel(QWidget):
    """DSC large, the other figures in a table, volumes as bars; for the case or the slice."""

    run_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._views: tuple[MetricsView, MetricsView] | None = None
        self._corrected: tuple[MetricsView, MetricsView] | None = None
        self.section = Section("Metrics")
        self._scope = Segments(("Case", "Slice"), name="Metrics of")
        self._scope.chosen.connect(self._refresh)
        self.section.set_corner(self._scope)
        self._hero = Hero()
        self._table = Table()
        self._volumes = Volumes()
        self._empty = _Empty()
        self._empty.run.clicked.connect(self.run_requested)
        self._body = body = QVBoxLayout(self.section.body)
        body.setSpacing(4)
        figures = QWidget()
        column = QVBoxLayout(figures)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_BETWEEN)
        column.addWidget(self._hero)
        column.addWidget(self._table)
        self._figures = figures
        # One lies over the other: whatever is known of a case, what stands below stays there.
        self._pages = QStackedLayout()
        self._pages.addWidget(figures)
        self._pages.addWidget(self._empty)
        body.addLayout(self._pages)
        keep_room(self._volumes)
        body.addWidget(self._volumes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.set_compact(False)

    def set_metrics(self, case: MetricsView, slice_: MetricsView) -> None:
        """Show the figures of a case and of its slice on screen."""
        before, self._views = self._views, (case, slice_)
        if before is None or before[self._scope.index] != self._views[self._scope.index]:
            self._refresh()

    def set_corrected(self, views: tuple[MetricsView, MetricsView] | None) -> None:
        """Show the figures of the correction beside them, of the case and of the slice."""
        if views != self._corrected:
            self._corrected = views
            self._refresh()

    def set_compact(self, compact: bool) -> None:
        """Take less height, which a narrow window needs for the disagreements."""
        self._table.set_short(compact)
        height = self._hero.minimumHeight() + _BETWEEN + self._table.minimumHeight()
        for page in (self._figures, self._empty):
            page.setFixedHeight(height)
        self._body.setContentsMargins(INSET, 0, INSET, 2 if compact else 8)
        self._refresh()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self.section.set_look(theme, overlays)
        self._empty.set_look(theme)
        self._volumes.set_look(theme, overlays)
        self._hero.set_look(theme)
        self._table.set_look(theme)
        self._refresh()

    def _refresh(self) -> None:
        index = self._scope.index
        view = None if self._views is None else self._views[index]
        corrected = None if self._corrected is None else self._corrected[index]
        if view is not None and corrected is not None and view.state == "no_prediction":
            view = without_prediction(view, corrected)
        scored = view is not None and view.state in {"ready", "running"}
        self._pages.setCurrentIndex(0 if scored else 1)
        self._volumes.setVisible(
            view is not None and view.state not in ("no_case", "no_prediction")
        )
        if view is None:
            self._empty.show_text("info", "No case open", "Open a case to see its metrics.")
        elif scored:
            self._hero.show_view(view, corrected)
            self._table.show_view(view, corrected)
        else:
            self._empty.show_text(_ICONS[view.state], _TITLES[view.state], view.message)
        self._empty.run.setVisible(view is not None and view.state == "no_prediction")
        if view is not None:
            self._volumes.show_view(view, corrected)


class _Empty(QWidget):
    _ICON_SIZE = 28

    def __init__(self) -> None:
        super().__init__()
        self._glyph = Glyph("info", size=self._ICON_SIZE)
        self._title = make_label("", "section")
        self._sentence = make_wrapped_label("", "body")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        # What is known of a model comes late, and must not move the button below it.
        self._sentence.setMinimumHeight(_SENTENCE_LINES * self.fontMetrics().lineSpacing())
        self.run = QPushButton("Run case")
        self.run.setToolTip("Run the model on this case (Ctrl+R)")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(6)
        for widget in (self._glyph, self._title):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._sentence)
        column.addWidget(self.run, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_text(self, icon: str, title: str, sentence: str) -> None:
        self._glyph.set_icon(icon)
        self._title.setText(title)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))

    def set_look(self, theme: Theme) -> None:
        self._glyph.set_colour(theme.t3)
