"""Keeps the pane of surfaces in step with the session: meshes and frames are made on workers."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QPointF
from PySide6.QtGui import QImage, QOffscreenSurface

from core.domain.plane import PlaneName, Voxel
from core.domain.progress import Progress
from core.domain.surface_mesh import mesh_affine, voxel_at
from core.domain.volume import Pixels, Volume
from gui.shell.context import Context
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Task
from gui.viewer.labels.label_layer import corrected_labels, predicted_labels
from gui.viewer.surface.surface_frame import Frame, Hit, ScenePart, SurfaceCut, hit_at
from gui.viewer.surface.surface_pane import BUSY, SurfacePane
from gui.viewer.surface.surface_parts import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    MeshCache,
    Surfaced,
    SurfaceSource,
    rgb,
    surface_parts,
)
from gui.viewer.surface.surface_scene import SurfaceScene, make_surface
from gui.widgets.later import Later

_REST_MS = 500
_FINE_MS = 180
_TITLES: dict[SurfaceSource, str] = {
    "prediction": "Prediction",
    "correction": "Correction",
    "truth": "Truth",
}
_AXIS: dict[PlaneName, tuple[int, float]] = {
    "axial": (2, 1.0),
    "coronal": (1, -1.0),
    "sagittal": (0, -1.0),
}
"""For each plane its voxel axis (x, y, z), and which side of the slice stays."""


class SurfacePresenter(QObject):
    """Works only while its pane is on; a build that nobody waits for any more is stopped."""

    def __init__(
        self, context: Context, pane: SurfacePane, go_to: Callable[[Voxel], object]
    ) -> None:
        super().__init__()
        self._context, self._session, self._lanes = context, context.session, context.lanes
        self._pane, self._go_to = pane, go_to
        self._on = False
        self._source: SurfaceSource = "prediction"
        self._cut: PlaneName | None = None
        self._cut_drawn: SurfaceCut | None = None
        self._parts: tuple[ScenePart, ...] = ()
        self._cache = MeshCache()
        self._building: Task[tuple[ScenePart, ...]] | None = None
        self._drawing: Task[QImage] | None = None
        self._again = self._moving = False
        self._surface: QOffscreenSurface | None = None
        self._scene: SurfaceScene | None = None
        self._problem: str | None = None
        self._rest = Later(self, _REST_MS, self.build)
        self._fine = Later(self, _FINE_MS, self._on_rest)
        self._connect()

    def _connect(self) -> None:
        session, pane = self._session, self._pane
        session.case_changed.connect(self._on_case_changed)
        session.result_changed.connect(lambda: self._wait())
        session.correction_changed.connect(lambda: self._wait())
        session.mask_painted.connect(lambda _: self._wait())
        session.labels_changed.connect(lambda: self._wait())
        session.view_changed.connect(self._on_view_changed)
        pane.camera_changed.connect(self._on_camera_changed)
        pane.source_chosen.connect(self._on_source_chosen)
        pane.cut_chosen.connect(self._on_cut_chosen)
        pane.resized.connect(self.draw)
        pane.look_changed.connect(self.build)
        pane.clicked.connect(self._on_clicked)
        self._context.closing.connect(self.close)

    @property
    def parts(self) -> tuple[ScenePart, ...]:
        """What is shown."""
        return self._parts

    def set_on(self, on: bool) -> None:
        """Build and draw from now on, or do nothing any more."""
        if on == self._on:
            return
        self._on = on
        if not on:
            self._stop()
        elif self._problem is None:
            self._pane.set_message(BUSY)
            self._surface = make_surface()
            self._lanes.run(
                "surfaces", partial(_made, self._surface), self._take_scene, failed=self._fail
            )
            self.build()
        else:
            self.build()

    def build(self) -> None:
        """Make the surfaces of what is on screen; those of before stay until then."""
        self._rest.stop()
        if self._building is not None:
            self._building.cancel()
            self._building = None
        opened = self._session.open_case
        if not self._on or opened is None or self._problem:
            return
        asked = self._asked(opened)
        self._pane.set_known(opened.loaded.volume.geometry.is_known)
        self._pane.set_message(BUSY)
        colours, cache = self._pane.overlays, self._cache
        self._building = self._lanes.run(
            "io",
            lambda progress: surface_parts(asked, colours, cache, progress),
            self._take_parts,
            failed=self._fail,
        )

    def draw(self) -> None:
        """Draw what there is; while a frame is drawn, the newest one waits for it."""
        frame = self._frame()
        if frame is None:
            return
        if self._drawing is not None:
            self._again = True
            return
        scene = self._scene
        assert scene is not None
        self._again, self._cut_drawn = False, frame.cut
        self._drawing = self._lanes.run(
            "surfaces", lambda _: scene.draw(frame), self._take_picture, failed=self._fail,
            finished=self._on_drawn,
        )  # fmt: skip

    def close(self) -> None:
        """Give back what OpenGL holds, on the thread that drew."""
        self._on = False
        self._stop()
        scene, self._scene = self._scene, None
        if scene is not None:
            self._lanes.finish("surfaces", scene.close)

    def _stop(self) -> None:
        for timer in (self._rest, self._fine):
            timer.stop()
        if self._building is not None:
            self._building.cancel()
            self._building = None

    def _wait(self) -> None:
        """Build once what changes has come to rest."""
        if self._on:
            self._rest.start()

    def _frame(self) -> Frame | None:
        if not self._on or self._scene is None or self._problem or not self._parts:
            return None
        return Frame(
            self._parts,
            self._pane.camera,
            self._pane.pixels,
            rgb(self._pane.theme.canvas),
            self._cut_now(),
            fine=not self._moving,
        )

    def _asked(self, opened: OpenCase) -> Surfaced:
        session, loaded = self._session, opened.loaded
        result, correction, view = session.result, session.correction, session.view
        masks = {"truth": loaded.ground_truth}
        counted = None if result is None or result.ready is not None else result.counted
        masks["prediction"] = None if counted is None else counted.mask
        masks["correction"] = None if correction is None else correction.snapshot_mask()
        made: SurfaceSource = "correction" if correction is not None else "prediction"
        offered: list[SurfaceSource] = [key for key in (made, "truth") if masks[key] is not None]
        wanted: SurfaceSource = "truth" if self._source == "truth" else made
        source = wanted if wanted in offered else offered[0] if offered else made
        self._pane.set_sources([(key, _TITLES[key]) for key in offered], source)
        maps = {
            "truth": loaded.labels,
            "prediction": None if counted is None else predicted_labels(session),
            "correction": corrected_labels(session),
        }
        told = maps[source]
        # A copy of a correction: the reader paints on while its surfaces are made.
        told = told.copy() if told is not None and source == "correction" else told
        labels = None if told is None else (told, session.labels.labels)
        shown = ((FALSE_POSITIVE, view.false_positive), (FALSE_NEGATIVE, view.false_negative))
        errors = frozenset(kind for kind, on in shown if on and view.errors.visible)
        structure = _structure(loaded.volume)
        return Surfaced(
            loaded.volume.geometry,
            structure,
            source,
            masks[source],
            loaded.ground_truth,
            labels,
            session.labels.hidden,
            errors,
        )

    def _cut_now(self) -> SurfaceCut | None:
        """Return the half that is drawn, up to the slice of the plane that cuts."""
        opened = self._session.open_case
        if self._cut is None or opened is None:
            return None
        grid = opened.loaded.volume.geometry
        axis, side = _AXIS[self._cut]
        index = self._session.view.at[2 - axis]
        row = np.linalg.inv(mesh_affine(grid))[axis]
        a, b, c = (side * row[:3]).tolist()
        return SurfaceCut((a, b, c), side * (index - float(row[3])))

    def _take_scene(self, scene: SurfaceScene) -> None:
        self._scene, self._problem = scene, scene.problem
        if scene.problem:
            self._stop()
            self._pane.set_problem(f"{scene.problem} Surfaces are left out; everything else works.")
        else:
            self.draw()

    def _take_parts(self, parts: tuple[ScenePart, ...]) -> None:
        self._building = None
        self._parts = parts
        self._pane.set_message("" if parts else "There is nothing to build a surface of.")
        if not parts:
            self._pane.set_picture(None)
        self.draw()

    def _take_picture(self, picture: QImage) -> None:
        if self._on:
            self._pane.set_picture(picture)

    def _on_drawn(self) -> None:
        self._drawing = None
        if self._again:
            self.draw()

    def _fail(self, said: str) -> None:
        self._pane.set_message(said)

    def _on_case_changed(self) -> None:
        self._cache.clear()
        self._parts = ()
        self._pane.set_picture(None)
        self._pane.set_message("")
        self._wait()

    def _on_view_changed(self) -> None:
        if self._cut_now() != self._cut_drawn:
            self.draw()

    def _on_camera_changed(self) -> None:
        """Draw coarsely while it moves, and finely once it rests."""
        self._moving = True
        self.draw()
        self._fine.start()

    def _on_rest(self) -> None:
        self._moving = False
        self.draw()

    def _on_source_chosen(self, source: SurfaceSource) -> None:
        self._source = source
        self.build()

    def _on_cut_chosen(self, cut: str) -> None:
        self._cut = cut or None  # type: ignore[assignment]
        self.draw()

    def _on_clicked(self, at: QPointF) -> None:
        frame = self._frame()
        opened = self._session.open_case
        if frame is None or opened is None:
            return
        point = (at.x(), at.y())
        self._lanes.run("surfaces", lambda _: hit_at(frame, point), partial(self._take_hit, opened))

    def _take_hit(self, opened: OpenCase, hit: Hit | None) -> None:
        """Go to the slice of what was clicked; to the disagreement, where it is an error."""
        if hit is None or self._session.open_case is not opened:
            return
        voxel = voxel_at(hit.place, opened.loaded.volume.geometry)
        self._go_to(voxel)
        if hit.key in (FALSE_POSITIVE, FALSE_NEGATIVE):
            self._context.wishes.disagreement_wanted.emit((hit.key, voxel))


def _made(surface: QOffscreenSurface, _progress: Progress) -> SurfaceScene:
    return SurfaceScene(surface)


def _structure(volume: Volume) -> Pixels:
    """Return the channel by which the head is told from the air."""
    channel = volume.channels.index("FLAIR") if "FLAIR" in volume.channels else 0
    structure: Pixels = volume.pixels[channel]
    return structure
