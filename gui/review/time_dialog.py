"""How long readers had cases before them: a table a day, and one a case."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QTableWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.review.time_spent import DaySpent, TimeSpent, by_day
from gui.widgets.figure_table import fill_table, prepare_table
from gui.widgets.labels import duration, make_wrapped_label

_DAY_HEADS = ("Day", "Reader", "Cases", "Time", "Per case")
_CASE_HEADS = ("Case", "Reader", "Last day", "Time")
_DAY_NAMES, _CASE_NAMES = 2, 3
_UNKNOWN = "Not kept"


class TimeDialog(QDialog):
    """Shows sums of what was counted; `export_asked` asks for all of it as a file."""

    export_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Time spent")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 460)
        self._days = QTableWidget(0, len(_DAY_HEADS))
        prepare_table(self._days, _DAY_HEADS, names=_DAY_NAMES)
        self._days.setAccessibleName("Time a day")
        self._cases = QTableWidget(0, len(_CASE_HEADS))
        prepare_table(self._cases, _CASE_HEADS, names=_CASE_NAMES)
        self._cases.setAccessibleName("Time a case")
        tabs = QTabWidget()
        tabs.addTab(self._days, "A day")
        tabs.addTab(self._cases, "A case")
        self._hint = make_wrapped_label("", "caption")
        self._export = QPushButton("Export…")
        self._export.setToolTip("Write a row for each day, reader and case as a CSV file")
        self._export.clicked.connect(self.export_asked)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self._export, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for widget in (tabs, self._hint, buttons):
            column.addWidget(widget)
        self.show_times([])

    def show_times(self, times: Sequence[TimeSpent]) -> None:
        """Show what was counted, the newest day first."""
        fill_table(self._days, [_day_cells(day) for day in by_day(times)], names=_DAY_NAMES)
        fill_table(self._cases, _case_rows(times), names=_CASE_NAMES)
        self._export.setEnabled(bool(times))
        all_of_it = sum(time.seconds for time in times)
        self._hint.setText(
            f"{duration(all_of_it)} in all, reading and correcting. Pauses are left out."
            if times
            else "Nothing was counted yet. Time counts while a case is read or corrected."
        )


def _day_cells(spent: DaySpent) -> tuple[str, ...]:
    each = duration(spent.seconds / spent.cases)
    return (spent.day or _UNKNOWN, spent.reader, str(spent.cases), duration(spent.seconds), each)


def _case_rows(times: Sequence[TimeSpent]) -> list[tuple[str, ...]]:
    """Return the sums of a case and a reader, by the name of the case."""
    found: dict[tuple[str, str], list[TimeSpent]] = {}
    for time in times:
        found.setdefault((time.case_id, time.reader), []).append(time)
    return [
        (
            case_id,
            reader,
            max(time.day for time in of) or _UNKNOWN,
            duration(sum(time.seconds for time in of)),
        )
        for (case_id, reader), of in sorted(found.items())
    ]
