"""A reader made by code: gestures, undo and redo in a random but repeatable order."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from core.annotation import regions, shapes, strokes
from core.annotation.correction import Correction
from core.annotation.draft import Draft, Origin, Step, new_draft
from core.annotation.history import Edit, History
from core.annotation.patch import Patch
from core.domain.components import box_slices
from core.domain.guide import Window
from core.domain.mask import Mask

SHAPE = (6, 48, 40)
FROM_PREDICTION = Origin("prediction", "unet", "key", 0.5)


def start_mask(shape: tuple[int, int, int] = SHAPE) -> Mask:
    """Return a ball a little off the middle."""
    z, y, x = (np.arange(side) - side * 0.45 for side in shape)
    radius = np.hypot(np.hypot(y[:, None], x), z[:, None, None] * 3)
    return (radius < min(shape[1:]) * 0.25).astype(np.uint8)


def fresh_draft(shape: tuple[int, int, int] = SHAPE) -> Draft:
    return new_draft("CASE", start_mask(shape), FROM_PREDICTION, author="Reader")


def put(mask: Mask, patch: Patch | None) -> Mask:
    """Return a copy of `mask` with `patch` in it, after checking that the patch is a tight one."""
    result = mask.copy()
    if patch is not None:
        where = box_slices(patch.box)
        differs = mask[where] != patch.values
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            assert differs.any(axis=others)[[0, -1]].all(), "wider than what changes"
        result[where] = patch.values
    return result


def act(correction: Correction, random: np.random.Generator) -> Step | None:
    """Do one thing a reader does."""
    mask = correction.mask
    depth, height, width = mask.shape
    z = int(random.integers(depth))
    kind = random.integers(10)
    if kind < 5:
        return _stroke(correction, z, random)
    if kind == 5:
        return correction.undo()
    if kind == 6:
        return correction.redo()
    if kind == 7:
        points = random.uniform(-5, (height + 5, width + 5), (5, 2))
        return correction.apply("lasso", z, strokes.polygon(mask, z, points.tolist(), value=z % 2))
    if kind == 8:
        return correction.apply("grow", z, shapes.grow(mask, by=2, z=z))
    return correction.apply("copy", z, regions.copy_slice(mask, source=z, target=(z + 1) % depth))


def _stroke(correction: Correction, z: int, random: np.random.Generator) -> Step | None:
    value = int(random.integers(2))
    size = float(random.uniform(1, 15))
    correction.begin("brush" if value else "eraser", z)
    last = tuple(random.uniform(0, correction.mask.shape[1:]))
    for _ in range(random.integers(1, 5)):
        point = tuple(last + random.normal(0, 6, 2))
        patch = strokes.stroke(correction.mask, z, [last, point], size=size, value=value)
        correction.paint(patch)
        last = point
    return correction.end()


def fingerprint(mask: Mask, history: History) -> str:
    """Return a hash of a mask and of all that can be undone and redone from it."""
    digest = blake2b(np.packbits(mask).tobytes(), digest_size=16)
    for edit in (*_undone(history), *_redone(history)):
        digest.update(repr((edit.number, edit.tool, edit.z, edit.box, edit.voxels)).encode())
        digest.update(edit.before + edit.after)
    digest.update(f"{history.head}".encode())
    return digest.hexdigest()


def _undone(history: History) -> list[Edit]:
    """Return what can be undone, newest first, leaving the history as it was."""
    found = []
    while edit := history.undo():
        found.append(edit)
    for _ in found:
        history.redo()
    return found


def _redone(history: History) -> list[Edit]:
    found = []
    while edit := history.redo():
        found.append(edit)
    for _ in found:
        history.undo()
    return found


@dataclass(frozen=True)
class Wild:
    """A guide that answers anything at all, for what must hold whoever the guide is."""

    far: float = 40.0

    def answer(self, window: Window) -> np.ndarray:
        seed = int(window.probability.size + 7 * len(window.marks))
        return (
            np.random.default_rng(seed).uniform(0, 1, window.probability.shape).astype(np.float32)
        )

    def reach(self, strength: float) -> float:
        return self.far
