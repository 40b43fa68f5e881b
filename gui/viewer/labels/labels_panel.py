"""The labels of the case on screen: shown, named, coloured, in hand, locked, and how large."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.label_set import Label
from gui.viewer.labels.label_swatch import DigitSwatch
from gui.widgets.icons import Tint, icon, tinted_icon
from gui.widgets.labels import (
    ElidedLabel,
    WholeLabel,
    make_label,
    number,
    plain_tip,
    set_colour,
)
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, OverlayColours, Theme
from gui.widgets.section import INSET, Section

ROW = 30
_ICON, _BUTTON = 16, 22
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_FIGURE, _VOXELS, _TRUTH = 44, 60, 36
_GAP = 4
_NARROW = 306  # a panel that is narrower says the volumes of the truth in tool tips


@dataclass(frozen=True)
class ShownLabel:
    """One label as the reader sees it; volumes are in the unit of the panel, None where unknown.

    The volume of the correction stands in place of the prediction's, where there is one.
    """

    label: Label
    shown: bool = True
    locked: bool = False
    in_hand: bool = False
    dotted: bool = False
    key: str = ""
    predicted: float | None = None
    truth: float | None = None
    corrected: float | None = None


class LabelsPanel(QWidget):
    """A row a label; the one in hand stands out and prints its key.

    Hidden for a case that has one label.
    """

    shown_changed = Signal(int, bool)
    lock_changed = Signal(int, bool)
    held = Signal(int)
    recolour_asked = Signal(int)
    renamed = Signal(int, str)
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._rows: dict[int, _RowView] = {}
        self._shown: tuple[object, ...] | None = None
        self._has_truth = False
        self.section = Section("Labels")
        self._count = make_label("", "caption")
        self._add = QToolButton()
        self._add.setAccessibleName("Add a label")
        self._add.setToolTip("Add a label")
        self._add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._add.clicked.connect(self.add_asked)
        self.section.set_corner(self._count)
        self.section.set_corner(self._add)
        self._predicted, self._truth = make_label("", "caption"), make_label("Truth", "caption")
        self._truth.setFixedWidth(_TRUTH)
        self._truth.setAlignment(_RIGHT)
        self._said = ElidedLabel("", "caption")
        self._problem = WholeLabel("", "caption")
        self._problem.hide()
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._lay_out()
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.hide()

    def set_rows(
        self,
        rows: Sequence[ShownLabel],
        *,
        unit: str,
        truth: bool,
        said: str,
        corrected: bool = False,
    ) -> None:
        """Show these labels, none of them hides the panel; `said` is what tools write.

        `corrected` says whether the volumes are of a correction.
        """
        shown = (tuple(rows), unit, truth, said, corrected)
        self.setVisible(bool(rows))
        if shown == self._shown:
            return
        self._shown = shown
        self._problem.setVisible(any(row.writing for row in self._rows.values()))
        if [row.label.value for row in rows] != list(self._rows):
            self._replace_rows(rows)
        self._has_truth = truth
        for row in rows:
            view = self._rows[row.label.value]
            view.show_row(row, unit=unit, truth=truth, corrected=corrected)
        whose = "Corrected" if corrected else "Predicted"
        self._predicted.setText(whose if unit == "voxels" else f"{whose}, mL")
        self._fit_columns()
        seen = sum(row.shown for row in rows)
        self._count.setText(f"{seen} of {len(rows)} shown")
        self._said.setText(said)

    def _fit_columns(self) -> None:
        """Leave the column of the truth out where names need its room."""
        on = self._has_truth and self.width() >= _NARROW
        self._truth.setVisible(on)
        for view in self._rows.values():
            view.show_truth(on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def set_expanded(self, expanded: bool) -> None:
        """Fold or unfold."""
        self.section.set_expanded(expanded)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        self._theme = theme
        self.section.set_look(theme, overlays)
        self._add.setIcon(icon("plus", colour=theme.t2, size=_ICON))
        set_colour(self._problem, theme.bad)
        for row in self._rows.values():
            row.set_theme(theme)

    def rename(self, value: int) -> None:
        """Let the reader write another name for a label."""
        self._rows[value].edit()

    def show_problem(self, value: int, said: str, name: str = "") -> None:
        """Say why a label cannot be called so; empty takes the words back.

        Who is still writing goes on with what was written.
        """
        self._problem.setText(said)
        self._problem.setVisible(bool(said))
        row = self._rows.get(value)
        if said and row is not None:
            row.go_on(name)

    def _lay_out(self) -> None:
        heads = QHBoxLayout()
        heads.setContentsMargins(INSET, 0, INSET - 6 + _BUTTON + 4, 0)
        heads.setSpacing(4)
        heads.addStretch(1)
        heads.addWidget(self._predicted)
        heads.addWidget(self._truth)
        foot = QVBoxLayout()
        foot.setContentsMargins(INSET, 2, INSET, 0)
        foot.setSpacing(2)
        foot.addWidget(self._problem)
        foot.addWidget(self._said)
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(0, 0, 0, 8)
        body.setSpacing(0)
        body.addLayout(heads)
        body.addLayout(self._column)
        body.addLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)

    def _replace_rows(self, rows: Sequence[ShownLabel]) -> None:
        for old in self._rows.values():
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = {row.label.value: _RowView() for row in rows}
        for value, view in self._rows.items():
            view.set_theme(self._theme)
            view.eye.clicked.connect(lambda on, value=value: self.shown_changed.emit(value, on))
            view.lock.clicked.connect(lambda on, value=value: self.lock_changed.emit(value, on))
            view.swatch.recolour_asked.connect(lambda value=value: self.recolour_asked.emit(value))
            view.pressed.connect(lambda value=value: self.held.emit(value))
            view.named.connect(lambda name, value=value: self.renamed.emit(value, name))
            view.left.connect(lambda value=value: self.show_problem(value, ""))
            self._column.addWidget(view)


class _RowView(QFrame):
    pressed = Signal()
    named = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._row: ShownLabel | None = None
        self._truth_on = self._writing = False
        self._shown: tuple[ShownLabel, str, bool, bool] | None = None
        self.setFixedHeight(ROW)
        self.setObjectName("ShownLabel")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.eye, self.lock = _toggle(), _toggle()
        self.swatch = DigitSwatch()
        self._name = ElidedLabel("", "section")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._field = QLineEdit()
        self._field.setAccessibleName("Name of the label")
        self._field.installEventFilter(self)
        self._field.editingFinished.connect(self._end_edit)
        self._field_or_name = names = QWidget()
        names.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        names.installEventFilter(self)
        self._names = QStackedLayout(names)
        self._names.addWidget(self._name)
        self._names.addWidget(self._field)
        self._key = make_label("", "key")
        self._predicted = _figure("", _FIGURE, "section")
        self._truth = _figure("", _TRUTH, "caption")
        row = QHBoxLayout(self)
        row.setContentsMargins(INSET - 6, 0, INSET - 6, 0)
        row.setSpacing(_GAP)
        row.addWidget(self.eye)
        row.addWidget(self.swatch)
        row.addSpacing(4)
        row.addWidget(names, 1)
        row.addWidget(self._key)
        row.addWidget(self._predicted)
        row.addWidget(self._truth)
        row.addWidget(self.lock)

    def show_row(self, row: ShownLabel, *, unit: str, truth: bool, corrected: bool) -> None:
        if (row, unit, truth, corrected) == self._shown:
            return
        self._row, self._shown = row, (row, unit, truth, corrected)
        label, decimals = row.label, 0 if unit == "voxels" else 1
        self._name.setText(label.name)
        self._name.setEnabled(row.shown)
        self.swatch.show_label(label, dotted=row.dotted, faded=not row.shown)
        self._key.setText(row.key)
        before = number(row.predicted, decimals)
        found = number(row.corrected, decimals) if corrected else before
        self._predicted.setFixedWidth(_VOXELS if unit == "voxels" else _FIGURE)
        self._predicted.setText(found)
        true = number(row.truth, decimals)
        self._truth.setText(true)
        tips = [f"Predicted: {before} {unit}"] if corrected else []
        tips += [f"Truth: {true} {unit}"] if truth else []
        self._predicted.setToolTip("\n".join(tips))
        if self._names.currentWidget() is self._name:
            self._show_beside()
        self.eye.setChecked(row.shown)
        self.lock.setChecked(row.locked)
        for button, verb in (
            (self.eye, "Hide" if row.shown else "Show"),
            (self.lock, "Unlock" if row.locked else "Lock"),
        ):
            button.setAccessibleName(f"{verb} {label.name}")
            button.setToolTip(plain_tip(f"{verb} {label.name}"))
        hand = ", in hand" if row.in_hand else ""
        lock = ", locked" if row.locked else ""
        self.setAccessibleName(
            f"Label {label.value}, {label.name}{hand}{lock}, "
            f"{'corrected' if corrected else 'predicted'} {found} {unit}"
        )
        self._paint()

    @property
    def writing(self) -> bool:
        """Whether its name is written anew."""
        return self._names.currentWidget() is self._field

    def show_truth(self, on: bool) -> None:
        """Show the volume of the truth, or leave its room to the name."""
        self._truth_on = on
        if self._names.currentWidget() is self._name:
            self._show_beside()

    def _show_beside(self) -> None:
        """Show what stands beside the name while that is not written."""
        if self._shown is None:
            return
        self._predicted.show()
        self._truth.setVisible(self._truth_on)
        self._fit_key()

    def _fit_key(self) -> None:
        """Show the key of the label in hand, unless its name needs the room."""
        row = self._row
        if row is None or self._names.currentWidget() is not self._name:
            return
        needed = self._name.fontMetrics().horizontalAdvance(row.label.name)
        there = self._field_or_name.width()
        if not self._key.isHidden():
            there += self._key.width() + _GAP
        room = there - self._key.sizeHint().width() - _GAP
        self._key.setVisible(row.in_hand and bool(row.key) and needed <= room)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._paint()

    def go_on(self, name: str) -> None:
        """Write on at a name that was not taken, unless the reader has gone elsewhere."""
        if self._writing:
            self.edit(name)

    def edit(self, name: str | None = None) -> None:
        """Write another name in place of this one, or of what was written."""
        if self._row is not None:
            self._field.setText(self._row.label.name if name is None else name)
            self._names.setCurrentWidget(self._field)
            for beside in (self._key, self._predicted, self._truth):
                beside.hide()  # a narrow panel leaves a field no room beside them
            self._field.selectAll()
            self._field.setFocus()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._field_or_name.geometry().contains(event.position().toPoint()):
            self.edit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit()
        elif event.key() == Qt.Key.Key_F2:
            self.edit()
        else:
            event.ignore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._field_or_name and event.type() == QEvent.Type.Resize:
            self._fit_key()
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if watched is self._field and escape:
            event.accept()  # before the window's own Esc, which would take the keys away
            if event.type() != QEvent.Type.KeyPress:
                return True
            self._field.setText("" if self._row is None else self._row.label.name)
            self._end_edit()
            return True
        return super().eventFilter(watched, event)

    def _end_edit(self) -> None:
        if self._names.currentWidget() is not self._field:
            return
        name = self._field.text().strip()
        self._writing = self._field.hasFocus()  # after Enter; a click elsewhere takes it away
        self._names.setCurrentWidget(self._name)
        self._show_beside()
        if self._row is not None and name != self._row.label.name:
            self.named.emit(name)
        else:
            self.left.emit()

    def _paint(self) -> None:
        theme, row = self._theme, self._row
        if row is None:
            return
        plain = Tint(theme.t2, theme.t1, theme.t2, theme.t4)
        quiet = Tint(theme.t4, theme.t1, theme.t4, theme.t4)
        self.eye.setIcon(tinted_icon("eye" if row.shown else "eye-off", tint=plain, size=_ICON))
        self.lock.setIcon(
            tinted_icon(
                "lock" if row.locked else "lock-open",
                tint=plain if row.locked else quiet,
                size=_ICON,
            )
        )
        self._key.setStyleSheet(
            f"background: {theme.accfill}; color: {theme.onacc}; border-radius: 3px;"
            " padding: 1px 4px; font-size: 10px; font-weight: 600;"
        )
        ground = theme.accsoft if row.in_hand else "transparent"
        bar = theme.acc if row.in_hand else "transparent"
        sheet = (
            f"#ShownLabel {{ background: {ground}; border: none; border-left: 2px solid {bar}; }}"
        )
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)


def _toggle() -> QToolButton:
    button = QToolButton()
    button.setCheckable(True)
    button.setFixedSize(_BUTTON, _BUTTON)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    # The icon says the state; the violet of other checked buttons would say "selected".
    button.setStyleSheet("QToolButton:checked:!hover { background: transparent; }")
    return button


def _figure(text: str, width: int, role: str) -> QLabel:
    label = make_label(text, role)
    label.setAlignment(_RIGHT)
    label.setFixedWidth(width)
    return label
