"""A comparison of trainings: table as Markdown and CSV, curves as a figure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.domain.protocol import Protocol
from core.inference.torch_device import limit_threads
from core.io.atomic import atomic_path, write_bytes
from core.io.csv_file import csv_text
from training.runs import Cost, TrainingRun, measure_cost, read_run

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
"""Mean DSC that the articles on these networks give for the same ten cases of `val`."""

_SIZE, _DPI = (11.0, 4.6), 110
_LONG = 4  # runs that differ more than so many times in length share a logarithmic axis
_HEADINGS = (
    "run",
    "network",
    "loss",
    "reference: mean",
    "median",
    "articles",
    "native: mean",
    "median",
    "parameters",
    "GMAC",
    "s a volume",
    "slices seen",
)


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run in the table; DSC over the cases of `val`, `error` the standard error of a mean.

    `published` is what the articles give for this network and loss, in the reference protocol.
    """

    run: str
    network: str
    loss: str
    n: int
    reference_mean: float
    reference_median: float
    reference_error: float
    published: float | None
    native_mean: float
    native_median: float
    native_error: float
    parameters: int
    gmac: float
    seconds_a_volume: float
    minutes: float
    slices_seen: int
    size: int | None
    seed: int


@dataclass(frozen=True)
class _Figures:
    mean: float
    median: float
    error: float


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
    rows = "\n".join(_row(line) for line in lines)
    return f"""## Networks and losses compared

{_conditions(runs)}

| {" | ".join(_HEADINGS)} |
|{"---|" * len(_HEADINGS)}
{rows}

DSC per volume over the cases of `val`, scored once, at the end, ± the standard error of the mean.
`reference`: the space of the public reference implementation, largest component alone. `native`:
the case's own grid, the model's own postprocessing. A case empty in truth and prediction counts as
1. Articles: their mean on the same cases, reference protocol. GMAC: multiply-adds of a 256×256
slice. Seconds: 40 slices of 256×256 on the CPU of the computer that wrote this, the fastest of
three, prepared, predicted and put back on the native grid. Slices seen: every drawing counts.

![Training loss and DSC of the selection cases]({CURVES_FILE})

{notes.strip()}
"""


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
    reference, native = _figures(run, "reference"), _figures(run, "native")
    return ReportRow(
        run=run.name,
        network=_network(run),
        loss=spec.loss,
        n=len(run.scores.native),
        reference_mean=reference.mean,
        reference_median=reference.median,
        reference_error=reference.error,
        published=PUBLISHED.get((spec.architecture, spec.loss)),
        native_mean=native.mean,
        native_median=native.median,
        native_error=native.error,
        parameters=cost.parameters,
        gmac=cost.gmac,
        seconds_a_volume=cost.seconds,
        minutes=run.minutes,
        slices_seen=run.slices,
        size=spec.preprocessing.size,
        seed=spec.seed,
    )


def _figures(run: TrainingRun, protocol: Protocol) -> _Figures:
    values = list(run.scores.of(protocol).values()) or [float("nan")]
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return _Figures(statistics.fmean(values), statistics.median(values), error)


def _network(run: TrainingRun) -> str:
    arguments = (f"{n}={v}" for n, v in run.spec.arguments.items() if not isinstance(v, list))
    return " ".join((run.spec.architecture, *arguments))


def _row(line: ReportRow) -> str:
    published = "–" if line.published is None else f"{line.published:.3f}"
    cells = (
        line.run,
        line.network,
        line.loss,
        f"{line.reference_mean:.3f} ± {line.reference_error:.3f}",
        f"{line.reference_median:.3f}",
        published,
        f"{line.native_mean:.3f} ± {line.native_error:.3f}",
        f"{line.native_median:.3f}",
        f"{line.parameters / 1e6:.2f} M",
        f"{line.gmac:.2f}",
        f"{line.seconds_a_volume:.2f}",
        f"{line.slices_seen:,}",
    )
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
        cases = f" {len(lineage.learnt)} cases to learn from, {held} others to choose the weights;"
    planes = 2 * spec.preprocessing.neighbours + 1
    seen = (
        f"{spec.preprocessing.size}×{spec.preprocessing.size}, {_count(planes, 'slice')} at a time"
    )
    minutes, threads = spec.minutes or round(run.minutes, 1), _count(spec.threads, "thread")
    budget = f"{spec.max_steps:,} steps" if spec.max_steps else f"{minutes:g} minutes"
    return (
        f"{budget} on {threads};{cases} {seen}; "
        f"{spec.optimiser} at {spec.learning_rate:g}, {spec.schedule}, batch {spec.batch_size}, "
        f"moving average {spec.ema:g}, seed {spec.seed}."
    )


def _count(number: int, what: str) -> str:
    """Return a number of things in words; 0 threads stand for all but the window's one."""
    return f"all {what}s but one" if not number else f"{number} {what}{'s' * (number > 1)}"


def _csv(lines: Sequence[ReportRow]) -> str:
    rows = (
        [f"{v:.4f}" if isinstance(v, float) else v for v in msgspec.structs.astuple(line)]
        for line in lines
    )
    return csv_text(ReportRow.__struct_fields__, rows)
