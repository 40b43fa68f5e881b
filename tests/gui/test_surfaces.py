"""Surfaces: which there are, what lies under the pointer, and what happens without OpenGL."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QVector3D
from pytestqt.qtbot import QtBot

from core.domain.grid import Grid
from core.domain.label_set import Label, LabelSet
from core.domain.progress import Cancelled, silent
from core.domain.surface_mesh import mask_mesh, voxel_at
from gui.app.program import Program
from gui.viewer.surface.surface_frame import (
    Camera,
    Frame,
    ScenePart,
    SurfaceCut,
    hit_at,
    view_matrix,
)
from gui.viewer.surface.surface_pane import SurfacePane, from_where
from gui.viewer.surface.surface_parts import MeshCache, Surfaced, rgb, surface_parts
from gui.widgets.palette import DEFAULT_OVERLAYS
from tests.gui.pressing import Press

GRID = Grid((20, 24, 28), None, (2.0, 1.0, 1.0))
SIZE = (300, 200)


def block(*box: int) -> np.ndarray:
    mask = np.zeros(GRID.shape, np.uint8)
    z0, z1, y0, y1, x0, x1 = box
    mask[z0:z1, y0:y1, x0:x1] = 1
    return mask


def part(key: str, mask: np.ndarray, look: str = "solid") -> ScenePart:
    mesh = mask_mesh(mask, GRID)
    assert mesh is not None
    return ScenePart(key, mesh, mesh.normals(), (1.0, 0.0, 0.0), look)  # type: ignore[arg-type]


def asked(**changes: object) -> Surfaced:
    truth, mask = block(4, 12, 4, 16, 4, 16), block(4, 12, 4, 16, 8, 20)
    head = np.zeros(GRID.shape, np.uint8)
    head[2:18, 2:22, 2:26] = 100
    told = {"grid": GRID, "structure": head, "source": "prediction", "mask": mask, "truth": truth}
    return Surfaced(**{**told, **changes})  # type: ignore[arg-type]


def test_a_prediction_comes_with_its_errors_and_the_head() -> None:
    cache = MeshCache()
    parts = surface_parts(asked(), DEFAULT_OVERLAYS, cache, silent)
    assert [(p.key, p.look) for p in parts] == [
        ("head", "shell"),
        ("prediction", "clear"),
        ("false_negative", "solid"),
        ("false_positive", "solid"),
    ]
    assert parts[3].colour == pytest.approx(rgb(DEFAULT_OVERLAYS.false_positive))
    assert parts[1].mesh.volume == pytest.approx(8 * 12 * 12 * 2, rel=0.05)


def test_a_head_with_its_skull_is_told_from_noisy_air() -> None:
    rng = np.random.default_rng(1)
    air = np.clip(rng.normal(0, 3, GRID.shape), 0, 8).astype(np.uint8)  # half of it exactly 0
    air[4:16, 6:18, 6:22] = 100
    (found, *_) = surface_parts(asked(structure=air), DEFAULT_OVERLAYS, MeshCache(), silent)
    assert found.key == "head"
    assert found.mesh.vertices[:, 1].min() > 4


def test_what_did_not_change_is_built_once() -> None:
    cache, one = MeshCache(), asked()
    before = {p.key: p.mesh for p in surface_parts(one, DEFAULT_OVERLAYS, cache, silent)}
    other = Surfaced(GRID, one.structure, "prediction", block(3, 9, 3, 9, 3, 9), one.truth)
    after = {p.key: p.mesh for p in surface_parts(other, DEFAULT_OVERLAYS, cache, silent)}
    assert after["head"] is before["head"]
    assert after["prediction"] is not before["prediction"]


def test_labels_have_their_colours_and_the_largest_is_seen_through() -> None:
    labels = LabelSet((Label(1, "Core", (255, 0, 0)), Label(2, "Rim", (0, 255, 0))))
    label_map = block(4, 12, 4, 16, 4, 16) * 2
    label_map[6:9, 6:9, 6:9] = 1
    one = asked(source="truth", mask=label_map, labels=(label_map, labels))
    parts = surface_parts(one, DEFAULT_OVERLAYS, MeshCache(), silent)
    assert [(p.key, p.look, p.colour) for p in parts[1:]] == [
        ("truth 1", "solid", (1.0, 0.0, 0.0)),
        ("truth 2", "clear", (0.0, 1.0, 0.0)),
    ]
    hidden = asked(
        source="truth", mask=label_map, labels=(label_map, labels), hidden=frozenset({2})
    )
    kept = surface_parts(hidden, DEFAULT_OVERLAYS, MeshCache(), silent)
    assert [p.key for p in kept[1:]] == ["truth 1"]


def test_a_build_that_nobody_waits_for_is_stopped() -> None:
    def stop(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        surface_parts(asked(), DEFAULT_OVERLAYS, MeshCache(), stop)


@given(st.floats(0, 359), st.floats(-80, 80), st.floats(0.5, 2.0))
@settings(max_examples=30, deadline=None)
def test_what_is_hit_is_what_is_nearest_to_the_eye(
    azimuth: float, elevation: float, zoom: float
) -> None:
    parts = (part("one", block(6, 10, 6, 12, 6, 12)), part("other", block(6, 10, 6, 12, 16, 22)))
    shell = part("head", block(1, 19, 1, 23, 1, 27), "shell")
    frame = Frame((shell, *parts), Camera(azimuth, elevation, zoom), SIZE)
    to_picture = view_matrix(frame)
    eye = np.array(frame.camera.direction)
    for each in parts:
        vertices = each.mesh.vertices
        front = vertices[np.argmax(vertices @ eye)]  # of its own part nothing lies before it
        at = to_picture.map(QVector3D(*map(float, front)))
        point = ((at.x() + 1) / 2 * SIZE[0], (1 - at.y()) / 2 * SIZE[1])
        hit = hit_at(frame, point)
        if hit is None:
            continue  # beside the silhouette by a rounding
        nearer = np.array(hit.place) @ eye >= front @ eye - 0.7
        assert nearer
        assert hit.key in ("one", "other")


def test_a_cut_lets_one_see_and_hit_what_lies_behind() -> None:
    outer, inner = (
        part("outer", block(4, 16, 4, 20, 4, 24)),
        part("inner", block(5, 8, 10, 14, 12, 16)),
    )
    above = Camera(0.0, 88.0)
    middle = (SIZE[0] / 2, SIZE[1] / 2)
    whole = hit_at(Frame((outer, inner), above, SIZE), middle)
    assert whole is not None
    assert whole.key == "outer"
    cut = SurfaceCut((0.0, 0.0, 1.0), 2.0 * 12)
    seen = hit_at(Frame((outer, inner), above, SIZE, cut=cut), middle)
    assert seen is not None
    assert seen.key == "inner"
    assert voxel_at(seen.place, GRID)[0] in (7, 8)


def test_the_eye_says_from_where_it_looks() -> None:
    assert from_where(Camera(42, 14)) == "From right, front"
    assert from_where(Camera(180, 0)) == "From left"
    assert from_where(Camera(0, 85)) == "From above"
    assert Camera(10, 80).turned(20, 30).elevation == 89.0


def test_the_pane_turns_by_a_drag_and_asks_by_a_click(qtbot: QtBot) -> None:
    pane = SurfacePane()
    qtbot.addWidget(pane)
    pane.resize(300, 200)
    pane.set_picture(QImage(300, 200, QImage.Format.Format_RGB32))
    pane.show()
    clicked: list[QPointF] = []
    pane.clicked.connect(clicked.append)
    before = pane.camera
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(pane, left, pos=QPoint(100, 100))
    qtbot.mouseMove(pane, QPoint(140, 100))
    qtbot.mouseRelease(pane, left, pos=QPoint(140, 100))
    assert clicked == []
    turned = pane.camera
    qtbot.mouseClick(pane, left, pos=QPoint(50, 60))
    assert len(clicked) == 1
    assert pane.camera == turned
    assert before.zoom == turned.zoom
    with qtbot.waitSignal(pane.source_chosen) as chosen:
        pane.set_sources([("prediction", "Prediction"), ("truth", "Truth")], "prediction")
        assert pane._segments is not None
        pane._segments.set_index(1)
    assert chosen.args == ["truth"]


def test_without_opengl_a_sentence_says_so_and_the_rest_works(
    program: Program, press: Press, qtbot: QtBot
) -> None:
    press.command("planes_view")
    pane = program.window.surfaces
    qtbot.waitUntil(lambda: "OpenGL" in pane.message or pane.picture is not None)
    if pane.picture is None:
        assert pane.message.endswith("Surfaces are left out; everything else works.")
    before = program.session.view.at
    press("Down")
    assert program.session.view.at != before
