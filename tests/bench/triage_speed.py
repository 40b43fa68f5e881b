"""Triage of a volume on the CPU, and what a segmentation gains that skips unlikely slices."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from core.demo.demo_cases import make_demo
from core.domain.metrics import overlap
from core.domain.prediction import to_mask
from core.domain.triage import likely_slices
from core.inference.inference_triage import TriageRunner
from core.inference.torch_device import limit_threads
from core.inference.volume_inference import Runner, RunOptions
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.resource_paths import resource
from core.models.classifiers import Classifiers
from core.models.registry import Registry
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import interleaved_seconds
from tests.synthetic import volume_of

_BOUND_SECONDS = 0.4
_BOUND_GROWTH = 1.25
_SKIPPED_BELOW = 0.05
_SLICES = (20, 40, 80)


def measure() -> list[Entry]:
    """Return the time of triage and how it grows, then time saved and DSC changed by skipping."""
    # As many threads as the window's own process takes.
    limit_threads(max((os.cpu_count() or 2) - 1, 1))
    models = (resource("models"),)
    triage = TriageRunner(Classifiers(models).find(), "cpu")
    runner = Runner(Registry(models).champion())
    with TemporaryDirectory() as folder:
        demo = make_demo(Path(folder) / "demo")
        cases = [read_case(case) for case in scan(demo).cases]
    return [*_times(triage), *_skipping(triage, runner, cases)]


def _times(triage: TriageRunner) -> list[Entry]:
    pixels = example(max(_SLICES), 256).pixels
    volumes = [volume_of(pixels[:, :slices]) for slices in _SLICES]
    short, middle, long = interleaved_seconds(
        [partial(triage.triage, volume) for volume in volumes], runs=9
    )
    before = time.process_time()
    triage.triage(volumes[1])
    spent = f"{time.process_time() - before:.3f} s of processor time"
    said = f"{long:.3f} s for {_SLICES[2]} slices, {short:.3f} s for {_SLICES[0]}"
    growth = long / short / (_SLICES[2] / _SLICES[0])
    return [
        Figure("triage_40_slices", middle, "s").at_most(_BOUND_SECONDS, against=spent),
        Figure("triage_growth", growth, "of linear").at_most(_BOUND_GROWTH, against=said),
    ]


@dataclass(frozen=True)
class _Saved:
    """Seconds of a case with every slice and with the likely alone, and the change of its DSC."""

    whole: float
    likely: float
    change: float
    looked_at: int


def _skipping(triage: TriageRunner, runner: Runner, cases: Sequence[LoadedCase]) -> list[Entry]:
    runner.predict(cases[0].volume, RunOptions("cpu", only=(0,)))
    found = [_saved(triage, runner, loaded) for loaded in cases]
    kept = sum(one.looked_at for one in found)
    said = (
        f"synthetic demo, {kept} of {sum(c.volume.slices for c in cases)} slices looked at: those "
        f"below a triage probability of {_SKIPPED_BELOW} skipped, the time of triage counted"
    )
    share = sum(one.likely for one in found) / sum(one.whole for one in found)
    furthest = max((one.change for one in found), key=abs)
    return [
        Figure("skipping_slices_saves", 100 * (1 - share), "% of the time").plain(said),
        Figure("skipping_slices_dsc", furthest, "DSC, furthest case").plain(said),
    ]


def _saved(triage: TriageRunner, runner: Runner, loaded: LoadedCase) -> _Saved:
    started = time.perf_counter()
    whole = runner.predict(loaded.volume, RunOptions("cpu"))
    between = time.perf_counter()
    chances = triage.triage(loaded.volume).probability
    only = tuple(likely_slices(chances, threshold=_SKIPPED_BELOW))
    likely = runner.predict(loaded.volume, RunOptions("cpu", only=only))
    ended = time.perf_counter()
    truth, post = loaded.require_ground_truth(), runner.model.spec.postprocessing
    before, after = (overlap(truth, to_mask(one.probability, post)).dsc for one in (whole, likely))
    return _Saved(between - started, ended - between, after - before, len(only))
