"""What a search found: a table, parallel coordinates, and the command line of the best."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from core.io.atomic import atomic_path, write_bytes
from core.io.csv_file import write_csv
from core.models.train_spec import TrainSpec, make_spec
from core.studies.unit_table import BEST_FILE, TRIALS_FILE
from training.sweep.sweep import Trial

FIGURE_FILE = "sweep.png"
_DPI, _HEIGHT, _AXIS = 100, 6.0, 2.0
_OWN = ("architecture", "data", "split", "model_id", "title", "models", "arguments")


def write_sweep(out: Path, trials: Sequence[Trial]) -> str:
    """Write sweep.csv, sweep.png and best.txt of trials, the best first; returns the last."""
    names = list(trials[0].setting)
    rows = [
        (
            trial.number,
            *(trial.setting[name] for name in names),
            None if trial.found is None else trial.found.best,
            None if trial.found is None else trial.found.best_step,
            None if trial.found is None else trial.found.steps,
            trial.rounds,
            trial.failed,
        )
        for trial in trials
    ]
    figures = ("dsc_selection", "best_step", "steps", "rounds", "failed")
    write_csv(out / TRIALS_FILE, ("trial", *names, *figures), rows)
    draw_coordinates([t for t in trials if t.found is not None], out / FIGURE_FILE)
    line = command_line(trials[0].spec)
    write_bytes(out / BEST_FILE, line.encode() + b"\n")
    return line


def command_line(spec: TrainSpec) -> str:
    """Return the command that trains these settings on the same split."""
    words = ["python", "main.py", "train", spec.architecture, spec.data, "--split", spec.split]
    words += ["--out", "best"]
    for name, value in spec.arguments.items():
        words += ["--arg", f"{name}={_json(value)}"]
    required = {name: getattr(spec, name) for name in _OWN}
    plain = make_spec("cpu", required, {"epochs": 1})
    for name in spec.__struct_fields__:
        value = getattr(spec, name)
        if name not in _OWN and value is not None and value != getattr(plain, name):
            words += ["--set", f"{name}={_json(value)}"]
    return shlex.join(words)


def draw_coordinates(trials: Sequence[Trial], path: Path) -> None:
    """Write a PNG of parallel coordinates: an axis a setting, the DSC last, a line a trial.

    Numbers are spread by their rank, so that steps of ten are as far apart as others.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [*trials[0].setting, "dsc_selection"]
    figure = Figure(figsize=(_AXIS * (len(names) + 1), _HEIGHT), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places, ticks = zip(*(_axis(trials, name) for name in names), strict=True)
    scores = np.array([trial.best for trial in trials])
    spread = float(np.ptp(scores)) or 1.0
    for index in np.argsort(scores):
        share = float((scores[index] - scores.min()) / spread)
        colour = (0.85 - 0.75 * share, 0.85 - 0.45 * share, 0.85 - 0.1 * share)
        axes.plot([p[index] for p in places], color=colour, lw=1 + 1.5 * share)
    for place, marks in enumerate(ticks):
        axes.axvline(place, color="0.6", lw=0.8, zorder=0)
        for height, text in marks:
            axes.text(place + 0.03, height, text, fontsize=8, va="center")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks([])
    axes.set_xlim(-0.2, len(names) - 0.4)
    axes.set_title(f"{len(trials)} trials; DSC of the selection cases, which chose the best")
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)


def _axis(trials: Sequence[Trial], name: str) -> tuple[list[float], list[tuple[float, str]]]:
    """Return where each trial lies on an axis, 0 to 1, and the marks of the axis."""
    if name == "dsc_selection":
        values = [trial.best for trial in trials]
        low, high = min(values), max(values)
        wide = (high - low) or 1.0
        return [(v - low) / wide for v in values], [(0.0, f"{low:.3f}"), (1.0, f"{high:.3f}")]
    known = {_json(trial.setting[name]): trial.setting[name] for trial in trials}
    order = sorted(known, key=lambda text: (isinstance(known[text], str), _rank(known[text])))
    heights = {text: i / max(len(order) - 1, 1) for i, text in enumerate(order)}
    shown = order if len(order) <= 8 else [order[0], order[len(order) // 2], order[-1]]
    return (
        [heights[_json(trial.setting[name])] for trial in trials],
        [(heights[text], text.strip('"')) for text in shown],
    )


def _rank(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
