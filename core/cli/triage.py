"""The command `triage`: which slices of a folder's cases are likely to hold a lesion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.command_run import case_ids, finish, progress_bar
from core.cli.options import DataDir, SplitPart
from core.cli.say import say
from core.cli.told_runs import classifier_teller
from core.io.write_guard import refuse_inside

if TYPE_CHECKING:
    from core.domain.progress import Progress
    from core.domain.triage import Triage
    from core.io.cases.case_reader import LoadedCase

TRIAGE_FILE = "triage.csv"


def triage(
    folder: DataDir,
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    model: Annotated[str, typer.Option(help="Id of a triage model; the first by default.")] = "",
    case: Annotated[list[str] | None, typer.Option(help="Only this case; repeatable.")] = None,
    split: SplitPart = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
) -> None:
    """Write triage.csv: case, slice number as in the file name, probability of a lesion."""
    from core.inference.inference_triage import TriageRunner
    from core.inference.triage_table import triage_cases, write_triage
    from core.models.classifiers import Classifiers
    from core.workspace.known_dataset import scan_known
    from core.workspace.settings import home
    from core.workspace.workspace_folder import registry

    refuse_inside(folder, out)
    dataset = scan_known(folder)
    wanted = case_ids(case, split)
    cases = [dataset.case(name) for name in wanted] or list(dataset.cases)
    chosen = Classifiers(registry(home()).everywhere).find(model)
    runner = TriageRunner(chosen, device)

    tell = classifier_teller(chosen)

    def triager(loaded: LoadedCase, progress: Progress) -> Triage:
        tell(loaded)
        return runner.triage(loaded.volume, progress=progress)

    with progress_bar() as progress:
        outcome = triage_cases(cases, triager, progress=progress)
    write_triage(out / TRIAGE_FILE, outcome, chosen)
    done = len(cases) - len(outcome.failed)
    say(
        f"{done} of {len(cases)} cases, {len(outcome.rows)} slices in {outcome.seconds:.1f} s: "
        f"{out / TRIAGE_FILE}"
    )
    finish(outcome.failed, (*dataset.notices, *outcome.notices))
