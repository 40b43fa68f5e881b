"""The card over the image that holds the settings of the tool in hand."""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.annotation.clicks.click_card import ClickCard
from gui.annotation.clicks.guided_settings import GuidedSettings
from gui.annotation.correction.named_slider import NamedSlider
from gui.annotation.correction.tool_settings import (
    LARGEST,
    LARGEST_SHARE,
    LEAST_SHARE,
    SMALLEST,
    ToolSettings,
    grey_text,
)
from gui.annotation.tools.over_choice import OverChoice
from gui.annotation.tools.tool_hints import of_the_hand
from gui.shell.commands import BY_ID, Keys, keys_of
from gui.shell.label_state import LabelState
from gui.viewer.slice.touch import ROUND, UNPAINTED, Tool
from gui.widgets.labels import make_label
from gui.widgets.segments import Segments

_WIDTH = 236
_LEFT, _TOP, _EDGE = 10, 92, 8
_FOOT = 76  # of the image, where its own words stand
_ROOM = 3  # an image narrower than so many cards is not to lie under one
_RANGED = {"threshold": "window", "fill": "tolerance"}
_BRUSHES = frozenset({"brush", "eraser", "threshold"})
_TITLES = {"window": "Window", "tolerance": "Tolerance"}
_SOLID = {"fill": "volumetric", "smart": "volumetric", "component": "through"}
_STEPS = 1000
_STARTS = (
    ("prediction", "Prediction"),
    ("truth", "Ground truth"),
    ("version", "Last version"),
    ("nothing", "Nothing"),
)
_HINTS: dict[str, str] = {
    "brush": "Right button or Ctrl does the opposite. Shift+Wheel changes the size.",
    "eraser": "Right button or Ctrl paints. Shift+Wheel changes the size.",
    "threshold": "Paints only voxels as bright as the first one, within the window: those marked.",
    "lasso": "Drag around a region, or click its corners; Enter or a double click closes it.",
    "fill": "Fills voxels connected to the first one, within the tolerance: those marked.",
    "smart": "Scribble inside and outside, then complete. Further scribbles refine it.",
    "guided": "A click shows what it would change; only Enter writes it, as one step of undo.",
    "component": "Click a predicted lesion to take it; right-click a corrected one to delete it.",
}


class ToolCard(QFrame):
    """Shows the settings of one tool; hidden for the tools that only look.

    Folded it is a line with name and size: over a narrow image, until the reader unfolds it there.
    Over a low image its words make room for what can be pressed, and then it moves up.
    `preview`, in the other corner, says what guided clicks would change. `over` chooses what tools
    write over.
    """

    changed = Signal(str, object)
    complete_asked = Signal()
    back_asked = Signal()
    start_chosen = Signal(str)
    _unit = "px"

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("ToolCard")
        self.setProperty("card", True)
        self.setFixedWidth(_WIDTH)
        self._tool: Tool = "pan"
        self._span = 255.0
        self._range_name = "window"
        self._keys: Keys = {}
        self._image = parent
        self._unfolded = {True: False, False: True}  # over a narrow image, and over another
        self._title, self._key = make_label("", "section"), make_label("", "caption")
        self._brief = make_label("", "body")
        self._fold = self._make_fold()
        self._size = NamedSlider("Size", SMALLEST, LARGEST, self._length)
        self._size.moved.connect(lambda value: self.changed.emit("size", value))
        least, most = (round(share * _STEPS) for share in (LEAST_SHARE, LARGEST_SHARE))
        self._range = NamedSlider("Window", least, most, self._grey)
        self._range.moved.connect(lambda value: self.changed.emit(self._range_name, value / _STEPS))
        self._tip = self._make_tip()
        self._mode = Segments(("Add", "Remove"), name="The tool")
        self._mode.chosen.connect(lambda index: self.changed.emit("remove", bool(index)))
        self._scribble = Segments(("Inside", "Outside"), name="Scribble")
        self._scribble.chosen.connect(lambda index: self.changed.emit("remove", bool(index)))
        self._solid = QCheckBox("Through all slices")
        self._solid.clicked.connect(lambda on: self.changed.emit(_SOLID[self._tool], bool(on)))
        self.over = OverChoice()
        self._complete = QPushButton("Complete (Enter)")
        self._complete.clicked.connect(self.complete_asked)
        self.preview = ClickCard(parent)
        self._guided = GuidedSettings()
        self._guided.changed.connect(self.changed)
        self._guided.accept_asked.connect(self.complete_asked)
        self._guided.back_asked.connect(self.back_asked)
        self._taken = make_label("", "body")
        self._start = self._make_start()
        self._hint = make_label("", "caption")
        self._hint.setWordWrap(True)
        self._body = self._lay_out()
        parent.installEventFilter(self)
        self.hide()

    @property
    def folded(self) -> bool:
        """Whether only a line is shown."""
        return not self._unfolded[self._is_narrow]

    @property
    def _is_narrow(self) -> bool:
        return self._image.width() < _ROOM * _WIDTH

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _turn(self) -> None:
        """Fold or unfold over an image as wide as this one."""
        self._unfolded[self._is_narrow] = self.folded
        self._fit()

    def show_tool(self, tool: Tool, settings: ToolSettings, *, swapped: bool = False) -> None:
        """Show what `tool` can be set to; with swapped buttons the left one does the opposite."""
        self.setVisible(tool not in UNPAINTED)
        if tool in UNPAINTED:
            return
        self._tool = tool
        self._title.setText(BY_ID[f"{tool}_tool"].text)
        self._brief.setText(self._length(settings.size) if tool in ROUND else "")
        self._show_key()
        self._size.setVisible(tool in ROUND)
        self._size.show_value(settings.size)
        self._tip.setVisible(tool in _BRUSHES)
        with QSignalBlocker(self._tip):
            self._tip.set_index(int(settings.ball))
        self._range.setVisible(tool in _RANGED)
        self._range_name = _RANGED.get(tool, "window")
        self._range.set_title(_TITLES[self._range_name])
        self._range.show_value(round(getattr(settings, self._range_name) * _STEPS))
        self._mode.setVisible(tool in {"brush", "threshold", "lasso", "fill"})
        self._scribble.setVisible(tool == "smart")
        for segments in (self._mode, self._scribble):
            blocker = QSignalBlocker(segments)
            segments.set_index(int(settings.remove))
            blocker.unblock()
        self._solid.setVisible(tool in _SOLID)
        self._solid.setChecked(bool(getattr(settings, _SOLID.get(tool, "volumetric"))))
        self._complete.setVisible(tool == "smart")
        self._guided.setVisible(tool == "guided")
        self.over.offer_clearing(tool != "guided")  # clicks take the label in hand away alone
        self._guided.show_settings(settings)
        self._taken.setVisible(tool in _RANGED)
        self._hint.setText(of_the_hand(_HINTS.get(tool, ""), swapped=swapped))
        self._fit()

    def set_span(self, span: float) -> None:
        """Say how wide the range of grey values is that windows and tolerances are shares of."""
        if span != self._span:
            self._span = span
            self._range.say_value()

    def set_unit(self, unit: str) -> None:
        """Say what sizes are in: `mm`, or `px` where the spacing is unknown."""
        if unit != self._unit:
            self._unit = unit
            self._size.say_value()

    def show_labels(self, state: LabelState) -> None:
        """Offer what tools write over, where there are several labels."""
        self.over.show_state(state)
        self._fit()

    def show_taken(self, said: str) -> None:
        """Say how much a press would take."""
        self._taken.setText(said)

    def show_clicks(self, count: int) -> None:
        """Say how many guided clicks there are to be accepted."""
        self._guided.show_clicks(count)

    def show_start(self, kind: str, said: str | None) -> None:
        """Offer what a first edit starts from, and say what that is here; None offers nothing."""
        self._start.setVisible(said is not None)
        blocker = QSignalBlocker(self._starts)
        self._starts.setCurrentIndex(max(self._starts.findData(kind), 0))
        blocker.unblock()
        self._starting.setText(f"The first edit starts from {said}." if said else "")
        self._fit()

    def _make_tip(self) -> Segments:
        tip = Segments(("Disc", "Ball"), name="Shape of the brush")
        tip.setToolTip("A ball reaches into the slices before and behind")
        tip.chosen.connect(lambda index: self.changed.emit("ball", bool(index)))
        return tip

    def _make_fold(self) -> QToolButton:
        fold = QToolButton()
        fold.setAutoRaise(True)
        fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        fold.clicked.connect(self._turn)
        return fold

    def _make_start(self) -> QWidget:
        self._starts = QComboBox()
        self._starts.setAccessibleName("A correction starts from")
        for kind, title in _STARTS:
            self._starts.addItem(title, kind)
        self._starts.currentIndexChanged.connect(
            lambda _: self.start_chosen.emit(str(self._starts.currentData()))
        )
        self._starting = make_label("", "caption")
        self._starting.setWordWrap(True)
        part = QWidget()
        row = QHBoxLayout()
        row.addWidget(make_label("Start from", "caption"))
        row.addWidget(self._starts, 1)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._starting)
        return part

    def _fit(self) -> None:
        if self._tool in UNPAINTED:
            return
        layout, folded = self.layout(), self.folded
        assert layout is not None
        self._body.setVisible(not folded)
        self._brief.setVisible(folded)
        self._fold.setArrowType(Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow)
        said = "Show the settings of the tool" if folded else "Fold the settings away"
        self._fold.setToolTip(said)
        self._fold.setAccessibleName(said)
        self.setFixedWidth(self._hint_of(layout).width() if folded else _WIDTH)
        height, room = self._height(words=True), self._image.height() - _EDGE
        if _TOP + height > room - _FOOT:
            height = self._height(words=False)
        if _TOP + height > room - _FOOT:
            height = self._height(words=False, low=True)
        self.setFixedHeight(height)
        self.move(_LEFT, max(min(_TOP, room - height), _EDGE))
        self.raise_()

    def _height(self, *, words: bool, low: bool = False) -> int:
        """Return how tall the card is with its words, or without them; they stay so.

        A `low` one has the verbs of guided clicks beside each other.
        """
        self._guided.set_low(low)
        self._hint.setVisible(words)
        self._starting.setVisible(words)
        layout = self.layout()
        assert layout is not None
        hint = self._hint_of(layout)
        wraps = layout.hasHeightForWidth()  # words that need more lines
        return layout.totalHeightForWidth(_WIDTH) if wraps else hint.height()

    def _hint_of(self, layout: QLayout) -> QSize:
        """Return the size the card asks for, laid out anew."""
        for part in (self._start, self._guided, self._body, self):  # what lies within comes first
            inner = part.layout()
            if inner is not None:
                inner.activate()
            part.updateGeometry()
        layout.invalidate()
        layout.activate()
        return layout.totalSizeHint()

    def _length(self, value: int) -> str:
        return f"{value} {self._unit}"

    def _grey(self, value: int) -> str:
        return f"±{grey_text(value / _STEPS * self._span)}"

    def set_keys(self, changed: Keys) -> None:
        """Name the keys that the reader gave to tools."""
        self._keys = changed
        self._show_key()

    def _show_key(self) -> None:
        self._key.setText("  ".join(keys_of(f"{self._tool}_tool", self._keys)[:1]))

    def _lay_out(self) -> QWidget:
        """Lay the card out, and return what is folded away."""
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self._brief)
        head.addStretch(1)
        head.addSpacing(8)
        head.addWidget(self._key)
        head.addWidget(self._fold)
        body = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 6, 8, 6)
        outer.setSpacing(4)
        outer.addLayout(head)
        outer.addWidget(body)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 4, 6)
        column.setSpacing(8)
        for slider in (self._size, self._range):
            column.addWidget(slider)
        for choice in (self._tip, self._mode, self._scribble):
            column.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)
        parts = (
            self._guided,
            self.over,
            self._solid,
            self._complete,
            self._taken,
            self._start,
            self._hint,
        )
        for part in parts:
            column.addWidget(part)
        return body
