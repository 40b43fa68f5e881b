"""The panels of labels and regions: what they show, and what they ask for."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from core.domain.label_set import Label, LabelSet, Region
from gui.shell.label_state import LabelState
from gui.viewer.labels.label_swatch import DigitSwatch
from gui.viewer.labels.labels_panel import ROW, LabelsPanel, ShownLabel
from gui.viewer.labels.labels_presenter import rule_words
from gui.viewer.labels.regions_panel import RegionFigures, RegionRow, RegionsPanel
from gui.viewer.viewer_header import ViewerHeader
from gui.widgets.palette import DARK
from tests.gui.finding import by_name

NECROSIS, OEDEMA = Label(1, "Necrosis", (255, 0, 135)), Label(2, "Oedema", (135, 255, 225))
ROWS = (
    ShownLabel(NECROSIS, locked=True, key="Alt 1", predicted=13.04, truth=14.26),
    ShownLabel(OEDEMA, in_hand=True, key="Alt 2", predicted=96.7, truth=108.6),
)
FAR_OFF = RegionFigures(0.625, 2.8, 2.3)


@pytest.fixture
def labels(qtbot: QtBot) -> LabelsPanel:
    panel = LabelsPanel()
    qtbot.addWidget(panel)
    panel.resize(312, 300)
    panel.set_rows(ROWS, unit="mL", truth=True, said="Brush and clicks write Oedema.")
    panel.show()
    return panel


@pytest.fixture
def regions(qtbot: QtBot) -> RegionsPanel:
    panel = RegionsPanel()
    qtbot.addWidget(panel)
    panel.resize(312, 300)
    panel.set_rows(
        [
            RegionRow(
                "Whole",
                (NECROSIS.colour, OEDEMA.colour),
                focused=True,
                figures=RegionFigures(0.867, 5.1, -0.125),
            ),
            RegionRow("Core", (NECROSIS.colour,), focused=False, figures=RegionFigures(0.769)),
        ],
        unit="mm",
        scored=True,
    )
    panel.show()
    return panel


def texts(panel: LabelsPanel | RegionsPanel) -> list[str]:
    return texts_of(panel)


def texts_of(part: QWidget) -> list[str]:
    return [each.text() for each in part.findChildren(QLabel) if each.isVisible() and each.text()]


def button(panel: LabelsPanel, name: str) -> QToolButton:
    return next(b for b in panel.findChildren(QToolButton) if b.accessibleName() == name)


def test_a_row_a_label_with_its_volumes_and_the_key_of_the_one_in_hand(
    labels: LabelsPanel,
) -> None:
    shown = texts(labels)
    for text in (
        "2 of 2 shown",
        "Necrosis",
        "Predicted, mL",
        "13.0",
        "14.3",
        "96.7",
        "108.6",
        "Alt 2",
    ):
        assert text in shown
    assert "Alt 1" not in shown
    row = labels.findChildren(DigitSwatch)[0].parentWidget()
    assert row is not None
    assert row.height() == ROW
    assert row.accessibleName() == "Label 1, Necrosis, locked, predicted 13.0 mL"


def test_without_truth_its_volumes_are_hidden_and_without_labels_the_panel(
    labels: LabelsPanel,
) -> None:
    labels.set_rows(ROWS, unit="voxels", truth=False, said="")
    assert "Truth" not in texts(labels)
    assert "97" in texts(labels)
    labels.set_rows((), unit="", truth=False, said="")
    assert labels.isHidden()


def test_eyes_and_locks_say_which_label_they_are_of(qtbot: QtBot, labels: LabelsPanel) -> None:
    with qtbot.waitSignal(labels.shown_changed) as hidden:
        button(labels, "Hide Oedema").click()
    assert hidden.args == [2, False]
    with qtbot.waitSignal(labels.lock_changed) as unlocked:
        button(labels, "Unlock Necrosis").click()
    assert unlocked.args == [1, False]
    with qtbot.waitSignal(labels.add_asked):
        button(labels, "Add a label").click()


def test_a_press_takes_a_label_in_hand_and_on_its_swatch_asks_for_a_colour(
    qtbot: QtBot, labels: LabelsPanel
) -> None:
    swatch = labels.findChildren(DigitSwatch)[0]
    with qtbot.waitSignal(labels.held) as held:
        qtbot.mouseClick(swatch.parentWidget(), Qt.MouseButton.LeftButton, pos=QPoint(100, 15))
    assert held.args == [1]
    with qtbot.waitSignal(labels.recolour_asked) as asked:
        qtbot.mouseClick(swatch, Qt.MouseButton.LeftButton)
    assert asked.args == [1]


def test_a_name_is_written_in_its_place_and_escape_leaves_it(
    qtbot: QtBot, labels: LabelsPanel
) -> None:
    row = labels.findChildren(DigitSwatch)[1].parentWidget()
    assert row is not None
    qtbot.mouseDClick(row, Qt.MouseButton.LeftButton, pos=QPoint(70, 15))
    field = row.findChild(QLineEdit)
    assert field is not None
    assert field.isVisible()
    labels.resize(260, 300)
    qtbot.waitUntil(lambda: field.width() > 100)  # what stands beside the name gives way
    assert not {"96.7", "108.6"} & set(texts_of(row))
    field.setText("Swelling")
    with qtbot.waitSignal(labels.renamed) as named:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert named.args == [2, "Swelling"]
    labels.rename(2)
    field.setText("Nothing")
    with qtbot.assertNotEmitted(labels.renamed):
        qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert "96.7" in texts_of(row)


def test_the_figures_of_a_region_and_their_colour(regions: RegionsPanel) -> None:
    shown = texts(regions)
    for text in ("0.867", "5.1", "−12.5%", "0.769", "HD95"):
        assert text in shown
    low = next(each for each in regions.findChildren(QLabel) if each.text() == "0.769")
    assert DARK.warn in low.styleSheet()


def test_figures_of_the_slice_are_asked_for(qtbot: QtBot, regions: RegionsPanel) -> None:
    assert not regions.of_slice
    with qtbot.waitSignal(regions.scope_changed):
        by_name(regions, QPushButton, "Figures of regions: Slice").click()
    assert regions.of_slice
    row = RegionRow("Whole", (NECROSIS.colour,), focused=True, figures=RegionFigures(0.5))
    regions.set_rows([row], unit="mm", scored=True)
    bad = next(each for each in regions.findChildren(QLabel) if each.text() == "0.500")
    assert DARK.bad in bad.styleSheet()


def test_a_region_that_neither_mask_has_says_so(regions: RegionsPanel) -> None:
    figures = RegionFigures(1.0, empty=True)
    row = RegionRow("Core", (NECROSIS.colour,), focused=False, figures=figures)
    regions.set_rows([row], unit="mm", scored=True)
    (said,) = [each for each in regions.findChildren(QLabel) if each.text() == "1.000"]
    assert "Neither mask has it" in said.toolTip()
    assert DARK.t3 in said.styleSheet()
    names = [each.accessibleName() for each in regions.findChildren(QRadioButton)]
    assert any("Neither mask has it" in name for name in names)
    regions.set_rows([replace(row, figures=RegionFigures(1.0))], unit="mm", scored=True)
    assert not said.toolTip()
    assert DARK.t1 in said.styleSheet()


def test_beside_a_correction_regions_show_what_it_has_gained(regions: RegionsPanel) -> None:
    rows = [
        RegionRow("Whole", (), focused=True, figures=RegionFigures(0.812, 5.1), corrected=0.853),
        RegionRow("Core", (), focused=False, figures=RegionFigures(0.7), corrected=0.5),
    ]
    regions.set_rows(rows, unit="mm", scored=True, corrected=True)
    shown = texts(regions)
    for text in ("Was", "Now", "Change", "0.812", "0.853", "+0.041", "−0.200"):
        assert text in shown
    assert "5.1" not in shown
    colours = {each.text(): each.styleSheet() for each in regions.findChildren(QLabel)}
    assert DARK.ok in colours["+0.041"]
    assert DARK.bad in colours["−0.200"]
    radio = regions.findChildren(QRadioButton)[0]
    assert radio.accessibleName() == "Whole, DSC 0.812, corrected 0.853"
    regions.set_rows(rows, unit="mm", scored=True)
    assert "5.1" in texts(regions)
    assert "HD95" in texts(regions)


def test_beside_a_correction_labels_show_its_volumes(labels: LabelsPanel) -> None:
    rows = [replace(row, corrected=20.0) for row in ROWS]
    labels.set_rows(rows, unit="mL", truth=True, said="", corrected=True)
    assert {"Corrected, mL", "20.0", "14.3"} <= set(texts(labels))
    assert "Predicted, mL" not in texts(labels)
    tips = [each.toolTip() for each in labels.findChildren(QLabel) if each.text() == "20.0"]
    assert tips == [
        "Predicted: 13.0 mL\nTruth: 14.3 mL",
        "Predicted: 96.7 mL\nTruth: 108.6 mL",
    ]


def test_a_narrow_panel_leaves_its_room_to_names(
    qtbot: QtBot, labels: LabelsPanel, regions: RegionsPanel
) -> None:
    regions.resize(290, 300)
    qtbot.waitUntil(lambda: "5.1" not in texts(regions))
    assert {"0.867", "−12.5%"} <= set(texts(regions))
    regions.resize(320, 300)
    qtbot.waitUntil(lambda: "5.1" in texts(regions))
    labels.resize(290, 300)
    qtbot.waitUntil(lambda: "14.3" not in texts(labels))
    labels.resize(312, 300)
    qtbot.waitUntil(lambda: "14.3" in texts(labels))
    long = replace(ROWS[1], label=Label(2, "Enhancing tumour of two words", OEDEMA.colour))
    labels.set_rows([ROWS[0], long], unit="mL", truth=True, said="")
    qtbot.waitUntil(lambda: "Alt 2" not in texts(labels))
    labels.resize(520, 300)
    qtbot.waitUntil(lambda: "Alt 2" in texts(labels))


def test_the_names_of_the_usual_regions_are_whole_beside_all_figures(
    qtbot: QtBot, regions: RegionsPanel
) -> None:
    row = RegionRow("Enhancing tumour", (OEDEMA.colour,), focused=True, figures=FAR_OFF)
    regions.set_rows([row], unit="mm", scored=True)
    regions.resize(311, 300)  # in a window of 1600, beside a scroll bar
    name = next(each for each in regions.findChildren(QLabel) if each.text() == row.name)
    qtbot.waitUntil(lambda: name.width() >= name.sizeHint().width())
    qtbot.waitUntil(lambda: {"0.625", "2.8", "+230%"} <= set(texts(regions)))


@pytest.mark.parametrize("several", [True, False])
def test_the_name_of_a_case_comes_before_the_keys_of_chips(qtbot: QtBot, several: bool) -> None:
    header = ViewerHeader()
    qtbot.addWidget(header)
    header.resize(1006, 40)
    header.set_several(several)
    header.set_case("GLI", "slice 1", "GLI")
    header.show()
    chip = by_name(header, QAbstractButton, "Truth")
    with_key = chip.width()
    detail = "155 slices, 1 of 48" if several else ""
    header.set_case("BraTS-GLI-00012-000", detail, "BraTS-GLI-00012-000")
    name = next(each for each in header.findChildren(QLabel) if each.text().startswith("BraTS"))
    qtbot.waitUntil(lambda: name.width() >= name.sizeHint().width())
    assert (chip.width() < with_key) == several
    header.resize(1600, 40)
    qtbot.waitUntil(lambda: chip.width() == with_key)


def test_another_region_is_chosen_by_its_radio(qtbot: QtBot, regions: RegionsPanel) -> None:
    radios = regions.findChildren(QRadioButton)
    assert [radio.isChecked() for radio in radios] == [True, False]
    with qtbot.waitSignal(regions.focus_chosen) as chosen:
        radios[1].click()
    assert chosen.args == ["Core"]


def test_what_tools_write_is_said() -> None:
    labels = LabelSet((NECROSIS, OEDEMA))
    state = LabelState(labels, Region("Whole", (1, 2)))
    assert rule_words(state) == "Brush and clicks write Necrosis."


def test_a_name_that_is_not_taken_is_said_and_stays_to_be_mended(
    qtbot: QtBot, labels: LabelsPanel
) -> None:
    row = labels.findChildren(DigitSwatch)[1].parentWidget()
    assert row is not None
    labels.renamed.connect(
        lambda value, name: labels.show_problem(value, "Choose another." if name else "", name)
    )
    labels.rename(2)
    field = row.findChild(QLineEdit)
    assert field is not None
    qtbot.waitUntil(field.hasFocus)
    field.setText("Necrosis")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert "Choose another." in texts(labels)
    assert field.isVisible()
    assert field.text() == "Necrosis"
    esc = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    esc.ignore()
    QApplication.sendEvent(field, esc)
    assert esc.isAccepted()  # the window has a shortcut of that key
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    assert "Choose another." not in texts(labels)
    with qtbot.waitSignal(labels.renamed) as named:
        labels.rename(2)
        field.setText("  ")
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert named.args == [2, ""]


def test_a_large_volume_error_is_whole(regions: RegionsPanel) -> None:
    for error in (12.319, 1234.5):
        row = RegionRow("Whole", (NECROSIS.colour,), focused=True)
        figures = RegionFigures(0.0, 147.0, error)
        regions.set_rows([replace(row, figures=figures)], unit="mm", scored=True)
        found = next(each for each in regions.findChildren(QLabel) if "%" in each.text())
        assert found.width() >= found.fontMetrics().horizontalAdvance(found.text())


def test_without_a_prediction_a_correction_has_nothing_of_before(
    qtbot: QtBot, regions: RegionsPanel
) -> None:
    row = RegionRow("Whole", (NECROSIS.colour,), focused=True, corrected=0.998)
    regions.set_rows([row], unit="mm", scored=True, corrected=True)
    qtbot.waitUntil(lambda: {"Now", "0.998"} <= set(texts(regions)))
    assert not {"Was", "Change", "–"} & set(texts(regions))
    other = RegionRow("Core", (NECROSIS.colour,), False, RegionFigures(0.5), corrected=0.75)
    regions.set_rows([row, other], unit="mm", scored=True, corrected=True)
    there = {"Was", "Change", "0.998", "0.500", "+0.250"}
    qtbot.waitUntil(lambda: there <= set(texts(regions)))
    dashes = [each for each in texts(regions) if each == "–"]
    assert len(dashes) == 1  # of the change: one before "0.998" would read as a minus


def test_what_the_figures_are_is_said_in_full_and_takes_no_more_room(
    qtbot: QtBot, regions: RegionsPanel
) -> None:
    said = next(each for each in regions.findChildren(QLabel) if "the chosen" in each.text())
    row = RegionRow("Whole", (NECROSIS.colour,), True, RegionFigures(0.5), corrected=0.75)

    def rests() -> bool:
        regions.resize(264, regions.minimumSizeHint().height())
        room = QRect(0, 0, said.width(), 9999)
        words = said.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, said.text())
        return regions.width() == 264 and said.height() == words.height()

    qtbot.waitUntil(rests)
    plain = said.height()
    regions.set_rows([row], unit="mm", scored=True, corrected=True)
    qtbot.waitUntil(rests)
    assert said.height() > plain
    regions.set_rows([row], unit="mm", scored=True)
    qtbot.waitUntil(rests)
    assert said.height() == plain


def test_what_is_said_of_a_name_squeezes_no_row(qtbot: QtBot, labels: LabelsPanel) -> None:
    labels.show_problem(2, "Necrosis is a name here already. Choose another.")
    rows = [swatch.parentWidget() for swatch in labels.findChildren(DigitSwatch)]

    def apart() -> int:
        labels.resize(264, labels.minimumSizeHint().height())
        tops = [row.y() for row in rows if row is not None]
        return tops[1] - tops[0]

    qtbot.waitUntil(lambda: apart() == ROW)
    assert labels.width() == 264
    said = next(each for each in labels.findChildren(QLabel) if "already" in each.text())
    assert said.height() >= said.heightForWidth(said.width())
