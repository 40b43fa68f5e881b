"""A guided click, from the press to the outline that shows what it would change."""

import time

import numpy as np

from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import Guided
from core.domain.guide import Click
from gui.viewer.lines import make_lines
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS

_SLICES, _CLICKS = 24, 60
_BOUND_MS = {256: 100.0, 512: 250.0}


def measure() -> list[Entry]:
    """Return the 95th percentile on slices of 256² and 512², carried through the slices as well."""
    return [entry for side in _BOUND_MS for entry in _clicks(side)]


def _clicks(side: int) -> list[Entry]:
    ground, random = _ground(side), np.random.default_rng(side)
    _ = ground.scene.scales  # made once a case
    shown, carried = [], []
    state = Guided(ground)
    for number in range(_CLICKS):
        if number % 5 == 0:
            state = Guided(ground)
        z = int(random.integers(_SLICES))
        y, x = (int(at) for at in random.integers(side // 3, 2 * side // 3, 2))
        click = Click(z, ((y, x),), bool(number % 2), reach=None)
        started = time.perf_counter()
        plane = state.on_slice(click).mask_of(z)
        make_lines(plane.astype(np.uint8), exact=False)
        shown.append(time.perf_counter() - started)
        started = time.perf_counter()
        state = state.add(click)
        carried.append(time.perf_counter() - started)
    late, whole = (float(np.percentile(spent, 95)) * MILLISECONDS for spent in (shown, carried))
    said = f"{_CLICKS} clicks on {side} × {side}, {_SLICES} slices of noise and two discs"
    return [
        Figure(f"guided_click_{side}_p95", late, "ms").at_most(_BOUND_MS[side], against=said),
        Figure(f"guided_click_{side}_carried_p95", whole, "ms").plain(said),
    ]


def _ground(side: int) -> ClickGround:
    rows, columns = np.mgrid[:side, :side]
    near = np.hypot(rows - side * 0.45, columns - side * 0.4) < side * 0.12
    missed = np.hypot(rows - side * 0.55, columns - side * 0.6) < side * 0.08
    noise = np.random.default_rng(0).normal(0, 12, (1, _SLICES, side, side))
    pixels = np.clip(90 + 70 * (near | missed) + noise, 0, 255).astype(np.uint8)
    probability = np.where(near, 240, 8).astype(np.uint8)[np.newaxis].repeat(_SLICES, axis=0)
    mask = (probability > 127).astype(np.uint8)
    return ClickGround(Scene(pixels, ("FLAIR",)), mask, probability)
