"""What was measured is kept, changed, dropped and put back, and told in units that hold."""

import csv
import math
from pathlib import Path

import msgspec
import pytest

from core.domain.grid import Grid
from core.domain.plane import AXIAL, CORONAL
from core.domain.plane_metric import plane_metric
from core.io.cases.case import Case
from core.review.measurements import (
    Measurement,
    Values,
    all_measurements,
    drop_measurement,
    measured_by,
    measurement_text,
    measurements_csv,
    measurements_of,
    put_measurement,
    steps_of,
)
from core.review.subject import Subject
from core.workspace.store import Store
from core.workspace.workspace_folder import open_workspace, workspace_folder
from tests.command_line import run_main
from tests.synthetic import write_case


@pytest.fixture
def store(tmp_path: Path):
    opened = Store(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


def ruler(grid=None, *, plane=AXIAL, case_id="A", **changes):
    metric = plane_metric(grid or Grid((5, 20, 20)), plane)
    found = Measurement(
        case_id=case_id,
        kind="ruler",
        plane=plane.name,
        index=2,
        slice_number=12,
        points=((0.0, 0.0), (3.0, 4.0)),
        steps=steps_of(metric),
        reader="Ann",
        time="2024-01-01T00:00:00+00:00",
    )
    return msgspec.structs.replace(found, **changes)


def test_it_is_kept_changed_dropped_and_put_back_as_it_was(store: Store):
    first, other = (put_measurement(store, ruler()) for _ in range(2))
    assert first.id != other.id
    moved = msgspec.structs.replace(first, points=((0.0, 0.0), (0.0, 9.0)))
    put_measurement(store, moved)
    assert measurements_of(store, "A") == [moved, other]
    drop_measurement(store, first.id)
    assert measurements_of(store, "A") == [other]
    put_measurement(store, moved)
    assert measurements_of(store, "A") == [moved, other]
    assert measurements_of(store, "B") == []


def test_an_id_is_given_once(store: Store):
    first = put_measurement(store, ruler())
    drop_measurement(store, first.id)
    assert put_measurement(store, ruler()).id != first.id


def test_lengths_follow_the_spacing_that_is_given_and_back(store: Store):
    kept = put_measurement(store, ruler(plane=CORONAL))
    assert kept.lengths == (5.0,)
    (given,) = measurements_of(store, "A", (2.0, 7.0, 1.0))
    assert given.steps.unit == "mm given"
    assert given.lengths[0] == pytest.approx(math.hypot(3 * 2.0, 4 * 1.0))
    put_measurement(store, given)
    assert measurements_of(store, "A")[0].steps.unit == "voxels"
    cases = [Case("B", Path()), Case("A", Path(), given_spacing_mm=(1.0, 1.0, 1.0))]
    (of_all,) = all_measurements(store, cases)
    assert (of_all.lengths, of_all.steps.unit) == ((5.0,), "mm given")


def test_what_files_told_is_not_overruled():
    own = ruler(Grid((5, 20, 20), None, (5.0, 2.0, 1.0)))
    assert own.lengths[0] == pytest.approx(math.hypot(6, 4))
    assert measured_by(own, (9.0, 9.0, 9.0)) == own


def test_words_and_table_name_what_where_and_who(tmp_path: Path):
    grid = Grid((5, 20, 20), None, (5.0, 2.0, 2.0))
    subject = Subject(model="lite0", title="Lite0", weights="ab", threshold=0.5, version=3)
    both = ruler(
        grid,
        kind="diameters",
        points=((0.0, 0.0), (0.0, 5.0), (1.0, 2.0), (4.0, 2.0)),
        mask="prediction",
        region="Tumour core",
        subject=subject,
    )
    values = Values(channel="T1c", pixels=10, mean=120.0, sd=3.0, low=100.0, high=150.0)
    shape = ruler(grid, kind="ellipse", values=values)
    assert measurement_text(both).figures == (("Longest", "10.0 mm"), ("Perpendicular", "6.0 mm"))
    assert measurement_text(shape).figures[2] == ("Area", "40 mm²")
    assert measurement_text(ruler()).figures == (("Length", "5.0 voxels"),)
    path = tmp_path / "measurements.csv"
    measurements_csv(path, [both, shape])
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0]["of"] == "Lite0 at 0.50, correction 3"
    assert (rows[0]["length"], rows[0]["perpendicular"]) == ("10.0", "6.0")
    assert (rows[0]["slice"], rows[0]["plane"], rows[0]["region"]) == ("12", "axial", "Tumour core")
    assert (rows[1]["area"], rows[1]["mean"], rows[1]["channel"]) == ("40.0", "120.0", "T1c")
    assert rows[1]["length"] == ""


def test_the_command_and_the_report_tell_what_was_measured(tmp_path: Path, home: Path):
    folder, out = tmp_path / "cases", tmp_path / "out"
    write_case(folder, "A")
    workspace = open_workspace(workspace_folder(home, folder))
    put_measurement(workspace.store, ruler(region="<b>", mask="truth"))
    workspace.close()
    done = run_main(home, "export", folder, "--out", out, "--measurements", "--spacing", "3,2,1")
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader((out / "measurements.csv").read_text("utf-8").splitlines())
    assert (row["length"], row["unit"]) == (repr(math.hypot(6.0, 4.0)), "mm given")
