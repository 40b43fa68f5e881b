"""From a notch of the wheel to the painted slice, at 512 × 512 with eight labels.

The same heads as for `slice_change`, their lesions cut into eight labels; the prediction is a
folder of label maps of another program. Contours, errors and fills of all labels are drawn, and
where a label is wrong.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import nibabel
import numpy as np
from numpy.typing import NDArray

from core.domain.mask import Mask
from tests.bench.data import Example, example
from tests.bench.entry import Entry, Figure
from tests.bench.slice_change import SIZE, SLICES
from tests.bench.timing import MILLISECONDS
from tests.bench.window import VIEW_SIZE, Stage, opened, wait_until

LABELS = 8
_CASE = "CASE_A"
_PASSES = 3
_MEDIAN_MS = 10.0


def measure(*, passes: int = _PASSES, slices: int = SLICES, size: int = SIZE) -> list[Entry]:
    """Return the time of a step on the window's thread, timed as `slice_change` does.

    It is what a step takes on a machine that does nothing else. `unprepared` is the first pass
    through slices nothing was made ahead of.
    """
    with _stage(slices, size) as stage:
        for _ in range(passes):
            stage.program.viewer.verbs.go_to_slice(0)
            stage.settle()
            for _ in range(slices - 1):
                stage.paced_step_seconds(1)
        busy = np.array(stage.busy_seconds) * MILLISECONDS
        stage.busy_seconds.clear()
        stage.program.viewer.verbs.go_to_slice(0)
        stage.program.prediction.desk.set_threshold(0.4)
        stage.settle()
        for _ in range(slices - 1):
            stage.step_seconds(1)
        rushed = float(np.median(stage.busy_seconds)) * MILLISECONDS
    median, p95 = np.percentile(busy, (50, 95)).tolist()
    said = f"on the processor, {len(busy)} steps, longest {busy.max():.1f} ms"
    return [
        Figure("slice_labels_512_median", median, "ms").at_most(_MEDIAN_MS, against=said),
        Figure("slice_labels_512_p95", p95, "ms").plain(said),
        Figure("slice_labels_512_unprepared", rushed, "ms").plain("on the processor, no pause"),
    ]


@contextmanager
def _stage(slices: int, size: int) -> Iterator[Stage]:
    """Open the window on a large case with eight labels and a prediction of them."""
    with TemporaryDirectory(prefix="overread-bench-") as folder:
        data, masks = Path(folder) / "data", Path(folder) / "masks"
        made = example(slices, size)
        _write(data, masks, made)
        with opened(data, Path(folder) / "home") as stage:
            stage.program.operations.open_predictions(masks)
            session = stage.program.session
            wait_until(lambda: session.result is not None and session.result.label_map is not None)
            stage.settle()
            view, item = stage.program.window.view, stage.program.viewer.labels.layer.item
            stage.program.viewer.verbs.go_to_slice(slices // 2)
            stage.settle()
            wider, higher = VIEW_SIZE[0] - view.width(), VIEW_SIZE[1] - view.height()
            window = stage.program.window
            window.resize(window.width() + wider, window.height() + higher)
            stage.settle()
            assert item.picture is not None, "no labels on screen"
            assert len(item.picture.fills) == LABELS, f"{len(item.picture.fills)} labels are drawn"
            yield stage


def labelled(mask: Mask) -> NDArray[np.uint8]:
    """Return a mask (Z, Y, X) as a map of eight labels, in bands across its slices."""
    bands = np.indices(mask.shape, np.uint16)[1:].sum(axis=0) // (max(mask.shape) // 24)
    return np.asarray(np.where(mask > 0, 1 + bands % LABELS, 0), np.uint8)


def _write(data: Path, masks: Path, made: Example) -> None:
    for folder in (data / "imagesTr", data / "labelsTr", masks):
        folder.mkdir(parents=True)
    for number, channel in enumerate(made.pixels):
        _save(data / "imagesTr" / f"{_CASE}_{number:04}.nii", channel)
    _save(data / "labelsTr" / f"{_CASE}.nii", labelled(made.truth))
    _save(masks / f"{_CASE}.nii", labelled(made.prediction))
    said = {
        "channel_names": {"0": "T1", "1": "FLAIR", "2": "T1c"},
        "labels": {"background": 0, **{f"Part {n}": n for n in range(1, LABELS + 1)}},
        "numTraining": 1,
        "file_ending": ".nii",
    }
    (data / "dataset.json").write_bytes(msgspec.json.encode(said))


def _save(path: Path, pixels: NDArray[np.uint8]) -> None:
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(pixels.T), np.eye(4)), path)  # type: ignore[no-untyped-call]
