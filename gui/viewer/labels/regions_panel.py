"""The regions of the case on screen: which is in focus, and how well each is predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QRadioButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.label_set import Colour
from core.domain.metrics import HD95_RULE
from gui.viewer.labels.label_swatch import RegionSwatch
from gui.viewer.labels.region_editor import RegionEditor
from gui.widgets.icons import icon
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
from gui.widgets.segments import Segments

ROW = 30
_SAID = "Contours and errors show the chosen region."
_COMPARED = "DSC of the prediction, of the correction, and the change."
_DRAWN = "DSC of the correction."
_DSC, _FAR, _VOLUME = 36, 36, 48  # "Enhancing tumour" is whole beside them at 1600
_NARROW = 306  # a narrower panel has no HD95, and beside a correction no figure of before
_RADIO, _ICON = 18, 16
_LARGE = 0.9995  # a share that is said without decimals: there is no room for more digits
_EMPTY = "Neither mask has it: its DSC is 1"
FAIR, LOW = 0.80, 0.60
"""A DSC below the first is amber, below the second red."""


@dataclass(frozen=True)
class RegionFigures:
    """The figures of a region; `volume_error` is a share of the true volume, with its sign.

    `hd95` is in mm, or in voxels where the spacing is not known; None where nothing is known.
    `empty` says that neither mask has the region.
    """

    dsc: float | None = None
    hd95: float | None = None
    volume_error: float | None = None
    empty: bool = False


@dataclass(frozen=True)
class RegionRow:
    """One region, or one label that is no region; `named` ones can be changed and removed.

    `corrected` is the DSC of a correction.
    """

    name: str
    colours: tuple[Colour, ...]
    focused: bool
    figures: RegionFigures = RegionFigures()
    corrected: float | None = None
    named: bool = False


class RegionsPanel(QWidget):
    """A row a region; contours, errors, strip and disagreements are of the one that is chosen.

    Beside a correction the figures are the DSC before, after and the change.
    """

    focus_chosen = Signal(str)
    scope_changed = Signal()
    add_asked = Signal()
    change_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._rows: dict[str, _RowView] = {}
        self._shown: tuple[object, ...] | None = None
        self._scored = self._corrected = self._before = False
        self.section = Section("Regions")
        self._scope = Segments(("Case", "Slice"), name="Figures of regions")
        self._scope.chosen.connect(lambda _: self.scope_changed.emit())
        self._add = QToolButton()
        self._add.setAccessibleName("Add a region")
        self._add.setToolTip("Add a region, made of labels")
        self._add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._add.clicked.connect(self.add_asked)
        self.section.set_corner(self._scope)
        self.section.set_corner(self._add)
        self.editor = RegionEditor()
        self._group = QButtonGroup(self)
        self._heads = tuple(
            _figure(text, width, "caption")
            for text, width in (("DSC", _DSC), ("HD95", _FAR), ("Vol. error", _VOLUME))
        )
        self._said = WholeLabel(_SAID, "caption")
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._lay_out()
        self.set_look(DARK, DEFAULT_OVERLAYS)
        self.hide()

    @property
    def of_slice(self) -> bool:
        """Whether the figures are of the slice on screen, not of the case."""
        return self._scope.index == 1

    def set_rows(
        self,
        rows: Sequence[RegionRow],
        *,
        unit: str,
        scored: bool,
        corrected: bool = False,
        fills: str = "",
    ) -> None:
        """Show these regions, none of them hides the panel; figures only where `scored`.

        `fills` names the one that masks without labels are of, where that was said.
        """
        shown = (tuple(rows), unit, scored, corrected, fills)
        self.setVisible(bool(rows))
        if shown == self._shown:
            return
        self._shown = shown
        if [row.name for row in rows] != list(self._rows):
            self._replace_rows(rows)
        far = "mm" if unit.startswith("mm") else "voxels"
        heads = ("Was", "Now", "Change") if corrected else ("DSC", "HD95", "Vol. error")
        for head, text in zip(self._heads, heads, strict=True):
            head.setText(text)
        self._heads[1].setToolTip("" if corrected else f"{HD95_RULE}, in {far}")
        given = "Spacing given. " if unit == "mm given" else ""
        filled = f"Binary masks are {fills}. " if fills else ""
        self._before = any(row.figures.dsc is not None for row in rows)
        compared = f"{_COMPARED if self._before else _DRAWN} " if corrected and scored else ""
        self._said.setText(f"{compared}{given}{filled}{_SAID}")
        self._scored, self._corrected = scored, corrected
        self._scope.setVisible(scored)
        for row in rows:
            self._rows[row.name].show_row(row, corrected=corrected)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Show the columns there is room for beside the names."""
        wide = self.width() >= _NARROW
        was, far = wide or not self._corrected, wide or self._corrected
        told = self._before or not self._corrected  # what a correction has changed
        shown = (self._scored and was and told, self._scored and far, self._scored and told)
        for head, on in zip(self._heads, shown, strict=True):
            head.setVisible(on)
        needed = (view.last_width for view in self._rows.values())
        last = max((_VOLUME, *needed))
        self._heads[-1].setFixedWidth(last)
        for view in self._rows.values():
            view.set_columns(shown, last)

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
        self.editor.set_theme(theme)
        for row in self._rows.values():
            row.set_theme(theme)

    def _lay_out(self) -> None:
        heads = QHBoxLayout()
        heads.setContentsMargins(INSET, 0, INSET, 0)
        heads.setSpacing(4)
        heads.addStretch(1)
        for head in self._heads:
            heads.addWidget(head)
        foot = QHBoxLayout()
        foot.setContentsMargins(INSET, 2, INSET, 0)
        foot.addWidget(self._said)
        body = QVBoxLayout(self.section.body)
        body.setContentsMargins(0, 0, 0, 8)
        body.setSpacing(0)
        body.addLayout(heads)
        body.addLayout(self._column)
        body.addWidget(self.editor)
        body.addLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.section)

    def _replace_rows(self, rows: Sequence[RegionRow]) -> None:
        for old in self._rows.values():
            self._group.removeButton(old.radio)
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = {row.name: _RowView() for row in rows}
        for name, view in self._rows.items():
            view.set_theme(self._theme)
            self._group.addButton(view.radio)
            view.radio.clicked.connect(lambda _, name=name: self.focus_chosen.emit(name))
            view.change_asked.connect(partial(self.change_asked.emit, name))
            self._column.addWidget(view)


class _RowView(QFrame):
    change_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._focused = False
        self._shown: tuple[RegionRow, bool] | None = None
        self.setFixedHeight(ROW)
        self.setObjectName("RegionRow")
        self.radio = QRadioButton()
        self.radio.setFixedWidth(_RADIO)
        self._swatch = RegionSwatch()
        self._name = ElidedLabel("", "section")
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._dsc = _figure("", _DSC, "section")
        self._far = _figure("", _FAR, "section")
        self._volume = _figure("", _VOLUME, "section")
        row = QHBoxLayout(self)
        row.setContentsMargins(INSET - 4, 0, INSET, 0)
        row.setSpacing(4)
        row.addWidget(self.radio)
        row.addWidget(self._swatch)
        row.addWidget(self._name, 1)
        for figure in (self._dsc, self._far, self._volume):
            row.addWidget(figure)

    def show_row(self, row: RegionRow, *, corrected: bool) -> None:
        self.radio.setChecked(row.focused)  # a click may have set another
        if (row, corrected) == self._shown:
            return  # What is set anew is laid out and painted anew, at every slice.
        self._focused, self._shown = row.focused, (row, corrected)
        self._swatch.show_colours(row.colours)
        self._name.setText(row.name)
        more = ". Double-click or F2 changes it" if row.named else ""
        empty = f". {_EMPTY}" if row.figures.empty else ""
        self._dsc.setToolTip(_EMPTY if row.figures.empty else "")
        self.radio.setToolTip(plain_tip(f"Look at {row.name}{more}"))
        self.setToolTip(plain_tip(f"{row.name}{more}"))
        said = self._compare(row) if corrected else self._score(row.figures)
        self.radio.setAccessibleName(f"{row.name}, {said}{empty}")
        self._paint()

    def _score(self, figures: RegionFigures) -> str:
        """Show the figures of a prediction; returns them in words."""
        self._dsc.setText(number(figures.dsc, 3))
        self._far.setText(number(figures.hd95, 1))
        self._volume.setText(_percent(figures.volume_error))
        set_colour(self._dsc, self._theme.t3 if figures.empty else self._judged(figures.dsc))
        for label in (self._far, self._volume):
            set_colour(label, self._theme.t1)
        return f"DSC {number(figures.dsc, 3)}, volume error {_percent(figures.volume_error)}"

    def _compare(self, row: RegionRow) -> str:
        """Show the DSC before and after a correction; returns them in words."""
        theme, before, after = self._theme, row.figures.dsc, row.corrected
        change = None if before is None or after is None else round(after - before, 3)
        told = number(change, 3) if change is None or change <= 0 else f"+{number(change, 3)}"
        # A dash beside the next figure would read as its sign.
        self._dsc.setText("" if before is None else number(before, 3))
        self._far.setText(number(after, 3))
        self._volume.setText(told)
        set_colour(self._dsc, theme.t2)
        set_colour(self._far, self._judged(after))
        set_colour(self._volume, theme.ok if change and change > 0 else theme.t1)
        if change and change < 0:
            set_colour(self._volume, theme.bad)
        return f"DSC {number(before, 3)}, corrected {number(after, 3)}"

    def _judged(self, dsc: float | None) -> str:
        """Return the colour of a DSC, by how low it is."""
        low = dsc is not None and dsc < LOW
        fair = dsc is not None and dsc < FAIR
        return self._theme.bad if low else self._theme.warn if fair else self._theme.t1

    @property
    def last_width(self) -> int:
        """How wide the last figure is."""
        return self._volume.sizeHint().width()

    def set_columns(self, shown: tuple[bool, bool, bool], last: int) -> None:
        self._volume.setFixedWidth(last)
        figures = (self._dsc, self._far, self._volume)
        for figure, on in zip(figures, shown, strict=True):
            figure.setVisible(on)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        shown, self._shown = self._shown, None
        if shown is not None:
            self.show_row(shown[0], corrected=shown[1])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._focused:
            self.radio.click()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        del event
        self._ask()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:  # the radio button has the focus, and leaves it to the row
            self._ask()
        else:
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._shown is not None and self._shown[0].named:
            menu = QMenu(self)
            menu.addAction(f"Change {self._shown[0].name}…", self._ask)
            menu.popup(event.globalPos())

    def _ask(self) -> None:
        if self._shown is not None and self._shown[0].named:
            self.change_asked.emit()

    def _paint(self) -> None:
        theme, on = self._theme, self._focused
        ground, bar = (theme.accsoft, theme.acc) if on else ("transparent", "transparent")
        sheet = (
            f"#RegionRow {{ background: {ground}; border: none; border-left: 2px solid {bar}; }}"
        )
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)


def _percent(share: float | None) -> str:
    if share is None:
        return number(None, 1)
    sign = "+" if round(share * 100, 1) > 0 else ""
    decimals = 1 if abs(share) < _LARGE else 0
    return f"{sign}{number(share * 100, decimals)}%"


def _figure(text: str, width: int, role: str) -> QLabel:
    label = make_label(text, role)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setFixedWidth(width)
    return label
