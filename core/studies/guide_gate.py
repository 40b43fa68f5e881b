"""The gate of a taught guide: held against the one that answers, on cases new to both.

As a program it takes up the job in a folder whose spec is a `GateSpec` of two guides; the report is
its `gate.json`:

    python -m core.studies.guide_gate FOLDER
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.domain.errors import AppError, DataError, WorkspaceError
from core.domain.progress import Cancelled, Progress, part, silent
from core.inference.prediction_service import Predictor, predictors
from core.io.atomic import write_bytes
from core.io.case import Case
from core.io.case_reader import read_case
from core.jobs.job_failures import told_failures
from core.jobs.job_folder import Echo, JobFolder, JobWriter, go_behind, read_spec
from core.models.gate import GATE_FILE, ClickedPath, GateReport, GateSpec, judge_guides
from core.models.guide_choice import BUMP, answering_guide
from core.models.guides import find_guide, read_guide
from core.models.registry import Model, Registry, read_model
from core.studies.click_guide import GuideOf, guide_over
from core.studies.click_study import click_ground
from core.studies.guide_figures import TOLD, clicked_paths, looked_at
from core.workspace.known_dataset import scan_known
from core.workspace.splits import frozen_split
from core.workspace.workspace_folder import Workspace, open_workspace


def guide_gate_spec(
    workspace: Workspace,
    data: Path,
    models: Registry,
    candidate: str,
    *,
    cases: Sequence[str] = (),
    device: str = "auto",
) -> GateSpec:
    """Return what holds a guide against the one that answers now, on `cases` or those that judge.

    Raises `AppError` where it answers already, and where there are no cases.
    """
    champion, guide = answering_guide(models.roots), find_guide(models.roots, candidate)
    if champion is not None and champion.spec.id == candidate:
        raise AppError(f"{candidate}: expected a guide that is new, found the one that answers.")
    split = frozen_split(workspace.store)
    judges = tuple(cases) or (() if split is None else split.val)
    if not judges:
        raise AppError(
            "Expected a frozen split with cases that judge, found none. Train a model in this "
            "workspace first: its job freezes them."
        )
    return GateSpec(
        champion="" if champion is None else str(champion.folder.absolute()),
        candidate=str(guide.folder.absolute()),
        data=str(data.absolute()),
        cases=judges,
        device=device,
        workspace=str(workspace.folder.absolute()),
        starts=str(models.champion().folder.absolute()),
    )


@dataclass
class GuideScores:
    """What was clicked by each of several guides, by case; `failed` says why a case has none."""

    paths: tuple[dict[str, list[ClickedPath]], ...]
    failed: dict[str, str] = field(default_factory=dict)


def score_guides(
    cases: Sequence[Case],
    model: Model,
    predict: Predictor,
    guides: Sequence[GuideOf | None],
    *,
    progress: Progress = silent,
) -> GuideScores:
    """Let a robot reader click at what `model` says of the cases, by each guide in turn.

    None stands for the bump. `progress` may raise `Cancelled`.
    """
    scores = GuideScores(tuple({} for _ in guides))
    for number, case in enumerate(cases):
        inner = part(progress, number / len(cases), (number + 1) / len(cases))
        try:
            loaded = read_case(case)
            truth = loaded.require_ground_truth()
            found = predict(loaded, part(inner, 0.0, 0.5))
        except AppError as error:
            scores.failed[case.id] = str(error)
            continue
        inner(0.5, case.id)
        ground = click_ground(loaded, model, found, "prediction")
        for paths, guide in zip(scores.paths, guides, strict=True):
            made = None if guide is None else guide(loaded.volume)
            paths[case.id] = clicked_paths(ground, truth, made, channel=looked_at(loaded.volume))
    return scores


def run_guide_gate(
    spec: GateSpec, job: JobFolder, *, echo: Echo | None = None
) -> GateReport | None:
    """Return the report, which is also written into the job; None when it was stopped.

    Raises `AppError`, after writing it to the events, when it cannot go on.
    """
    writer = JobWriter(job, echo)
    job.clear_request()
    writer.start(resumed=False)
    with closing(writer), told_failures(writer):
        try:
            return _judge(spec, writer)
        except Cancelled:
            writer.pause()
    return None


def read_guide_gate(folder: Path) -> GateSpec:
    """Return the spec in a job folder; raises `WorkspaceError` when there is none."""
    return read_spec(folder, GateSpec, WorkspaceError, of="a gate", content="what a gate compares")


def _judge(spec: GateSpec, writer: JobWriter) -> GateReport:
    dataset = scan_known(Path(spec.data))
    champion = read_guide(Path(spec.champion)) if spec.champion else None
    candidate = read_guide(Path(spec.candidate))
    learnt = {*candidate.spec.trained_on, *(champion.spec.trained_on if champion else ())}
    cases = [dataset.case(name) for name in spec.cases if name not in learnt]
    if not cases:
        raise DataError(
            f"Expected cases from which neither guide learnt, found none among the "
            f"{len(spec.cases)} that judge. Add some to the dataset, and name them with --case."
        )
    model = read_model(Path(spec.starts))
    guides = [None if champion is None else guide_over(champion), guide_over(candidate)]
    with closing(open_workspace(Path(spec.workspace))) as workspace:
        predict = predictors(workspace, spec.device, run=True)(model)
        scores = score_guides(cases, model, predict, guides, progress=_told(writer))
    first, second = scores.paths
    report = judge_guides(
        (BUMP if champion is None else champion.spec.id, first),
        (candidate.spec.id, second),
        told=TOLD,
        failed=scores.failed,
    )
    content = msgspec.json.format(msgspec.json.encode(report), indent=2)
    write_bytes(writer.folder.path / GATE_FILE, content + b"\n")
    figures = {"mean_difference": report.mean_difference, "candidate": report.candidate_mean}
    writer.done(report.verdict, figures)
    return report


def _told(writer: JobWriter) -> Progress:
    def report(fraction: float, message: str) -> None:
        writer.beat()
        writer.progress(fraction, "scoring", message)
        if writer.folder.requested() is not None:
            raise Cancelled

    return report


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = argparse.ArgumentParser(description="Run the gate that a job folder describes.")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    try:
        run_guide_gate(read_guide_gate(given.folder), JobFolder(given.folder))
    except AppError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    go_behind()  # not whoever calls `main`: that may be another's process
    sys.exit(main(sys.argv[1:]))
