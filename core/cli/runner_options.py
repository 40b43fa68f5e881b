"""Options of commands that do many units: where they are done, and how many at once."""

from typing import Annotated, Literal

import typer

RunnerOption = Annotated[
    Literal["local", "ray"],
    typer.Option("--runner", help="local: processes of this computer; ray: a cluster of Ray."),
]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Processes at once; 1 stays in this one.")
]
Address = Annotated[
    str,
    typer.Option(
        "--address", help="Of a cluster of Ray; by default one of this computer is started."
    ),
]
