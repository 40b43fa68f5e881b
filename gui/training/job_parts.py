"""Parts of the jobs drawer: what a job is and how far, and candidate against champion."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.training.jobs_view import JobAct, JobAction, JobView, Tone, VerdictRow
from gui.widgets.icons import icon
from gui.widgets.labels import ElidedLabel, Glyph, make_label, plain_tip
from gui.widgets.palette import DARK, Theme

_STEPS = 1000
_GLYPHS: dict[Tone, str] = {"": "circle", "better": "tick", "worse": "cross", "pending": "clock"}


class JobBar(QProgressBar):
    """How far a job is."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, _STEPS)
        self.setTextVisible(False)
        self.setAccessibleName("Progress of the job")

    def show_job(self, job: JobView) -> None:
        """Show how far a job is; other colours while it stands still."""
        # A bar that may be drawn draws at once, and with it all of the window that waits for it.
        self.setUpdatesEnabled(False)
        self.setValue(round(job.fraction * _STEPS))
        self.setUpdatesEnabled(True)
        if self.property("state") != job.bar:
            self.setProperty("state", job.bar)
            self.style().polish(self)


class JobCard(QWidget):
    """Name, progress and buttons of one job."""

    asked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._job: JobView | None = None
        self._name = make_label("", "panel")
        self._title = ElidedLabel("", "body")
        self._detail = ElidedLabel("", "caption")
        self._bar = JobBar()
        self._at = make_label("", "section")
        self._left = ElidedLabel("", "caption")
        self._buttons: dict[JobAct, QPushButton] = {}
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._name)
        head.addWidget(self._title, 1)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(6)
        self._foot.addWidget(self._at)
        self._foot.addWidget(self._left, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._detail)
        column.addSpacing(2)
        column.addWidget(self._bar)
        column.addLayout(self._foot)
        column.addStretch(1)

    def show_job(self, job: JobView) -> None:
        """Show a job as it stands."""
        before, self._job = self._job, job
        self._name.setText(job.name)
        self._title.setText(job.title)
        self._set_detail(job)
        self._bar.show_job(job)
        self._at.setText(job.at)
        self._left.setText(job.left)
        if before is None or (before.id, before.actions) != (job.id, job.actions):
            self._show_actions(job.actions)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        if self._job is not None:
            self._show_actions(self._job.actions)

    def _set_detail(self, job: JobView) -> None:
        role = "error" if job.trouble else "caption"
        if self._detail.property("role") != role:
            self._detail.setProperty("role", role)
            self._detail.style().polish(self._detail)
        self._detail.setText(job.trouble or job.detail)

    def _show_actions(self, actions: Sequence[JobAction]) -> None:
        """Show the buttons of the acts; a button is kept for its act, and focus stays here."""
        focused = next((act for act, each in self._buttons.items() if each.hasFocus()), None)
        held = focused is not None or self.hasFocus()
        if held:
            self.setFocus()  # before a button that is disabled hands it to any other
        shown = {action.act for action in actions}
        for act, button in self._buttons.items():
            self._foot.removeWidget(button)
            if act not in shown:
                button.hide()
                button.setText("")
        for action in actions:
            if action.act not in self._buttons:
                self._buttons[action.act] = self._button(action.act)
            self._foot.addWidget(self._buttons[action.act])
            self._dress(self._buttons[action.act], action)
        able = [action.act for action in actions if action.enabled]
        if held and able:
            self._buttons[focused if focused in able else able[0]].setFocus()

    def _button(self, act: JobAct) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(act)
        button.setProperty("small", True)
        button.setIconSize(QSize(14, 14))
        button.clicked.connect(lambda: self._ask(act))
        return button

    def _dress(self, button: QPushButton, action: JobAction) -> None:
        button.setText(action.text)
        button.setIcon(icon(action.icon, colour=self._theme.t2, size=14))
        button.setEnabled(action.enabled)
        button.setToolTip(plain_tip(action.tip))
        button.setAccessibleName(action.tip or action.text)
        button.show()

    def _ask(self, act: JobAct) -> None:
        if self._job is not None:
            self.asked.emit(act, self._job.id)


class VerdictList(QWidget):
    """Rows of candidate against champion, each with a glyph for its direction."""

    def __init__(self, *, title: str = "Candidate vs champion") -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._rows: list[_VerdictRow] = []
        self._note = make_label("", "caption")
        self._title = make_label(title, "section")
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._note)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._column.addLayout(head)
        self._column.addStretch(1)

    def show_verdicts(self, verdicts: Sequence[VerdictRow], note: str, title: str = "") -> None:
        """Show other rows, under another title where one is given."""
        self._note.setText(note)
        self._title.setText(title or self._title.text())
        while len(self._rows) < len(verdicts):
            row = _VerdictRow()
            self._column.insertWidget(self._column.count() - 1, row)
            self._rows.append(row)
        for index, row in enumerate(self._rows):
            row.setVisible(index < len(verdicts))
            if index < len(verdicts):
                row.show_verdict(verdicts[index], self._theme)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for row in self._rows:
            row.recolour(theme)


class _VerdictRow(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._tone: Tone = ""
        self._glyph = Glyph("clock", size=14)
        self._title = make_label("", "body")
        self._value = QLabel()
        self._value.setProperty("role", "value")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._glyph)
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self._value)

    def show_verdict(self, verdict: VerdictRow, theme: Theme) -> None:
        """Show one row."""
        self._tone = verdict.tone
        self._title.setText(verdict.title)
        self._value.setText(verdict.value)
        role = "caption" if verdict.tone == "pending" else "value"
        if self._value.property("role") != role:
            self._value.setProperty("role", role)
            self._value.style().polish(self._value)
        self.recolour(theme)

    def recolour(self, theme: Theme) -> None:
        colours = {"better": theme.ok, "worse": theme.bad, "pending": theme.t3, "": theme.t3}
        self._glyph.set_icon(_GLYPHS[self._tone])
        self._glyph.set_colour(colours[self._tone])
