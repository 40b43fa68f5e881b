"""What cannot be opened is a card with a way on; recent and dropped folders open; every menu."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QColor, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.workspace.settings import Settings
from gui.app.main_window import MainWindow
from gui.data.data_presenter import DataPresenter, DataViews, meant_by
from gui.data.recent_menu import RecentMenu
from gui.shell.commands import COMMANDS
from gui.shell.context import Context
from gui.shell.session import Session
from gui.shell.status_bar import StatusBar
from gui.viewer.slice.empty_state import EmptyState
from gui.viewer.slice.picture_copy import caption_of, picture_of
from gui.widgets.palette import DEFAULT_OVERLAYS, LIGHT

SENTENCE = "scans: expected cases, found 12 JPEG pictures. Choose a folder of TIFF or NIfTI."


class Operations(QObject):
    """What the presenter asks of the operations, noted down."""

    opening = Signal(str, float)
    not_opened = Signal(str, str)
    unorganised = Signal(Path, str)

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Path] = []
        self.changed: list[dict[str, object]] = []

    def open_dataset(self, folder: Path) -> None:
        self.opened.append(folder)

    def change_settings(self, **changes: object) -> None:
        self.changed.append(changes)


class Views(QWidget):
    dropped = Signal(list)


@pytest.fixture
def parts(qtbot: QtBot, tmp_path: Path) -> tuple[Operations, Context, DataViews, Views]:
    window = Views()
    qtbot.addWidget(window)
    window.resize(900, 600)
    operations = Operations()
    settings = Settings(recent=("/data/last", "/data/first"))
    context = create_autospec(Context, instance=True)
    context.session = Session(tmp_path, settings)
    context.operations = operations
    views = DataViews(EmptyState(window), StatusBar(window), RecentMenu(window), window.dropped)
    context.presenter = DataPresenter(context, views)
    return operations, context, views, window


Parts = tuple[Operations, Context, DataViews, Views]


def shown_buttons(card: EmptyState) -> list[QPushButton]:
    return [b for b in card.findChildren(QPushButton) if b.text() and not b.isHidden()]


def test_a_folder_that_cannot_be_opened_is_a_card_with_two_ways_on(parts: Parts) -> None:
    operations, context, views, _ = parts
    operations.opening.emit("scans", 0.0)
    assert "Opening" in views.empty.text
    operations.not_opened.emit("scans", SENTENCE)
    assert "0 %" not in views.empty.text
    assert "scans was not opened" in views.empty.text
    assert SENTENCE in views.empty.text
    first, other = shown_buttons(views.empty)
    first.click()
    other.click()
    asked = [call.args[0] for call in context.trigger.call_args_list]
    assert asked == ["open_dataset", "open_demo"]


def test_the_buttons_of_another_card_open_nothing(parts: Parts) -> None:
    operations, context, views, _ = parts
    operations.not_opened.emit("scans", SENTENCE)
    operations.opening.emit("others", 0.0)
    views.empty.acted.emit()
    assert not context.trigger.called


def test_recent_datasets_open_again_and_can_be_forgotten(parts: Parts) -> None:
    operations, context, views, _ = parts
    last, first, _, forget = views.recent.actions()
    assert [a.text().split("\t")[0] for a in (last, first)] == ["last", "first"]
    first.trigger()
    assert operations.opened == [Path("/data/first")]
    forget.trigger()
    assert operations.changed == [{"recent": ()}]
    context.session.set_settings(Settings())
    assert not views.recent.isEnabled()


def test_a_dropped_file_opens_its_folder(parts: Parts, tmp_path: Path) -> None:
    operations, _, _, window = parts
    file = tmp_path / "case" / "case_1.tif"
    file.parent.mkdir()
    file.write_bytes(b"")
    window.dropped.emit([file])
    window.dropped.emit([tmp_path])
    assert operations.opened == [file.parent, tmp_path]
    assert meant_by(tmp_path / "gone") == tmp_path / "gone"


def test_a_file_that_is_a_whole_volume_opens_by_itself(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "stack.tif", "set.zip", "b.mha"):
        (tmp_path / name).touch()
        assert meant_by(tmp_path / name) == tmp_path / name
    for name in ("IM0001.dcm", "IM0001", "A_1_mask.tif"):
        (tmp_path / name).touch()
        assert meant_by(tmp_path / name) == tmp_path


def test_the_card_reads_in_the_light_theme_too(parts: Parts) -> None:
    _, _, views, _ = parts
    views.empty.set_look(LIGHT, DEFAULT_OVERLAYS)
    views.empty.say("Nothing here", "A sentence")
    (card,) = [w for w in views.empty.children() if isinstance(w, QWidget) and w.property("card")]
    assert card.width() > 200
    assert views.empty.geometry() == views.empty.parentWidget().rect()


@pytest.fixture(scope="module")
def window(qapp: QApplication) -> Iterator[MainWindow]:
    window = MainWindow()
    yield window
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def every_action(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from every_action(below)
        else:
            yield action


def test_every_command_is_in_the_menu_bar_once(window: MainWindow) -> None:
    found: list[str] = []
    for top in window.menuBar().actions():
        menu = top.menu()
        assert isinstance(menu, QMenu)
        found += [action.objectName() for action in every_action(menu) if action.objectName()]
    assert sorted(found) == sorted(command.id for command in COMMANDS)


def test_no_menu_is_higher_than_a_small_screen(window: MainWindow) -> None:
    for top in window.menuBar().actions():
        menu = top.menu()
        assert isinstance(menu, QMenu)
        assert menu.sizeHint().height() < 700, top.text()


def test_what_is_dropped_on_the_window_is_told(window: MainWindow, tmp_path: Path) -> None:
    told: list[list[Path]] = []
    window.dropped.connect(told.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/x")])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)
    assert told == [[tmp_path]]
    assert event.isAccepted()


def test_a_copied_picture_says_what_it_shows_and_what_it_is_not_for(
    qtbot: QtBot, tmp_path: Path
) -> None:
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.setStyleSheet("background: #204060")
    picture = picture_of(view, "CASE_1 · slice 3 of 20 · FLAIR · Lite0 at 0.50 · DSC 0.901")
    assert (picture.width(), picture.height()) == (500, 326)
    assert QColor(picture.pixel(250, 150)) == QColor("#204060")
    left, right = (
        {QColor(picture.pixel(x, y)).name() for x in columns for y in range(301, 325)}
        for columns in (range(12, 200), range(380, 488))
    )
    assert "#e8ebee" in left
    assert any(QColor(name).saturation() > 120 for name in right)
    assert caption_of(Session(tmp_path, Settings())) == ""
