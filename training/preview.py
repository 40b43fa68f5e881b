"""Time a few steps of a training and show its augmentation, for whoever is about to start it.

    python -m training.preview FOLDER

The folder is that of a job whose spec is the training's; nothing is published.
"""

import sys
import time
from dataclasses import replace

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from core.inference.torch_device import resolve_device
from core.io.atomic import atomic_path, write_bytes
from core.jobs.job_folder import JobFolder, JobWriter, folder_parser, status_of
from core.jobs.train_preview import PLANES_FILE, PREVIEW_FILE, TrainPreview
from core.models.train_spec import TrainSpec
from training.cases.split import first_cases
from training.learning.augment import augment
from training.learning.parallel import ProcessGroup
from training.learning.train_case import TrainCase, planes
from training.run.events import tell
from training.run.frame import in_job, job_progress, keep_memory, limit_job_threads
from training.run.plan import Plan, PreparedCases, make_plan, prepare_cases
from training.run.selection import LogitMeaning, score_cases
from training.train import read_job

_CASES, _STEPS, _WARM_UP = 6, 20, 3
_MOST_SECONDS = 30.0
_VARIATIONS = 7
_LOWEST, _HIGHEST = 0.5, 99.5


def preview(spec: TrainSpec, job: JobFolder) -> TrainPreview | None:
    """Measure a training on a few of its cases and write the preview into the job folder."""
    return in_job(job, lambda writer, _: _preview(spec, writer), resume=False, echo=tell)


def _preview(spec: TrainSpec, writer: JobWriter) -> TrainPreview:
    limit_job_threads(spec)
    plan = make_plan(spec)
    few = Plan(spec, first_cases(plan.split, _CASES), replace(plan.lessons, unlabelled=()))
    folder = writer.folder.path
    ready = prepare_cases(
        few,
        folder / "data",
        group=ProcessGroup(),
        device=resolve_device(spec.device),
        progress=job_progress(writer, 0.1, "reading"),
    )
    with atomic_path(folder / PLANES_FILE) as temporary:
        np.save(temporary, _variations(ready, spec))
    found = _measure(plan, ready, writer)
    write_bytes(folder / PREVIEW_FILE, msgspec.json.encode(found))
    writer.done("preview", {"images_a_second": found.images_a_second})
    return found


def _measure(plan: Plan, ready: PreparedCases, writer: JobWriter) -> TrainPreview:
    spec = plan.spec
    started = time.perf_counter()
    times: list[float] = []
    for step in range(_WARM_UP + _STEPS):
        before = time.perf_counter()
        ready.learner.step(ready.sampler.draw(), step + 1, 0.0)
        times.append(time.perf_counter() - before)
        writer.beat()
        writer.progress(0.2 + 0.7 * step / (_WARM_UP + _STEPS), "timing")
        if before - started > _MOST_SECONDS and len(times) > _WARM_UP:
            break
    a_step = float(np.median(times[_WARM_UP:]))
    return TrainPreview(
        seconds_a_step=a_step,
        images_a_second=spec.batch_size / a_step,
        seconds_a_selection=_selection_seconds(plan, ready, writer),
        cases=len(plan.split.fit),
        slices=ready.sampler.slices,
    )


def _selection_seconds(plan: Plan, ready: PreparedCases, writer: JobWriter) -> float:
    """Return the seconds of one selection of the training, from those of one of its cases."""
    case, learner = ready.selection[:1], ready.learner
    before = time.perf_counter()
    score_cases(
        learner.average.network,
        case,
        plan.spec,
        device=learner.device,
        meaning=LogitMeaning(learner.output),
        beat=writer.beat,
    )
    return (time.perf_counter() - before) * len(plan.split.selection)


def _variations(ready: PreparedCases, spec: TrainSpec) -> NDArray[np.uint8]:
    """Return the slice with the largest lesion as it is, and as training would see it."""
    areas = {id(c): np.count_nonzero(c.mask, axis=(1, 2)) for c in ready.sampler.cases}
    case = max(ready.sampler.cases, key=lambda case: int(areas[id(case)].max()))
    z = int(areas[id(case)].argmax())
    values, mask = _slice(case, z, spec.preprocessing.neighbours)
    given = ready.learner.planes
    images, masks = augment(
        values.repeat(_VARIATIONS, 1, 1, 1),
        mask.repeat(_VARIATIONS, 1, 1, 1),
        spec.augmentation,
        planes=given,
        generator=Generator().manual_seed(spec.seed),
    )
    shown = spec.preprocessing.neighbours * given.channels + given.substitute
    grey = torch.cat((values, images))[:, shown]
    low, high = np.percentile(values[0, shown].numpy(), (_LOWEST, _HIGHEST))
    bright = ((grey - low) / max(high - low, 1e-6)).clamp(0, 1) * 255
    lesion = torch.cat((mask, masks))[:, 0] > 0
    return torch.stack((bright, lesion), dim=1).byte().numpy()


def _slice(case: TrainCase, z: int, neighbours: int) -> tuple[Tensor, Tensor]:
    values = torch.from_numpy(planes(case.values, z, neighbours).astype(np.float32))
    return values.unsqueeze(0), torch.from_numpy(case.mask[z].astype(np.float32))[None, None]


def main(arguments: list[str]) -> int:
    """Preview the training in a folder; returns the exit status."""
    parser = folder_parser("Time the training that a job folder describes.")
    given = parser.parse_args(arguments)
    keep_memory()
    return status_of(lambda: preview(read_job(given.folder), JobFolder(given.folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
