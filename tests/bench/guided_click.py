"""A guided click, from the press to the outline that shows what it would change.

By the bump alone, in every plane, and as the window answers where a network comes with it: by
both together, the network computed in a process of its own.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtWidgets import QApplication

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.annotation.guided import Guided
from core.domain.guide import Click, Guide, PairedGuide
from core.domain.plane import PLANES, Cut, Plane
from core.inference.engine import Engine
from core.inference.guide_network import NetworkGuide
from core.io.resource_paths import resource
from core.models.guide_choice import answering_guide
from gui.annotation.clicks.click_film import Film, FilmSlice
from gui.annotation.clicks.film_pictures import FilmLook, FilmRoll, draw_slice
from gui.annotation.clicks.film_strip import TILE, FilmStrip
from gui.viewer.drawn.lines import make_lines
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS

_SLICES, _CLICKS = 24, 60
_BOUND_MS = {256: 100.0, 512: 250.0}
_GUI_MS = 16.0


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
    return [*found, *_film(_ground(256))]


def _film(ground: ClickGround) -> list[Entry]:
    """Return what the film of a carried click costs: on the GUI thread, and on a worker a tile.

    In seconds of the processor: nobody else counts.
    """
    application = QApplication.instance() or QApplication([])
    click = Click(_SLICES // 2, ((141, 154),), reach=None)
    state = Guided(ground).add(click)
    counts = state.reached["axial"]
    look = FilmLook((0.0, 255.0), TILE)
    roll = FilmRoll(state, "axial", ground.scene.pixels[0], look)
    images = {z: draw_slice(roll, z) for z in counts}
    slices = tuple(FilmSlice(z, z + 1, *pair) for z, pair in counts.items())
    strip = FilmStrip()
    strip.resize(1008, 168)
    strip.show_film(Film("axial", slices, click.z), images.get)
    strip.grab()  # icons and fonts are made once

    def show(current: int) -> None:
        strip.show_film(Film("axial", slices, current), images.get)
        strip.grab()

    shown = [_spent(show, z) for z in counts]
    drawn = [_spent(draw_slice, roll, z) for z in counts]
    strip.deleteLater()
    del application
    said = f"{len(slices)} slices of 256 × 256, 1008 pixels wide; processor time"
    return [
        Figure("guided_film_gui_most", max(shown), "ms").at_most(_GUI_MS, against=said),
        Figure("guided_film_tile_p95", float(np.percentile(drawn, 95)), "ms").plain(said),
    ]


def _spent(act: Callable[..., object], *arguments: object) -> float:
    started = time.thread_time()
    act(*arguments)
    return (time.thread_time() - started) * MILLISECONDS


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
    model = answering_guide([resource("models")])
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
