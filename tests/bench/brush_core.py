"""Correcting without a window: brush samples, release to journalled, memory of undo, smart fill."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.annotation import shapes
from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.journal import Journal, load_draft
from core.annotation.label_rule import LabelRule
from core.annotation.live_figures import References
from core.annotation.patch import Point
from core.annotation.smart_fill import INSIDE, OUTSIDE, smart_fill
from core.annotation.strokes import stroke
from core.domain.label_set import from_values
from core.domain.mask import Mask
from core.workspace.store import Store
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS, interleaved_seconds

_SHAPE = (100, 512, 512)
_SAMPLES = 12  # of one stroke
_STROKES = 40
_GESTURES = 500
_SAMPLE_BOUND_MS = {15: 2.0, 150: 5.0}
_LABEL_BOUND_MS = 4.0
_LABELS = 8
_JOURNAL_BOUND_MS = 20.0
_HISTORY_BOUND_MIB = 64.0
_SMART_FILL_BOUND_S = 0.3


def measure() -> list[Entry]:
    """Return the figures on a case of 100 × 512 × 512 with truth and prediction.

    A sample is the capsule from the last pointer position to this one, painted, with undo and all
    figures up to date. A gesture is journalled from its release until its transaction is on the
    disk.
    """
    entries = [entry for size in _SAMPLE_BOUND_MS for entry in _samples(size)]
    entries += [_label_samples(size) for size in _SAMPLE_BOUND_MS]
    return [*entries, *_gestures(), *(_smart_fill(side) for side in (256, 512))]


def _samples(size: int) -> list[Entry]:
    correction, random = _correction(), np.random.default_rng(size)
    spent = []
    for _ in range(_STROKES):
        z = int(random.integers(_SHAPE[0]))
        correction.begin("brush", z)
        for ends in _path(random):
            started = time.perf_counter()
            correction.paint(stroke(correction.mask, z, list(ends), size=size))
            correction.figures()
            spent.append(time.perf_counter() - started)
        correction.end()
    median, late = (float(ms) for ms in np.percentile(spent, (50, 95)) * MILLISECONDS)
    said = f"{size} px brush, {len(spent)} samples of {_STROKES} strokes, 512 × 512"
    return [
        Figure(f"brush_sample_core_{size}px", median, "ms").at_most(
            _SAMPLE_BOUND_MS[size], against=said
        ),
        Figure(f"brush_sample_core_{size}px_p95", late, "ms").at_most(
            _SAMPLE_BOUND_MS[size], against=said
        ),
    ]


def _label_samples(size: int) -> Entry:
    """Paint with each of eight labels in turn, one locked; taken in hand before each stroke."""
    labels = from_values(range(1, _LABELS + 1))
    bands = np.arange(_SHAPE[2], dtype=np.uint16) // 24 % _LABELS + 1
    start = (_balls() * bands.astype(np.uint8)).astype(np.uint8)
    draft = new_draft("CASE", start, Origin("prediction", "unet"), author="bench", labels=labels)
    correction = Correction(draft, References(_balls(20), _balls(), 0.001))
    random = np.random.default_rng(size)
    spent = []
    for number in range(_STROKES):
        value = number % (_LABELS - 1) + 1
        correction.set_rule(LabelRule(value, locked=frozenset({_LABELS})))
        if not correction.sees_hand:  # as the window does on a worker
            correction.see_hand(correction.hand_view())
        z = int(random.integers(_SHAPE[0]))
        correction.begin("brush", z, correction.aim())
        for ends in _path(random):
            started = time.thread_time()
            patch = stroke(correction.under_hand, z, list(ends), size=size)
            correction.paint(patch)
            correction.figures()
            spent.append(time.thread_time() - started)
        correction.end()
    median, late = (float(ms) for ms in np.percentile(spent, (50, 95)) * MILLISECONDS)
    said = (
        f"on the processor, {len(spent)} samples, median {median:.2f}, 95th percentile {late:.2f}"
    )
    return Figure(f"brush_sample_labels_{size}px_worst", max(spent) * MILLISECONDS, "ms").at_most(
        _LABEL_BOUND_MS, against=said
    )


def _gestures() -> list[Entry]:
    """Make, journal and load again the gestures of a long session."""
    random = np.random.default_rng(0)
    draft = new_draft("CASE", _balls(), Origin("prediction", "unet"), author="bench")
    correction = Correction(draft, References(_balls(20), _balls(), 0.001))
    spent: list[float] = []
    with (
        TemporaryDirectory(prefix="overread-bench-") as folder,
        closing(Store(Path(folder) / "workspace.sqlite")) as store,
    ):
        journal = Journal(store, draft)
        while len(spent) < _GESTURES:
            _paint(correction, random, len(spent))
            started = time.perf_counter()
            step = correction.end()
            if step is not None:
                journal.record(step)
                spent.append(time.perf_counter() - started)
        started = time.perf_counter()
        found = load_draft(store, "CASE", _SHAPE)
        loaded = time.perf_counter() - started
    assert found is not None, "nothing was journalled"
    assert np.array_equal(found.mask, correction.mask), "another mask came back"
    median, late = (float(ms) for ms in np.percentile(spent, (50, 95)) * MILLISECONDS)
    said = f"{_GESTURES} gestures, one in fifty through the whole case, 100 × 512 × 512"
    return [
        Figure("gesture_journalled", median, "ms").at_most(_JOURNAL_BOUND_MS, against=said),
        Figure("gesture_journalled_p95", late, "ms").at_most(_JOURNAL_BOUND_MS, against=said),
        Figure("history_500_gestures", draft.history.nbytes / 2**20, "MiB").at_most(
            _HISTORY_BOUND_MIB, against=f"{len(correction.tools)} tools; none forgotten"
        ),
        Figure("correction_loaded", loaded, "s").plain(f"mask and undo of {_GESTURES} gestures"),
    ]


def _paint(correction: Correction, random: np.random.Generator, index: int) -> None:
    """Do a gesture but for its release: a stroke; one in fifty works through the case instead."""
    z = int(random.integers(10, 90))
    if index % 50 == 49:
        tool = shapes.grow if index % 100 == 49 else shapes.shrink
        correction.begin(tool.__name__, z)
        correction.paint(tool(correction.mask, by=1))
        return
    size, value = float(random.uniform(5, 60)), int(random.integers(2))
    correction.begin("brush" if value else "eraser", z)
    for ends in _path(random):
        correction.paint(stroke(correction.mask, z, list(ends), size=size, value=value))


def _smart_fill(side: int) -> Entry:
    y, x = np.mgrid[:side, :side]
    disc = np.hypot(y - side / 2, x - side / 2) < side * 0.25
    noise = np.random.default_rng(0).normal(0, 15, (1, 1, side, side))
    pixels = np.clip(80 + 80 * disc + noise, 0, 255).astype(np.uint8)
    scribbles = np.zeros((side, side), np.uint8)
    middle, rim = side // 2, side // 8
    scribbles[middle, middle - 8 : middle + 8] = INSIDE
    scribbles[[rim, -rim], rim:-rim] = OUTSIDE
    mask = np.zeros((1, side, side), np.uint8)
    (seconds,) = interleaved_seconds([lambda: smart_fill(mask, pixels, scribbles, z=0)], runs=5)
    return Figure(f"smart_fill_{side}", seconds, "s").at_most(
        _SMART_FILL_BOUND_S, against="disc with noise, scribbles around all of the slice"
    )


def _path(random: np.random.Generator) -> Iterator[tuple[Point, Point]]:
    """Yield the ends of a winding stroke's samples."""
    at, heading = random.uniform(120, 390, 2), float(random.uniform(0, 2 * np.pi))
    for _ in range(_SAMPLES):
        heading += float(random.normal(0, 0.4))
        after = at + random.uniform(3, 18) * np.array([np.sin(heading), np.cos(heading)])
        yield (float(at[0]), float(at[1])), (float(after[0]), float(after[1]))
        at = after


def _correction() -> Correction:
    draft = new_draft("CASE", _balls(), Origin("prediction", "unet"), author="bench")
    return Correction(draft, References(_balls(20), _balls(), 0.001))


def _balls(shift: int = 0) -> Mask:
    """Return a few lesions, moved by `shift` voxels."""
    mask = np.zeros(_SHAPE, np.uint8)
    y, x = np.mgrid[:512, :512]
    for centre, radius in (((40, 200, 200 + shift), 60), ((70, 330, 300 + shift), 30)):
        for z in range(centre[0] - 10, centre[0] + 10):
            reach = radius**2 - (4 * (z - centre[0])) ** 2
            mask[z] |= (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < reach
    return mask
