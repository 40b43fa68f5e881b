"""Draws surfaces by OpenGL into pictures, on a worker: no window is needed, and none waits for it.

A scene belongs to the one thread that draws; only what it draws on is made by the window's.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from gui.viewer.surface.surface_frame import Frame, ScenePart

if TYPE_CHECKING:
    from gui.viewer.surface.surface_stage import SurfaceItem, SurfaceStage

_LEAST_VERSION = (2, 1)
_SAMPLES = 4


def make_surface() -> QOffscreenSurface:
    """Return what a scene draws on; on the thread of the window, which keeps it."""
    wanted = QSurfaceFormat()
    wanted.setDepthBufferSize(24)
    surface = QOffscreenSurface()
    surface.setFormat(wanted)
    surface.create()
    return surface


class SurfaceScene:
    """Holds what was handed to OpenGL, and draws frames; made and used by one worker.

    `problem` says why nothing can be drawn here, in a sentence; it is empty when something can.
    """

    def __init__(self, surface: QOffscreenSurface) -> None:
        self._surface = surface
        self._context = QOpenGLContext()
        self._context.setFormat(surface.format())
        self._stage: SurfaceStage | None = None
        self._items: dict[ScenePart, SurfaceItem] = {}
        self.problem = self._look()

    def _look(self) -> str:
        """Return why nothing can be drawn; a context that is there is taken and given back."""
        try:
            import OpenGL.GL  # noqa: F401 - whether it is there and finds the system's library
        except Exception as error:  # noqa: BLE001 - it raises whatever the loader does
            return f"Surfaces need PyOpenGL and the system's OpenGL library ({error})."
        if not QOpenGLContext.supportsThreadedOpenGL():
            return "The graphics driver here draws from one thread only."
        there = self._surface.isValid() and self._context.create()
        if not (there and self._context.makeCurrent(self._surface)):
            return "No OpenGL was found here."
        found = self._context.format().version()
        if found >= _LEAST_VERSION:
            # Slow to load: here it loads while others make the meshes.
            from gui.viewer.surface.surface_stage import SurfaceStage

            self._stage = SurfaceStage(self._context)
        self._context.doneCurrent()
        if self._stage is None:
            return f"OpenGL 2.1 or newer is needed, {found[0]}.{found[1]} was found."
        return ""

    def draw(self, frame: Frame) -> QImage:
        """Return the picture of a frame; raises `RuntimeError` when OpenGL is gone."""
        if self.problem or not self._context.makeCurrent(self._surface):
            raise RuntimeError("the context of OpenGL was lost")
        try:
            return self._drawn(frame)
        finally:
            self._context.doneCurrent()

    def close(self) -> None:
        """Give back what OpenGL holds; on the thread that drew."""
        if not self.problem and self._context.makeCurrent(self._surface):
            self._items.clear()
            self._stage = None
            self._context.doneCurrent()
        self.problem = self.problem or "closed"

    def _drawn(self, frame: Frame) -> QImage:
        from OpenGL import GL
        from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat

        stage = self._stage
        assert stage is not None  # as long as there is no problem
        self._show(stage, frame)
        form = QOpenGLFramebufferObjectFormat()
        form.setAttachment(QOpenGLFramebufferObject.Attachment.CombinedDepthStencil)
        form.setSamples(_SAMPLES if frame.fine else 0)
        width, height = frame.size
        target = QOpenGLFramebufferObject(QSize(width, height), form)
        target.bind()
        GL.glViewport(0, 0, width, height)
        GL.glDepthMask(GL.GL_TRUE)
        stage.paint_frame(frame)
        target.release()
        # A copy that Python's collector may free on any thread, unlike what it was drawn in.
        return target.toImage().convertToFormat(QImage.Format.Format_RGB32)

    def _show(self, stage: "SurfaceStage", frame: Frame) -> None:
        """Hand over the parts that are new, and let go of those that are gone."""
        for part in [known for known in self._items if known not in frame.parts]:
            stage.removeItem(self._items.pop(part))
        for part in frame.parts:
            if part not in self._items:
                self._items[part] = stage.add_part(part)
