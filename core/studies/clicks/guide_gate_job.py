"""The gate of a taught guide as a job: it is held against the one that answers.

As a program it takes up the job in a folder whose spec is a `GateSpec` of two guides; the report is
its `gate.json`:

    python -m core.studies.clicks.guide_gate_job FOLDER
"""

import sys
from contextlib import closing
from pathlib import Path

from core.domain.errors import DataError, WorkspaceError
from core.domain.progress import Progress
from core.inference.prediction_service import predictors
from core.io.json_file import write_json
from core.jobs.job_folder import (
    Echo,
    JobFolder,
    JobWriter,
    folder_parser,
    go_behind,
    read_spec,
    status_of,
)
from core.jobs.job_work import heed, work_on
from core.models.gate import GATE_FILE, GateReport, GateSpec, judge_guides
from core.models.guide_choice import BUMP
from core.models.guides import read_guide
from core.models.registry import read_model
from core.studies.clicks.click_guide import guide_over
from core.studies.clicks.guide_figures import TOLD
from core.studies.clicks.guide_gate import score_guides
from core.workspace.chosen_labels import dataset_of_job
from core.workspace.workspace_folder import open_workspace


def run_guide_gate(
    spec: GateSpec, job: JobFolder, *, echo: Echo | None = None
) -> GateReport | None:
    """Return the report, which is also written into the job; None when it was stopped.

    Raises `AppError`, after writing it to the events, when it cannot go on.
    """
    with work_on(job, echo) as writer:
        return _judge(spec, writer)
    return None


def read_guide_gate(folder: Path) -> GateSpec:
    """Return the spec in a job folder; raises `WorkspaceError` when there is none."""
    return read_spec(folder, GateSpec, WorkspaceError, of="a gate", content="what a gate compares")


def _judge(spec: GateSpec, writer: JobWriter) -> GateReport:
    dataset = dataset_of_job(Path(spec.data), spec.chosen)
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
    write_json(writer.folder.path / GATE_FILE, report)
    figures = {"mean_difference": report.mean_difference, "candidate": report.candidate_mean}
    writer.done(report.verdict, figures)
    return report


def _told(writer: JobWriter) -> Progress:
    def report(fraction: float, message: str) -> None:
        writer.beat()
        writer.progress(fraction, "scoring", message)
        heed(writer.folder)

    return report


def main(arguments: list[str]) -> int:
    """Take up the job in a folder; returns the exit status."""
    parser = folder_parser("Run the gate that a job folder describes.")
    given = parser.parse_args(arguments)
    return status_of(lambda: run_guide_gate(read_guide_gate(given.folder), JobFolder(given.folder)))


if __name__ == "__main__":
    go_behind()  # not whoever calls `main`: that may be another's process
    sys.exit(main(sys.argv[1:]))
