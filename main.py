"""Overread: the command line and the start of the window."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from core.errors import AppError
from core.settings import home

if TYPE_CHECKING:
    from core.case import Case
    from core.evaluation import Predictor
    from core.models import Model, ModelSpec, Registry
    from core.prediction import Prediction
    from core.progress import Progress
    from core.reading import LoadedCase

FAILED_CASES = 3
ERROR = 1

app = typer.Typer(
    help="Overread AI segmentations of brain MRI lesions. Not for clinical use.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
models = typer.Typer(help="List, show, import and promote models.", no_args_is_help=True)
app.add_typer(models, name="models")

DataDir = Annotated[Path, typer.Argument(help="Folder of case folders.", metavar="DIR")]
OutDir = Annotated[Path, typer.Option(help="Folder to write into.")]
ModelId = Annotated[str, typer.Option("--model", help="Model id; the champion when not given.")]
CaseIds = Annotated[list[str] | None, typer.Option("--case", help="Only this case; repeatable.")]
Flips = Annotated[bool, typer.Option(help="Average with the mirrored slice.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]


@app.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Open the window on the last dataset, or on the demo, when no command is given."""
    if context.invoked_subcommand is None:
        _open_window(None)


@app.command()
def demo(
    write: Annotated[
        Path | None, typer.Option(help="Only write the synthetic cases into this folder.")
    ] = None,
) -> None:
    """Open the window on the embedded demo: synthetic heads, made by code at first use."""
    from core.demo import DEMO_NAME, make_demo

    if write is not None:
        typer.echo(make_demo(write))
        return
    _open_window(home() / DEMO_NAME)


@app.command(name="open")
def open_dataset(folder: DataDir) -> None:
    """Open the window on a folder of cases."""
    _open_window(folder)


@app.command()
def predict(
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
    case: CaseIds = None,
    device: Device = "auto",
    flips: Flips = False,
) -> None:
    """Write predicted masks as <CASE>/<CASE>_<n>_pred.tif (0/255, native grid)."""
    from core.evaluation import predict_masks

    cases, chosen, predictor = _job(folder, model, case, device, flips=flips)
    with _Bar() as progress:
        written = predict_masks(cases, chosen, predictor, out=out, progress=progress)
    typer.echo(f"{len(cases) - len(written.failed)} of {len(cases)} cases written to {out}")
    _finish(written.failed, written.notices)


@app.command()
def evaluate(  # noqa: PLR0917 - each is an option of the command line
    folder: DataDir,
    out: OutDir,
    model: ModelId = "",
    protocol: Annotated[
        Literal["native", "reference"],
        typer.Option(help="Score on the native grid, or as the public reference implementation."),
    ] = "native",
    case: CaseIds = None,
    device: Device = "auto",
    flips: Flips = False,
) -> None:
    """Score a model against the ground truth: metrics.csv, summary.json and dsc.png."""
    from core.evaluation import evaluate as run
    from core.evaluation import write_report

    cases, chosen, predictor = _job(folder, model, case, device, flips=flips)
    with _Bar() as progress:
        outcome = run(cases, chosen, predictor, protocol=protocol, progress=progress)
    summary = write_report(out, outcome, chosen, protocol)
    if summary.mean is not None:
        typer.echo(
            f"{chosen.spec.id}, {protocol}: mean DSC {summary.mean:.4f}, "
            f"median {summary.median:.4f}, n = {summary.n}, {summary.seconds:.1f} s of prediction"
        )
    typer.echo(f"Report in {out}")
    _finish(outcome.failed, outcome.notices)


@models.command(name="list")
def list_models(
    json: Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")] = False,
) -> None:
    """List the models: id, architecture, champion, parameters, metrics."""
    from core.model_listing import listing, listing_json

    rows, problems = listing(_registry())
    if json:
        typer.echo(listing_json(rows))
    else:
        for row in rows:
            mark = "champion" if row.champion else ""
            figures = ", ".join(f"{name} {value:.3f}" for name, value in row.metrics.items())
            size = f"{row.parameters / 1e6:.2f} M" if row.parameters else "?"
            typer.echo(f"{row.id:24} {row.architecture:16} {mark:9} {size:>9}  {figures}")
    for problem in problems:
        typer.echo(problem, err=True)


@models.command(name="show")
def show_model(model_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Print a model's specification and what it costs, measured."""
    import msgspec

    from core.networks.builder import build_network
    from core.networks.complexity import measure

    model = _registry().find(model_id)
    spec = model.spec.network
    found = measure(build_network(spec, load_encoder=False), in_channels=spec.in_channels)
    typer.echo(msgspec.json.format(msgspec.json.encode(model.spec), indent=2).decode())
    typer.echo(f"Folder: {model.folder}")
    typer.echo(f"Parameters: {found.parameters:,}")
    typer.echo(f"Multiply-adds of a 256×256 slice: {found.gmac:.2f} GMAC")
    typer.echo(f"Memory of a batch of 8: {found.batch_megabytes:.0f} MB")


@models.command(name="promote")
def promote_model(model_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Make a model the champion: the one that predicts by default."""
    _registry().promote(model_id)
    typer.echo(f"{model_id} is the champion now.")


@models.command(name="import")
def import_model(  # noqa: PLR0917 - each is an option of the command line
    file: Annotated[Path, typer.Argument(help=".pt, .pth or .safetensors of a state dict.")],
    architecture: Annotated[str, typer.Option(help="unet, attention-unet, resunet34 …")],
    arg: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as init_features=16.")] = None,
    model_id: Annotated[str, typer.Option("--id", help="Id; the file's name by default.")] = "",
    title: Annotated[str, typer.Option(help="Name shown to readers.")] = "",
    preprocessing: Annotated[
        str, typer.Option(help='JSON, as {"crop":"head","size":256,"neighbours":1}.')
    ] = "{}",
    half: Annotated[bool, typer.Option(help="Store as float16.")] = False,
) -> None:
    """Take weights into the registry; nothing in the file is executed."""
    from core.model_import import import_weights
    from core.model_listing import spec_from_options

    spec: ModelSpec = spec_from_options(
        model_id or file.stem, title, architecture, arguments=arg or [], preprocessing=preprocessing
    )
    model = import_weights(file, spec, _registry(), half=half)
    typer.echo(
        f"{model.spec.id} imported into {model.folder} ({model.spec.parameters:,} parameters)"
    )


def main() -> None:
    """Run the command line; an error of the reader's data is a sentence and exit status 1."""
    try:
        app()
    except AppError as error:
        typer.echo(f"overread: {error}", err=True)
        sys.exit(ERROR)
    except KeyboardInterrupt:
        sys.exit(130)


class _Bar:
    """A progress bar on the terminal, used as the progress hook of a long run."""

    def __enter__(self) -> Progress:
        self._bar = typer.progressbar(length=1000, file=sys.stderr)
        self._bar.__enter__()
        return self._report

    def __exit__(self, *details: object) -> None:
        self._bar.render_finish()

    def _report(self, fraction: float, message: str) -> None:
        self._bar.label = message
        self._bar.update(round(fraction * 1000) - self._bar.pos)


def _job(
    folder: Path, model_id: str, wanted: list[str] | None, device: str, *, flips: bool
) -> tuple[list[Case], Model, Predictor]:
    from core.dataset import scan
    from core.inference import Runner, RunOptions, limit_threads, resolve_device

    dataset = scan(folder)
    for notice in dataset.notices:
        typer.echo(notice, err=True)
    cases = [dataset.case(case_id) for case_id in wanted] if wanted else list(dataset.cases)
    registry = _registry()
    model = (registry.find(model_id) if model_id else registry.champion()).with_flips(flips)
    resolve_device(device)
    limit_threads()
    runner = Runner(model)
    options = RunOptions(device)

    def predictor(loaded: LoadedCase, progress: Progress) -> Prediction:
        return runner.predict(loaded.volume, options, progress=progress)

    return cases, model, predictor


def _registry() -> Registry:
    from core.workspace import registry

    return registry(home())


def _finish(failed: dict[str, str], notices: tuple[str, ...]) -> None:
    """Say what was noticed, list the failed cases, and leave with status 3 when there are any."""
    for notice in notices:
        typer.echo(f"Note: {notice}", err=True)
    for case_id, sentence in failed.items():
        typer.echo(f"Failed: {case_id}: {sentence}", err=True)
    if failed:
        raise typer.Exit(FAILED_CASES)


def _open_window(folder: Path | None) -> None:
    from gui.app import run

    sys.exit(run(folder))


if __name__ == "__main__":
    main()
