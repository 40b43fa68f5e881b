"""A picture of surfaces that is asked for: what is in it, from where, and what lies at a point."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QMatrix4x4, QVector3D, QVector4D

from core.domain.surface_mesh import Mesh

SurfaceLook: TypeAlias = Literal["solid", "clear", "shell"]
"""Opaque, seen through, or a faint skin with a bright rim."""

FloatColour: TypeAlias = tuple[float, float, float]

_FIELD_DEGREES = 24.0
_ROOM = 1.06


@dataclass(frozen=True, eq=False)
class ScenePart:
    """One surface as it is drawn; `key` names it to whoever clicks on it."""

    key: str
    mesh: Mesh
    normals: NDArray[np.float32]
    colour: FloatColour
    look: SurfaceLook = "solid"


@dataclass(frozen=True)
class Camera:
    """From where the scene is seen: degrees around and above, and how much is enlarged.

    0° is from +x, 90° from +y of the places of meshes.
    """

    azimuth: float = 42.0
    elevation: float = 14.0
    zoom: float = 1.0

    def turned(self, right: float, up: float) -> "Camera":
        """Return it after the scene was turned by degrees."""
        up = min(max(self.elevation + up, -89.0), 89.0)
        return Camera((self.azimuth - right) % 360.0, up, self.zoom)

    def nearer(self, factor: float) -> "Camera":
        """Return it with the scene enlarged."""
        return Camera(self.azimuth, self.elevation, min(max(self.zoom * factor, 0.3), 12.0))

    @property
    def direction(self) -> tuple[float, float, float]:
        """The unit vector from the scene to the eye."""
        around, above = math.radians(self.azimuth), math.radians(self.elevation)
        flat = math.cos(above)
        return flat * math.cos(around), flat * math.sin(around), math.sin(above)


@dataclass(frozen=True)
class SurfaceCut:
    """The half of the scene that is drawn: normal · place <= offset."""

    normal: tuple[float, float, float]
    offset: float


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture that is asked for: what, from where, and `size` in pixels of the screen."""

    parts: tuple[ScenePart, ...]
    camera: Camera
    size: tuple[int, int]
    background: FloatColour = (0.0, 0.0, 0.0)
    cut: SurfaceCut | None = None
    fine: bool = True


@dataclass(frozen=True)
class Hit:
    """What lies under a point of a picture: the key of a part, and the place (x, y, z)."""

    key: str
    place: tuple[float, float, float]


def view_matrix(frame: Frame) -> QMatrix4x4:
    """Return the map of places to the picture, -1 to 1 on both axes and in depth."""
    centre, radius = extent(frame.parts)
    width, height = frame.size
    half = math.radians(_FIELD_DEGREES) / 2
    share = min(width / max(height, 1), 1.0)
    far = radius * _ROOM / (math.sin(half) * share) / frame.camera.zoom
    near = max(far - 2 * radius, far * 0.02)
    found = QMatrix4x4()
    found.perspective(_FIELD_DEGREES, width / max(height, 1), near, far + 3 * radius)
    eye = QVector3D(*(c + far * d for c, d in zip(centre, frame.camera.direction, strict=True)))
    found.lookAt(eye, QVector3D(*centre), QVector3D(0, 0, 1))
    return found


def extent(parts: tuple[ScenePart, ...]) -> tuple[tuple[float, float, float], float]:
    """Return the middle of all parts and the radius of a ball around them."""
    if not parts:
        return (0.0, 0.0, 0.0), 1.0
    low = np.min([part.mesh.vertices.min(axis=0) for part in parts], axis=0)
    high = np.max([part.mesh.vertices.max(axis=0) for part in parts], axis=0)
    middle = (low + high) / 2
    furthest = max(float(_apart(part.mesh.vertices, middle).max()) for part in parts)
    x, y, z = middle.tolist()
    return (x, y, z), max(furthest, 1e-3)


def _apart(places: NDArray[np.float32], middle: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(places - middle, axis=1))


def hit_at(frame: Frame, point: tuple[float, float]) -> Hit | None:
    """Return what of a frame lies under a point (x, y) of its picture, the shell left out.

    A ray against every triangle (Möller and Trumbore 1997).
    """
    inverse, there = view_matrix(frame).inverted()
    if not there:
        return None
    width, height = frame.size
    x, y = 2 * point[0] / width - 1, 1 - 2 * point[1] / height
    ends = [inverse.map(QVector4D(x, y, depth, 1.0)).toVector3DAffine() for depth in (-1.0, 1.0)]
    start, end = (np.array([each.x(), each.y(), each.z()]) for each in ends)
    best: tuple[float, str] | None = None
    for part in frame.parts:
        if part.look == "shell":
            continue
        found = _first_hit(part.mesh, start, end - start, frame.cut)
        if found is not None and (best is None or found < best[0]):
            best = (found, part.key)
    if best is None:
        return None
    a, b, c = (start + best[0] * (end - start)).tolist()
    return Hit(best[1], (a, b, c))


def _first_hit(
    mesh: Mesh, start: NDArray[np.float64], ray: NDArray[np.float64], cut: SurfaceCut | None
) -> float | None:
    """Return how far along `ray` the first triangle is met, None for none."""
    one, two, three = (mesh.vertices[mesh.faces[:, n]].astype(np.float64) for n in range(3))
    first, second = two - one, three - one
    across = np.cross(ray, second)
    size = np.einsum("ij,ij->i", first, across)
    steady = np.abs(size) > 1e-12
    inverse = 1.0 / np.where(steady, size, 1.0)
    away = start - one
    u = np.einsum("ij,ij->i", away, across) * inverse
    turned = np.cross(away, first)
    v = turned @ ray * inverse
    far = np.einsum("ij,ij->i", second, turned) * inverse
    met = steady & (u >= 0) & (v >= 0) & (u + v <= 1) & (far > 0)
    if cut is not None:
        places = start + far[:, np.newaxis] * ray
        met &= places @ np.array(cut.normal) <= cut.offset
    return float(far[met].min()) if met.any() else None
