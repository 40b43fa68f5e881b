"""Above the image: the case, and the legend whose chips switch the overlays."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QToolButton, QWidget

from gui.shell.commands import BY_ID, Keys, first_key, tooltip, with_key
from gui.widgets.icons import icon
from gui.widgets.key_button import key_width, paint_key
from gui.widgets.labels import ElidedLabel
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.theme import app_font

HEIGHT = 40


@dataclass(frozen=True)
class Chip:
    """One entry of the legend; `command` is what a click starts."""

    command: str
    title: str
    colour: str
    region: bool


CHIPS = (
    Chip("toggle_truth", "Truth", "truth", False),
    Chip("toggle_prediction", "Prediction", "prediction", False),
    Chip("toggle_false_positive", "False positive", "false_positive", True),
    Chip("toggle_false_negative", "False negative", "false_negative", True),
    Chip("toggle_wrong_label", "Wrong label", "wrong_label", True),
    Chip("toggle_correction", "Correction", "correction", False),
)
_OF_LABELS = "toggle_wrong_label"

_NAME_PX = 88
_LONGEST_KEY = 3
_PATTERNS = {
    "false_positive": Qt.BrushStyle.BDiagPattern,
    "wrong_label": Qt.BrushStyle.DiagCrossPattern,
}


class ViewerHeader(QFrame):
    """Names the case on screen; its chips and arrows ask for commands by id."""

    command_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ViewerHeader")
        self.setFixedHeight(HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 12, 0)
        row.setSpacing(6)
        self._arrows = {name: self._arrow(name) for name in ("previous_case", "next_case")}
        self._title = ElidedLabel("", "title")
        self._detail = ElidedLabel("", "caption")
        for widget in (*self._arrows.values(), self._title, self._detail):
            row.addWidget(widget)
        row.addStretch(1)
        self._chips = {chip.command: _ChipButton(chip) for chip in CHIPS}
        for command, button in self._chips.items():
            button.clicked.connect(lambda _=False, command=command: self._on_chip(command))
            row.addWidget(button)
        self._compact = self._several = False
        self._chips[_OF_LABELS].hide()
        self.set_keys({})

    def set_case(self, title: str, detail: str, case_id: str) -> None:
        """Name the case as the worklist does, and its place there; say its id to screen readers."""
        self._title.setText(title)
        self._title.setAccessibleName(case_id)
        self._detail.setText(detail)
        self._fit_chips()

    def set_chip(self, command: str, *, on: bool, available: bool, missing: str = "") -> None:
        """Show whether an overlay is on, and whether there is anything to show, or what is not."""
        self._chips[command].setChecked(on)
        self._chips[command].setEnabled(available)
        self._chips[command].set_missing("" if available else missing)

    def set_several(self, several: bool) -> None:
        """Tell what there is of labels, where a case has several."""
        if several != self._several:
            self._several = several
            self._chips[_OF_LABELS].setVisible(several)
            self._fit_chips()

    def set_compact(self, compact: bool) -> None:
        """Leave out the caption in a narrow window."""
        self._detail.setVisible(not compact)
        self._compact = compact
        self._fit_chips()

    def _fit_chips(self) -> None:
        """Leave keys to the tool tips where one chip more would take room from others.

        That is from the inspector, in a narrow window, or from the name of the case.
        """
        chips = [chip for chip in self._chips.values() if not chip.isHidden()]
        name = self._title.sizeHint().width()
        crowded = name > self._room([chip.whole_width for chip in chips])
        short = self._several and (self._compact or crowded)
        for chip in self._chips.values():
            chip.set_short(short)
        room = self._room([chip.width() for chip in chips]) if self._several else 0
        # The caption gives way before the name does.
        self._title.setMinimumWidth(min(name, max(room, _NAME_PX)))

    def _room(self, chips: list[int]) -> int:
        """Return how much room there is for the name of the case beside chips so wide."""
        row = self.layout()
        assert row is not None
        widths = [arrow.sizeHint().width() for arrow in self._arrows.values()] + chips
        edges = row.contentsMargins()
        gaps = row.spacing() * (len(widths) + 2)  # name, caption and stretch have theirs too
        return self.width() - sum(widths) - gaps - edges.left() - edges.right()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_chips()

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme and a palette."""
        for command, arrow in self._arrows.items():
            arrow.setIcon(icon(BY_ID[command].icon, colour=theme.t2, size=18))
        for button in self._chips.values():
            button.set_look(theme, overlays)

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to commands."""
        for command, arrow in self._arrows.items():
            arrow.setToolTip(tooltip(command, changed))
            arrow.setAccessibleName(tooltip(command, changed))
        for chip in self._chips.values():
            chip.set_keys(changed)
        self._fit_chips()

    def _arrow(self, command: str) -> QToolButton:
        button = QToolButton()
        button.clicked.connect(lambda: self.command_asked.emit(command))
        return button

    def _on_chip(self, command: str) -> None:
        # The check mark follows the view, not the click.
        self._chips[command].setChecked(not self._chips[command].isChecked())
        self.command_asked.emit(command)


class _ChipButton(QAbstractButton):
    """A toggle painted as its overlay looks: a line for an outline, a swatch for a region."""

    def __init__(self, chip: Chip) -> None:
        super().__init__()
        self._chip = chip
        self._key, self._missing, self._short = "", "", False
        self._changed: Keys = {}
        self._theme, self._overlays = DARK, DEFAULT_OVERLAYS
        self.setCheckable(True)
        self.setText(chip.title)
        self.setAccessibleName(chip.title)
        self.set_keys({})

    def set_keys(self, changed: Keys) -> None:
        self._changed = changed
        self._key = "" if self._short else self._own_key
        said = f"Show or hide: {self._chip.title.lower()}"
        self.setToolTip(self._missing or with_key(said, self._chip.command, changed))
        self.setFixedSize(self.sizeHint())
        self.update()

    @property
    def _own_key(self) -> str:
        """The key that is printed where there is room; a long one is left to the tool tip."""
        key = first_key(self._chip.command, self._changed)
        return key if len(key) <= _LONGEST_KEY else ""

    @property
    def whole_width(self) -> int:
        """How wide it is with its key."""
        return self._width(self._own_key)

    def set_missing(self, said: str) -> None:
        """Say in the tool tip why there is nothing to show, or what a click does again."""
        if said != self._missing:
            self._missing = said
            self.set_keys(self._changed)

    def set_short(self, short: bool) -> None:
        """Print no key, or the key again."""
        if short != self._short:
            self._short = short
            self.set_keys(self._changed)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme, self._overlays = theme, overlays
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._width(self._key), 24)

    def _width(self, key: str) -> int:
        self.setFont(app_font(size_px=12, weight=500))
        beside = key_width(key)
        return self.fontMetrics().horizontalAdvance(self.text()) + (50 + beside if beside else 42)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, on = self._theme, self.isChecked() and self.isEnabled()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(theme.line2 if on else theme.line), 1))
        painter.setBrush(QColor(theme.bg3 if self.underMouse() or on else theme.bg1))
        painter.drawRoundedRect(box, 6, 6)
        painter.setOpacity(1.0 if on else 0.45)
        self._paint_sample(painter)
        painter.setOpacity(1.0)
        painter.setPen(QColor(theme.t1 if on else theme.t3 if self.isEnabled() else theme.t4))
        painter.drawText(self.rect().adjusted(32, 0, -8, 0), _LEFT, self.text())
        if self._key:
            wide = key_width(self._key)
            key = QRectF(self.width() - 8 - wide, 4.5, wide, 15)
            colours = (theme.bg4, theme.t2) if on else (theme.bg2, theme.t3)
            paint_key(painter, key, self._key, colours)

    def _paint_sample(self, painter: QPainter) -> None:
        colour = QColor(getattr(self._overlays, self._chip.colour))
        if self._chip.colour == "wrong_label":
            colour = QColor(self._theme.t1)
        middle = self.height() / 2
        if not self._chip.region:
            # White reads on the image, which is black, but not on a light header.
            drawn = self._theme.t1 if self._chip.colour == "correction" else colour
            pen = QPen(QColor(drawn), 2)
            dash = getattr(self._overlays, f"{self._chip.colour}_dash")
            if dash:
                pen.setDashPattern([length / 2 for length in dash])
            painter.setPen(pen)
            painter.drawLine(10, round(middle), 24, round(middle))
            return
        box = QRectF(10.5, middle - 6.5, 13, 13)
        tint = QColor(colour)
        tint.setAlphaF(0.3)
        painter.setPen(QPen(colour, 1))
        painter.setBrush(tint)
        painter.drawRoundedRect(box, 3, 3)
        if self._chip.colour in _PATTERNS:
            painter.setBrush(QBrush(colour, _PATTERNS[self._chip.colour]))
            painter.drawRoundedRect(box, 3, 3)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
