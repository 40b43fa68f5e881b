"""The command `models gate`: a taught guide of clicks against the one that answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli.options import CaseIds, Device, RegionName
from core.cli.say import say


def gate_guide(
    guide_id: Annotated[str, typer.Argument(metavar="ID")],
    data: Annotated[Path, typer.Option(help="Dataset whose cases judge: those that are frozen.")],
    case: CaseIds = None,
    device: Device = "auto",
    region: RegionName = "",
) -> None:
    """Hold a guide against the one that answers clicks, on cases from which neither learnt."""
    from core.cli.command_run import dataset_workspace
    from core.domain.figure_text import figure, signed
    from core.io.datasets.organisation import given
    from core.jobs.job_folder import create_job, next_job_path
    from core.studies.clicks.guide_gate_job import run_guide_gate
    from core.studies.gate_specs import guide_gate_spec
    from core.workspace.chosen_labels import chosen_dataset
    from core.workspace.settings import home
    from core.workspace.workspace_folder import registry

    dataset = chosen_dataset(data, given(None, None, None, region))
    with dataset_workspace(data) as workspace:
        models = registry(home(), workspace.folder)
        spec = guide_gate_spec(
            workspace,
            dataset,
            models,
            guide_id,
            cases=tuple(case or ()),
            device=device,
        )
        jobs = workspace.jobs
    job = create_job(next_job_path(jobs, "gate"), spec)
    report = run_guide_gate(spec, job)
    if report is None or report.clicks is None:
        return
    for count, (before, after) in report.clicks.dsc.items():
        change = signed(after - before)
        say(f"DSC after {count} clicks: {figure(before)} → {figure(after)}  {change}")
    harm = " → ".join(f"{share:.1%}" for share in report.clicks.harmful)
    say(f"Clicks that lose more than 0.02: {harm}")
    say(f"{report.candidate} against {report.champion}: {report.verdict}. {report.reason}")
    for sentence in report.failed.values():
        say(sentence, err=True)
