"""The HTML report, read back by the parser of the standard library and its pictures by Pillow."""

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from core.review.reviews import Review
from core.review.unblinding import Agreement, PairPreference, Unblinded
from core.studies.comparison.html_report import StudyReport, html, write_html
from core.studies.comparison.study import Study, run_study
from core.studies.comparison.study_pictures import study_pictures
from core.studies.comparison.study_summary import summarise_study
from tests.core.studies import models, moved, write_cases

VOID = {"meta", "img", "br", "link"}
LOADING = ("src", "href", "data", "srcset", "action", "poster")


class Page(HTMLParser):
    """Checks that tags close in order, and collects text, attributes and table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def parse(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, StudyReport]:
    folder = tmp_path_factory.mktemp("report")
    cases = write_cases(folder / "data")
    study = run_study(cases, models(folder / "models"), moved(failing="C_1"))
    report = StudyReport(
        "Three <models>",
        study,
        summarise_study(study),
        {"C_0": Review(case_id="C_0", status="rejected", note="<script>alert(1)</script>\nrim")},
        study_pictures(study, cases, moved(failing="C_1")),
        Unblinded(
            cases=3,
            preferences={"still": 2, "near": 1},
            undecided=0,
            pairs=(
                PairPreference(
                    first="still",
                    second="near",
                    first_wins=2,
                    ties=0,
                    second_wins=1,
                    sign_p=1.0,
                    holm_p=1.0,
                ),
            ),
            ratings={},
            agreement=Agreement(n=2, same=1, kappa=None),
            seconds=60.0,
        ),
    )
    return study, report


@pytest.fixture(scope="module")
def whole(made: tuple[Study, StudyReport]) -> str:
    """The report as HTML."""
    return html(made[1])


def test_it_is_whole_and_loads_nothing(whole: str) -> None:
    page = parse(whole)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        for name in LOADING:
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "http" not in "".join(a.get("content") or "" for _, a in page.tags)
    assert "default-src 'none'" in whole


def test_every_picture_can_be_opened(whole: str) -> None:
    sources = [a["src"] for tag, a in parse(whole).tags if tag == "img"]
    # A chart of all, two for each of three pairs; and each case with each model but one.
    assert len(sources) == 1 + 2 * 3 + 8
    for source in sources:
        assert source is not None
        with Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) as picture:
            assert picture.format == "PNG"
            picture.load()


def test_it_says_what_the_study_found(made: tuple[Study, StudyReport], whole: str) -> None:
    study, report = made
    text = " ".join("".join(parse(whole).text).split())
    for words in (
        "Three <models>",
        "Model still",
        "Not for clinical use",
        report.summary.version,
        "Worst cases",
        "Best cases",
        "C_1, far: out of luck",
        "<script>alert(1)</script> rim",
        "Blinded reading",
        report.summary.empty_rule,
        report.summary.matching_rule,
        study.models[0].fingerprint,
    ):
        assert words in text
    mean = report.summary.models[0].figures["dsc"].mean
    assert f"{mean:.3f}" in text


def test_titles_that_are_alike_are_told_apart(tmp_path: Path) -> None:
    import msgspec

    from core.models.registry import Model

    cases = write_cases(tmp_path / "data", count=1)
    given = [
        Model(msgspec.structs.replace(model.spec, title="U-Net"), model.folder)
        for model in models(tmp_path / "models")[:2]
    ]
    study = run_study(cases, given, moved())
    assert study.titles == {"still": "U-Net (still)", "near": "U-Net (near)"}


def test_a_study_of_one_model_and_nothing_else_is_a_report_too(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "data", count=1, without_truth=1)
    study = run_study(cases, models(tmp_path / "models")[:1], moved())
    write_html(tmp_path / "report.html", StudyReport("One", study, summarise_study(study)))
    page = parse((tmp_path / "report.html").read_text(encoding="utf-8"))
    text = "".join(page.text)
    assert "No case was reviewed." in text
    assert "Model against model" not in text
    assert "–" in text
