"""What the command line prints: names and sentences, never what steers a terminal."""

from __future__ import annotations

import typer

from core.domain.plain_text import printable


def say(said: object, *, err: bool = False) -> None:
    """Print a line, to the error stream when `err`; control characters are shown as escapes."""
    typer.echo(printable(str(said)), err=err)
