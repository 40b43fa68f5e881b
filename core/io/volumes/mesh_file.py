"""Surfaces as files: STL and PLY, both binary and little-endian."""

from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np

from core.domain.surface_mesh import Mesh
from core.io.atomic import write_bytes

MeshFormat: TypeAlias = Literal["stl", "ply"]
MESH_FORMATS: tuple[MeshFormat, ...] = get_args(MeshFormat)

_TRIANGLE = np.dtype(
    [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]
)  # of STL, without a gap
_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
_HEADER = 80


def write_mesh(path: Path, mesh: Mesh, about: str, *, format_name: MeshFormat) -> None:
    """Write a surface; atomic. `about` says in a line what it is, and in which unit and space."""
    write_bytes(path, stl_bytes(mesh, about) if format_name == "stl" else ply_bytes(mesh, about))


def stl_bytes(mesh: Mesh, about: str) -> bytes:
    """Return a surface as binary STL, as 3D Systems described it in 1989."""
    corners = mesh.vertices[mesh.faces]
    triangles = np.zeros(len(mesh.faces), _TRIANGLE)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(across, axis=1, keepdims=True)
    triangles["normal"] = across / np.where(length > 0, length, 1.0)
    triangles["corners"] = corners
    # A header that began with "solid" would say that it is text.
    header = f"binary STL, {about}".encode("ascii", "replace")[:_HEADER].ljust(_HEADER)
    return header + len(triangles).to_bytes(4, "little") + bytes(triangles.tobytes())


def ply_bytes(mesh: Mesh, about: str) -> bytes:
    """Return a surface as binary PLY 1.0, as Turk described it in 1994."""
    faces = np.zeros(len(mesh.faces), _FACE)
    faces["count"], faces["corners"] = 3, mesh.faces
    said = about.encode("ascii", "replace").decode().replace("\n", " ")
    header = (
        "ply",
        "format binary_little_endian 1.0",
        f"comment {said}",
        f"element vertex {len(mesh.vertices)}",
        *(f"property float {axis}" for axis in "xyz"),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    )
    return "\n".join(header).encode() + mesh.vertices.astype("<f4").tobytes() + faces.tobytes()
