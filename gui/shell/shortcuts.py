"""The sheet of all keys, and the place to change them."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.shell.commands import BY_ID, COMMANDS, GESTURES, KEPT_KEYS, Keys, keys_of, taken_by
from gui.widgets.labels import make_wrapped_label

_ID = Qt.ItemDataRole.UserRole
_HINT = "Choose a command, press its new key in the field and take it with Set."


class ShortcutSheet(QDialog):
    """Lists commands with their keys by group; says which keys the reader wants by `changed`."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget, keys: Keys) -> None:
        super().__init__(parent)
        self._keys = dict(keys)
        self._rows: dict[str, tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = {}
        self.setWindowTitle("Keyboard and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(680, 720)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Command", "Keys"])
        self.tree.setRootIsDecorated(False)
        self.tree.setAccessibleName("Commands and their keys")
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.currentItemChanged.connect(self._on_current_changed)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search commands and keys")
        self.search.setAccessibleName("Search commands and keys")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self._field = QKeySequenceEdit()
        self._field.setMaximumSequenceLength(1)
        self._field.setAccessibleName("New key")
        self._set = self._button("Set", self._on_set)
        self._own = self._button("Its own key", self._on_own)
        self._hint = make_wrapped_label(_HINT, "caption")
        self._lay_out()
        self._fill()
        self._on_current_changed()
        self.tree.setFocus()
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for widget in (self._field, self._set, self._own):
            row.addWidget(widget)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        for button in buttons.buttons():
            button.setProperty("autoDefault", False)
        every = buttons.addButton("All as they were", QDialogButtonBox.ButtonRole.ResetRole)
        every.clicked.connect(lambda: self._take({}))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.tree)
        column.addLayout(row)
        column.addWidget(self._hint)
        column.addWidget(buttons)

    def _button(self, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: slot())
        return button

    def _fill(self) -> None:
        here = self._current()
        self.tree.clear()
        self._rows.clear()
        for command in COMMANDS:
            item = self._add(command.group, command.text)
            item.setText(1, "  ".join(keys_of(command.id, self._keys)))
            item.setData(0, _ID, command.id)
            if command.id == here:
                self.tree.setCurrentItem(item)
        for group, text, how in GESTURES:
            item = self._add(group, text)
            item.setText(1, how)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.tree.expandAll()
        self._filter(self.search.text())

    def _filter(self, words: str) -> None:
        """Leave what has all the words in its name, its keys or the name of its group."""
        wanted = words.casefold().split()
        for group, rows in self._rows.values():
            for row in rows:
                said = f"{group.text(0)} {row.text(0)} {row.text(1)}".casefold()
                row.setHidden(not all(word in said for word in wanted))
            group.setHidden(all(row.isHidden() for row in rows))

    def _add(self, group: str, text: str) -> QTreeWidgetItem:
        """Add a row below its group, which is made when it is the first."""
        if group not in self._rows:
            head = QTreeWidgetItem(self.tree, [group])
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self._rows[group] = (head, [])
        head, rows = self._rows[group]
        rows.append(QTreeWidgetItem(head, [text]))
        return rows[-1]

    def _current(self) -> str:
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def _on_current_changed(self) -> None:
        there = bool(self._current())
        for widget in (self._field, self._set, self._own):
            widget.setEnabled(there)
        self._field.clear()
        self._hint.setText(_HINT)

    def _on_set(self) -> None:
        command_id, key = self._current(), self._field.keySequence().toString(_PORTABLE)
        if not command_id or not key:
            return
        if key in KEPT_KEYS:
            self._hint.setText(f"{key} {KEPT_KEYS[key]}. Choose another key.")
            return
        other = taken_by(key, self._keys)
        if other is not None and other != command_id:
            self._hint.setText(
                f"{key} already means: {BY_ID[other].text}. Give that command another key first."
            )
            return
        self._take({**self._keys, command_id: (key,)})

    def _on_own(self) -> None:
        command_id = self._current()
        kept = {name: keys for name, keys in self._keys.items() if name != command_id}
        for key in BY_ID[command_id].keys:
            other = taken_by(key, kept)
            if other is not None and other != command_id:
                self._hint.setText(f"{key} now means: {BY_ID[other].text}. Change that first.")
                return
        self._take(kept)

    def _take(self, keys: Keys) -> None:
        self._keys = dict(keys)
        self._fill()
        self.changed.emit(self._keys)


_PORTABLE = QKeySequence.SequenceFormat.PortableText
