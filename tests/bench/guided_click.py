"""A guided click, from the press to the outline that shows what it would change.

By the bump alone, in every plane, and as the window answers where a network comes with it: by
both together, the network computed in a process of its own.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import Guided
from core.domain.guide import Click, Guide, PairedGuide
from core.domain.plane import PLANES, Cut, Plane
from core.inference.engine import Engine
from core.inference.guide_network import NetworkGuide
from core.io.resource_paths import resource
from core.models.guides import Guides
from gui.viewer.lines import make_lines
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS

_SLICES, _CLICKS = 24, 60
_BOUND_MS = {256: 100.0, 512: 250.0}


def measure() -> list[Entry]:
    """Return the 95th percentile on slices of 256² and 512², carried through the slices as well."""
    found = []
    for side in _BOUND_MS:
        ground = _ground(side)
        for plane in PLANES.values():
            name = "" if plane.axis == 0 else f"_{plane.name}"
            found += _clicks(side, ground, Bump(), plane, f"guided_click_{side}{name}")
        with _network() as guide:
            if guide is not None:
                name = f"guided_click_{side}_network"
                found += _clicks(side, ground, guide, PLANES["axial"], name)
    return found


def _clicks(side: int, ground: ClickGround, guide: Guide, plane: Plane, name: str) -> list[Entry]:
    random = np.random.default_rng(side)
    _ = ground.scene.scales  # made once a case
    shown, carried = [], []
    state = Guided(ground, guide)
    depth, rows, columns = plane.turned(ground.mask.shape)
    for number in range(_CLICKS):
        if number % 5 == 0:
            state = Guided(ground, guide)
        z = int(random.integers(depth))
        y = int(random.integers(rows // 3, 2 * rows // 3))
        x = int(random.integers(columns // 3, 2 * columns // 3))
        click = Click(z, ((y, x),), bool(number % 2), reach=None, plane=plane.name)
        started = time.perf_counter()
        seen = state.on_slice(click).mask_of(Cut(plane, z))
        make_lines(seen.astype(np.uint8), exact=False)
        shown.append(time.perf_counter() - started)
        started = time.perf_counter()
        state = state.add(click)
        _ = state.tallies
        carried.append(time.perf_counter() - started)
    late, whole = (float(np.percentile(spent, 95)) * MILLISECONDS for spent in (shown, carried))
    said = f"{_CLICKS} clicks on {side} × {side}, {_SLICES} slices of noise and two discs"
    return [
        Figure(f"{name}_p95", late, "ms").at_most(_BOUND_MS[side], against=said),
        Figure(f"{name}_carried_p95", whole, "ms").plain(said),
    ]


@contextmanager
def _network() -> Iterator[Guide | None]:
    """Yield what answers clicks in the window; None where no network comes with it."""
    model = Guides((resource("models"),)).find()
    if model is None:
        yield None
        return
    engine = Engine()
    try:
        order = (0,) * len(model.spec.channels)
        taught = NetworkGuide(model.spec, order, lambda values: engine.answer_click(model, values))
        side, planes = model.spec.window, model.spec.network.in_channels
        taught.logits(np.zeros((1, planes, side, side), np.float32))  # as when the tool is taken
        yield PairedGuide(Bump(), taught, planes=model.spec.planes)
    finally:
        engine.retire()


def _ground(side: int) -> ClickGround:
    rows, columns = np.mgrid[:side, :side]
    near = np.hypot(rows - side * 0.45, columns - side * 0.4) < side * 0.12
    missed = np.hypot(rows - side * 0.55, columns - side * 0.6) < side * 0.08
    noise = np.random.default_rng(0).normal(0, 12, (1, _SLICES, side, side))
    pixels = np.clip(90 + 70 * (near | missed) + noise, 0, 255).astype(np.uint8)
    probability = np.where(near, 240, 8).astype(np.uint8)[np.newaxis].repeat(_SLICES, axis=0)
    mask = (probability > 127).astype(np.uint8)
    return ClickGround(Scene(pixels, ("FLAIR",)), mask, probability)
