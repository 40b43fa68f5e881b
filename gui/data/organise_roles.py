"""Which layout a folder has, which files are which channel, and what of the masks is lesion."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.data.layout_card import LayoutCardButton
from gui.data.organise_checks import ChecksBox
from gui.data.organise_form import MASK, PATTERNS, ROLES, ChannelRow, LayoutCard, Match
from gui.data.organise_labels import LabelsBox
from gui.widgets.fields import combo_field, fill
from gui.widgets.labels import ElidedLabel, Glyph, make_label, plain_tip
from gui.widgets.palette import DARK, Theme

_COLUMNS = 4
_ROLE_WIDTH, _MATCHES_WIDTH = 100, 72
_GLYPH = 14
_HINT = "{case}_…"
_MOST_HEIGHT = 16777215  # what Qt takes for no limit
_HELP = "{case} is the case, {n} a slice, * any part of a name"
_MORE_HELP = "A pattern with a slash counts from the folder; ? stands for one character."


class RolesColumn(QScrollArea):
    """The middle of the dialog; says which of its parts the reader changed."""

    layout_chosen = Signal(str)
    patterns_changed = Signal()
    meaning_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._cards = QButtonGroup(self)
        self._cards.buttonClicked.connect(
            lambda button: self.layout_chosen.emit(button.objectName())
        )
        self._card_grid, self._rows_grid = QGridLayout(), QGridLayout()
        self._roles: dict[str, QComboBox] = {}
        self._patterns: dict[str, QLineEdit] = {}
        self._matches: dict[str, tuple[ElidedLabel, Glyph, ElidedLabel]] = {}
        self._found: dict[str, Match] = {}
        self._theme: Theme = DARK
        self.labels, self.checks = LabelsBox(), ChecksBox()
        self.labels.renamed.connect(self.meaning_changed)
        self._region = combo_field("Lesion")
        self._region.currentIndexChanged.connect(lambda _: self.meaning_changed.emit())
        self._region_row = QWidget()
        self._add = QPushButton("Add a channel")
        self._add.setProperty("link", True)
        self._add.clicked.connect(self._on_add)
        self._said = make_label("", "caption")
        self._lay_out()

    @property
    def layout_key(self) -> str:
        """The layout that is chosen."""
        chosen = self._cards.checkedButton()
        return PATTERNS if chosen is None else chosen.objectName()

    @property
    def patterns(self) -> dict[str, str]:
        """What is typed, by the name of the row; the masks' under an empty name."""
        return {name: line.text().strip() for name, line in self._patterns.items()}

    @property
    def roles(self) -> dict[str, str]:
        """The role of each channel."""
        return {name: box.currentText() for name, box in self._roles.items() if name != MASK}

    @property
    def region(self) -> str:
        """The label or region that is lesion; empty for all."""
        return str(self._region.currentData() or "")

    def set_cards(self, cards: Sequence[LayoutCard], chosen: str, said: str) -> None:
        """Offer layouts."""
        _empty(self._card_grid)
        for button in self._cards.buttons():
            self._cards.removeButton(button)
        for index, card in enumerate(cards):
            button = LayoutCardButton(card)
            button.set_look(self._theme)
            button.setChecked(card.key == chosen)
            self._cards.addButton(button)
            self._card_grid.addWidget(button, index // _COLUMNS, index % _COLUMNS)
        self._said.setText(said)

    def choose(self, layout: str) -> None:
        """Show another layout as the one that is chosen; says nothing."""
        for button in self._cards.buttons():
            button.setChecked(button.objectName() == layout)
        for line in self._patterns.values() if layout == PATTERNS else ():
            if line.isReadOnly():  # files that follow no pattern: now one can be typed
                line.setReadOnly(False)
                line.setPlaceholderText(_HINT)

    def set_rows(self, rows: Sequence[ChannelRow]) -> None:
        """Show channels and masks, each with its pattern."""
        _empty(self._rows_grid)
        self._roles.clear()
        self._patterns.clear()
        self._matches.clear()
        for row in rows:
            self._add_row(row)

    def focus_layout(self) -> None:
        """Put the keyboard onto the layout that is chosen; arrows go to the others."""
        chosen = self._cards.checkedButton()
        if chosen is not None:
            chosen.setFocus()

    def set_matches(self, matches: Mapping[str, Match]) -> None:
        """Say how many cases each row finds, and what is wrong with it."""
        self._found = dict(matches)
        for name, (count, glyph, below) in self._matches.items():
            match = matches.get(name, Match(""))
            count.setText(match.said)
            passed = match.whole and not match.problem
            glyph.set_icon("tick" if passed else "warning")
            glyph.set_colour(self._theme.ok if passed else self._theme.warn)
            glyph.setVisible(bool(match.said))
            said = match.problem or match.aside
            below.setProperty("role", "error" if match.problem else "caption")
            below.style().polish(below)
            below.setText(said)
            below.setVisible(bool(said))
            line = self._patterns[name]
            line.setProperty("invalid", bool(match.problem))
            line.style().polish(line)

    def set_look(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        for button in self._cards.buttons():
            if isinstance(button, LayoutCardButton):
                button.set_look(theme)
        self.checks.set_look(theme)
        self.set_matches(self._found)

    def set_narrow(self, narrow: bool) -> None:
        """Leave out what the foot of a narrow dialog says."""
        self.checks.setMaximumHeight(0 if narrow else _MOST_HEIGHT)

    def set_regions(self, regions: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer labels and regions as what is lesion; hidden where there is no choice."""
        fill(self._region, [(title, key) for key, title in regions])
        self._region.blockSignals(True)
        self._region.setCurrentIndex(max(self._region.findData(chosen), 0))
        self._region.blockSignals(False)
        self._region_row.setVisible(len(regions) > 1)

    def _add_row(self, row: ChannelRow) -> None:
        at = self._rows_grid.rowCount()
        if row.name == MASK:
            self._rows_grid.addWidget(make_label("Mask", "value"), at, 0)
        else:
            role = combo_field(f"Role of {row.name}")
            fill(role, [(name, name) for name in ROLES])
            role.setCurrentIndex(max(role.findData(row.role), 0))
            role.setToolTip(plain_tip(f"What {row.name} shows; models ask for it by this"))
            role.setFixedWidth(_ROLE_WIDTH)
            role.currentIndexChanged.connect(lambda _: self.meaning_changed.emit())
            self._roles[row.name] = role
            self._rows_grid.addWidget(role, at, 0)
        line = QLineEdit(row.pattern)
        line.setAccessibleName(f"Pattern of {row.name or 'the masks'}")
        line.setPlaceholderText(row.files or _HINT)
        line.setReadOnly(bool(row.files))
        line.textEdited.connect(lambda _: self.patterns_changed.emit())
        self._patterns[row.name] = line
        self._rows_grid.addWidget(line, at, 1)
        matches = ElidedLabel("", "body")
        matches.setFixedWidth(_MATCHES_WIDTH)
        matches.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        glyph, below = Glyph("tick", size=_GLYPH), ElidedLabel("", "caption")
        below.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._matches[row.name] = matches, glyph, below
        self._rows_grid.addWidget(matches, at, 2)
        self._rows_grid.addWidget(glyph, at, 3)
        self._rows_grid.addWidget(below, at + 1, 1, 1, 3)
        glyph.hide()
        below.hide()

    def _on_add(self) -> None:
        taken = set(self.roles.values())
        role = next((name for name in ROLES if name not in taken), ROLES[-1])
        name = role if role not in self._patterns else f"Channel {len(self._roles) + 1}"
        self._add_row(ChannelRow(name, role, ""))
        self._patterns[name].setFocus()
        self.patterns_changed.emit()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(make_label("Layout", "panel"))
        head.addStretch(1)
        head.addWidget(self._said)
        column.addLayout(head)
        self._card_grid.setSpacing(6)
        for at in range(_COLUMNS):
            self._card_grid.setColumnStretch(at, 1)
        column.addLayout(self._card_grid)
        column.addSpacing(2)
        roles = QHBoxLayout()
        roles.setSpacing(12)
        about = ElidedLabel(_HELP, "caption")
        about.tip = f"{_HELP}. {_MORE_HELP}"
        roles.addWidget(make_label("Roles", "panel"))
        roles.addWidget(about, 1)
        roles.addWidget(make_label("Matches", "caption"))
        column.addLayout(roles)
        self._rows_grid.setSpacing(6)
        self._rows_grid.setColumnStretch(1, 1)
        column.addLayout(self._rows_grid)
        below = QHBoxLayout()
        below.addSpacing(_ROLE_WIDTH)
        below.addWidget(self._add)
        below.addStretch(1)
        column.addLayout(below)
        row = QHBoxLayout(self._region_row)
        row.setContentsMargins(0, 2, 0, 0)
        row.addWidget(make_label("Lesion is", "panel"))
        row.addWidget(self._region, 1)
        column.addWidget(self.labels)
        column.addWidget(self._region_row)
        column.addWidget(self.checks)
        column.addStretch(1)
        self._region_row.hide()
        self.setWidget(inside)


def _empty(grid: QGridLayout) -> None:
    while (item := grid.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
