"""Which volume of files that hold several is shown: asked for a case, and kept for its folder."""

from collections import Counter

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from core.io.cases.case import Case
from core.io.cases.found_case import read_channel
from core.workspace import known_dataset
from gui.data.folder_question import FolderQuestion
from gui.shell.context import Context
from gui.widgets.fields import spin_field
from gui.widgets.labels import make_wrapped_label

_ABOUT = (
    "The choice holds for all cases of this folder, here and on the command line, where it is "
    "--point {point} (from 0)."
)


class TimePointDialog(QDialog):
    """One of several volumes, counted from 1; `chosen` gives its index."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget, case_id: str, count: int, index: int) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose a time point")
        self.box = spin_field("Volume", 1, count)
        self.box.setValue(index + 1)
        self.box.setSuffix(f" of {count}")
        self._about = make_wrapped_label("", "caption")
        self.take, close = QPushButton("Show this volume"), QPushButton("Close")
        self.take.setProperty("primary", True)
        self.take.setDefault(True)
        self.take.clicked.connect(self._on_take)
        close.clicked.connect(self.reject)
        self.box.valueChanged.connect(self._tell)
        form = QFormLayout()
        form.addRow("Volume", self.box)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        said = f"The files of {case_id} hold {count} volumes, such as time points or echoes."
        column.addWidget(make_wrapped_label(said, "body"))
        column.addLayout(form)
        column.addWidget(self._about)
        column.addLayout(buttons)
        self.setMinimumWidth(420)
        self._tell()

    def _tell(self) -> None:
        self._about.setText(_ABOUT.format(point=self.box.value() - 1))

    def _on_take(self) -> None:
        self.accept()
        self.chosen.emit(self.box.value() - 1)


class TimePoint(QObject):
    """Asks which volume is shown; offers it once for each folder."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._question = FolderQuestion(context, "time-point")
        self.dialog: TimePointDialog | None = None
        self._session.case_changed.connect(self._on_case_changed)

    def ask(self) -> None:
        """Count the volumes in the files of the case on screen, and ask which is shown."""
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        case, root = opened.loaded.case, place.dataset.root
        self._context.lanes.run(
            "io",
            lambda _: (_volumes(case), known_dataset.recalled(root).point or 0),
            lambda found: self._show(case.id, *found),
            failed=lambda said: self._context.say_failed("No choice of a time point", said),
        )

    def _show(self, case_id: str, count: int, index: int) -> None:
        if count < 2:
            said = f"Each file of {case_id} holds one volume, or its layout says which is which."
            self._question.say_needless(said)
            return
        shown = min(index, count - 1)
        self.dialog = TimePointDialog(self._context.window, case_id, count, shown)
        self.dialog.chosen.connect(self.keep)
        self.dialog.open()

    def keep(self, index: int) -> None:
        """Keep a choice for the folder that is open, and read its cases anew."""
        self._question.keep(self._question.root, point=index)

    def _on_case_changed(self) -> None:
        opened = self._session.open_case
        if opened is None or not self._question.is_new:
            return
        if opened.loaded.unchosen:
            self._question.offer(
                "A file holds several volumes",
                "The first is shown; another time point can be chosen.",
                ("Choose…", self.ask),
            )


def _volumes(case: Case) -> int:
    """Return how many volumes the files of a case hold of which no layout chose one."""
    if case.volumes is None:
        return 1
    channels = [channel for channel in case.volumes.channels if len(channel.files) == 1]
    shared = Counter(channel.files for channel in channels)
    # Of a file that several channels share, its layout says which volume is which.
    own = [channel for channel in channels if shared[channel.files] == 1]
    return max((read_channel(channel).points for channel in own), default=1)
