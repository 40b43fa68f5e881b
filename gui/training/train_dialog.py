"""The train dialog: what to train, on which cases and for how long."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted
from gui.training.jobs_view import JobView
from gui.training.train_fields import TrainFields
from gui.training.train_form import TrainForm, TrainOffer, problems
from gui.training.train_side import PreviewView, TrainSide
from gui.widgets.labels import ElidedLabel, Glyph, make_label
from gui.widgets.palette import DARK, OverlayColours, Theme

_SIZE = (1120, 716)
_FORM_WIDTH, _HEADER, _FOOTER = 548, 56, 64
_KEEPS = "The champion changes only when you approve the gate."


class TrainDialog(QDialog):
    """Asks; starts nothing itself. `set_offer` comes first."""

    started = Signal(object)
    preview_asked = Signal(object)
    form_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Train a model")
        self.setModal(True)
        self._offer = TrainOffer()
        self._theme: Theme = DARK
        self._waits = False
        self._fields, self._side = TrainFields(), TrainSide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._header(), _rule(), self._body(), _rule(), self._footer()):
            column.addWidget(widget, 1 if widget is self._middle else 0)
        self._fit_screen()
        self._fields.changed.connect(self._on_changed)
        self._side.preview.asked.connect(lambda: self.preview_asked.emit(self._fields.form))
        QShortcut(QKeySequence("Ctrl+Return"), self, self._start.click)

    @property
    def form(self) -> TrainForm:
        """What is chosen."""
        return self._fields.form

    @property
    def fields(self) -> TrainFields:
        """The fields on the left."""
        return self._fields

    def set_offer(self, offer: TrainOffer, base: str = "") -> None:
        """Offer what can be trained; `base` is the model to start from."""
        self._offer = offer
        self._draft.setText(f"{offer.job_name}, draft")
        self._fields.set_offer(offer, base)
        self._fields.focus_first()

    def show_preview(self, view: PreviewView) -> None:
        """Show how the preview stands."""
        self._side.preview.show_preview(view)

    def show_running(self, job: JobView | None) -> None:
        """Show the job that runs now."""
        self._side.running.show_job(job)
        self._waits = job is not None
        self._show_start()

    def show_estimate(self, title: str, detail: str) -> None:
        """Say how long the training will take and how that is known."""
        if not problems(self.form, self._offer):
            self._estimate.setText(title)
            self._detail.setText(f"{detail} {_KEEPS}".strip())

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme = theme
        self._fields.set_look(theme, overlays)
        self._side.set_look(theme, overlays)
        self._show_glyph(wrong=bool(problems(self.form, self._offer)))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reject()
        event.accept()

    def _on_changed(self) -> None:
        form = self._fields.form
        found = problems(form, self._offer)
        self._fields.show_problems(found)
        self._title.setText("Fine-tune a model" if form.base else "Train a model")
        self._show_start()
        self._start.setEnabled(not found)
        self._show_glyph(wrong=bool(found))
        if found:
            self._estimate.setText("Not ready to start")
            self._detail.setText(" ".join(found.values()))
        self.form_changed.emit(form)

    def _on_start(self) -> None:
        form = self._fields.form
        if not problems(form, self._offer):
            self.started.emit(form)
            self.accept()

    def _show_start(self) -> None:
        count, kind = self.form.several.count, self.form.several.kind
        what = {"one": "training", "folds": counted(count, "training")}
        said = f"Start {what.get(kind, counted(count, 'trial'))}"
        self._start.setText("Add to queue" if self._waits else said)

    def _show_glyph(self, *, wrong: bool) -> None:
        self._glyph.set_icon("warning" if wrong else "clock")
        self._glyph.set_colour(self._theme.warn if wrong else self._theme.t2)

    def _header(self) -> QWidget:
        holder = QWidget()
        holder.setFixedHeight(_HEADER)
        row = QHBoxLayout(holder)
        row.setContentsMargins(24, 0, 24, 0)
        row.setSpacing(10)
        self._title = make_label("Train a model", "title")
        self._draft = make_label("", "body")
        row.addWidget(self._title)
        row.addWidget(self._draft)
        row.addStretch(1)
        return holder

    def _body(self) -> QWidget:
        self._middle = QWidget()
        row = QHBoxLayout(self._middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidget(self._fields)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(_FORM_WIDTH)
        row.addWidget(scroll)
        row.addWidget(_rule(vertical=True))
        row.addWidget(self._side, 1)
        return self._middle

    def _footer(self) -> QWidget:
        holder = QWidget()
        holder.setFixedHeight(_FOOTER)
        self._glyph = Glyph("clock", size=18)
        self._estimate = ElidedLabel("", "section")
        self._detail = ElidedLabel("", "caption")
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("Close without training (Esc)")
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self.reject)
        self._start = QPushButton("Start training")
        self._start.setProperty("primary", True)
        self._start.setToolTip("Start as a job of its own (Ctrl+Enter)")
        self._start.setAutoDefault(False)
        self._start.clicked.connect(self._on_start)
        row = QHBoxLayout(holder)
        row.setContentsMargins(24, 0, 20, 0)
        row.setSpacing(14)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addStretch(1)
        texts.addWidget(self._estimate)
        texts.addWidget(self._detail)
        texts.addStretch(1)
        row.addWidget(self._glyph)
        row.addLayout(texts, 1)
        row.addWidget(self._cancel)
        row.addWidget(self._start)
        return holder

    def _fit_screen(self) -> None:
        width, height = _SIZE
        room = self.screen().availableSize()
        self.resize(min(width, room.width() - 40), min(height, room.height() - 60))


def _rule(*, vertical: bool = False) -> QFrame:
    rule = QFrame()
    rule.setProperty("rule", "vertical" if vertical else "horizontal")
    return rule
