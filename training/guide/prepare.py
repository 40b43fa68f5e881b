"""From the spec of a guide's training to its cases, and to a loop ready for its first step."""

from pathlib import Path

import torch

from core.domain.figure_text import counted
from core.jobs.guide_job_spec import GuideTrainSpec
from core.jobs.job_folder import JobWriter
from core.models.guides import GuideSpec, read_guide
from core.models.registry import Model, read_model
from training.cases.channels import learnt_channels
from training.guide.case_split import guide_cases
from training.guide.cases import load_guide_cases, load_held
from training.guide.episodes import EpisodeSampler
from training.guide.learner import GuideLearner, new_guide
from training.guide.loop import GuideLoop
from training.learning.errors import TrainingError
from training.learning.parallel import ProcessGroup
from training.run.frame import DATA_FOLDER, job_progress


def prepare_loop(
    spec: GuideTrainSpec,
    writer: JobWriter,
    where: tuple[ProcessGroup, torch.device],
    *,
    resume: bool,
) -> GuideLoop:
    """Build the network and decode the cases; those beyond the memory limit go to the job folder.

    Raises `AppError` for what cannot be learnt from.
    """
    group, device = where
    torch.manual_seed(spec.seed)
    parent = read_model(Path(spec.parent)) if spec.parent else None
    earlier = read_guide(Path(spec.earlier)) if spec.earlier else None
    starts = _starts(spec, parent)
    corrections, split = guide_cases(spec, starts)
    channels = learnt_channels(spec, split.fit[0])
    guide = GuideSpec(
        id=spec.model_id,
        title=spec.title or spec.model_id,
        architecture=spec.architecture,
        arguments={n: v for n, v in spec.arguments.items() if n != "encoder_weights"},
        channels=channels,
        window=spec.window,
        trained_on=() if earlier is None else earlier.spec.trained_on,
    )
    reading = job_progress(writer, 0.0, "reading")
    store = writer.folder.path / DATA_FOLDER / str(group.rank)
    fit = load_guide_cases(
        split.fit, spec, starts, store, corrections=corrections, progress=reading
    )
    held = load_held(split.selection, starts, corrections=corrections, progress=reading)
    learner = GuideLearner(spec, new_guide(guide, parent, earlier), channels, device, group)
    generator = torch.Generator().manual_seed(spec.seed)
    sampler = EpisodeSampler(fit, spec, guide, channels, generator)
    loop = GuideLoop(
        learner,
        sampler,  # type: ignore[arg-type] # draws clicks where others draw slices
        (),
        writer,
        held=held,
        guide=guide,
        post=starts.spec.postprocessing,
    )
    if resume and writer.folder.checkpoint.exists():
        loop.resume()
        writer.log(f"Going on from step {loop.position.step}.")
    known = sum(case.id in starts.spec.trained_on for case in split.selection)
    writer.log(
        f"{len(fit)} cases to click at, {len(held)} to choose by; {starts.spec.title} has learnt "
        f"from {known} of these."
    )
    if corrections is not None:
        count = sum(len(case.own) for case in fit)
        cases = sum(bool(case.own) for case in fit)
        writer.log(f"{counted(count, 'slice')} clicked on by readers, in {counted(cases, 'case')}.")
    return loop


def _starts(spec: GuideTrainSpec, parent: Model | None) -> Model:
    """Return the model whose predictions are corrected; raises `TrainingError` for none."""
    if spec.starts:
        return read_model(Path(spec.starts))
    if parent is None:
        raise TrainingError(
            "Expected a model whose predictions are corrected, found none. Give --from, or "
            "--set starts=FOLDER of a model."
        )
    return parent
