"""What stands beside the compared images: figures, agreement, verdict, signature, legend."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from core.domain.counted_mask import CountedMask
from core.domain.grid import Grid
from core.domain.label_set import Label, LabelSet, Region
from core.domain.metrics import Overlap, slice_counts
from core.domain.statistics import PairedComparison
from core.models.registry import Model, ModelSpec
from core.studies.comparison.study import Study
from core.studies.comparison.study_job import StudyJob
from core.studies.comparison.study_report import parted
from core.studies.comparison.study_summary import StudySummary, summarise_study
from core.studies.scores.case_figures import CaseFigures
from gui.shell.mask_finder import SourceMask
from gui.shell.mask_source import MaskSource
from gui.studies.case_plot import PlotLine, PlotView
from gui.studies.compare_lines import (
    MEAN_OF_REGIONS,
    Counted,
    case_lines,
    region_scores,
    vote_shares,
)
from gui.studies.compare_models import ComparedModel
from gui.studies.compare_side import CaseLine, CompareSide, RegionScores
from gui.studies.plot_legend import PlotLegend
from gui.studies.study_pages import part_of, show_choice, show_regions, show_study
from gui.studies.study_panel import StudyPanel
from gui.studies.study_plots import PairLine, pair_lines
from gui.studies.study_reader import StudyFound
from gui.studies.study_tables import PairTable
from gui.studies.study_verdict import method, verdict
from gui.viewer.figures.mask_figures import MaskFigures
from gui.widgets.palette import DARK
from tests.gui.finding import by_name, texts

TITLES = {"a": "Alpha", "b": "Beta", "c": "Gamma"}


def pair(first: str, second: str, difference: float, p: float) -> PairedComparison:
    return PairedComparison(
        first=first, second=second, n=20, mean_difference=difference, low=difference - 0.01,
        high=difference + 0.01, wilcoxon_p=p, holm_p=p, wins=9, ties=1, losses=10, sign_p=1.0,
    )  # fmt: skip


def summary(*pairs: PairedComparison, figure: str = "dsc") -> StudySummary:
    from core.studies.comparison.study_summary import ModelSummary

    models = [ModelSummary(id=k, title=t, cases=20, figures={}) for k, t in TITLES.items()]
    return StudySummary(
        version="", cases=20, models=models, pairs={figure: list(pairs)}, mean_disagreement=None,
        failed={}, distance_unit="voxels", tolerance=2.0, empty_rule="", matching_rule="",
        interval="95 %", seconds=0.0, lesion_iou=0.1, hd95_rule="",
    )  # fmt: skip


def test_the_verdict_says_who_is_better_than_the_champion() -> None:
    found = summary(
        pair("a", "b", 0.04, 0.001), pair("a", "c", 0.001, 0.7), pair("b", "c", -0.04, 0.001)
    )
    assert verdict(found, "dsc", "a") == (
        "Beta is worse than the champion. Gamma is not distinguishable from the champion."
    )
    assert verdict(found, "dsc", "b") == "Alpha and Gamma are better than the champion."
    assert verdict(found, "dsc", "gone").startswith("Beta is worse than Alpha.")
    assert "Holm-adjusted for 3 tests" in method(found, "dsc")


def test_a_model_without_the_figure_is_not_called_alike() -> None:
    nothing = msgspec.structs.replace(
        pair("a", "c", 0.0, 1.0), n=0, mean_difference=None, holm_p=None
    )
    found = summary(pair("a", "b", 0.04, 0.001), nothing)
    assert verdict(found, "dsc", "a") == "Beta is worse than the champion."
    assert [line.second for line in pair_lines(found, "dsc")] == ["Beta"]


def test_a_lower_distance_is_better() -> None:
    found = summary(pair("a", "b", 4.0, 0.001), figure="hd95")
    assert verdict(found, "hd95", "a").startswith("Beta is better than the champion.")


def counted(title: str, both: int, invented: int, missed: int, hd95: float) -> Counted:
    return Counted(title, Overlap(both, invented, missed, 1000), hd95)


def test_the_best_figures_of_a_case_are_marked() -> None:
    grid = Grid((4, 20, 20))
    lines = case_lines(
        [counted("A", 80, 20, 20, 3.0), counted("B", 90, 60, 10, 7.5)], grid, has_truth=True
    )
    assert [line.cells for line in lines] == [
        ("3.0", "0.80", "0.80", "100"),
        ("7.5", "0.90", "0.60", "150"),
    ]
    assert [set(line.best) for line in lines] == [{0, 2, 3}, {1}]
    (alone,) = case_lines([counted("A", 80, 20, 20, 3.0)], grid, has_truth=True)
    assert alone.best == frozenset()
    (bare,) = case_lines([Counted("A", Overlap(0, 50, 0, 10))], grid, has_truth=False)
    assert bare.cells == ("–", "–", "–", "50")


LABELS = LabelSet(
    (Label(1, "Core", (255, 0, 0)), Label(2, "Rim", (0, 255, 0))),
    (Region("Tumour", (1, 2)), Region("Middle", (1,))),
)
TRUTH = np.array([[[1, 1, 2, 0]], [[0, 0, 0, 0]]], np.uint8)


def test_a_region_is_compared_model_by_model_and_the_named_ones_on_average() -> None:
    said = [np.array([[[1, 2, 2, 0]], [[0, 0, 0, 0]]], np.uint8), TRUTH.copy()]
    counts = [
        {
            region.name: slice_counts(LABELS.mask(TRUTH, region), LABELS.mask(each, region))
            for region in LABELS.scored
        }
        for each in said
    ]
    lines = {line.title: line for line in region_scores(counts, LABELS, None)}
    assert list(lines) == ["Tumour", "Middle", "Rim", MEAN_OF_REGIONS]
    assert lines["Tumour"].cells == ("1.000", "1.000")
    assert lines["Tumour"].best == {0, 1}
    assert lines["Middle"].cells == ("0.667", "1.000")
    assert lines["Middle"].best == {1}
    assert lines[MEAN_OF_REGIONS].cells == ("0.833", "1.000")
    empty = region_scores(counts, LABELS, 1)
    assert {line.cells for line in empty} == {("–", "–")}
    (alone, *_) = region_scores(counts[:1], LABELS, 0)
    assert alone.best == frozenset()


def several_found(tmp_path: Path) -> StudyFound:
    """A comparison of two models over three labels, as its job leaves it."""
    models = [
        Model(ModelSpec(id=key, title=TITLES[key], architecture="unet"), tmp_path / key)
        for key in "ab"
    ]
    dsc = {"Tumour": (0.9, 0.8), "Middle": (0.7, 0.4), "Rim": (0.5, 0.6)}
    rows = [
        CaseFigures(case=f"C{n}", model=key, slices=1, label=label, dsc=values["ab".index(key)])
        for n in range(8)
        for key in "ab"
        for label, values in dsc.items()
    ]
    whole, by_label = parted(rows)
    study = Study(tuple(models), tuple(whole), {}, label_rows=tuple(by_label))
    spec = StudyJob(data="", workspace="", models=("a", "b"))
    return StudyFound(tmp_path, spec, summarise_study(study), study)


def test_a_comparison_of_labels_is_of_the_mean_or_of_the_one_chosen(
    qtbot: QtBot, tmp_path: Path
) -> None:
    found, panel = several_found(tmp_path), StudyPanel()
    qtbot.addWidget(panel)
    show_study(panel, found)
    box = by_name(panel, QComboBox, "Region compared")
    assert [box.itemText(n) for n in range(box.count())] == [
        MEAN_OF_REGIONS,
        "Tumour",
        "Middle",
        "Rim",
    ]
    show_regions(panel, found)
    table = panel.regions
    cells = [[table.item(row, n).text() for n in range(3)] for row in range(3)]  # type: ignore[union-attr]
    assert cells == [
        ["Tumour", "0.900", "0.800"],
        ["Middle", "0.700", "0.400"],
        ["Rim", "0.500", "0.600"],
    ]

    def difference() -> float:
        part = part_of(found, panel.choice.part, LABELS)
        show_choice(panel, part, "a")
        return part.summary.pairs["dsc"][0].mean_difference

    assert difference() == pytest.approx((0.9 + 0.7 - 0.8 - 0.4) / 2)
    box.setCurrentText("Rim")
    assert difference() == pytest.approx(-0.1)
    binary = replace(found, study=replace(found.study, label_rows=()))
    show_study(panel, binary)
    assert box.isHidden()
    assert panel.choice.part == ""


def test_shares_of_votes_are_of_what_any_model_marks() -> None:
    one, two, three = (np.zeros((4, 4), np.uint8) for _ in range(3))
    one[:2] = two[:1] = 1
    three[0, :2] = 1
    assert vote_shares([one, two, three]) == [2 / 8, 2 / 8, 4 / 8]
    assert vote_shares([np.zeros((4, 4), np.uint8)] * 2) == []
    assert vote_shares([]) == []


@pytest.fixture
def side(qtbot: QtBot) -> CompareSide:
    side = CompareSide()
    qtbot.addWidget(side)
    rows = [ComparedModel(key, title, "1.0 M params") for key, title in TITLES.items()]
    side.set_models(rows, ["a", "b"])
    side.resize(320, 700)
    side.show()
    return side


def test_models_are_ticked_and_signed_by_their_numbers(side: CompareSide, qtbot: QtBot) -> None:
    assert side.ticked == ("a", "b")
    ticked: list[tuple[str, ...]] = []
    side.ticked_changed.connect(ticked.append)
    by_name(side, QCheckBox, "Compare Gamma").click()
    assert ticked == [("a", "b", "c")]
    signed: list[str] = []
    side.signed.connect(signed.append)
    side.show_signable(["a", "b"])
    for name in ("I would sign: Beta", "I would sign: None of them"):
        by_name(side, QPushButton, name).click()
    assert signed == ["b", ""]
    side.show_signed("b")
    assert by_name(side, QPushButton, "I would sign: Beta").isChecked()
    side.show_signed(None)
    assert not any(
        b.isChecked() for b in side.findChildren(QPushButton) if "sign" in b.accessibleName()
    )


def test_only_contours_that_there_are_can_be_signed(side: CompareSide) -> None:
    def signable() -> list[str]:
        buttons = [b for b in side.findChildren(QPushButton) if "sign" in b.accessibleName()]
        return [b.text() for b in buttons if b.isEnabled()]

    assert signable() == []
    side.show_signable(["b"])
    assert signable() == ["2", "None"]
    side.show_signable([])
    assert signable() == []


def test_the_regions_of_a_case_stand_below_its_figures(side: CompareSide, qtbot: QtBot) -> None:
    lines = [RegionScores("Rim", ("0.500", "0.600"), frozenset({1}))]
    side.show_regions(["1", "3"], lines)
    for said in ("DSC by model", "3", "Rim", "0.600"):
        qtbot.waitUntil(lambda said=said: said in texts(side))
    side.show_regions([], [])
    qtbot.waitUntil(lambda: "Rim" not in texts(side))


def test_the_panel_is_no_wider_where_no_model_was_run(side: CompareSide, qtbot: QtBot) -> None:
    def least() -> int:
        heads = (each for each in side.findChildren(QLabel) if each.isVisible())
        holder = next(each for each in heads if each.text() == "HD95").parentWidget()
        layout = None if holder is None else holder.layout()
        assert layout is not None
        return layout.minimumSize().width()

    side.show_case([CaseLine("Alpha", ("1.0", "0.96", "0.93", "8,261"))])
    qtbot.waitUntil(lambda: "0.96" in texts(side))
    with_figures = least()
    side.show_case([])
    qtbot.waitUntil(lambda: "No model was run on this case." in texts(side))
    assert least() <= with_figures


def test_agreement_needs_two_models(side: CompareSide) -> None:
    side.show_agreement((0.37, 0.14, 0.49), 3)
    assert any("3 of 3  37%   2 of 3  14%   1 of 3  49%" in text for text in texts(side))
    side.show_agreement((1.0,), 1)
    assert any(text.startswith("Tick two models") for text in texts(side))


def test_the_legend_explains_the_lines_that_are_drawn(qtbot: QtBot) -> None:
    legend = PlotLegend()
    qtbot.addWidget(legend)
    ends = ((0.0, 0.0), (1.0, 1.0))
    legend.show_lines(PlotView(lines=(PlotLine("mean", *ends), PlotLine("median", *ends))))
    assert legend.names == ("Mean", "Median")
    legend.show_lines(PlotView(lines=(PlotLine("guide", *ends), PlotLine("mean", *ends))))
    assert legend.names == ("Mean",)


def test_intervals_are_drawn_on_one_scale_around_no_difference(qtbot: QtBot) -> None:
    table = PairTable()
    qtbot.addWidget(table)
    table.resize(640, 200)
    lines = [
        PairLine("A", "B", "+0.200", "", "", "", "", 1, (0.1, 0.2, 0.4)),
        PairLine("A", "C", "−0.200", "", "", "", "", -1, (-0.4, -0.2, -0.1)),
    ]
    table.show_pairs(lines)
    table.show()
    image = table.viewport().grab().toImage()
    left = table.columnViewportPosition(4)
    middle, width = left + table.columnWidth(4) // 2, table.columnWidth(4)
    for row, colour in ((0, DARK.ok), (1, DARK.bad)):
        y = table.rowViewportPosition(row) + table.rowHeight(row) // 2
        seen = [
            x
            for x in range(left, left + width)
            if QColor(image.pixel(x, y)).name() == colour.lower()
        ]
        assert seen
        assert all((x > middle) is (row == 0) for x in seen if abs(x - middle) > 2)


def test_a_mask_has_its_dsc_only_against_ground_truth() -> None:
    truth = np.zeros((2, 4, 4), np.uint8)
    truth[:, :2] = 1
    counts = slice_counts(truth, truth)
    for has_truth, dsc in ((True, 1.0), (False, None)):
        found = SourceMask(MaskSource("model", "a"), "A", CountedMask(truth, counts, has_truth))
        assert MaskFigures(found).dsc == dsc
    assert MaskFigures(SourceMask(MaskSource("model", "a"), "A")).counts() is None
