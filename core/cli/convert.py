"""`convert`: any readable volume as what the name of the output says."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.say import say


def convert(
    source: Annotated[
        Path, typer.Argument(help="A file, a series, a case or a zip.", metavar="IN")
    ],
    target: Annotated[Path, typer.Argument(help="What to write.", metavar="OUT")],
    format_name: Annotated[
        str | None, typer.Option("--format", help="nifti, nrrd, mha, tiff or dicom-seg.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="The channel of a case to write.")] = None,
    point: Annotated[int | None, typer.Option(help="The volume of a file of several.")] = None,
    on: Annotated[
        Path | None, typer.Option(help="Write a mask onto the grid of this image or series.")
    ] = None,
    layout: Annotated[str | None, typer.Option(help="How the input is organised.")] = None,
) -> None:
    """Write IN as the format that OUT's name or --format says; OUT is never overwritten."""
    from core.io.archive import opened
    from core.io.datasets.conversion import ConversionWanted, converted, refuse_existing
    from core.workspace.settings import patient_names_wanted

    refuse_existing(target)
    with opened(source) as path:
        named = patient_names_wanted()
        wanted = ConversionWanted(format_name, channel, point, on, layout, patient_name=named)
        for notice in converted(path, target, wanted):
            say(notice, err=True)
    say(target)
