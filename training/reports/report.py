"""A comparison of trainings: table as Markdown and CSV, curves as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.domain.figure_text import counted, figure, spread
from core.domain.statistics import describe
from core.inference.torch_device import limit_threads
from core.io.atomic import atomic_path, write_bytes
from core.io.csv_file import csv_text
from core.workspace.splits import SplitFile, split_hash
from training.reports.runs import Cost, TrainingRun, measure_cost, read_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPORT_FILE, TABLE_FILE, CURVES_FILE = "RESULTS.md", "results.csv", "curves.png"

PUBLISHED = {
    ("unet", "dice"): 0.914,
    ("unet", "soft-iou"): 0.875,
    ("unet", "bce-dice"): 0.916,
    ("attention-unet", "bce-dice"): 0.915,
    ("resunet34", "bce-dice"): 0.912,
    ("unetpp", "bce-dice"): 0.024,
}
"""Mean DSC that the articles on these networks give for the ten cases of the reference's `val`."""

_REFERENCE_TEN = "a984fbafadb8a51c"
"""The hash of these cases as a split without `train`; only beside their figures stand these."""

_SIZE, _DPI = (11.0, 4.6), 110
_LONG = 4  # runs that differ more than so many times in length share a logarithmic axis
_ARTICLES = "articles"
_HEADINGS = (
    "run",
    "network",
    "loss",
    "cases",
    "reference: mean",
    "median",
    _ARTICLES,
    "native: mean",
    "median",
    "parameters",
    "GMAC",
    "s a volume",
    "slices seen",
)


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run in the table; DSC over the `n` cases of `val`, `error` the standard error of a mean.

    A figure is None where no case has it, an error where one alone has. `published` is what the
    articles give for this network and loss on the same cases, in the reference protocol; None on
    any others.
    """

    run: str
    network: str
    loss: str
    n: int
    reference_mean: float | None
    reference_median: float | None
    reference_error: float | None
    published: float | None
    native_mean: float | None
    native_median: float | None
    native_error: float | None
    parameters: int
    gmac: float
    seconds_a_volume: float
    minutes: float
    slices_seen: int
    size: int | None
    seed: int


def compare_networks(folders: Sequence[Path], out: Path, *, notes: str = "") -> str:
    """Write results.csv and curves.png of job folders into `out`; return the text beside them.

    `notes` is Markdown that goes below the table. Each model's cost is measured here and now, one
    after the other. Raises `TrainingError` for a folder without a finished training.
    """
    runs = [read_run(folder) for folder in folders]
    limit_threads()
    lines = [_line(run, measure_cost(run.model)) for run in runs]
    write_bytes(out / TABLE_FILE, _csv(lines).encode())
    draw_run_curves(runs, out / CURVES_FILE)
    return markdown(runs, lines, notes)


def markdown(runs: Sequence[TrainingRun], lines: Sequence[ReportRow], notes: str) -> str:
    """Return the report's text."""
    told = any(line.published is not None for line in lines)
    articles = " Articles: their mean on the same cases, reference protocol." if told else ""
    return f"""## Networks and losses compared

{_conditions(runs)}

{table(lines)}

DSC per volume over the cases of `val`, scored once, at the end, ± the standard error of the mean
where there is more than one.
`reference`: the space of the public reference implementation, largest component alone. `native`:
the case's own grid, the model's own postprocessing. A case empty in truth and prediction counts as
1.{articles} GMAC: multiply-adds of a 256×256
slice. Seconds: 40 slices of 256×256 on the CPU of the computer that wrote this, the fastest of
three, prepared, predicted and put back on the native grid. Slices seen: every drawing counts.

![Training loss and DSC of the selection cases]({CURVES_FILE})

{notes.strip()}
"""


def table(lines: Sequence[ReportRow]) -> str:
    """Return the rows as a table of Markdown; a column of articles where one tells of them."""
    told = any(line.published is not None for line in lines)
    headings = [heading for heading in _HEADINGS if told or heading != _ARTICLES]
    rows = "\n".join(_row(line, articles=told) for line in lines)
    return f"""| {" | ".join(headings)} |
|{"---|" * len(headings)}
{rows}"""


def draw_run_curves(runs: Sequence[TrainingRun], path: Path) -> None:
    """Write a PNG: training loss and selection DSC of each run over its minutes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw(left, runs, "loss", "training loss (each run's own)")
    _draw(right, runs, "selection_dsc", "DSC of the selection cases")
    right.set_ylim(0, 1)
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)


def _draw(axes: Axes, runs: Sequence[TrainingRun], figure: str, label: str) -> None:
    for index, run in enumerate(runs):
        curve = run.curve(figure)
        style = "-" if index < 10 else "--"  # ten colours, then again with dashes
        axes.plot(
            [minutes for minutes, _ in curve],
            [value for _, value in curve],
            style,
            color=f"C{index % 10}",
            label=run.name,
            linewidth=1.2,
            marker="o" if len(curve) < 3 else "",
        )
    minutes = [run.minutes for run in runs]
    if max(minutes) > _LONG * min(minutes):
        axes.set_xscale("log")
    axes.set_xlabel("minutes of training")
    axes.set_title(label, fontsize=10)
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _line(run: TrainingRun, cost: Cost) -> ReportRow:
    spec = run.spec
    reference, native = (list(run.scores.of(each).values()) for each in ("reference", "native"))
    judged = SplitFile((), tuple(run.scores.native))
    known = split_hash(judged) == _REFERENCE_TEN
    return ReportRow(
        run=run.name,
        network=_network(run),
        loss=spec.loss,
        n=len(native),
        reference_mean=describe(reference).mean,
        reference_median=describe(reference).median,
        reference_error=_error(reference),
        published=PUBLISHED.get((spec.architecture, spec.loss)) if known else None,
        native_mean=describe(native).mean,
        native_median=describe(native).median,
        native_error=_error(native),
        parameters=cost.parameters,
        gmac=cost.gmac,
        seconds_a_volume=cost.seconds,
        minutes=run.minutes,
        slices_seen=run.slices,
        size=spec.preprocessing.size,
        seed=spec.seed,
    )


def _error(values: Sequence[float]) -> float | None:
    """Return the standard error of the mean, None for fewer than two values."""
    deviation = describe(values).standard_deviation
    return None if deviation is None else deviation / len(values) ** 0.5


def _network(run: TrainingRun) -> str:
    arguments = (f"{n}={v}" for n, v in run.spec.arguments.items() if not isinstance(v, list))
    return " ".join((run.spec.architecture, *arguments))


def _row(line: ReportRow, *, articles: bool) -> str:
    published = [figure(line.published)] if articles else []
    cells = [
        line.run,
        line.network,
        line.loss,
        str(line.n),
        spread(line.reference_mean, line.reference_error),
        figure(line.reference_median),
        *published,
        spread(line.native_mean, line.native_error),
        figure(line.native_median),
        f"{line.parameters / 1e6:.2f} M",
        f"{line.gmac:.2f}",
        f"{line.seconds_a_volume:.2f}",
        f"{line.slices_seen:,}",
    ]
    return f"| {' | '.join(cells)} |"


def _conditions(runs: Sequence[TrainingRun]) -> str:
    """Return what the runs had, those of equal conditions together."""
    alike: dict[str, list[str]] = {}
    for run in runs:
        alike.setdefault(_condition(run), []).append(run.name)
    if len(alike) == 1:
        return f"Every run: {next(iter(alike))}"
    return "\n".join(f"- {', '.join(names)}: {said}" for said, names in alike.items())


def _condition(run: TrainingRun) -> str:
    spec, lineage = run.spec, run.model.spec.lineage
    cases = ""
    if lineage is not None:
        held = len(lineage.selection)
        learnt, others = counted(len(lineage.learnt), "case"), counted(held, "other")
        cases = f" {learnt} to learn from, {others} to choose the weights;"
    planes = 2 * spec.preprocessing.neighbours + 1
    seen = (
        f"{spec.preprocessing.size}×{spec.preprocessing.size}, {counted(planes, 'slice')} at a time"
    )
    minutes = spec.minutes or round(run.minutes, 1)
    threads = "all threads but one"
    if spec.threads:
        threads = counted(spec.threads, "thread")
    budget = f"{spec.max_steps:,} steps" if spec.max_steps else f"{minutes:g} minutes"
    return (
        f"{budget} on {threads};{cases} {seen}; "
        f"{spec.optimiser} at {spec.learning_rate:g}, {spec.schedule}, batch {spec.batch_size}, "
        f"moving average {spec.ema:g}, seed {spec.seed}."
    )


def _csv(lines: Sequence[ReportRow]) -> str:
    rows = (
        [f"{v:.4f}" if isinstance(v, float) else v for v in msgspec.structs.astuple(line)]
        for line in lines
    )
    return csv_text(ReportRow.__struct_fields__, rows)
