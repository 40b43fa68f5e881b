"""The window on a screen: whole, its frame included, and as it was left there."""

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from core.workspace.settings import WindowPlace
from gui.app.window_place import FRAME, first_geometry, kept_place, screen_key, smallest_size

LAPTOP = QRect(0, 0, 1366, 728)
"""1366 × 768 with a task bar."""

SCALED = QRect(0, 0, 1280, 680)
"""1920 × 1080 at a scale of 1.5, with a task bar."""

DESK = QRect(0, 25, 2560, 1415)


@pytest.mark.parametrize("available", [LAPTOP, SCALED, DESK])
def test_the_first_window_fits_the_screen_with_its_frame(available: QRect) -> None:
    found = first_geometry(available, None)
    assert available.contains(QRect(found.topLeft(), found.size() + FRAME))
    assert found.width() >= min(1600, available.width() - FRAME.width())
    smallest = smallest_size(available.size())
    assert smallest.boundedTo(found.size()) == smallest


def test_it_comes_back_as_it_was_left_there() -> None:
    left = QRect(300, 90, 1400, 900)
    kept = kept_place(left, DESK, maximised=False)
    assert first_geometry(DESK, kept) == left


def test_what_was_left_on_a_larger_screen_fits_the_smaller_one() -> None:
    kept = WindowPlace(2500, 1300, 40, 20)
    found = first_geometry(LAPTOP, kept)
    assert LAPTOP.contains(QRect(found.topLeft(), found.size() + FRAME))


def test_a_window_left_half_outside_comes_back_whole() -> None:
    found = first_geometry(DESK, WindowPlace(1300, 800, 2000, 1000))
    assert found.size() == QSize(1300, 800)
    assert DESK.contains(QRect(found.topLeft(), found.size() + FRAME))


def test_the_minimum_is_what_it_is_laid_out_for_where_there_is_room() -> None:
    assert smallest_size(DESK.size()) == QSize(1180, 720)
    assert smallest_size(SCALED.size()) == QSize(1180, 632)


def test_a_screen_has_a_key(qapp: QApplication) -> None:
    assert screen_key(QGuiApplication.primaryScreen())
