"""A collapsible section of the inspector."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.icons import pixmap
from gui.widgets.theme import DARK, OverlayColours, Theme, app_font

INSET = 16
_HEADER_HEIGHT = 36
_CHEVRON = 12
_CHEVRON_X = 11
_TITLE_X = 28


class Section(QWidget):
    """A header with a chevron and a title, over a body that it shows or hides.

    One that is not `foldable` has no chevron and always shows its body.
    """

    expanded_changed = Signal(bool)

    def __init__(
        self,
        title: str,
        *,
        expanded: bool = True,
        foldable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._header = _Header(title, foldable=foldable)
        self._header.setChecked(expanded)
        self._header.toggled.connect(self._on_header_toggled)
        self._header_row = QHBoxLayout()
        self._header_row.setContentsMargins(0, 0, INSET - 4, 0)
        self._header_row.setSpacing(8)
        self._header_row.addWidget(self._header)
        self._body = QWidget()
        self._body.setVisible(expanded)
        rule = QFrame()
        rule.setProperty("rule", "horizontal")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._header_row)
        column.addWidget(self._body)
        column.addWidget(rule)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    @property
    def body(self) -> QWidget:
        """The widget to fill; it has no layout of its own yet."""
        return self._body

    @property
    def header(self) -> QAbstractButton:
        """The button that folds and unfolds."""
        return self._header

    @property
    def expanded(self) -> bool:
        """Whether the body shows."""
        return self._header.isChecked()

    def set_expanded(self, expanded: bool) -> None:
        """Fold or unfold; says so only when that changes something."""
        self._header.setChecked(expanded)

    def set_corner(self, widget: QWidget) -> None:
        """Put a control at the right of the header."""
        self._header_row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        del overlays
        self._header.set_theme(theme)

    def _on_header_toggled(self, expanded: bool) -> None:
        self._body.setVisible(expanded)
        self.expanded_changed.emit(expanded)


class _Header(QAbstractButton):
    def __init__(self, title: str, *, foldable: bool) -> None:
        super().__init__()
        self._theme, self._foldable = DARK, foldable
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if foldable else Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not foldable)
        self.setAccessibleName(title)
        self.setFont(app_font(weight=600))
        self.setFixedHeight(_HEADER_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_TITLE_X + self.fontMetrics().horizontalAdvance(self.text()), _HEADER_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """What stands beside a title that cannot be folded away never hides it."""
        return QSize(0, _HEADER_HEIGHT) if self._foldable else self.sizeHint()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        left = _TITLE_X if self._foldable else INSET
        if self._foldable:
            name = "chevron-down" if self.isChecked() else "chevron-right"
            colour = self._theme.t1 if self.underMouse() else self._theme.t3
            drawn = pixmap(name, colour, _CHEVRON, self.devicePixelRatioF())
            painter.drawPixmap(_CHEVRON_X, (self.height() - _CHEVRON) // 2, drawn)
        painter.setPen(QColor(self._theme.t1))
        room = QRectF(left, 0, self.width() - left, self.height())
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, int(room.width())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
