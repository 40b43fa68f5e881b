"""Score candidate and champion on the frozen cases and judge between them.

    python -m training.gate FOLDER

The folder is that of a job whose spec is a `GateSpec`; the report is its `gate.json`.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

import msgspec
import torch

from core.domain.progress import Progress
from core.inference.prediction_service import (
    PredictionService,
    Predictor,
    PredictorOf,
    local_predictor,
)
from core.inference.torch_device import limit_threads
from core.io.json_file import write_json
from core.jobs.job_folder import Echo, JobFolder, JobWriter, folder_parser, read_spec, status_of
from core.models.gate import GATE_FILE, GateReport, GateSpec, judge_candidate
from core.models.registry import Model, read_model
from core.workspace.chosen_labels import dataset_of_job
from core.workspace.workspace_folder import Workspace, open_workspace
from training.learning.errors import TrainingError
from training.run.events import tell
from training.run.frame import in_job
from training.run.loop import PauseRequested
from training.run.scores import ScoredBy, Scores, made_of, score_model


def run_gate(spec: GateSpec, job: JobFolder, *, echo: Echo | None = None) -> GateReport | None:
    """Return the gate's report, which is also written into the job; None when it was stopped."""
    return in_job(job, lambda writer, _: _judge(spec, writer), resume=False, echo=echo)


def read_gate_spec(folder: Path) -> GateSpec:
    """Return the spec in a job folder; raises `TrainingError` when there is none."""
    return read_spec(folder, GateSpec, TrainingError, of="a gate", content="what a gate compares")


def _judge(spec: GateSpec, writer: JobWriter) -> GateReport:
    limit_threads(spec.threads or None)
    if not spec.threads:
        limit_threads(max(1, torch.get_num_threads() - 1))
    dataset = dataset_of_job(Path(spec.data), spec.chosen)
    cases = [dataset.case(name) for name in spec.cases]
    scores: list[Scores] = []
    models = [read_model(Path(folder)) for folder in (spec.champion, spec.candidate)]
    by = _scored_by(*models)
    with _predictors(spec) as predictor_of:
        for model in models:
            progress = _told(writer, len(scores) / 2, model.spec.title)
            predict = predictor_of(model)
            scores.append(score_model(model, cases, predict=predict, by=by, progress=progress))
    first, second = (s.of(spec.protocol) for s in scores)
    report = judge_candidate(
        (models[0].spec.id, first),
        (models[1].spec.id, second),
        protocol=spec.protocol,
        failed={**scores[0].failed, **scores[1].failed},
    )
    report = msgspec.structs.replace(report, made=made_of(models, scores), labels=_by_label(scores))
    write_json(writer.folder.path / GATE_FILE, report)
    figures = {"mean_difference": report.mean_difference, "candidate": report.candidate_mean}
    writer.done(report.verdict, figures)
    return report


def _scored_by(champion: Model, candidate: Model) -> ScoredBy:
    """Return what both models can be judged by: what only one knows, the other cannot lose by.

    One of classes and one of regions of the same labels draw the same named regions.
    """
    if champion.spec.gives == candidate.spec.gives:
        return "channels"
    first, second = champion.spec.several, candidate.spec.several
    if first is None or second is None or not first.labels.regions:
        return "focus"
    known = [(output.labels.values, output.labels.regions) for output in (first, second)]
    return "regions" if known[0] == known[1] else "focus"


def _by_label(scores: Sequence[Scores]) -> dict[str, tuple[float, float]]:
    """Return the mean DSC of each label or region by champion and candidate."""
    names = [name for name in scores[0].labels if name in scores[1].labels]
    return {
        name: (fmean(scores[0].labels[name].values()), fmean(scores[1].labels[name].values()))
        for name in names
    }


@contextmanager
def _predictors(spec: GateSpec) -> Iterator[PredictorOf]:
    """Yield what predicts with a model; what a workspace keeps of it the window shows at once."""

    def run(model: Model) -> Predictor:
        return local_predictor(model, spec.device, threads=torch.get_num_threads())

    if not spec.workspace:
        yield run
        return
    workspace = open_workspace(Path(spec.workspace))
    try:
        yield lambda model: _kept(workspace, model, run(model))
    finally:
        workspace.close()


def _kept(workspace: Workspace, model: Model, predict: Predictor) -> Predictor:
    service = PredictionService(workspace, lambda loaded, _, progress: predict(loaded, progress))
    return service.predictor(model)


def _told(writer: JobWriter, done: float, title: str) -> Progress:
    def report(fraction: float, message: str) -> None:
        writer.beat()
        writer.progress(done + fraction / 2, "scoring", f"{title}: {message}")
        if writer.folder.requested() is not None:
            writer.pause()
            raise PauseRequested

    return report


def main(arguments: list[str]) -> int:
    """Run the gate in a folder; returns the exit status."""
    parser = folder_parser("Run the gate that a job folder describes.")
    given = parser.parse_args(arguments)
    return status_of(
        lambda: run_gate(read_gate_spec(given.folder), JobFolder(given.folder), echo=tell)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
