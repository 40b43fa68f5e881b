"""A comparison of trained classifiers: table as Markdown and CSV, and a figure."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.domain.classification import ClassReport
from core.io.atomic import atomic_path, write_bytes
from core.io.csv_file import csv_text
from core.io.json_file import decode_json
from core.jobs.job_folder import JobFolder
from core.models.classifiers import ClassifierModel, read_classifier
from core.models.networks.builder import build_classifier
from core.models.networks.catalog import DenseArguments
from core.models.networks.complexity import measure_network
from core.models.networks.spec import CLASSIFIERS, resolve_arguments
from training.learning.errors import TrainingError
from training.run.frame import models_folder
from training.triage.publish import CLASS_REPORT_FILE
from training.triage.train import read_classify_job

TABLE_FILE, FIGURE_FILE = "classifiers.csv", "classifiers.png"
_DEFAULT_SIZE, _DPI = 256, 100
_HEADINGS = (
    "run",
    "network",
    "growth rate",
    "parameters",
    "GMAC",
    "MB for a batch of 8",
    "minutes",
    "slices seen",
    "accuracy",
    "AUROC",
    "AUPRC",
    "sensitivity at 95 % specificity",
    "ECE",
)


class ClassifierRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run in the table; its figures are those of `val`, scored once."""

    run: str
    network: str
    growth_rate: int
    parameters: int
    gmac: float
    batch_megabytes: float
    minutes: float
    slices_seen: int
    accuracy: float
    auroc: float | None
    auprc: float | None
    sensitivity: float | None
    ece: float


def compare_classifiers(folders: Sequence[Path], out: Path, *, notes: str = "") -> str:
    """Write classifiers.csv and classifiers.png of job folders into `out`; return the text.

    `notes` is Markdown that goes below the table. Raises `TrainingError` for a folder without a
    finished training that was scored on `val`.
    """
    lines = [read_line(folder) for folder in folders]
    write_bytes(out / TABLE_FILE, _csv(lines).encode())
    _draw(lines, out / FIGURE_FILE)
    return classifier_markdown(lines, notes)


def read_line(folder: Path) -> ClassifierRow:
    """Return the line of a job folder; the cost of its network is measured here and now."""
    spec = read_classify_job(folder)
    model, found = _finished(folder)
    job = JobFolder(folder)
    steps, seconds = job_budget(job)
    network = build_classifier(model.spec.network, len(model.spec.classes), load_encoder=False)
    arguments = resolve_arguments(model.spec.network, CLASSIFIERS)
    cost = measure_network(
        network,
        in_channels=model.spec.network.in_channels,
        size=spec.preprocessing.size or _DEFAULT_SIZE,
    )
    return ClassifierRow(
        run=folder.name,
        network=spec.architecture,
        growth_rate=arguments.growth_rate if isinstance(arguments, DenseArguments) else 0,
        parameters=cost.parameters,
        gmac=cost.gmac,
        batch_megabytes=cost.batch_megabytes,
        minutes=seconds / 60,
        slices_seen=steps * spec.batch_size,
        accuracy=found.accuracy,
        auroc=found.auroc,
        auprc=found.auprc,
        sensitivity=found.sensitivity_at_95_specificity,
        ece=found.ece,
    )


def job_budget(job: JobFolder) -> tuple[int, float]:
    """Return the steps and the seconds of training that a job's checkpoint tells."""
    from training.run.checkpoint import load_checkpoint

    position, _ = load_checkpoint(job.checkpoint)
    return position.step, position.seconds


def classifier_markdown(lines: Sequence[ClassifierRow], notes: str) -> str:
    """Return the report's text."""
    rows = "\n".join(f"| {' | '.join(_cells(line))} |" for line in lines)
    return f"""## Classifiers compared

| {" | ".join(_HEADINGS)} |
|{"---|" * len(_HEADINGS)}
{rows}

Figures over all slices of the cases that judge, scored once, at the end. GMAC: multiply-adds of one
slice as the network sees it; MB: parameters, buffers and the most that inference of eight slices
holds at a time. Slices seen: every drawing counts. ECE: expected calibration error after
temperature scaling.

![Figures over the growth rate]({FIGURE_FILE})

{notes.strip()}
"""


def _finished(folder: Path) -> tuple[ClassifierModel, ClassReport]:
    spec = read_classify_job(folder)
    job = JobFolder(folder)
    made = job.result()
    try:
        found = decode_json((folder / CLASS_REPORT_FILE).read_bytes(), ClassReport)
    except (OSError, msgspec.DecodeError):
        found = None
    if not made or found is None:
        raise TrainingError(
            f"{folder}: expected a finished training of a classifier that was scored on val, "
            "found none. Let it end, or leave the folder out."
        )
    return read_classifier(models_folder(spec, job) / made), found


def _cells(line: ClassifierRow) -> list[str]:
    return [
        line.run,
        line.network,
        str(line.growth_rate),
        f"{line.parameters:,}",
        f"{line.gmac:.3f}",
        f"{line.batch_megabytes:.0f}",
        f"{line.minutes:.1f}",
        f"{line.slices_seen:,}",
        *(
            "–" if value is None else f"{value:.4f}"
            for value in (line.accuracy, line.auroc, line.auprc, line.sensitivity, line.ece)
        ),
    ]


def _csv(lines: Sequence[ClassifierRow]) -> str:
    names = ClassifierRow.__struct_fields__
    return csv_text(names, ([getattr(line, name) for name in names] for line in lines))


def _draw(lines: Sequence[ClassifierRow], path: Path) -> None:
    """Draw accuracy and AUROC, and parameters, over the growth rate."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for style, network in zip(
        ("o-", "s--"), sorted({line.network for line in lines}), strict=False
    ):
        same = [line for line in lines if line.network == network]
        ordered = sorted(same, key=lambda line: line.growth_rate)
        rates = [line.growth_rate for line in ordered]
        accuracy = [line.accuracy for line in ordered]
        areas = [float("nan") if line.auroc is None else line.auroc for line in ordered]
        left.plot(rates, accuracy, style, color="steelblue", label=f"accuracy, {network}")
        left.plot(rates, areas, style, color="tomato", label=f"AUROC, {network}")
        right.plot(rates, [line.parameters / 1e3 for line in ordered], style, color="grey")
    left.legend(frameon=False)
    left.set_title("figures of the cases that judge")
    right.set_title("thousand parameters")
    for axes in (left, right):
        axes.set_xlabel("growth rate")
        axes.set_xticks(sorted({line.growth_rate for line in lines}))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
