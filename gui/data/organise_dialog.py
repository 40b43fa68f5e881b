"""How is this folder organised? Files, layout and patterns, and the cases they find."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.domain.figure_text import counted
from gui.data.organise_cases import CasesColumn
from gui.data.organise_files import FileTree
from gui.data.organise_form import (
    MASK,
    PATTERNS,
    ChannelRow,
    FileRow,
    FoundRow,
    FoundView,
    LayoutCard,
    OrganiseForm,
    PassportView,
    SurveyView,
)
from gui.data.organise_roles import RolesColumn
from gui.widgets.icons import Tint, tinted_icon
from gui.widgets.labels import ElidedLabel, Glyph, make_label
from gui.widgets.later import Later
from gui.widgets.palette import DARK, OverlayColours, Theme

_SIZE = QSize(1280, 800)
_HEADER, _FOOTER = 56, 64
_COUNT_MS = 80
_COLUMNS = (340, 500, 440)
_NARROW_SIZE, _NARROW_COLUMNS = QSize(1180, 716), (300, 470, 410)


class OrganiseDialog(QDialog):
    """Asks; reads nothing itself.

    `counted` asks what a form finds, `opened` is the form to open by, `case_chosen` wants a
    passport.
    """

    counted = Signal(object)
    opened = Signal(object)
    case_chosen = Signal(str)
    other_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How is this folder organised?")
        self.setModal(True)
        self._theme: Theme = DARK
        self.files, self.roles, self.cases = FileTree(), RolesColumn(), CasesColumn()
        self._folder = ElidedLabel("", "body")
        self._title, self._detail = make_label("", "section"), ElidedLabel("", "caption")
        self._glyph = QToolButton()
        self._glyph.setAccessibleName("Checks")
        self._glyph.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._checks_menu = QMenu(self._glyph)
        self._glyph.setMenu(self._checks_menu)
        self._place = Glyph("folder-open", size=16)
        self._remember = QCheckBox("Remember for this folder")
        self._remember.setChecked(True)
        self._remember.setToolTip(
            "Keep the answer in the workspace; else it holds until this window opens another folder"
        )
        self._resample = self._wrong = False
        self._close = QToolButton()
        self._cancel, self._open = QPushButton("Cancel"), QPushButton("Open")
        self._pause = Later(self, _COUNT_MS, lambda: self.counted.emit(self.form))
        self._lay_out()
        self.roles.layout_chosen.connect(self._on_layout)
        self.roles.patterns_changed.connect(self._on_patterns)
        self.roles.meaning_changed.connect(self._pause.start)
        self.roles.checks.resample_asked.connect(self._on_resample)
        self.cases.case_chosen.connect(self.case_chosen)
        self.cases.case_chosen.connect(self.files.choose)
        self.files.case_chosen.connect(self.cases.choose)
        QShortcut(QKeySequence("Ctrl+Return"), self, self._open.click)

    @property
    def form(self) -> OrganiseForm:
        """What is chosen."""
        layout, typed = self.roles.layout_key, self.roles.patterns
        own = layout == PATTERNS
        images = tuple((n, p) for n, p in typed.items() if n != MASK and p) if own else ()
        return OrganiseForm(
            layout,
            images,
            typed.get(MASK, "") if own else "",
            tuple(self.roles.roles.items()),
            self.roles.region,
            self.roles.labels.changed,
            self._resample,
        )

    @property
    def remember(self) -> bool:
        """Whether the answer is to be kept for the next time."""
        return self._remember.isChecked()

    @property
    def all_labels(self) -> tuple[tuple[int, str], ...]:
        """Every name of a label that is shown, by value."""
        return self.roles.labels.all_names

    def set_folder(self, folder: str, count: str, files: Sequence[FileRow]) -> None:
        """Show another folder."""
        self._folder.setText(folder)
        self.files.set_files(count, files)

    def set_layouts(self, cards: Sequence[LayoutCard], chosen: str, said: str) -> None:
        """Offer layouts."""
        self.roles.set_cards(cards, chosen, said)

    def set_rows(self, rows: Sequence[ChannelRow]) -> None:
        """Show the channels of the layout that is chosen."""
        self.roles.set_rows(rows)

    def set_answers(self, *, resample: bool) -> None:
        """Show what was said before of masks on another grid."""
        self._resample = resample

    def focus_layout(self) -> None:
        """Put the keyboard onto the layout that is chosen."""
        self.roles.focus_layout()

    def show_counting(self, said: str) -> None:
        """Say that something is being read or counted; nothing can be opened meanwhile."""
        self._title.setText(said)
        self._detail.setText("Files are only read.")
        self._open.setEnabled(False)

    def show_found(self, view: FoundView, region: str) -> None:
        """Show what was found; one that is wrong cannot be opened."""
        self._title.setText(view.title)
        self._detail.setText(view.detail)
        self._detail.tip = view.detail
        self._tint(view.wrong)
        self.roles.set_matches(view.matches)
        self.roles.set_regions(view.regions, region)
        self.cases.set_cases(view.cases)
        count = len(view.cases)
        self._open.setText(f"Open {counted(count, 'case')}" if count else "Open")
        self._open.setEnabled(count > 0)

    def show_survey(self, view: SurveyView, rows: Mapping[str, FoundRow]) -> None:
        """Show what was found in the files of some cases, and what is known of all by now."""
        self._title.setText(view.title)
        self._tint(view.wrong)
        self.cases.update_cases(rows)
        self.roles.labels.set_rows(view.labels)
        self.roles.checks.set_checks(view.checks)
        self.roles.checks.set_elsewhere(view.elsewhere, view.resampled)
        self._checks_menu.clear()
        for check in view.checks:
            said = f"{check.title}: {check.said or ('yes' if check.passed else 'no')}"
            self._checks_menu.addAction(said).setEnabled(False)
        if view.elsewhere or view.resampled:
            here = view.resampled > 0
            said = "Leave masks on another grid out" if here else "Resample masks on another grid"
            self._checks_menu.addAction(said, lambda: self._on_resample(not here))

    def show_passport(self, view: PassportView) -> None:
        """Show the passport of a case."""
        self.cases.passport.show_passport(view)

    def set_look(self, theme: Theme, overlays: OverlayColours) -> None:
        """Draw in the colours of a theme."""
        self._theme = theme
        self._tint(self._wrong)
        self._place.set_colour(theme.t3)
        self._close.setIcon(tinted_icon("close", tint=Tint.of(theme), size=16))
        self.files.set_look(theme, overlays)
        self.roles.set_look(theme)
        self.cases.set_look(theme, overlays)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < _SIZE.width()
        self.roles.set_narrow(narrow)
        self.cases.set_narrow(narrow)

    def _tint(self, wrong: bool) -> None:
        self._wrong = wrong
        colour = self._theme.warn if wrong else self._theme.t2
        name = "warning" if wrong else "layers"
        self._glyph.setIcon(tinted_icon(name, tint=Tint.plain(colour), size=18))

    def _on_resample(self, resample: bool) -> None:
        self._resample = resample
        self._pause.stop()
        self.counted.emit(self.form)

    def _on_layout(self, layout: str) -> None:
        if layout == PATTERNS:
            self.roles.choose(layout)
        self._pause.stop()
        self.counted.emit(self.form)

    def _on_patterns(self) -> None:
        """Take edited patterns as the reader's own, and count again after a key stroke."""
        self.roles.choose(PATTERNS)
        self._pause.start()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header())
        column.addWidget(_rule())
        body = QHBoxLayout()
        body.setSpacing(0)
        room = self.screen().availableSize()
        wide = room.width() >= _SIZE.width() + 40
        columns = _COLUMNS if wide else _NARROW_COLUMNS
        for index, (part, width) in enumerate(
            zip((self.files, self.roles, self.cases), columns, strict=True)
        ):
            if index:
                body.addWidget(_rule(vertical=True))
            body.addWidget(part, width)
        column.addLayout(body, 1)
        column.addWidget(_rule())
        column.addWidget(self._footer())
        wanted = _SIZE if wide else _NARROW_SIZE
        self.resize(wanted.boundedTo(QSize(room.width() - 40, room.height() - 60)))

    def _header(self) -> QWidget:
        holder = QWidget()
        holder.setFixedHeight(_HEADER)
        row = QHBoxLayout(holder)
        row.setContentsMargins(24, 0, 24, 0)
        row.setSpacing(12)
        other = QPushButton("Choose another…")
        other.setProperty("link", True)
        other.setAutoDefault(False)
        other.clicked.connect(self.other_asked)
        self._close.setAccessibleName("Close without opening")
        self._close.setToolTip("Close without opening (Esc)")
        self._close.clicked.connect(self.reject)
        row.addWidget(make_label(self.windowTitle(), "title"))
        row.addWidget(self._place)
        row.addWidget(self._folder)
        row.addWidget(other)
        row.addStretch(1)
        row.addWidget(self._close)
        return holder

    def _footer(self) -> QWidget:
        holder = QWidget()
        holder.setFixedHeight(_FOOTER)
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self.reject)
        self._open.setProperty("primary", True)
        self._open.setToolTip("Open these cases (Ctrl+Enter)")
        self._open.setAutoDefault(False)
        self._open.clicked.connect(self._on_open)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addStretch(1)
        texts.addWidget(self._title)
        texts.addWidget(self._detail)
        texts.addStretch(1)
        row = QHBoxLayout(holder)
        row.setContentsMargins(24, 0, 20, 0)
        row.setSpacing(14)
        row.addWidget(self._glyph)
        row.addLayout(texts, 1)
        for widget in (self._remember, self._cancel, self._open):
            row.addWidget(widget)
        return holder

    def _on_open(self) -> None:
        self.opened.emit(self.form)
        self.accept()


def _rule(*, vertical: bool = False) -> QFrame:
    rule = QFrame()
    rule.setProperty("rule", "vertical" if vertical else "horizontal")
    return rule
