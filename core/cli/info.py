"""`info`: the geometry passport of a file, a series, a case or a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli.options import ChannelRoles, Point, Resample
from core.cli.say import say

_ROLES = "ROLE=PATTERN"


def info(
    path: Annotated[Path, typer.Argument(help="A file, a series, a case, a dataset, or a zip.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    layout: Annotated[str | None, typer.Option(help="How the folder is organised.")] = None,
    image: Annotated[
        list[str] | None, typer.Option(help="A channel by a pattern.", metavar=_ROLES)
    ] = None,
    mask: Annotated[str | None, typer.Option(help="The masks by a pattern.")] = None,
    resample: Resample = None,
    point: Point = None,
    role: ChannelRoles = None,
) -> None:
    """Print what files say of their geometry, what is believed and why."""
    from core.io.archive import opened
    from core.io.cases.case_info import DatasetInfo, heading_of, known_of, text_of
    from core.io.cases.mask_evidence import told_by_masks
    from core.io.datasets.organisation import corrected, found_in, given
    from core.io.json_file import json_text

    with opened(path) as root:
        how = corrected(given(layout, image, mask), role, point=point)
        found = told_by_masks(found_in(root, how))
        known = [known_of(case, found.labels, resample=bool(resample)) for case in found.cases]
    if as_json:
        told = DatasetInfo(found.layout, tuple(case.info for case in known))
        say(json_text(told))
    else:
        say("\n\n".join([heading_of(found), *map(text_of, known)]))
    if all(case.failed for case in known):
        raise typer.Exit(1)
