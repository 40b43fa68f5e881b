"""A workspace whose SQLite file is lost, damaged, held or unwritable: told, with a way back."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.annotation.draft import Origin, Snapshot
from core.annotation.versions import latest_versions, load_version, save_version
from core.domain.errors import WorkspaceError
from core.domain.prediction import Prediction
from core.inference.prediction_service import PredictionService
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan
from core.models.registry import Model, ModelSpec, prediction_key
from core.studies.comparison.study import run_study
from core.studies.export.case_export import ExportOrder, export_cases
from core.studies.export.exported_mask import ExportSource
from core.workspace import prediction_cache
from core.workspace.recovery import snapshots
from core.workspace.workspace_folder import Score, open_workspace
from tests.synthetic import write_case

SHAPE = (2, 8, 8)
SCORE = Score("病例 1", "unet16", "key", 0.75)
ROOT = Path(__file__).resolve().parents[2]
_READ = """
import os, sys
from pathlib import Path
from core.annotation.versions import latest_versions
from core.workspace.workspace_folder import LastState, open_workspace
if os.geteuid() == 0:  # root may write everywhere
    os.setresuid(65534, 65534, 65534)
found = open_workspace(Path(sys.argv[1]))
assert found.store.read_only
found.put_state(LastState("a"))
print(found.scores("unet16"), sorted(latest_versions(found)))
"""


def snapshot(case_id: str) -> Snapshot:
    mask = np.zeros(SHAPE, np.uint8)
    mask[1, 2:5, 3:6] = 1
    return Snapshot(
        case_id=case_id, mask=mask, origin=Origin("empty"), tools={"brush": 2}, seconds=3.5,
        voxels=9, voxels_changed=9, dsc_before=None, dsc_after=0.5, head=2,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a version and a score, closed and opened again: its snapshot is made."""
    for _ in range(2):
        with closing(open_workspace(tmp_path)) as workspace:
            if not latest_versions(workspace):
                save_version(workspace, snapshot("病例 1"), author="Ada Lovelace")
                workspace.put_score(SCORE)
    return tmp_path


def file_of(folder: Path) -> Path:
    return folder / "workspace.sqlite"


def drop(folder: Path, *, snapshots: bool) -> None:
    for path in folder.glob("workspace.sqlite*"):
        path.write_bytes(b"") if path == file_of(folder) else path.unlink()
    if snapshots:
        for path in (folder / "snapshots").iterdir():
            path.unlink()


def test_versions_are_found_again_beside_an_empty_file(folder: Path) -> None:
    drop(folder, snapshots=True)
    with closing(open_workspace(folder)) as found:
        (notice,) = found.notices
        assert "found an empty file" in notice
        assert "1 saved version on disk found again" in notice
        version = latest_versions(found)["病例 1"]
        assert (version.author, version.tools, version.number) == ("Ada Lovelace", {"brush": 2}, 1)
        assert np.array_equal(load_version(version, SHAPE), snapshot("病例 1").mask)
        assert save_version(found, snapshot("病例 1"), author="Ada").number == 2
    with closing(open_workspace(folder)) as again:
        assert again.notices == ()


def test_a_version_that_cannot_be_read_is_named_and_the_others_are_found(folder: Path) -> None:
    (good,) = (folder / "corrections").glob("*/*.tif")
    (good.parent / "2.tif").mkdir()
    drop(folder, snapshots=True)
    with closing(open_workspace(folder)) as found:
        (notice,) = found.notices
        assert "1 saved version on disk found again" in notice
        assert f"{good.parent / '2.tif'} cannot be read" in notice
        assert latest_versions(found)["病例 1"].number == 1


def test_the_snapshot_of_the_day_is_put_back(folder: Path) -> None:
    with closing(open_workspace(folder)) as workspace:
        save_version(workspace, snapshot("later"), author="Ada")
    drop(folder, snapshots=False)
    with closing(open_workspace(folder)) as found:
        assert "The snapshot of 20" in found.notices[0]
        assert found.scores("unet16") == {SCORE.case_id: SCORE}
        assert set(latest_versions(found)) == {"病例 1", "later"}


def test_the_snapshot_of_today_is_that_of_the_first_start(folder: Path) -> None:
    (today,) = snapshots(folder)
    before = today.read_bytes()
    with closing(open_workspace(folder)) as workspace:
        workspace.put_score(Score("later", "unet16", "key", 0.5))
    with closing(open_workspace(folder)):
        assert today.read_bytes() == before


def test_a_week_of_snapshots_is_kept_and_the_newest_is_put_back(folder: Path) -> None:
    (today,) = snapshots(folder)
    older = [today.with_name(f"2001-01-{day:02d}.sqlite") for day in range(1, 10)]
    for path in older:
        path.write_bytes(b"no snapshot")
    newest = today.read_bytes()
    today.unlink()
    with closing(open_workspace(folder)):
        assert snapshots(folder) == [today, *older[:2:-1]]
    today.write_bytes(newest)
    drop(folder, snapshots=False)
    with closing(open_workspace(folder)) as found:
        assert f"The snapshot of {today.stem} was put back" in found.notices[0]
        assert found.scores("unet16") == {SCORE.case_id: SCORE}


def test_what_a_journal_of_the_lost_file_holds_is_set_aside(folder: Path) -> None:
    drop(folder, snapshots=False)
    journal = file_of(folder).with_name("workspace.sqlite-wal")
    journal.write_bytes(b"of a file that is no more")
    with closing(open_workspace(folder)) as found:
        assert found.scores("unet16") == {SCORE.case_id: SCORE}
        kept = journal.with_name("lost-workspace.sqlite-wal")
        assert kept.read_bytes() == b"of a file that is no more"


def test_versions_of_older_programs_are_found_by_their_folder(folder: Path) -> None:
    import tifffile

    old = folder / "corrections" / "B_2" / "1.tif"
    old.parent.mkdir()
    tifffile.imwrite(old, np.zeros(SHAPE, np.uint8), photometric="minisblack")
    broken = folder / "corrections" / "C_3" / "1.tif"
    broken.parent.mkdir()
    broken.write_bytes(b"no TIFF")
    drop(folder, snapshots=True)
    with closing(open_workspace(folder)) as found:
        assert set(latest_versions(found)) == {"病例 1", "B_2", "C_3"}
        assert not load_version(latest_versions(found)["B_2"], SHAPE).any()


def test_a_damaged_file_is_told_with_what_lies_beside_it(folder: Path) -> None:
    for path in folder.glob("workspace.sqlite-*"):
        path.unlink()
    file_of(folder).write_bytes(b"x" * 5000)
    with pytest.raises(WorkspaceError) as told:
        open_workspace(folder)
    assert "It is damaged: move the file away" in str(told.value)
    assert "the snapshot of 20" in str(told.value)
    assert "1 saved version beside it" in str(told.value)
    file_of(folder).unlink()
    with closing(open_workspace(folder)) as found:
        assert found.scores("unet16") == {SCORE.case_id: SCORE}


def test_a_held_file_is_told_as_held(folder: Path) -> None:
    with closing(sqlite3.connect(file_of(folder), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with closing(open_workspace(folder)) as workspace:
            workspace.store.mend(lambda connection: connection.execute("PRAGMA busy_timeout=10"))
            with pytest.raises(WorkspaceError, match="Another program holds it"):
                workspace.put_score(SCORE)
        other.execute("ROLLBACK")


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that a process without any right can reach."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)
        Path(made).chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_a_workspace_that_cannot_be_written_opens_for_reading(public: Path) -> None:
    with closing(open_workspace(public)) as workspace:
        save_version(workspace, snapshot("A_1"), author="Ada")
        workspace.put_score(SCORE)
    for path in (public, *public.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(public.rglob("*"))
    child = subprocess.run(
        [sys.executable, "-c", _READ, str(public)],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    assert "0.75" in child.stdout
    assert "A_1" in child.stdout
    assert sorted(public.rglob("*")) == before


def test_a_cached_prediction_of_another_shape_is_absent(tmp_path: Path) -> None:
    write_case(tmp_path / "data", "A_1", seed=1)
    loaded = read_case(scan(tmp_path / "data").case("A_1"))
    model = Model(ModelSpec(id="rule", title="Rule", architecture="unet"), tmp_path / "rule")
    model.folder.mkdir()
    (model.folder / "weights.safetensors").write_bytes(b"")
    key = prediction_key(model, loaded.volume)
    with closing(open_workspace(tmp_path / "w")) as workspace:
        other = Prediction(np.zeros((1, 2, 3), np.uint8), "rule", key, "cpu", 1.0)
        path = workspace.prediction_path("rule", "A_1")
        prediction_cache.save_prediction(path, other)
        assert prediction_cache.find_prediction(loaded, model, workspace) is None


def test_a_prediction_of_another_shape_stops_neither_comparison_nor_export(tmp_path: Path) -> None:
    for case_id in ("A_1", "B_2"):
        write_case(tmp_path / "data", case_id, seed=1)
    dataset = scan(tmp_path / "data")
    model = Model(ModelSpec(id="rule", title="Rule", architecture="unet"), tmp_path / "rule")
    model.folder.mkdir()
    (model.folder / "weights.safetensors").write_bytes(b"")
    with closing(open_workspace(tmp_path / "w")) as workspace:
        for case in dataset.cases:
            volume = read_case(case).volume
            shape = (1, 1, 1) if case.id == "A_1" else volume.geometry.shape
            key = prediction_key(model, volume)
            made = Prediction(np.full(shape, 255, np.uint8), "rule", key, "cpu", 1.0)
            prediction_cache.save_prediction(workspace.prediction_path("rule", case.id), made)
        kept = PredictionService(workspace)
        study = run_study(dataset.cases, [model], kept.predictor)
        source = ExportSource(workspace, model=model, predict=kept.predictor(model))
        order = ExportOrder(tmp_path / "out", "prediction")
        written = export_cases(dataset.cases, order, source, dataset=dataset)
    assert [row.case for row in study.rows] == ["B_2"]
    for failed in (study.failed, written.failed):
        assert "Run the model on it first" in " ".join(failed.values())
    assert not (tmp_path / "out" / "A_1").exists()
    assert (tmp_path / "out" / "B_2").is_dir()
