"""A study as one HTML file that needs nothing else: no network, no script, no file beside it."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from core.domain.clock import utc_minute
from core.domain.figure_text import figure, interval, p_value, signed
from core.io.atomic import write_bytes
from core.io.resource_paths import resource
from core.models.registry import Model
from core.review.measurements import Measurement, measurement_text
from core.review.reviews import Review
from core.review.unblinding import Unblinded
from core.studies.comparison.study import Study
from core.studies.comparison.study_pictures import CASES_SHOWN, CasePicture
from core.studies.comparison.study_report import figure_paths, write_figures
from core.studies.comparison.study_summary import PAIR_METRICS, StudySummary, worst_and_best
from core.studies.scores.case_figures import METRICS, CaseFigures

if TYPE_CHECKING:
    from jinja2 import Environment

_PAIR_NAMES = {**METRICS, "volume_error": "Volume error"}


@dataclass(frozen=True)
class StudyReport:
    """What goes into the file; `made` is when, ISO 8601, now when empty.

    `drawn` is the folder that `write_study` left the figures of this study in; None where they are
    still to be drawn.
    """

    title: str
    study: Study
    summary: StudySummary
    reviews: Mapping[str, Review] = field(default_factory=dict)
    pictures: Sequence[CasePicture] = ()
    blinded: Unblinded | None = None
    made: str = ""
    measured: Sequence[Measurement] = ()
    drawn: Path | None = None

    def said(self) -> list[Review]:
        """Return the reviews of the study's cases, in the order of their ids."""
        return [self.reviews[case] for case in sorted(self.study.cases) if case in self.reviews]


def write_html(path: Path, report: StudyReport) -> None:
    """Write the report to `path`; raises `WorkspaceError` when the system refuses."""
    write_bytes(path, html(report).encode())


def report_pages() -> "Environment":
    """Return what fills in the pages of reports; every text in them is escaped."""
    # Loaded at the first use: only a report needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(resource("report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html(report: StudyReport) -> str:
    """Return the report as HTML; every text of a reader, a file or a model is escaped."""
    environment = report_pages()
    environment.filters |= {"figure": figure, "p": p_value, "png": _data_uri, "signed": signed}
    environment.globals["interval"] = interval
    worst, best = worst_and_best(report.study, CASES_SHOWN)
    return environment.get_template("study.html.j2").render(
        report=report,
        study=report.study,
        summary=report.summary,
        made=report.made or utc_minute(),
        titles=report.study.titles,
        charts=_charts(report),
        groups=(("Worst cases", worst), ("Best cases", best)),
        rows=_rows(report.study),
        pictures=_by_case(report.pictures),
        reviews=report.said(),
        measured=[(each, measurement_text(each)) for each in report.measured],
        cards=_cards(report),
        pair_names={name: _PAIR_NAMES[name] for name in PAIR_METRICS},
    )


def model_paragraphs(model: Model, fingerprint: str | None = None) -> list[tuple[str, str]]:
    """Return what is known of a model as pairs of name and words.

    `fingerprint` is its own of that time, where the model may be gone or another by now.
    """
    spec = model.spec
    post = spec.postprocessing
    extra = [
        words
        for words, wanted in (
            ("largest component", post.largest_component),
            (f"components from {post.smallest_share:.0%} of the largest", post.smallest_share > 0),
            ("holes filled", post.fill_holes),
            ("averaged with the mirrored slice", spec.flips),
            ("members see the slice and its mirror image in turn", spec.view == "in-turn"),
        )
        if wanted
    ]
    return [
        ("Id", spec.id),
        ("Architecture", spec.architecture),
        ("Parameters", "unknown" if spec.parameters is None else f"{spec.parameters:,}"),
        ("Channels", ", ".join(spec.channels)),
        ("Threshold", ", ".join([f"{post.threshold:g}", *extra])),
        ("Trained on", f"{len(spec.trained_on)} cases" if spec.trained_on else "not said"),
        ("Parent", spec.parent or "none"),
        ("Data", spec.data or "not said"),
        ("Licence", spec.licence or "not said"),
        ("Fingerprint", model.fingerprint if fingerprint is None else fingerprint),
    ]


def _cards(report: StudyReport) -> list[tuple[str, list[tuple[str, str]]]]:
    then = {} if report.summary.made is None else report.summary.made.models
    titles = report.study.titles
    return [
        (titles[m.spec.id], model_paragraphs(m, then.get(m.spec.id))) for m in report.study.models
    ]


def _rows(study: Study) -> dict[str, dict[str, CaseFigures]]:
    found: dict[str, dict[str, CaseFigures]] = {}
    for row in study.rows:
        found.setdefault(row.case, {})[row.model] = row
    return found


def _by_case(pictures: Sequence[CasePicture]) -> dict[str, list[CasePicture]]:
    found: dict[str, list[CasePicture]] = {}
    for picture in pictures:
        found.setdefault(picture.case_id, []).append(picture)
    return found


def _charts(report: StudyReport) -> list[tuple[str, bytes]]:
    if report.drawn is not None:
        return _pictures(figure_paths(report.drawn, report.study))
    with TemporaryDirectory(prefix="overread-report-") as folder:
        return _pictures(write_figures(Path(folder), report.study))


def _pictures(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    return [(path.stem, path.read_bytes()) for path in paths]


def _data_uri(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"
