from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui.viewer.strip.strip import AreaUnit, SliceStrip, StripData
from gui.viewer.strip.strip_data import axis_top, next_lesion, slice_sentence, worst_slice
from gui.viewer.strip.strip_painter import StripPainter, numbered, plan
from gui.viewer.strip.strip_plot import StripPlot
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS
from gui.widgets.segments import Segments
from tests.gui.finding import button, by_name, colours, turn_wheel


def strip_data(count: int) -> StripData:
    """A lesion on the middle half of the slices; the slice after the middle is the worst."""
    lesion = [count // 4 <= index < count - count // 4 for index in range(count)]
    score = [0.8 if inside else None for inside in lesion]
    if count > 2:
        score[count // 2 + 1] = 0.25
    return StripData(
        slice_numbers=tuple(range(1, count + 1)),
        true_positive=tuple(812.0 * inside for inside in lesion),
        false_positive=tuple(90.0 * inside for inside in lesion),
        false_negative=tuple(204.0 * inside for inside in lesion),
        dsc=tuple(score),
    )


@pytest.fixture
def strip(qtbot: QtBot) -> SliceStrip:
    view = SliceStrip()
    qtbot.addWidget(view)
    view.resize(1008, view.height())
    view.set_data(strip_data(20))
    view.set_current(9)
    with qtbot.waitExposed(view):
        view.show()
    return view


def plot_of(strip: SliceStrip) -> StripPlot:
    return by_name(strip, StripPlot, "Slices")


def over(plot: StripPlot, index: int) -> QPoint:
    columns = plot.geometry_of_columns
    assert columns is not None
    return QPoint(round(columns.centre(index)), 40)


@pytest.mark.parametrize("count", [1, 2, 20, 300])
@pytest.mark.parametrize("unit", ["voxels", "cm²"])
@pytest.mark.parametrize("width", [120, 1008])
def test_any_number_of_slices_is_painted(
    qtbot: QtBot, count: int, unit: AreaUnit, width: int
) -> None:
    strip = SliceStrip()
    qtbot.addWidget(strip)
    strip.set_data(replace(strip_data(count), unit=unit, unreadable=frozenset({0})))
    strip.set_current(count - 1)
    strip.resize(width, strip.height())
    assert DARK.acc in colours(plot_of(strip).grab().toImage())


def test_no_case_paints_a_sentence_and_jumps_nowhere(strip: SliceStrip) -> None:
    strip.set_data(None)
    assert DARK.accsoft not in colours(plot_of(strip).grab().toImage())
    assert plot_of(strip).accessibleDescription() == "Slices stand here once a case is open."
    assert not any(button.isEnabled() for button in strip.findChildren(QToolButton))
    assert not button(strip, "Worst slice").isEnabled()


def test_a_case_without_slices_is_like_no_case(strip: SliceStrip) -> None:
    strip.set_data(strip_data(0))
    assert not plot_of(strip).grab().isNull()
    assert plot_of(strip).geometry_of_columns is None


def test_a_slice_out_of_range_marks_none(strip: SliceStrip) -> None:
    strip.set_current(99)
    assert DARK.accsoft not in colours(plot_of(strip).grab().toImage())


def test_entries_must_agree_in_length() -> None:
    with pytest.raises(ValueError, match="one entry a slice"):
        replace(strip_data(4), dsc=(0.5,))


def test_bars_use_the_colours_of_the_overlays(strip: SliceStrip) -> None:
    shown = colours(plot_of(strip).grab().toImage())
    overlays = DEFAULT_OVERLAYS
    assert {overlays.true_positive, overlays.false_positive, overlays.false_negative} <= shown


def test_another_look_repaints(strip: SliceStrip) -> None:
    before = plot_of(strip).grab().toImage()
    strip.set_look(LIGHT, SAFE_OVERLAYS)
    after = plot_of(strip).grab().toImage()
    assert before != after
    assert {SAFE_OVERLAYS.false_positive, LIGHT.bg1, LIGHT.accsoft} <= colours(after)
    assert DEFAULT_OVERLAYS.false_negative not in colours(after)


def test_without_truth_only_the_prediction_shows(strip: SliceStrip) -> None:
    strip.set_data(replace(strip_data(20), truth=False))
    shown = colours(plot_of(strip).grab().toImage())
    assert DEFAULT_OVERLAYS.prediction in shown
    assert DEFAULT_OVERLAYS.false_negative not in shown
    assert not button(strip, "Worst slice").isEnabled()
    names = {child.accessibleName() for child in strip.findChildren(QWidget)}
    assert "Legend: Predicted" in names


def test_bars_of_a_correction_without_truth_are_called_corrected(strip: SliceStrip) -> None:
    strip.set_data(replace(strip_data(20), truth=False, marked="Corrected"))
    names = {child.accessibleName() for child in strip.findChildren(QWidget)}
    assert "Legend: Corrected" in names
    assert DEFAULT_OVERLAYS.prediction not in colours(plot_of(strip).grab().toImage())


def test_slices_still_to_be_predicted_are_grey(strip: SliceStrip) -> None:
    strip.set_data(replace(strip_data(20), predicted=frozenset()))
    shown = colours(plot_of(strip).grab().toImage())
    assert DARK.bg4 in shown
    assert DEFAULT_OVERLAYS.true_positive not in shown


def test_an_unreadable_slice_is_hatched_with_a_dot(strip: SliceStrip) -> None:
    strip.set_data(replace(strip_data(20), unreadable=frozenset({2})))
    shown = colours(plot_of(strip).grab().toImage())
    assert {DARK.warn, DARK.line3} <= shown


def test_compact_is_lower(strip: SliceStrip) -> None:
    assert strip.height() == 136
    strip.set_compact(True)
    assert strip.height() == 112


def test_a_click_chooses_the_slice_under_it(qtbot: QtBot, strip: SliceStrip) -> None:
    plot = plot_of(strip)
    with qtbot.waitSignal(strip.slice_chosen) as chosen:
        QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=over(plot, 13))
    assert chosen.args == [13]


def test_a_click_beside_the_columns_chooses_none(qtbot: QtBot, strip: SliceStrip) -> None:
    with qtbot.assertNotEmitted(strip.slice_chosen):
        QTest.mouseClick(plot_of(strip), Qt.MouseButton.LeftButton, pos=QPoint(5, 40))


def test_a_drag_chooses_every_slice_once_and_stays_in_range(
    qtbot: QtBot, strip: SliceStrip
) -> None:
    plot = plot_of(strip)
    chosen: list[int] = []
    strip.slice_chosen.connect(chosen.append)
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=over(plot, 17))
    for place in (over(plot, 17), over(plot, 18), QPoint(plot.width() + 50, 40)):
        QTest.mouseMove(plot, place)
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton)
    QTest.mouseMove(plot, over(plot, 2))
    assert chosen == [17, 18, 19]


def test_the_wheel_moves_a_slice_a_notch_and_stops_at_the_ends(strip: SliceStrip) -> None:
    chosen: list[int] = []
    strip.slice_chosen.connect(chosen.append)
    strip.slice_chosen.connect(strip.set_current)
    for angle in (-120, 120, -60, -60, 360):
        turn_wheel(strip, angle)
    assert chosen == [10, 9, 10, 7]
    strip.set_current(0)
    turn_wheel(strip, 120)
    assert chosen == [10, 9, 10, 7]


def test_keys_move_between_slices(qtbot: QtBot, strip: SliceStrip) -> None:
    chosen: list[int] = []
    strip.slice_chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(plot_of(strip), key)
    assert chosen == [8, 10, 0, 19]
    strip.set_current(19)
    QTest.keyClick(plot_of(strip), Qt.Key.Key_Right)
    assert chosen == [8, 10, 0, 19]


def test_tab_reaches_the_plot_and_a_click_leaves_the_focus_alone(strip: SliceStrip) -> None:
    assert plot_of(strip).focusPolicy() == Qt.FocusPolicy.TabFocus


def test_worst_slice_jumps_to_the_most_wrong_area(qtbot: QtBot, strip: SliceStrip) -> None:
    data = strip_data(20)
    missed = [*data.false_negative[:12], 900.0, *data.false_negative[13:]]
    strip.set_data(replace(data, false_negative=tuple(missed)))
    with qtbot.waitSignal(strip.slice_chosen) as chosen:
        QTest.mouseClick(button(strip, "Worst slice"), Qt.MouseButton.LeftButton)
    assert chosen.args == [12]


def test_the_worst_slice_is_not_an_edge_slice_where_three_voxels_were_missed() -> None:
    data = replace(
        strip_data(4),
        true_positive=(0.0, 900.0, 800.0, 0.0),
        false_positive=(0.0, 20.0, 60.0, 0.0),
        false_negative=(3.0, 40.0, 0.0, 0.0),
        dsc=(0.0, 0.97, 0.96, None),
    )
    assert worst_slice(data) == 1
    assert worst_slice(replace(data, unreadable=frozenset({1}))) == 2
    assert worst_slice(replace(data, predicted=frozenset({0, 3}))) == 0
    assert worst_slice(replace(data, truth=False)) is None
    right = replace(data, false_positive=(0.0,) * 4, false_negative=(0.0,) * 4)
    assert worst_slice(right) is None


def test_arrows_jump_to_slices_with_lesion(qtbot: QtBot, strip: SliceStrip) -> None:
    strip.set_current(2)
    onwards = by_name(strip, QToolButton, "Next slice with lesion")
    back = by_name(strip, QToolButton, "Previous slice with lesion")
    assert not back.isEnabled()
    with qtbot.waitSignal(strip.slice_chosen) as chosen:
        QTest.mouseClick(onwards, Qt.MouseButton.LeftButton)
    assert chosen.args == [5]
    strip.set_current(19)
    assert not onwards.isEnabled()
    with qtbot.waitSignal(strip.slice_chosen) as chosen:
        QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert chosen.args == [14]


def test_a_lesion_of_truth_or_of_the_prediction_alone_counts() -> None:
    none = (0.0,) * 4
    data = StripData((1, 2, 3, 4), none, (0, 5, 0, 0), (0, 0, 3, 0), (None, 0.0, 0.0, None))
    assert next_lesion(data, 0, 1) == 1
    assert [next_lesion(data, start, 1) for start in (-1, 1, 2)] == [1, 2, None]
    assert next_lesion(data, 3, -1) == 2
    assert next_lesion(replace(data, truth=False), 3, -1) == 1
    assert next_lesion(replace(data, unreadable=frozenset({1})), 2, -1) is None


def test_a_slice_is_put_in_words() -> None:
    data = replace(strip_data(20), dsc=(0.676,) * 20, unreadable=frozenset({6}))
    assert slice_sentence(data, 9) == "Slice 10: DSC 0.676, TP 812, FP 90, FN 204 voxels"
    assert slice_sentence(data, 6) == "Slice 7: could not be read"
    assert slice_sentence(data, 0) == "Slice 1: no lesion"
    assert slice_sentence(replace(data, truth=False), 9) == "Slice 10: predicted 902 voxels"
    running = replace(data, predicted=frozenset({1}))
    assert slice_sentence(running, 9) == "Slice 10: not predicted yet"
    areas = replace(data, unit="cm²", true_positive=(8.124,) * 20)
    assert slice_sentence(areas, 9) == "Slice 10: DSC 0.676, TP 8.1, FP 90.0, FN 204.0 cm²"


@pytest.mark.parametrize(
    ("area", "unit", "top"),
    [
        (0, "voxels", 2),
        (1, "voxels", 2),
        (7, "voxels", 8),
        (812, "voxels", 1000),
        (1000, "voxels", 1000),
        (51, "cm²", 60),
        (0.3, "cm²", 0.4),
        (0, "cm²", 0.1),
    ],
)
def test_the_area_axis_ends_at_a_round_number(area: float, unit: AreaUnit, top: float) -> None:
    nothing = (0.0,)
    data = StripData((1,), (area,), nothing, nothing, (None,))
    assert axis_top(replace(data, unit=unit)) == pytest.approx(top)


@pytest.mark.parametrize("count", [1, 20, 100, 300])
@pytest.mark.parametrize("stride", [1, 2])
def test_numbers_are_thinned_until_they_do_not_touch(
    qapp: QApplication, count: int, stride: int
) -> None:
    data = replace(strip_data(count), slice_numbers=tuple(range(1, stride * count + 1, stride)))
    columns = plan(data, 700, 106)
    shown = numbered(data, columns)
    assert shown
    gaps = {second - first for first, second in pairwise(shown)}
    assert all(gap * columns.pitch >= 20 for gap in gaps) or count <= 20


def test_a_slice_change_draws_no_column_anew(
    strip: SliceStrip, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[StripPainter] = []
    paint = StripPainter.paint

    def counted(self: StripPainter, painter: QPainter, *look: Any) -> None:
        drawn.append(self)
        paint(self, painter, *look)

    monkeypatch.setattr(StripPainter, "paint", counted)
    strip.set_data(strip_data(100))
    plot = plot_of(strip)
    pictures = []
    for index in range(25):
        strip.set_current(index)
        pictures.append(plot.grab().toImage())
    assert len(drawn) == 1
    assert all(one != other for one, other in pairwise(pictures))
    strip.set_data(strip_data(99))
    plot.grab()
    assert len(drawn) == 2


def test_the_legend_keeps_clear_of_the_choice_beside_it(qtbot: QtBot, strip: SliceStrip) -> None:
    """As wide as it is at 1280: entries move together before they touch what stands beside."""
    strip.set_planes(("Axial", "Coronal", "Sagittal"), 0)
    strip.offer_correction(there=True)
    strip.resize(939, strip.height())
    legend = next(
        each for each in strip.findChildren(QWidget) if each.accessibleName().startswith("Legend")
    )
    scope = strip.findChildren(Segments)[-1]

    def gap() -> int:
        left = legend.mapTo(strip, QPoint(0, 0)).x()
        return left - scope.mapTo(strip, QPoint(scope.width(), 0)).x()

    qtbot.waitUntil(lambda: gap() >= 12)
    assert legend.width() >= legend.minimumSizeHint().width()
