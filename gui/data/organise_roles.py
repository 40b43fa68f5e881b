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
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.data.organise_form import MASK, PATTERNS, ROLES, ChannelRow, LayoutCard
from gui.widgets.fields import combo_field, fill
from gui.widgets.labels import ElidedLabel, make_label, make_wrapped_label, plain_tip

_COLUMNS = 4
_CARD_HEIGHT = 52
_ROLE_WIDTH, _MATCHES_WIDTH = 100, 72
_HINT = "{case}_…"
_HELP = (
    "{case} is the name of the case, {n} the number of a slice, * any part of a name. A pattern "
    "with a slash counts from the folder."
)


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
        self._matches: dict[str, ElidedLabel] = {}
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
            button = QPushButton(f"{card.title}\n{card.said}")
            button.setObjectName(card.key)
            button.setProperty("card", True)
            button.setCheckable(True)
            button.setChecked(card.key == chosen)
            button.setFixedHeight(_CARD_HEIGHT)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setToolTip(plain_tip(f"{card.title}: {card.said}"))
            button.setAutoDefault(False)
            button.setAccessibleName(f"Layout {card.title}: {card.said}")
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

    def focus_first(self) -> None:
        """Put the keyboard into the first pattern."""
        first = next(iter(self._patterns.values()), None)
        if first is not None:
            first.setFocus()

    def set_matches(self, matches: Mapping[str, str]) -> None:
        """Say how many cases each row finds."""
        for name, label in self._matches.items():
            label.setText(matches.get(name, ""))

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
        self._matches[row.name] = matches
        self._rows_grid.addWidget(matches, at, 2)

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
        column.addSpacing(8)
        column.addWidget(make_label("Channels and masks", "panel"))
        column.addWidget(make_wrapped_label(_HELP, "caption"))
        self._rows_grid.setSpacing(6)
        self._rows_grid.setColumnStretch(1, 1)
        column.addLayout(self._rows_grid)
        below = QHBoxLayout()
        below.addSpacing(_ROLE_WIDTH)
        below.addWidget(self._add)
        below.addStretch(1)
        column.addLayout(below)
        row = QHBoxLayout(self._region_row)
        row.setContentsMargins(0, 8, 0, 0)
        row.addWidget(make_label("Lesion is", "panel"))
        row.addWidget(self._region, 1)
        column.addWidget(self._region_row)
        column.addStretch(1)
        self._region_row.hide()
        self.setWidget(inside)


def _empty(grid: QGridLayout) -> None:
    while (item := grid.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
