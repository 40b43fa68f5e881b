"""Surfaces as files: read back by what the formats say, and held against the mask."""

from pathlib import Path

import numpy as np
import pytest

from core.cli.command_run import FAILED_CASES
from core.domain.grid import Grid
from core.domain.surface_mesh import Mesh, mask_mesh
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.io.volumes.mesh_file import write_mesh
from tests.command_line import run_main
from tests.core.domain.test_surface_mesh import ball, sheared
from tests.synthetic import write_case


def read_stl(path: Path) -> Mesh:
    content = path.read_bytes()
    count = int.from_bytes(content[80:84], "little")
    assert len(content) == 84 + 50 * count
    assert not content.startswith(b"solid")
    corners = np.array(
        [np.frombuffer(content, "<f4", 9, 84 + 50 * n + 12) for n in range(count)]
    ).reshape(-1, 3)
    return Mesh(corners, np.arange(3 * count, dtype=np.int32).reshape(-1, 3))


def read_ply(path: Path) -> Mesh:
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = head.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    counts = {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("element")}
    vertices = np.frombuffer(body, "<f4", 3 * counts["vertex"]).reshape(-1, 3)
    rest = body[12 * counts["vertex"] :]
    assert len(rest) == 13 * counts["face"]
    faces = [np.frombuffer(rest, "<i4", 3, 13 * n + 1) for n in range(counts["face"])]
    assert {rest[13 * n] for n in range(counts["face"])} == {3}
    return Mesh(vertices, np.array(faces, np.int32))


READERS = {"stl": read_stl, "ply": read_ply}


@pytest.mark.parametrize("name", ["stl", "ply"])
def test_what_is_read_back_is_what_was_written(tmp_path: Path, name):
    mask = ball(6.0, (15, 16, 17), (7, 8, 8))
    grid = sheared(mask.shape)
    mesh = mask_mesh(mask, grid)
    path = tmp_path / f"surface.{name}"
    write_mesh(path, mesh, "läsion, patient mm, RAS+", format_name=name)
    found = READERS[name](path)
    assert (found.vertices[found.faces] == mesh.vertices[mesh.faces]).all()
    assert found.volume == pytest.approx(mask.sum() * grid.voxel_ml * 1000, rel=0.03)


@pytest.mark.parametrize("name", ["stl", "ply"])
def test_the_command_writes_the_surfaces_of_the_truth(tmp_path: Path, home: Path, name):
    folder, out = tmp_path / "cases", tmp_path / "out"
    write_case(folder, "A_1")
    result = run_main(home, "export", folder, "--out", out, "--masks", "truth", "--format", name)
    assert result.returncode == 0, result.stderr
    truth = read_case(scan(folder).cases[0]).ground_truth
    mesh = READERS[name](out / "A_1" / f"A_1_whole.{name}")
    assert mesh.volume == pytest.approx(int(truth.sum()), rel=0.2)
    assert mesh.volume == pytest.approx(mask_mesh(truth, Grid(truth.shape)).volume, rel=1e-4)
    said = (out / "A_1" / f"A_1_whole.{name}").read_bytes()[:250]
    assert b"voxels, orientation unknown" in said


def test_surfaces_are_no_images_and_lie_outside_the_dataset(tmp_path: Path, home: Path):
    folder = tmp_path / "cases"
    write_case(folder, "A_1")
    both = run_main(
        home,
        "export",
        folder,
        "--out",
        tmp_path / "o",
        "--masks",
        "truth",
        "--images",
        "--format",
        "stl",
    )
    assert "leave --images out" in both.stderr
    inside = run_main(
        home, "export", folder, "--out", folder / "o", "--masks", "truth", "--format", "stl"
    )
    assert inside.returncode in (1, FAILED_CASES)
    assert not list(folder.rglob("*.stl"))
