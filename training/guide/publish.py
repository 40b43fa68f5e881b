"""Make a guide of a finished training: float16 weights, its graph, certificates, a card."""

import time
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.domain.errors import ModelError
from core.domain.guide import sigmoid
from core.inference.engines import open_network
from core.inference.model_graph import prepare_graph
from core.jobs.guide_job_spec import GuideTrainSpec
from core.models.certificates import (
    Certificate,
    EngineChoice,
    valid_certificates,
    write_certificates,
)
from core.models.guides import GuideModel, Guides, GuideSpec
from core.models.model_folder import WEIGHTS_FILE
from core.models.processor import has_bfloat16, processor
from core.studies.clicks.guide_figures import CLICKS, ClickFigures
from training.guide.episodes import EpisodeSampler
from training.guide.learner import load_guide
from training.guide.loop import GuideLoop, computed, held_figures
from training.run.publish import write_card, write_weights

CANDIDATE = "candidate"
_WINDOWS = 8
_EXACT = EngineChoice("torch", "float32")


def publish_trained_guide(spec: GuideTrainSpec, loop: GuideLoop, root: Path) -> GuideModel:
    """Add the best weights to `root` with their figures; engines are certified on clicks."""
    folder = loop.writer.folder.path / CANDIDATE
    write_weights(loop.best_path, folder / WEIGHTS_FILE)
    network = loop.learner.average.network
    load_guide(network, folder / WEIGHTS_FILE)
    logits = computed(network, loop.learner.device)
    found = held_figures(logits, loop.held, loop.guide, loop.post)
    told = {f"dsc_{n}_selection": round(value, 4) for n, value in found.dsc.items()}
    sampler = loop.sampler
    assert isinstance(sampler, EpisodeSampler)
    guide = msgspec.structs.replace(
        loop.guide,
        id=spec.model_id,
        title=spec.title or spec.model_id,
        stride=loop.learner.network.stride,
        parameters=sum(p.numel() for p in network.parameters()),
        metrics={**told, "harmful_selection": round(found.harmful, 4)},
        trained_on=tuple(
            sorted(
                {
                    *loop.guide.trained_on,
                    *(case.case.id for case in sampler.cases),
                    *(case.loaded.case.id for case in loop.held),
                }
            )
        ),
        data=spec.data_title,
        licence=spec.licence,
    )
    model = Guides((root,)).publish(guide, folder / WEIGHTS_FILE)
    write_card(model.folder, guide_card(spec, guide, loop, found))
    model = prepare_graph(model)
    _certify(model, sampler)
    return model


def _certify(model: GuideModel, sampler: EpisodeSampler) -> None:
    """Keep how far OpenVINO moves a probability from torch's in float32, and how fast it is."""
    seen = np.concatenate([sampler.draw().images.numpy() for _ in range(2)])[:_WINDOWS]
    exact, spent = _answers(model, _EXACT, seen)
    made = []
    for precision in ("float32", *(["bfloat16"] if has_bfloat16() else [])):
        try:
            found, seconds = _answers(model, EngineChoice("openvino", precision), seen)
        except ModelError:  # without the library torch answers clicks
            return
        change = np.abs(found - exact)
        made.append(
            Certificate(
                engine="openvino",
                precision=precision,
                cases=len(seen),
                largest_voxel=round(float(change.max()), 4),
                mean_voxel=round(float(change.mean()), 6),
                speed=round(spent / max(seconds, 1e-9), 2),
                processor=processor(),
            )
        )
    kept = valid_certificates(model.folder, model.weights)
    assert kept is not None, "the graph was made just now"
    write_certificates(model.folder, msgspec.structs.replace(kept, certificates=tuple(made)))


def _answers(
    model: GuideModel, wanted: EngineChoice, seen: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Return the probabilities of windows by an engine, and the seconds it took for them."""
    network = open_network(model, wanted=wanted)
    network.place("cpu")
    network.logits(seen[:1])  # what is compiled at the first is no part of the speed
    started = time.perf_counter()
    logits = np.concatenate([network.logits(window[np.newaxis]) for window in seen])
    seconds = time.perf_counter() - started
    return sigmoid(logits), seconds


def guide_card(job: GuideTrainSpec, spec: GuideSpec, loop: GuideLoop, found: ClickFigures) -> str:
    """Return the model card, Markdown."""
    at = loop.position
    settings = job.portable_text()
    rows = "\n".join(f"| {n} | {found.dsc[n]:.4f} |" for n in sorted(found.dsc))
    return f"""# {spec.title}

{spec.parameters:,} parameters, `{spec.architecture}` {dict(spec.arguments)}; answers a reader's
click within {spec.window} pixels at 256². Licence: {spec.licence or "not stated"}. Not for clinical
use.

## Data
{spec.data or "Not stated."}
{len(loop.sampler.cases)} cases were clicked at by simulated readers (rounds of clicks
with the mask before, after Sofiiuk, Petrov and Konushin 2021), {len(loop.held)} others chose the
weights. What is to be corrected came from the model `{Path(job.starts or job.parent).name}`, from
masks as a hand might leave them, and from nothing.

## Training
{at.step} steps of {job.batch_size} clicks in {at.seconds / 60:.0f} minutes; the weights are those
of step {at.best_step}.

## Figures
Of the cases that chose the weights, and therefore too good: {found.slices} slices that the model
had below 0.85, a robot reader at the deepest error, the mean of bump and network.

| clicks | mean DSC |
|---|---|
{rows}

{found.harmful:.1%} of {CLICKS} clicks a slice lost more than 0.02.

## Settings
```json
{settings}
```
"""
