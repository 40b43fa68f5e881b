"""A study as one HTML file that needs nothing else: no network, no script, no file beside it."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from core.domain.prediction import to_mask
from core.domain.progress import silent
from core.inference.prediction_service import PredictorOf
from core.io.atomic import write_bytes
from core.io.case import Case
from core.io.case_reader import read_case
from core.io.resource_paths import resource
from core.models.registry import Model
from core.review.reviews import Review
from core.review.unblinding import Unblinded
from core.studies.case_figures import CaseFigures
from core.studies.pictures import PictureStyle, overlay, png, telling_slice
from core.studies.study import Study
from core.studies.study_report import write_figures
from core.studies.study_summary import PAIR_METRICS, StudySummary, worst_and_best

CASES_SHOWN = 3
_PAIR_NAMES = {
    "dsc": "DSC",
    "hd95": "HD95",
    "average_surface_distance": "Average surface distance",
    "lesion_f1": "Lesion F1",
    "volume_error": "Volume error",
}
_SCALE = 2


@dataclass(frozen=True)
class CasePicture:
    """A slice of a case with the outlines of one model, as the bytes of a PNG."""

    case_id: str
    model: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class StudyReport:
    """What goes into the file; `made` is when, ISO 8601, now when empty."""

    title: str
    study: Study
    summary: StudySummary
    reviews: Mapping[str, Review] = field(default_factory=dict)
    pictures: Sequence[CasePicture] = ()
    blinded: Unblinded | None = None
    made: str = ""

    def said(self) -> list[Review]:
        """Return the reviews of the study's cases, in the order of their ids."""
        return [self.reviews[case] for case in sorted(self.study.cases) if case in self.reviews]


def write_html(path: Path, report: StudyReport) -> None:
    """Write the report to `path`; raises `WorkspaceError` when the system refuses."""
    write_bytes(path, html(report).encode())


def html(report: StudyReport) -> str:
    """Return the report as HTML; every text of a reader, a file or a model is escaped."""
    # Loaded at the first use: only a report needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resource("report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": _figure, "p": _p_value, "png": _data_uri, "signed": _signed}
    worst, best = worst_and_best(report.study, CASES_SHOWN)
    return environment.get_template("study.html.j2").render(
        report=report,
        study=report.study,
        summary=report.summary,
        made=report.made or datetime.now(UTC).isoformat(sep=" ", timespec="minutes"),
        titles=report.study.titles,
        charts=_charts(report.study),
        groups=(("Worst cases", worst), ("Best cases", best)),
        rows=_rows(report.study),
        pictures=_by_case(report.pictures),
        reviews=report.said(),
        cards=[(report.study.titles[m.spec.id], model_paragraphs(m)) for m in report.study.models],
        pair_names={name: _PAIR_NAMES[name] for name in PAIR_METRICS},
    )


def study_pictures(
    study: Study, cases: Sequence[Case], predictor_of: PredictorOf
) -> list[CasePicture]:
    """Return pictures of the worst and the best cases of a study, each model on the same slice."""
    worst, best = worst_and_best(study, CASES_SHOWN)
    by_id = {case.id: case for case in cases}
    dsc = {(row.case, row.model): row.dsc for row in study.rows}
    pictures = []
    predictors = {model.spec.id: predictor_of(model) for model in study.models}
    for case_id in (*worst, *best):
        loaded = read_case(by_id[case_id])
        index = telling_slice(loaded.ground_truth, None)
        for model in study.models:
            if (case_id, model.spec.id) not in dsc:
                continue
            probability = predictors[model.spec.id](loaded, silent).probability
            mask = to_mask(probability, model.spec.postprocessing)
            frame = overlay(
                loaded.volume, index, loaded.ground_truth, mask, PictureStyle(scale=_SCALE)
            )
            number = loaded.volume.slice_numbers[index]
            said = f"slice {number}, DSC of the case {_figure(dsc[case_id, model.spec.id])}"
            pictures.append(CasePicture(case_id, model.spec.id, said, png(frame)))
    return pictures


def model_paragraphs(model: Model) -> list[tuple[str, str]]:
    """Return what is known of a model as pairs of name and words."""
    spec = model.spec
    post = spec.postprocessing
    extra = [
        words
        for words, wanted in (
            ("largest component", post.largest_component),
            (f"components from {post.smallest_share:.0%} of the largest", post.smallest_share > 0),
            ("holes filled", post.fill_holes),
            ("averaged with the mirrored slice", spec.flips),
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
        ("Fingerprint", model.fingerprint),
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


def _charts(study: Study) -> list[tuple[str, bytes]]:
    with TemporaryDirectory(prefix="overread-report-") as folder:
        return [(path.stem, path.read_bytes()) for path in write_figures(Path(folder), study)]


def _data_uri(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"


def _figure(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def _signed(value: float | None) -> str:
    # Adding 0 makes of −0.0, what a tiny negative rounds to, a plain 0.
    return "–" if value is None else f"{round(value, 3) + 0.0:+.3f}".replace("-", "−")


def _p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"
