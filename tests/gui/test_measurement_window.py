"""Measured in the window: drawn, listed, dragged, deleted, taken back, and kept for next time."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.domain.diameters import lesion_at
from core.domain.plane import PLANES
from core.review.measurements import measurements_of
from gui.app.program import Program
from tests.gui.hand import Hand
from tests.gui.pressing import Press
from tests.gui.tiny import settle

PIXEL = 0.4
"""How far the pointer may be beside the middle of a voxel: it points at pixels of the screen."""


def rows(program: Program) -> list[str]:
    return program.window.measurements.texts


def kept(program: Program) -> list[float]:
    """Return the first lengths that the workspace holds of the case, once all is written."""
    place = program.session.place
    assert place is not None
    store, case_id = place.workspace.store, program.session.current
    return program.lanes.finish(
        "journal", lambda: [m.lengths[0] for m in measurements_of(store, case_id)]
    )


def drawn(program: Program) -> list[tuple[str, ...]]:
    return [each.texts for each in program.measurement.tools.drawn(program.window.view)]


def near(length: float) -> object:
    return pytest.approx(length, abs=PIXEL)


def test_a_ruler_is_drawn_dragged_deleted_and_taken_back(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    press("R")
    hand.press((10, 10))
    hand.move((22, 12))
    assert len(rows(program)) == 1
    press("Esc")
    hand.release()
    assert (rows(program), kept(program)) == ([], [])

    hand.draw((10, 10), (20, 12), (22, 15))
    length = math.hypot(12, 5)
    assert kept(program) == [near(length)]
    assert rows(program) == [f"Ruler, length {drawn(program)[0][0]}"]
    hand.draw((22, 15), (30, 25), (35, 10))  # its end
    assert kept(program) == [near(25.0)]
    press("V")  # ends are dragged while one only looks, too
    hand.draw((35, 10), (25, 12), (30, 10))
    assert kept(program) == [near(20.0)]
    program.window.overlays_held.emit(True)
    assert (drawn(program), program.window.view.grabs(QPointF(10.5, 30.5))) == ([], False)
    program.window.overlays_held.emit(False)
    assert program.window.view.grabs(QPointF(10.5, 30.5))

    press("Delete")
    assert kept(program) == []
    for key, expected in (("Ctrl+Z", 20.0), ("Ctrl+Z", 25.0), ("Ctrl+Shift+Z", 20.0)):
        press(key)
        assert kept(program) == [near(expected)]
    assert program.session.correction is None

    press("B")
    hand.draw((4, 4), (4, 9))
    hand.settle()
    assert hand.plane[4, 4] == 1
    press("Ctrl+Z")  # of the mask, which was painted since
    hand.settle()
    assert hand.plane[4, 4] == 0
    assert kept(program) == [near(20.0)]

    press("PgDown")
    settle(qtbot, program)
    assert rows(program) == []
    press("PgUp")
    settle(qtbot, program)
    qtbot.waitUntil(lambda: len(rows(program)) == 1)


def test_diameters_and_regions_say_what_they_are_of(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    press("Shift+R")
    qtbot.waitUntil(lambda: bool(rows(program)))
    (found,) = program.measurement.desk.measurements
    result = program.session.result
    assert result is not None
    assert result.counted is not None
    lesion = lesion_at(result.counted.mask)
    assert lesion is not None
    assert lesion[found.index].any()
    assert (found.mask, found.region, found.reader) == ("prediction", "Lesion", "Ann")
    assert found.subject is not None
    assert found.subject.model
    assert program.session.view.slice_index == found.index
    longest, across = found.lengths
    assert rows(program) == [
        f"Lesion, longest {longest:.1f} voxels; Perpendicular {across:.1f} voxels"
    ]
    press("Down")
    assert drawn(program) == []
    assert f"slice {found.slice_number}" in rows(program)[0]
    press("Ctrl+Z")
    assert rows(program) == []
    program.session.set_view(program.session.view.working_in(PLANES["coronal"]))
    press("Shift+R")
    qtbot.waitUntil(lambda: bool(rows(program)))
    press("Down")
    assert "x–z slice" in rows(program)[0]  # as the view is called: the orientation is unknown
    press("Ctrl+Z")
    program.session.set_view(program.session.view.working_in(PLANES["axial"]))

    press("Shift+Q")
    hand.draw((10, 10), (15, 15), (20, 18))
    (region,) = program.measurement.desk.measurements
    opened, values = program.session.open_case, region.values
    assert opened is not None
    assert values is not None
    volume = opened.loaded.volume
    pixels = volume.pixels[volume.channels.index(values.channel), region.index]
    assert 9 * 7 <= values.pixels <= 11 * 9
    assert values.mean == pytest.approx(float(np.mean(pixels[10:21, 10:19])), rel=0.05)
    assert len(drawn(program)[0]) == 2


def test_a_measurement_that_is_out_of_view_comes_into_view(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    view = program.viewer.views.view
    view.zoom_by(8.0)
    view.centre_on(-40.0, -40.0)
    press("Shift+R")
    qtbot.waitUntil(lambda: bool(rows(program)))
    (found,) = program.measurement.desk.measurements
    assert view.shows(found.box)
    view.centre_on(-40.0, -40.0)
    assert not view.shows(found.box)
    program.measurement.presenter.go_to(found.id)
    assert view.shows(found.box)


def test_a_spacing_is_given_marked_wherever_it_measures_and_taken_back(
    program: Program, press: Press, hand: Hand, qtbot: QtBot
) -> None:
    def give(spacing: tuple[float, float, float] | None) -> None:
        program.window.actions["give_spacing"].trigger()
        dialog = program.measurement.spacing.dialog
        assert dialog is not None
        before = program.session.case_version
        if spacing is None:
            dialog.back.click()
        else:
            for field, value in zip(dialog.fields, spacing, strict=True):
                field.setValue(value)
            dialog.take.click()
        qtbot.waitUntil(lambda: program.session.case_version > before)
        settle(qtbot, program)
        qtbot.waitUntil(lambda: len(rows(program)) == 1)

    view = program.window.view
    press("R")
    hand.draw((10, 10), (10, 30))
    length = kept(program)[0]
    assert not program.measurement.tools.has_scale(view)
    give((5.0, 2.0, 0.5))
    assert rows(program) == [f"Ruler, length {length * 0.5:.1f} mm given"]
    assert program.measurement.tools.has_scale(view)
    assert "0.5 × 2.0 × 5.0 mm given" in view.hud_text("bottom_left")
    said = [str(w.property("text")) for w in program.window.metrics.findChildren(QWidget)]
    assert any("mm given" in text for text in said)
    assert any("mL given" in text for text in said)
    give(None)
    assert rows(program) == [f"Ruler, length {length:.1f} voxels"]
    assert not program.measurement.tools.has_scale(view)
    QApplication.processEvents()
