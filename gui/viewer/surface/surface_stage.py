"""The surfaces of a frame as pyqtgraph hands them to OpenGL, without a window.

It loads OpenGL, so only the worker that draws imports it; all of it needs a current context.
"""

from typing import Any

import numpy as np
import pyqtgraph.opengl as gl
from numpy.typing import NDArray
from OpenGL import GL
from pyqtgraph.opengl.GLViewWidget import GLViewMixin
from pyqtgraph.opengl.shaders import FragmentShader, ShaderProgram, VertexShader
from PySide6.QtCore import QObject
from PySide6.QtGui import QMatrix4x4, QOpenGLContext, QVector3D

from gui.viewer.surface.surface_frame import Camera, Frame, ScenePart, SurfaceLook, view_matrix

_CLEAR, _SHELL = 0.34, 0.04
_NEVER = 1e9
_VERTEX = """
    uniform mat4 u_mvp;
    uniform mat3 u_normal;
    attribute vec4 a_position;
    attribute vec3 a_normal;
    attribute vec4 a_color;
    varying vec4 v_color;
    varying vec3 v_normal;
    varying vec3 v_place;
    void main() {
        v_normal = normalize(u_normal * a_normal);
        v_color = a_color;
        v_place = a_position.xyz;
        gl_Position = u_mvp * a_position;
    }
"""
_CUT = """
    #ifdef GL_ES
    precision highp float;
    #endif
    uniform float u_cut[4];
    varying vec4 v_color;
    varying vec3 v_normal;
    varying vec3 v_place;
    void leave_out() {
        if (dot(v_place, vec3(u_cut[0], u_cut[1], u_cut[2])) > u_cut[3]) discard;
    }
"""
_LIT = (
    _CUT
    + """
    void main() {
        leave_out();
        vec3 n = normalize(v_normal);
        if (!gl_FrontFacing) n = -n;
        float light = 0.34 + 0.66 * max(dot(n, normalize(vec3(-0.35, 0.5, 0.8))), 0.0);
        float inside = gl_FrontFacing ? 1.0 : 0.55;
        gl_FragColor = vec4(v_color.rgb * light * inside, v_color.a);
    }
"""
)
_RIM = (
    _CUT
    + """
    void main() {
        leave_out();
        float rim = pow(1.0 - abs(normalize(v_normal).z), 3.0);
        gl_FragColor = vec4(v_color.rgb, v_color.a + 0.30 * rim);
    }
"""
)


class MeshWithNormals(gl.MeshData):  # type: ignore[misc]
    """Has the vectors that were computed with the surface, ten times as fast."""

    def __init__(self, part: ScenePart) -> None:
        super().__init__(vertexes=part.mesh.vertices, faces=part.mesh.faces)
        self._given = part.normals

    def vertexNormals(self, indexed: object = None) -> NDArray[np.float32]:
        return self._given


class SurfaceStage(GLViewMixin, QObject):  # type: ignore[misc]
    """A scene whose picture somebody else takes."""

    def __init__(self, context: QOpenGLContext) -> None:
        self._context = context
        self.frame = Frame((), Camera(), (1, 1))
        self.to_picture = QMatrix4x4()
        super().__init__()
        self.programs = {
            # Of this context alone: what another one compiled means nothing here.
            kind: ShaderProgram(f"overread {kind}", [VertexShader(_VERTEX), fragment])
            for kind, fragment in (
                ("lit", FragmentShader(_LIT)),
                ("rim", FragmentShader(_RIM)),
            )
        }

    def isValid(self) -> bool:
        return True

    def update(self) -> None:
        """Nothing is drawn but what is asked for."""

    def context(self) -> QOpenGLContext:
        return self._context

    def width(self) -> int:
        return self.frame.size[0]

    def height(self) -> int:
        return self.frame.size[1]

    def devicePixelRatioF(self) -> float:
        return 1.0

    def drawItemTree(self, item: object = None, useItemNames: bool = False) -> None:  # noqa: N803
        """Draw what is opaque first; what goes wrong is the caller's to know, not printed."""
        for each in sorted(self.items, key=SurfaceItem.depthValue):
            each.paint()

    def add_part(self, part: ScenePart) -> "SurfaceItem":
        """Hand a part to OpenGL; returns what takes it away again."""
        shell = part.look == "shell"
        alpha = {"solid": 1.0, "clear": _CLEAR, "shell": _SHELL}[part.look]
        item = SurfaceItem(
            meshdata=MeshWithNormals(part),
            color=(*part.colour, alpha),
            shader=self.programs["rim" if shell else "lit"],
            glOptions=_options(part.look),
        )
        item.setDepthValue({"solid": 0, "clear": 1, "shell": 2}[part.look])
        self.addItem(item)
        return item

    def paint_frame(self, frame: Frame) -> None:
        """Draw a frame into what is bound."""
        self.frame, self.to_picture = frame, view_matrix(frame)
        red, green, blue = (round(255 * c) for c in frame.background)
        self.setBackgroundColor(red, green, blue)
        cut = frame.cut
        values = [0.0, 0.0, 0.0, _NEVER] if cut is None else [*cut.normal, cut.offset]
        for program in self.programs.values():
            program["u_cut"] = values
        self.paint(region=(0, 0, *frame.size), viewport=(0, 0, *frame.size))


class SurfaceItem(gl.GLMeshItem):  # type: ignore[misc]
    """Its normals turn with the eye, which the projection holds."""

    def modelViewMatrix(self) -> QMatrix4x4:
        turned = QMatrix4x4()
        x, y, z = self.view().frame.camera.direction
        turned.lookAt(QVector3D(x, y, z), QVector3D(), QVector3D(0, 0, 1))
        return turned

    def mvpMatrix(self) -> QMatrix4x4:
        found: QMatrix4x4 = self.view().to_picture
        return found


def _options(look: SurfaceLook) -> dict[Any, Any]:
    """Return the state of OpenGL a part is drawn with."""
    common = {
        GL.GL_DEPTH_TEST: True,
        GL.GL_BLEND: look != "solid",
        GL.GL_CULL_FACE: look == "clear",
    }
    if look == "solid":
        return common
    after = GL.GL_ONE if look == "shell" else GL.GL_ONE_MINUS_SRC_ALPHA
    return {
        **common,
        "glBlendFunc": (GL.GL_SRC_ALPHA, after),
        "glDepthMask": (GL.GL_FALSE if look == "shell" else GL.GL_TRUE,),
    }
