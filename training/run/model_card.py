"""The model card of a training: figures, data, settings, in Markdown."""

from pathlib import Path

from core.models.acquisition import acquisition_words
from core.models.lineage import GROUND_TRUTH
from core.models.provenance import made_from
from core.models.registry import ModelSpec
from training.run.finished_run import FinishedTraining


def model_card(finished: FinishedTraining, spec: ModelSpec, failed: dict[str, str]) -> str:
    """Return the model card, Markdown."""
    job = finished.spec
    figures = "\n".join(f"| {name} | {value:.4f} |" for name, value in spec.metrics.items())
    settings = job.portable_text()
    trouble = "".join(f"\nNot scored: {name}: {why}" for name, why in failed.items())
    return f"""# {spec.title}

{spec.parameters:,} parameters, `{spec.architecture}` {dict(spec.arguments)}.
Licence: {spec.licence or "not stated"}. Not for clinical use.

{_history(finished, spec)}

## Figures
Per volume, mean and median over cases; a case empty in truth and prediction scores 1. `native`:
the case's own grid. `reference`: the space of the public reference implementation, its largest
component alone. `selection` chose the weights and is therefore too good.

| figure | value |
|---|---|
{figures}
{trouble}
## Settings
```json
{settings}
```
"""


def _history(finished: FinishedTraining, spec: ModelSpec) -> str:
    job, split, at = finished.spec, finished.split, finished.position
    return f"""## Data
{spec.data or "Not stated."} {_images(spec)}
{len(split.fit)} cases reached a gradient, {len(split.selection)} other cases of `train` chose the
weights and whether small components are left out, {len(split.val)} cases of `val` were scored once,
at the end. Parts are by case.{_labels(finished)}

## Training
{at.step} steps of {job.batch_size} slices in {at.seconds / 60:.0f} minutes; the weights are those
of step {at.best_step}. {_origin(finished)}
Made by `python -m training.train FOLDER`, the folder's job.json holding the settings below; cross
validation over `train` is not part of it. {_versions()}"""


def _labels(finished: FinishedTraining) -> str:
    """Return what is learnt of several labels, and how they were drawn."""
    output = finished.output
    if output is None:
        return ""
    names = ", ".join(region.name for region in output.channels)
    return f"""

## Labels
It gives {output.kind}: {names}. Each slice was drawn so that every label comes alike.
{finished.balance} Figures are the mean over {output.kind}, and of each by itself."""


def _images(spec: ModelSpec) -> str:
    return f"Images: {acquisition_words(spec.acquisition)}." if spec.acquisition else ""


def _versions() -> str:
    """Return a sentence on what it was made with."""
    made = made_from((), {})
    libraries = ", ".join(f"{name} {version}" for name, version in made.libraries.items())
    return f"Overread {made.overread}, Python {made.python}, {libraries}."


def _origin(finished: FinishedTraining) -> str:
    """Return a sentence on the parent and the corrections, empty for a training from scratch."""
    job = finished.spec
    corrected = sum(origin != GROUND_TRUTH for origin in finished.learnt.values())
    if not job.parent:
        return ""
    fresh = len(finished.split.fresh & set(finished.learnt))
    return (
        f"Fine-tuned from `{Path(job.parent).name}` on {fresh} new cases and replayed old ones, "
        f"{corrected} of all with a reader's correction."
    )
