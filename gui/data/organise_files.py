"""The files of a folder as a tree, each with what it is taken for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.data.organise_form import LEFT_OUT, FileRow
from gui.widgets.icons import icon
from gui.widgets.labels import make_label
from gui.widgets.palette import DARK, OverlayColours, Theme
from gui.widgets.segments import Segments
from gui.widgets.theme import app_font

_CASE = Qt.ItemDataRole.UserRole
_ICON, _ROW = 14, 26
_BADGE, _BADGE_PAD = 16, 6


class FileTree(QWidget):
    """A searchable tree; a file that is chosen names its case."""

    case_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme: Theme = DARK
        self._rows: tuple[FileRow, ...] = ()
        self._shown = Segments(("Tree", "List"), name="Files")
        self._shown.chosen.connect(lambda _: self._fill())
        self._count = make_label("", "body")
        self._search = QLineEdit()
        self._search.setPlaceholderText("File name")
        self._search.setAccessibleName("Search file names")
        self._search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setAccessibleName("Files")
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._tags = _TagDelegate()
        self.tree.setItemDelegateForColumn(1, self._tags)
        self.tree.itemClicked.connect(self._on_clicked)
        top = QHBoxLayout()
        top.addWidget(make_label("Files", "panel"))
        top.addWidget(self._count)
        top.addStretch(1)
        top.addWidget(self._shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 14, 14)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self._search)
        column.addWidget(self.tree, 1)

    def choose(self, case_id: str) -> None:
        """Select the folder of a case, or its first file where it lies among others."""
        current = self.tree.currentItem()
        if current is not None and current.data(0, _CASE) == case_id:
            return
        item = next((found for top in self._top() if (found := _first(top, case_id))), None)
        if item is not None:
            self.tree.setCurrentItem(_own_folder(item, case_id))
            self.tree.scrollToItem(item)

    def set_files(self, count: str, rows: Sequence[FileRow]) -> None:
        """Show other files."""
        self._count.setText(count)
        self._rows = tuple(rows)
        self._fill()

    def _fill(self) -> None:
        self.tree.clear()
        flat = self._shown.index == 1
        for row in _flat(self._rows, "") if flat else self._rows:
            self.tree.addTopLevelItem(self._item(row))
        self.tree.setRootIsDecorated(not flat)
        for item in self._top()[:2]:
            item.setExpanded(True)
        self._filter(self._search.text())

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        del overlays
        if theme != self._theme:
            self._theme = self._tags.theme = theme
            self._fill()

    def _item(self, row: FileRow) -> QTreeWidgetItem:
        item = QTreeWidgetItem([row.name, row.tag])
        item.setData(0, _CASE, row.case_id)
        item.setToolTip(0, row.name)
        if row.below:
            item.setIcon(0, icon("folder-open", colour=self._theme.t3, size=_ICON))
        faint = self._theme.t3 if row.tag in ("", LEFT_OUT) and not row.below else self._theme.t1
        item.setForeground(0, QBrush(QColor(faint)))
        item.setForeground(1, QBrush(QColor(self._theme.t3 if row.below else self._theme.t2)))
        for each in row.below:
            item.addChild(self._item(each))
        return item

    def _filter(self, text: str) -> None:
        wanted = text.casefold().strip()
        for item in self._top():
            _show(item, wanted)

    def _top(self) -> list[QTreeWidgetItem]:
        items = map(self.tree.topLevelItem, range(self.tree.topLevelItemCount()))
        return [item for item in items if item is not None]

    def _on_clicked(self, item: QTreeWidgetItem) -> None:
        case_id = str(item.data(0, _CASE) or "")
        if case_id:
            self.case_chosen.emit(case_id)


class _TagDelegate(QStyledItemDelegate):
    """Paints what a file is taken for as a badge; counts and what is left out as plain text."""

    theme: Theme = DARK

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        wanted = super().sizeHint(option, index)
        return QSize(wanted.width() + 2 * _BADGE_PAD, max(wanted.height(), _ROW))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        text = str(index.data() or "")
        if text == LEFT_OUT or text.replace(",", "").isdigit():
            super().paint(painter, option, index)
            return
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        plain.text = ""
        plain.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, plain, painter, plain.widget
        )
        mask, font = text == "Mask", app_font(size_px=10, weight=600)
        width = QFontMetricsF(font).horizontalAdvance(text) + 2 * _BADGE_PAD
        area = option.rect
        badge = QRectF(area.left() + 4, area.center().y() - _BADGE / 2, width, _BADGE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.warnsoft if mask else self.theme.bg3))
        painter.drawRoundedRect(badge, 3, 3)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.warn if mask else self.theme.t2))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


def _flat(rows: Sequence[FileRow], place: str) -> Iterator[FileRow]:
    """Yield the files of a tree, each with its path in its name."""
    for row in rows:
        if row.below:
            yield from _flat(row.below, f"{place}{row.name}/")
        else:
            yield replace(row, name=f"{place}{row.name}")


def _first(item: QTreeWidgetItem, case_id: str) -> QTreeWidgetItem | None:
    """Return the first item of a case, at or below one."""
    if item.data(0, _CASE) == case_id:
        return item
    found = (_first(child, case_id) for child in _children(item))
    return next((each for each in found if each is not None), None)


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    children = map(item.child, range(item.childCount()))
    return [child for child in children if child is not None]


def _own_folder(item: QTreeWidgetItem, case_id: str) -> QTreeWidgetItem:
    """Return the folder an item lies in where all in it is of its case, else the item."""
    folder = item.parent()
    if folder is None:
        return item
    below = {child.data(0, _CASE) or "" for child in _children(folder)}
    return folder if below <= {case_id, ""} else item


def _show(item: QTreeWidgetItem, wanted: str) -> bool:
    """Hide what has not the wanted text in its name, or below it; return whether it shows."""
    below = [_show(child, wanted) for child in _children(item)]
    shown = not wanted or wanted in item.text(0).casefold() or any(below)
    item.setHidden(not shown)
    if wanted and any(below):
        item.setExpanded(True)
    return shown
