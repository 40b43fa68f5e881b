"""Surfaces of a case of 240 × 240 × 155: how soon they are there, and how long a frame takes.

Drawn by whatever OpenGL there is, on the worker that draws; without one it is said so.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from PySide6.QtGui import QGuiApplication

from core.domain.grid import Grid
from core.domain.progress import silent
from gui.viewer.surface.surface_frame import Camera, Frame, ScenePart
from gui.viewer.surface.surface_parts import MeshCache, Surfaced, surface_parts
from gui.viewer.surface.surface_scene import SurfaceScene, make_surface
from gui.widgets.palette import DEFAULT_OVERLAYS
from tests.bench.data import example
from tests.bench.entry import Entry, Figure
from tests.bench.timing import MILLISECONDS

_SHAPE = (155, 240, 240)
_SIZE = (360, 238)
_FRAMES = 24
_TRIANGLES = 87_000
_OPEN_SECONDS, _FRAME_MS = 1.0, 100.0
_NAMES = ("surfaces_open", "surfaces_build", "surfaces_frame_87000", "surfaces_frame_turned")


def measure() -> list[Entry]:
    """Return the time until surfaces are there, that of their meshes alone, and that of frames."""
    QGuiApplication.instance() or QGuiApplication([])
    asked = _asked()
    # As in the window: one worker has OpenGL, and meshes are built while it gets ready.
    with ThreadPoolExecutor(1) as drawer:
        began = time.perf_counter()
        making = drawer.submit(SurfaceScene, make_surface())
        started = time.perf_counter()
        parts = surface_parts(asked, DEFAULT_OVERLAYS, MeshCache(), silent)
        built = time.perf_counter()
        scene = making.result()
        if scene.problem:
            return [Entry(name, against=f"not measured: {scene.problem}") for name in _NAMES]
        frame = Frame(parts, Camera(), _SIZE)
        drawer.submit(scene.draw, frame).result()
        opened = time.perf_counter()
        said = f"{_count(parts):,} triangles at {_SIZE[0]} × {_SIZE[1]}"
        turned = drawer.submit(_frame_seconds, scene, frame).result()
        some = _cut_to(parts, _TRIANGLES)
        exact = drawer.submit(_frame_seconds, scene, replace(frame, parts=some)).result()
        drawer.submit(scene.close).result()
    return [
        Figure(_NAMES[0], opened - began, "s").at_most(_OPEN_SECONDS, against=said),
        Figure(_NAMES[1], built - started, "s").plain(said),
        Figure(_NAMES[2], exact * MILLISECONDS, "ms").at_most(
            _FRAME_MS, against=f"{_count(some):,} triangles, {_renderer()}"
        ),
        Figure(_NAMES[3], turned * MILLISECONDS, "ms").plain(said),
    ]


def _asked() -> Surfaced:
    made = example(_SHAPE[0], _SHAPE[1])
    truth, mask = made.truth, made.prediction
    structure = np.asarray(made.pixels[0])
    return Surfaced(Grid(_SHAPE, None, (1.0, 1.0, 1.0)), structure, "prediction", mask, truth)


def _frame_seconds(scene: SurfaceScene, frame: Frame) -> float:
    """Return the median time of a frame while the scene is turned."""
    camera, times = frame.camera, []
    scene.draw(replace(frame, fine=False))
    for _ in range(_FRAMES):
        camera = camera.turned(7.0, 1.0)
        started = time.perf_counter()
        scene.draw(replace(frame, camera=camera, fine=False))
        times.append(time.perf_counter() - started)
    return float(np.median(times))


def _cut_to(parts: tuple[ScenePart, ...], triangles: int) -> tuple[ScenePart, ...]:
    """Return parts of so many triangles together, each as much less or more."""
    share = triangles / _count(parts)
    return tuple(
        replace(part, mesh=replace(part.mesh, faces=_some(part.mesh.faces, share)))
        for part in parts
    )


def _some(faces: np.ndarray, share: float) -> np.ndarray:
    wanted = max(round(len(faces) * share), 1)
    return np.resize(faces, (wanted, 3))


def _count(parts: tuple[ScenePart, ...]) -> int:
    return sum(len(part.mesh.faces) for part in parts)


def _renderer() -> str:
    return "software OpenGL" if os.environ.get("LIBGL_ALWAYS_SOFTWARE") else "the OpenGL found here"
