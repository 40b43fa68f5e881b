"""What was checked over all cases, and the offer to bring masks from another grid."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.data.organise_form import CheckRow
from gui.widgets.labels import Glyph, make_label, make_wrapped_label
from gui.widgets.palette import DARK, Theme

_GLYPH = 14


class ChecksBox(QWidget):
    """A glyph, a title and a count for each check; `resample_asked` is True or False."""

    resample_asked = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._resampled = False
        self._glyphs: list[tuple[Glyph, bool]] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._said = make_wrapped_label("", "caption")
        self._answer = QPushButton()
        self._answer.setProperty("link", True)
        self._answer.setAutoDefault(False)
        self._answer.clicked.connect(lambda: self.resample_asked.emit(not self._resampled))
        below = QHBoxLayout()
        below.addWidget(self._said, 1)
        below.addWidget(self._answer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._row)
        column.addLayout(below)
        self._said.hide()
        self._answer.hide()
        self.hide()

    def set_checks(self, checks: Sequence[CheckRow]) -> None:
        """Show what was checked."""
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._glyphs = []
        self._row.addWidget(make_label("Checks", "panel"))
        self._row.addStretch(1)
        for check in checks:
            glyph = Glyph("tick" if check.passed else "warning", size=_GLYPH)
            glyph.setAccessibleName("passed" if check.passed else "to be looked at")
            self._glyphs.append((glyph, check.passed))
            self._row.addWidget(glyph)
            self._row.addWidget(make_label(check.title, "body"))
            self._row.addWidget(make_label(check.said, "caption"))
        self._colour()
        self.setVisible(bool(checks))

    def set_elsewhere(self, elsewhere: int, resampled: int) -> None:
        """Offer to bring masks from another grid, or say that they were brought."""
        self._resampled = resampled > 0
        many = max(elsewhere, resampled)
        masks = "1 mask lies" if many == 1 else f"{many:,} masks lie"
        self._said.setText(
            f"{masks} on another grid"
            + (", brought here by nearest neighbour." if self._resampled else ".")
        )
        self._answer.setText("Leave out" if self._resampled else "Resample")
        self._answer.setAccessibleName(
            "Leave masks on another grid out"
            if self._resampled
            else "Resample masks on another grid by nearest neighbour"
        )
        for widget in (self._said, self._answer):
            widget.setVisible(many > 0)

    def set_look(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self._colour()

    def _colour(self) -> None:
        for glyph, passed in self._glyphs:
            glyph.set_colour(self._theme.ok if passed else self._theme.warn)
