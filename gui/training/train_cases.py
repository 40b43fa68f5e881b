"""Which cases a training learns from, and which judge it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted
from gui.training.train_form import CaseChoice, CaseKind, SplitChoice
from gui.widgets.labels import ElidedLabel, Glyph, make_label, make_wrapped_label, plain_tip
from gui.widgets.palette import DARK, Theme
from gui.widgets.theme import indent_text

_LIST_HEIGHT = 176
_NAME_WIDTH = 130
_CHECKED, _UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked
_SOME = Qt.CheckState.PartiallyChecked


@dataclass(frozen=True)
class _Group:
    """A row that ticks all cases of a kind."""

    kind: CaseKind
    title: str
    box: QCheckBox
    count: QLabel


class CasesCard(QFrame):
    """Groups of cases with a tick each, replay, the sum, and the list behind `Choose cases…`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._choices: Sequence[CaseChoice] = ()
        self._items: list[QTreeWidgetItem] = []
        self._replayable = 0
        self._groups = (self._group("corrected", "Corrected"), self._group("truth", "Ground truth"))
        self._replay = QCheckBox("Replay what the base learnt")
        self._share = QSpinBox()
        self._share.setRange(5, 95)
        self._share.setSingleStep(5)
        self._share.setValue(50)
        self._share.setSuffix(" %")
        self._share.setAccessibleName("Share of replayed slices")
        self._share.setToolTip("Share of the slices that replay old cases, against forgetting")
        self._share.setFixedWidth(76)
        indent_text(self._share)
        self._replay_count = make_label("", "body")
        self._sum = make_label("", "section")
        self._more = _link("Choose cases…", "Tick single cases")
        self._more.setCheckable(True)
        self._list = _case_list("Cases to learn from")
        self._list.itemChanged.connect(self._on_item_changed)
        self._lay_out()
        self._replay.toggled.connect(self._on_replay)
        self._share.valueChanged.connect(self.changed)
        self._more.toggled.connect(self._list.setVisible)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ids of the ticked cases."""
        pairs = zip(self._choices, self._items, strict=True)
        return tuple(c.case_id for c, item in pairs if item.checkState(0) == _CHECKED)

    @property
    def replay(self) -> float:
        """The share of replayed slices; 0 for none."""
        return self._share.value() / 100 if self._replay.isChecked() else 0.0

    def set_cases(self, choices: Sequence[CaseChoice], chosen: Collection[str]) -> None:
        """Offer cases; those in `chosen` are ticked unless they are locked."""
        self._choices = choices
        self._list.blockSignals(True)
        self._list.clear()
        self._items = [_item(choice, ticked=choice.case_id in chosen) for choice in choices]
        self._list.addTopLevelItems(self._items)
        self._list.blockSignals(False)
        self._count()

    def set_replay(self, share: float | None) -> None:
        """Offer a share of replayed slices; None where there is no base model to replay for."""
        for widget in (self._replay, self._share, self._replay_count):
            widget.setVisible(share is not None)
            widget.blockSignals(True)
        self._replay.setChecked(bool(share))
        self._share.setEnabled(bool(share))
        if share:
            self._share.setValue(round(100 * share))
        for widget in (self._replay, self._share, self._replay_count):
            widget.blockSignals(False)

    def set_replayed(self, cases: int) -> None:
        """Say how many cases are replayed."""
        self._replayable = cases
        self._replay_count.setText(counted(cases, "case"))
        chosen = len(self.chosen)
        self._sum.setText(
            f"{counted(chosen + cases, 'case')} in training" if chosen else "No case chosen"
        )

    def _group(self, kind: CaseKind, title: str) -> _Group:
        group = _Group(kind, title, QCheckBox(title), make_label("", "body"))
        group.box.clicked.connect(lambda: self._tick_all(group))
        return group

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(4)
        for group in self._groups:
            column.addLayout(_row(group.box, None, group.count))
        column.addLayout(_row(self._replay, self._share, self._replay_count))
        rule = QFrame()
        rule.setProperty("rule", "horizontal")
        column.addSpacing(4)
        column.addWidget(rule)
        column.addLayout(_row(self._sum, None, self._more))
        column.addWidget(self._list)

    def _tick_all(self, group: _Group) -> None:
        wanted = _UNCHECKED if group.box.checkState() == _UNCHECKED else _CHECKED
        group.box.setCheckState(wanted)
        self._list.blockSignals(True)
        for choice, item in zip(self._choices, self._items, strict=True):
            if choice.kind == group.kind and not choice.locked:
                item.setCheckState(0, wanted)
        self._list.blockSignals(False)
        self._on_item_changed()

    def _on_item_changed(self) -> None:
        self._count()
        self.changed.emit()

    def _on_replay(self, on: bool) -> None:
        self._share.setEnabled(on)
        self.changed.emit()

    def _count(self) -> None:
        chosen = set(self.chosen)
        for group in self._groups:
            own = [c for c in self._choices if c.kind == group.kind and not c.locked]
            ticked = [c for c in own if c.case_id in chosen]
            group.count.setText(_share(ticked, own))
            state = _UNCHECKED if not ticked else _CHECKED if len(ticked) == len(own) else _SOME
            group.box.setCheckState(state)
            group.box.setEnabled(bool(own))
        self.set_replayed(self._replayable)


class SplitCard(QFrame):
    """The cases that judge every model, and which they are while nothing is frozen yet.

    The list behind `Choose judges…` is there until a training freezes them.
    """

    changed = Signal()
    file_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._split = SplitChoice()
        self._choices: Sequence[CaseChoice] = ()
        self._items: list[QTreeWidgetItem] = []
        self._glyph = Glyph("lock", size=14)
        self._text = make_label("", "section")
        self._mark = ElidedLabel("", "caption")
        self._mark.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._parts = _Parts()
        self._more = _link("Choose judges…", "Which cases judge; frozen by the first training")
        self._more.setCheckable(True)
        self._file = _link("Take a split file…", '{"train": [case ids], "val": [case ids]}')
        self._trouble = make_wrapped_label("", "error")
        self._trouble.hide()
        self._list = _case_list("Cases that judge")
        self._list.itemChanged.connect(self._on_item_changed)
        self._more.toggled.connect(self._list.setVisible)
        self._file.clicked.connect(self.file_asked)
        self._lay_out()

    @property
    def judges(self) -> tuple[str, ...]:
        """The ids of the cases that judge."""
        if self._split.frozen:
            return self._split.val
        pairs = zip(self._choices, self._items, strict=True)
        return tuple(c.case_id for c, item in pairs if item.checkState(0) == _CHECKED)

    def set_choices(self, choices: Sequence[CaseChoice], split: SplitChoice) -> None:
        """Offer the cases that can judge; those of `split` do."""
        self._choices = [choice for choice in choices if choice.truth]
        self._list.blockSignals(True)
        self._list.clear()
        self._items = [
            _item(replace(choice, locked=""), ticked=choice.case_id in split.val)
            for choice in self._choices
        ]
        self._list.addTopLevelItems(self._items)
        self._list.blockSignals(False)
        self._more.setVisible(not split.frozen)
        self._list.setVisible(not split.frozen and self._more.isChecked())
        self.show_split(split)

    def show_split(self, split: SplitChoice) -> None:
        """Say which cases judge."""
        self._split = split
        self._text.setText(split.text)
        self._mark.setText(split.mark if split.val else "")
        self._parts.show_parts(split.parts)
        never = "Never learnt from: " + ", ".join(split.val)
        self.setToolTip(plain_tip(never) if split.val else "")
        self.show_trouble("")

    def show_trouble(self, said: str) -> None:
        """Say what is wrong with the split file that was taken; nothing with none."""
        self._trouble.setText(said)
        self._trouble.setVisible(bool(said))

    def set_theme(self, theme: Theme) -> None:
        self._glyph.set_colour(theme.t2)
        self._parts.set_theme(theme)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._glyph)
        head.addWidget(self._text)
        head.addWidget(self._mark, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._parts)
        column.addLayout(_row(self._more, None, self._file))
        column.addWidget(self._trouble)
        column.addWidget(self._list)

    def _on_item_changed(self) -> None:
        self.changed.emit()


class _Parts(QWidget):
    """A bar in pieces, as long as their numbers, with a name below each."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[tuple[str, int], ...] = ()
        self._theme = DARK
        self.setFixedHeight(24)
        self.setMinimumSize(QSize(10, 24))

    def show_parts(self, parts: tuple[tuple[str, int], ...]) -> None:
        """Show other pieces; hidden without any."""
        self._parts = parts
        self.setVisible(bool(parts))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        total = sum(count for _, count in self._parts) or 1
        left = 0.0
        for index, (name, count) in enumerate(self._parts):
            width = count / total * self.width()
            colour = QColor(self._theme.t3)
            colour.setAlphaF(max(1 - 0.18 * index, 0.3))
            painter.fillRect(QRectF(left, 0, width - 2, 4), colour)
            painter.setPen(QColor(self._theme.t2))
            box = QRectF(left, 8, max(width, 40), 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"{name} {count}")
            left += width


def _link(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("link", True)
    button.setAutoDefault(False)
    button.setToolTip(plain_tip(tip))
    return button


def _case_list(name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setColumnCount(2)
    tree.setHeaderHidden(True)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setFixedHeight(_LIST_HEIGHT)
    tree.setColumnWidth(0, _NAME_WIDTH)
    tree.setAccessibleName(name)
    tree.setVisible(False)
    return tree


def _item(choice: CaseChoice, *, ticked: bool) -> QTreeWidgetItem:
    kind = {"corrected": choice.note, "truth": "ground truth", "none": ""}[choice.kind]
    slices = f"{choice.slices:,} slices · " if choice.slices else ""
    note = choice.locked or f"{slices}{kind}"
    item = QTreeWidgetItem([choice.name, note])
    item.setToolTip(0, plain_tip(choice.case_id))
    item.setToolTip(1, plain_tip(note))
    item.setCheckState(0, _CHECKED if ticked and not choice.locked else _UNCHECKED)
    if choice.locked:
        item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _row(left: QWidget, middle: QWidget | None, right: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(left)
    row.addStretch(1)
    if middle is not None:
        row.addWidget(middle)
    row.addWidget(right)
    return row


def _share(ticked: Sequence[CaseChoice], own: Sequence[CaseChoice]) -> str:
    """Say how many of the cases of a kind are learnt from."""
    if not own:
        return "none"
    if not ticked:
        return f"none of {counted(len(own), 'case')}"
    some = "" if len(ticked) == len(own) else f"{len(ticked):,} of "
    slices = f", {sum(each.slices for each in ticked):,} slices"
    return (
        f"{some}{counted(len(own), 'case')}{slices if all(each.slices for each in ticked) else ''}"
    )
