"""Reports and pictures from the window, read back as other programs read them."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QLineEdit, QProgressBar
from pytestqt.qtbot import QtBot

from core.domain.progress import Cancelled
from core.inference.prediction_service import predictors
from core.io.datasets.dataset import scan
from core.review.reviews import ReviewChange, put_review
from core.studies.comparison.study import keep_study, run_study
from core.studies.comparison.study_report import read_figures
from core.studies.export.pictures import PREDICTION, TRUTH
from core.workspace.workspace_folder import open_workspace, workspace_folder
from gui.app.program import Program
from gui.studies.export_dialog import ExportDialog
from gui.studies.report_pdf import write_pdf
from tests.gui.comparing import FIRST, SECOND, TITLES
from tests.gui.conftest import Start
from tests.gui.finding import button, by_name, texts
from tests.gui.tiny import BARE, SLICES, champion, settle, toasts
from tests.synthetic import digest

_NOTE = 'a note, with "quotes" & <signs>'


class _Words(HTMLParser):
    """The words of a page, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def _ask(dialog: ExportDialog, folder: Path) -> None:
    by_name(dialog, QLineEdit, "Folder").setText(str(folder))
    button(dialog, "Export").click()


def _wait_for(qtbot: QtBot, dialog: ExportDialog, words: str) -> None:
    qtbot.waitUntil(lambda: any(words in said for said in texts(dialog)))


@pytest.fixture
def reviewed(start: Start, compared: Path) -> Program:
    """A window on cases over which two models were compared; one case has a review."""
    program = start(compared)
    place = program.session.place
    assert place is not None
    change = ReviewChange(status="rejected", rating=2, note=_NOTE, reader="reader")
    put_review(place.workspace.store, "A_1", change=change)
    return program


def test_a_report_is_written_as_html_pdf_and_csv(
    qtbot: QtBot, reviewed: Program, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    reviewed.studies.export.ask_report()
    dialog = reviewed.studies.export.report
    _ask(dialog, out)
    assert by_name(dialog, QProgressBar, "Progress of the export").isVisibleTo(dialog)
    _wait_for(qtbot, dialog, "4 files written")

    page = _Words((out / "report.html").read_text(encoding="utf-8"))
    told = "".join(page.words)
    assert _NOTE in told
    assert all(title in told for title in TITLES.values())
    assert page.fetched
    assert all(source.startswith("data:") for source in page.fetched)
    pdf = (out / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 2
    rows = read_figures(out / "comparison.csv")
    assert {(row.case, row.model) for row in rows} == {
        (case, model) for case in SLICES for model in (FIRST, SECOND)
    }
    with (out / "reviews.csv").open(newline="", encoding="utf-8") as file:
        said = {row["case_id"]: row for row in csv.DictReader(file)}
    assert said["A_1"]["note"] == _NOTE
    assert said["A_1"]["rating"] == "2"


def test_nothing_is_written_into_the_dataset(
    qtbot: QtBot, reviewed: Program, dataset: Path
) -> None:
    before = digest(dataset)
    export = reviewed.studies.export
    for ask, dialog in (
        (export.ask_report, export.report),
        (export.ask_pictures, export.pictures),
    ):
        ask()
        for folder in (dataset, dataset / "A_1" / "deep", dataset / ".." / dataset.name / "x"):
            _ask(dialog, folder)
            _wait_for(qtbot, dialog, "expected a folder outside the dataset")
    assert digest(dataset) == before


def test_without_a_comparison_the_model_in_use_is_told_of(
    qtbot: QtBot, start: Start, home: Path, predicted: Path, tmp_path: Path
) -> None:
    model = champion(home)
    workspace = open_workspace(workspace_folder(home, predicted))
    cases = scan(predicted).cases
    keep_study(workspace.store, run_study(cases, [model], predictors(workspace, "cpu", run=False)))
    workspace.close()
    program = start(predicted)
    program.studies.export.ask_report()
    _ask(program.studies.export.report, tmp_path / "out")
    _wait_for(qtbot, program.studies.export.report, "4 files written")
    told = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert model.spec.title in told
    assert [row.case for row in read_figures(tmp_path / "out" / "comparison.csv")] == [
        case.id for case in cases
    ]


def test_with_nothing_predicted_there_is_no_report(
    qtbot: QtBot, start: Start, dataset: Path, tmp_path: Path
) -> None:
    program = start(dataset)
    program.studies.export.ask_report()
    _ask(program.studies.export.report, tmp_path / "out")
    _wait_for(qtbot, program.studies.export.report, "Compare models (Ctrl+M)")
    assert not (tmp_path / "out").exists()
    assert toasts(program) == []


def test_pictures_of_the_case_on_screen(qtbot: QtBot, program: Program, tmp_path: Path) -> None:
    settle(qtbot, program)
    opened = program.session.open_case
    assert opened is not None
    case = opened.loaded.case.id
    program.studies.export.ask_pictures()
    dialog = program.studies.export.pictures
    assert any(case in said for said in texts(dialog))
    _ask(dialog, tmp_path / "out")
    _wait_for(qtbot, dialog, f"{SLICES[case] + 2} files written")

    out = tmp_path / "out"
    slices = sorted((out / case).glob("*.png"))
    assert len(slices) == SLICES[case]
    with Image.open(slices[2]) as picture:
        colours = {colour for _, colour in picture.getcolors(1 << 24) or []}
    assert {TRUTH, PREDICTION} <= colours
    with Image.open(out / f"{case}.gif") as animation:
        assert getattr(animation, "n_frames", 1) == SLICES[case]
    with Image.open(out / f"{case}_sheet.png") as sheet:
        assert sheet.width > 2 * picture.width
    assert case != BARE


def test_an_export_that_is_cancelled_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"before")

    def cancel(fraction: float, message: str) -> None:
        del message
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_pdf(path, "<p>word</p>" * 400, title="long", progress=cancel)
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["report.pdf"]


def test_closing_the_dialog_cancels_what_it_writes(
    qtbot: QtBot, reviewed: Program, tmp_path: Path
) -> None:
    reviewed.studies.export.ask_report()
    dialog = reviewed.studies.export.report
    _ask(dialog, tmp_path / "out")
    button(dialog, "Cancel").click()
    _wait_for(qtbot, dialog, "Stopped")
    assert button(dialog, "Export").isEnabled()
    assert not (tmp_path / "out" / "report.pdf").exists()
