"""Overread: the command line and the start of the window."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from core.cli.calibrate import calibrate
from core.cli.classify import classify
from core.cli.clicks import clicks
from core.cli.compare import compare
from core.cli.convert import convert
from core.cli.evaluate import evaluate
from core.cli.export import export
from core.cli.guide_gate import gate_guide
from core.cli.info import info
from core.cli.models import models
from core.cli.options import (
    ChannelRoles,
    DataDir,
    ImagePatterns,
    LayoutName,
    MaskPattern,
    Point,
    RegionName,
    Resample,
    SpacingGiven,
)
from core.cli.predict import predict
from core.cli.say import say
from core.cli.triage import triage
from core.domain.errors import AppError, reason
from core.domain.libraries import missing_library
from core.domain.version import version
from core.workspace.settings import home
from training.commands import report, train
from training.rank.rank_command import rank
from training.sweep.sweep_command import sweep

ERROR = 1


def _command_line() -> typer.Typer:
    return typer.Typer(
        help="Overread AI segmentations of brain MRI lesions. Not for clinical use.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


app = _command_line()


def _tell_version(wanted: bool) -> None:
    if wanted:
        say(f"overread {version()}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version."),
]


@app.callback(invoke_without_command=True)
def start(context: typer.Context, _told: Version = False) -> None:
    """Open the window on the last dataset, or on the demo, when no command is given."""
    if context.invoked_subcommand is None:
        _open_window(None)


@app.command()
def demo(
    write: Annotated[
        Path | None, typer.Option(help="Only write the synthetic cases into this folder.")
    ] = None,
    labels: Annotated[
        int, typer.Option(help="1: masks of one lesion; 3: core, oedema and what enhances.")
    ] = 1,
) -> None:
    """Open the window on the embedded demo: synthetic heads, made by code at first use."""
    from core.demo.demo_cases import DEMO_NAME, make_demo
    from core.demo.label_demo import LABEL_DEMO_NAME, make_label_demo

    if labels not in (1, 3):
        raise AppError(f"--labels: expected 1 or 3, found {labels}. Choose one of them.")
    if labels > 1:
        made = make_label_demo(write or home() / LABEL_DEMO_NAME)
    else:
        made = make_demo(write) if write is not None else home() / DEMO_NAME
    if write is not None:
        say(made)
    else:
        _open_window(made)


@app.command(name="open")
def open_dataset(
    folder: DataDir,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            help="Review this folder of predictions, or of masks of another program; repeatable."
        ),
    ] = None,
    layout: LayoutName = None,
    image: ImagePatterns = None,
    mask: MaskPattern = None,
    region: RegionName = "",
    resample: Resample = None,
    point: Point = None,
    role: ChannelRoles = None,
    spacing: SpacingGiven = "",
) -> None:
    """Open the window on a folder of cases in any layout, a file, a series or a zip."""
    from core.io.datasets.organisation import AS_IT_LIES, corrected, given

    said = given(layout, image, mask, region, spacing=spacing)
    how = corrected(said, role, resample=resample, point=point)
    if how != AS_IT_LIES:
        from core.workspace.known_dataset import scan_known

        scan_known(folder, how)  # what is said is kept
    _open_window(folder, tuple(predictions or ()), resample=resample)


_COMMANDS = (
    info,
    convert,
    predict,
    evaluate,
    compare,
    export,
    triage,
    classify,
    clicks,
    calibrate,
    train,
    sweep,
    rank,
    report,
)
for command in _COMMANDS:
    app.command()(command)
models.command(name="gate")(gate_guide)
app.add_typer(models, name="models")


def _asked_for(words: Sequence[str]) -> typer.Typer:
    """Return the command line, of one command alone where that one is asked for.

    Reading what each of thirty commands takes is a tenth of a second that one need not wait for.
    """
    found = next((each for each in _COMMANDS if words and each.__name__ == words[0]), None)
    if found is None:
        return app
    alone = _command_line()
    alone.callback(invoke_without_command=True)(start)
    alone.command()(found)
    return alone


def main() -> None:
    """Run the command line; an error of the reader's data is a sentence and exit status 1."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe of another encoding must not end a run whose folder has a Chinese name.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        match sys.argv[1:]:
            # What opens the window most often waits for no command line to be made and read.
            case []:
                _open_window(None)
            case ["open", folder] if not folder.startswith("-"):
                _open_window(Path(folder))
            case words:
                _asked_for(words)()
    except AppError as error:
        say(f"overread: {error}", err=True)
        sys.exit(ERROR)
    except ModuleNotFoundError as error:
        missing = missing_library(error)
        if missing is None:
            raise
        say(f"overread: {missing}", err=True)
        sys.exit(ERROR)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        say(
            f"overread: {place}expected a file or folder that can be read and written, found: "
            f"{reason(error)}. Check that it exists, its name, its permissions and the free space.",
            err=True,
        )
        sys.exit(ERROR)
    except KeyboardInterrupt:
        sys.exit(130)


def _open_window(
    folder: Path | None, predictions: tuple[Path, ...] = (), *, resample: bool | None = None
) -> None:
    # All that a start makes stays: to look for garbage in it again and again is a tenth of it.
    gc.disable()
    from gui.app.window_start import run

    sys.exit(run(folder, predictions, resample=resample))


if __name__ == "__main__":
    main()
