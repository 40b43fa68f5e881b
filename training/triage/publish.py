"""Make a classifier of a finished training: temperature, scores on `val`, figures, card."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.domain.classification import (
    ClassReport,
    Floats,
    class_figures,
    fit_temperature,
    operating_point,
    softmax,
)
from core.domain.classification import class_report as score
from core.domain.progress import Progress, silent
from core.io.json_file import write_json
from core.jobs.classify_spec import ClassifySpec
from core.models.acquisition import Acquisition, joined
from core.models.classifiers import CLASSIFIER_SPEC, ClassifierModel, Classifiers, ClassifierSpec
from core.models.model_folder import WEIGHTS_FILE
from core.models.networks.network import Classifier
from core.studies.classification_figures import draw_class_curves, draw_report
from training.run.loop import BEST_FILE
from training.run.publish import write_card, write_weights
from training.triage.dataset import Labelled
from training.triage.learner import load_classifier
from training.triage.loop import ClassifierLoop, case_logits
from training.triage.sources import TrainingSource

CURVES_FILE = "curves.png"
CLASS_REPORT_FILE = "report.json"
REPORT_FIGURE = "report.png"
_CANDIDATE = "candidate"


@dataclass(frozen=True)
class FinishedClassifier:
    """A training of a classifier that is over: what it was, where its slices are, its loop."""

    spec: ClassifySpec
    source: TrainingSource
    loop: ClassifierLoop
    folder: Path


def publish_classifier(
    finished: FinishedClassifier, models: Classifiers, *, progress: Progress = silent
) -> ClassifierModel:
    """Calibrate the best weights on the selection part, score them on `val`, once, and add them."""
    folder = finished.folder / _CANDIDATE
    network = _best_network(finished, folder / WEIGHTS_FILE)
    loop = finished.loop
    held = Labelled(tuple(loop.selection), tuple(loop.labels))
    logits = _logits(finished, network, held)
    spec = _spec(finished, network, fit_temperature(logits, held.every_label))
    if len(spec.classes) == 2:
        chance = softmax(logits, spec.temperature)[:, 1]
        if point := operating_point(chance, held.every_label == 1):
            spec = msgspec.structs.replace(spec, threshold=round(point.threshold, 4))
    found = _judge(finished, network, spec, progress)
    if found is not None:
        named = {f"{name}_val": round(value, 4) for name, value in class_figures(found).items()}
        spec = msgspec.structs.replace(spec, metrics={**spec.metrics, **named})
    _draw_curves(finished)
    CLASSIFIER_SPEC.write(folder, spec)
    model = models.publish(spec, folder / WEIGHTS_FILE)
    write_card(model.folder, classifier_card(finished, spec, found))
    return model


def _best_network(finished: FinishedClassifier, weights: Path) -> Classifier:
    """Return the network with the best weights, as they are stored."""
    write_weights(finished.folder / BEST_FILE, weights)
    network = finished.loop.learner.average.network
    assert isinstance(network, Classifier)
    load_classifier(network, weights)
    return network


def _judge(
    finished: FinishedClassifier, network: Classifier, spec: ClassifierSpec, progress: Progress
) -> ClassReport | None:
    """Return the figures of `val`, also written to the job's folder; None when it is empty."""
    if not finished.source.ids("val"):
        return None
    val = finished.source.load("val", stride=network.stride, progress=progress)
    logits = _logits(finished, network, val)
    found = score(logits, val.every_label, temperature=spec.temperature)
    write_json(finished.folder / CLASS_REPORT_FILE, found)
    draw_report(
        logits,
        val.every_label,
        finished.folder / REPORT_FIGURE,
        classes=spec.classes,
        temperature=spec.temperature,
    )
    return found


def _logits(finished: FinishedClassifier, network: Classifier, part: Labelled) -> Floats:
    return case_logits(
        network,
        part.cases,
        neighbours=finished.spec.preprocessing.neighbours,
        device=finished.loop.learner.device,
    )


def _spec(finished: FinishedClassifier, network: Classifier, temperature: float) -> ClassifierSpec:
    job, source = finished.spec, finished.source
    return ClassifierSpec(
        id=job.model_id,
        title=job.title or job.model_id,
        task=job.task,
        classes=source.classes,
        architecture=job.architecture,
        arguments={n: v for n, v in job.arguments.items() if n != "encoder_weights"},
        channels=source.channels,
        preprocessing=job.preprocessing,
        temperature=round(temperature, 4),
        lesion_voxels=job.lesion_voxels,
        stride=network.stride,
        parameters=sum(p.numel() for p in network.parameters()),
        acquisition=_acquisition(finished),
        metrics={f"{finished.loop.figure}_selection": round(finished.loop.position.best, 4)},
        trained_on=tuple(sorted((*source.ids("fit"), *source.ids("selection")))),
        data=job.data_title,
        licence=job.licence,
    )


def _acquisition(finished: FinishedClassifier) -> Acquisition | None:
    """Return what images it learnt from; pictures tell nothing of how they were acquired."""
    if finished.spec.task != "triage":
        return None
    return joined(case.acquisition for case in finished.loop.sampler.cases)


def _draw_curves(finished: FinishedClassifier) -> None:
    draw_class_curves(finished.loop.writer.folder.curves(), finished.folder / CURVES_FILE)


def classifier_card(
    finished: FinishedClassifier, spec: ClassifierSpec, found: ClassReport | None
) -> str:
    """Return the model card, Markdown."""
    job, source, at = finished.spec, finished.source, finished.loop.position
    counts = {name: len(source.ids(name)) for name in ("fit", "selection", "val")}
    what = "cases" if job.task == "triage" else "pictures"
    rule = (
        f"A slice holds a lesion from {job.lesion_voxels} voxels of its mask up.\n"
        if job.task == "triage"
        else ""
    )
    settings = job.portable_text()
    return f"""# {spec.title}

{spec.parameters:,} parameters, `{spec.architecture}` {dict(spec.arguments)}; says which of
{", ".join(spec.classes)} a slice is. Licence: {spec.licence or "not stated"}. Not for clinical use.

## Data
{spec.data or "Not stated."}
{counts["fit"]} {what} reached a gradient, {counts["selection"]} others of `train` chose the
weights, the temperature ({spec.temperature}) and the threshold ({spec.threshold}, which leaves out
95 % of their negatives), {counts["val"]} {what} of `val` were scored once, at the end.
{rule}
## Training
{at.step} steps of {job.batch_size} slices in {at.seconds / 60:.0f} minutes, cross-entropy with
label smoothing {job.label_smoothing}, every class drawn alike; the weights are those of step
{at.best_step}.

{_figures_section(spec, found)}
## Settings
```json
{settings}
```
"""


def _figures_section(spec: ClassifierSpec, found: ClassReport | None) -> str:
    rows = "\n".join(f"| {name} | {value:.4f} |" for name, value in spec.metrics.items())
    matrix = "\n".join(
        f"| {name} | {' | '.join(map(str, row))} |"
        for name, row in zip(spec.classes, found.confusion if found else (), strict=False)
    )
    return f"""## Figures
Over all slices together. `selection` chose the weights and is therefore too good.

| figure | value |
|---|---|
{rows}

Confusion on `val` (a row a true class): {", ".join(spec.classes)}

| true | {" | ".join(spec.classes)} |
|---|{"---|" * len(spec.classes)}
{matrix}
"""
