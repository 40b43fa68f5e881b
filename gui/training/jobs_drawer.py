"""The drawer under the slice strip: jobs of training, how far they are and what they bring."""

from PySide6.QtCore import QEvent, QObject, QSize, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.training.curve import CurvePlot
from gui.training.job_parts import JobBar, JobCard, VerdictList
from gui.training.jobs_view import JobsView, JobView
from gui.widgets.fitted_choice import FittedChoice
from gui.widgets.icons import Tint, icon, tinted_icon
from gui.widgets.labels import ElidedLabel, make_label
from gui.widgets.palette import DARK, OverlayColours, Theme

OPEN_HEIGHT, CLOSED_HEIGHT = 146, 35
_CARD_WIDTH = 336


class JobsDrawer(QFrame):
    """Open 146 px, closed 35 px with the progress in its one line."""

    asked = Signal(str, str)
    """An act of `jobs_view.Act` and the id of the job."""

    new_asked = Signal()
    job_chosen = Signal(str)
    expanded_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("JobsDrawer")
        self._theme: Theme = DARK
        self._view = JobsView()
        self._expanded = False
        self._lines: list[QWidget] = []
        self._build_header()
        self._build_body()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self._body, 1)
        self.show_jobs(self._view)
        self.set_expanded(False)

    @property
    def expanded(self) -> bool:
        """Whether the body shows."""
        return self._expanded

    def set_expanded(self, expanded: bool) -> None:
        """Open or close the drawer."""
        changed, self._expanded = expanded != self._expanded, expanded
        self._body.setVisible(expanded)
        self.setFixedHeight(OPEN_HEIGHT if expanded else CLOSED_HEIGHT)
        self._show_header()
        if changed:
            self.expanded_changed.emit(expanded)

    def set_compact(self, compact: bool) -> None:
        """Close in a narrow window; a wide one leaves it as it is."""
        if compact:
            self.set_expanded(False)

    def show_in_line(self, line: QWidget) -> None:
        """Show `line`, whenever it shows, in the head in place of the job's progress."""
        self._lines.append(line)
        self._header_row.insertWidget(self._header_row.indexOf(self._inline), line, 1)
        line.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._show_header()
        return super().eventFilter(watched, event)

    def show_jobs(self, view: JobsView) -> None:
        """Show the jobs as they stand."""
        self._view = view
        self._pages.setCurrentIndex(1 if view.shown else 0)
        self._choose.blockSignals(True)
        if [self._choose.itemData(i) for i in range(self._choose.count())] != [
            job_id for job_id, _ in view.jobs
        ]:
            self._choose.clear()
            for job_id, text in view.jobs:
                self._choose.addItem(text, job_id)
        for index, (_, text) in enumerate(view.jobs):
            self._choose.setItemText(index, text)
        if view.shown is not None:
            self._choose.setCurrentIndex(self._choose.findData(view.shown.id))
            self._show_job(view.shown)
        self._choose.fit()
        self._choose.blockSignals(False)
        self._show_header()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme = theme
        self._card.set_theme(theme)
        self._verdicts.set_theme(theme)
        for plot in (self._loss, self._dsc):
            plot.set_look(theme, overlays)
        self._new.setIcon(icon("plus", colour=theme.t2, size=14))
        self._show_header()

    def _show_job(self, job: JobView) -> None:
        self._card.show_job(job)
        self._loss.set_curve(job.loss)
        self._dsc.set_curve(job.dsc)
        self._after_curves.setVisible(job.dsc is not None)
        self._verdicts.show_verdicts(job.verdicts, job.verdict_note, job.verdict_title)

    def _show_header(self) -> None:
        name = "chevron-down" if self._expanded else "chevron-right"
        self._fold.setIcon(tinted_icon(name, tint=Tint.of(self._theme), size=12))
        self._fold.setAccessibleName("Close the jobs" if self._expanded else "Open the jobs")
        self._counts.setText(self._view.counts)
        job = self._view.shown
        self._choose.setVisible(len(self._view.jobs) > 1)
        if job is not None:
            self._inline_name.setText(job.name)
            self._inline_bar.show_job(job)
            self._inline_at.setText(" · ".join(text for text in (job.at, job.left) if text))
        taken = any(not line.isHidden() for line in self._lines)
        self._inline.setVisible(job is not None and not self._expanded and not taken)

    def _build_header(self) -> None:
        self._header = QWidget()
        self._header.setFixedHeight(CLOSED_HEIGHT - 1)
        self._header_row = row = QHBoxLayout(self._header)
        row.setContentsMargins(10, 0, 12, 0)
        row.setSpacing(8)
        self._fold = QToolButton()
        self._fold.setIconSize(QSize(12, 12))
        self._fold.setToolTip("Open or close the jobs")
        self._fold.clicked.connect(lambda: self.set_expanded(not self._expanded))
        self._counts = make_label("", "caption")
        self._choose = FittedChoice("Job shown", tip="Job shown")
        self._choose.activated.connect(
            lambda index: self.job_chosen.emit(self._choose.itemData(index))
        )
        self._new = QPushButton("New job")
        self._new.setProperty("flat", True)
        self._new.setIconSize(QSize(14, 14))
        self._new.setToolTip("Train a model (Ctrl+N)")
        self._new.clicked.connect(self.new_asked)
        row.addWidget(self._fold)
        row.addWidget(make_label("Jobs", "section"))
        row.addWidget(self._counts)
        row.addWidget(self._build_inline(), 1)
        row.addStretch()
        row.addWidget(self._choose)
        row.addWidget(self._new)

    def _build_inline(self) -> QWidget:
        self._inline = QWidget()
        row = QHBoxLayout(self._inline)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(10)
        self._inline_name = make_label("", "value")
        self._inline_bar = JobBar()
        self._inline_bar.setFixedWidth(140)
        self._inline_at = ElidedLabel("", "caption")
        row.addWidget(self._inline_name)
        row.addWidget(self._inline_bar)
        row.addWidget(self._inline_at, 1)
        return self._inline

    def _build_body(self) -> None:
        self._card = JobCard()
        self._card.asked.connect(self.asked)
        self._card.setFixedWidth(_CARD_WIDTH)
        self._loss, self._dsc = CurvePlot(), CurvePlot()
        self._verdicts = VerdictList()
        job = QWidget()
        row = QHBoxLayout(job)
        row.setContentsMargins(14, 2, 16, 6)
        row.setSpacing(20)
        row.addWidget(self._card)
        row.addWidget(_rule())
        row.addWidget(self._loss, 2)
        row.addWidget(self._dsc, 2)
        self._after_curves = _rule()
        row.addWidget(self._after_curves)
        row.addWidget(self._verdicts, 3)
        self._pages = QStackedWidget()
        self._pages.addWidget(_empty())
        self._pages.addWidget(job)
        self._body = self._pages


def _empty() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(28, 10, 16, 8)
    column.addWidget(make_label("No jobs yet", "section"))
    said = "Train a model on this dataset, or fine-tune one with your corrections: New job."
    column.addWidget(make_label(said, "body"))
    column.addStretch(1)
    return page


def _rule() -> QFrame:
    rule = QFrame()
    rule.setProperty("rule", "vertical")
    rule.setFixedWidth(1)
    return rule
