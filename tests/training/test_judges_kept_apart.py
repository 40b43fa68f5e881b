"""Whatever is trained from the command line keeps away from judges and from the dataset."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.errors import DataError
from core.jobs.job_folder import JOB_FILE
from core.jobs.job_place import PLACE_FILE, read_place
from core.jobs.local_runner import LocalRunner
from core.jobs.training_job import make_training
from core.models.registry import Registry
from core.workspace.settings import home
from core.workspace.splits import SplitFile, freeze_split
from core.workspace.workspace_folder import open_workspace, workspace_folder
from tests.training.making import TRAIN, VAL, make_dataset, small_spec, write_split
from training.run.train_options import TrainOptions
from training.sweep.sweep import run_sweep
from training.sweep.sweep_space import SweepSpec
from training.tasks import train_task


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A dataset whose judges are frozen."""
    folder = make_dataset(tmp_path)
    with closing(open_workspace(workspace_folder(home(), folder))) as workspace:
        freeze_split(workspace.store, SplitFile(TRAIN, VAL))
    return folder


def by_command(task: str) -> Callable[[Path, Path, Path], object]:
    architecture = "densenet" if task in ("triage", "classify") else "unet"

    def train(data: Path, split: Path, out: Path) -> object:
        options = TrainOptions(
            architecture=architecture, data=data, split=split, out=out, max_steps=1
        )
        return train_task(task, options, Registry((out.parent / "models",)))

    return train


def by_search(data: Path, split: Path, out: Path) -> object:
    train: dict[str, Any] = msgspec.to_builtins(small_spec(data.parent, split=str(split)))
    for name in ("model_id", "minutes"):
        del train[name]
    return run_sweep(SweepSpec(train=train, space={"seed": [1]}), out, runner=LocalRunner())


WAYS = {task: by_command(task) for task in ("segment", "guide", "triage")} | {"sweep": by_search}


@pytest.mark.parametrize("way", WAYS)
def test_no_training_learns_from_a_frozen_judge(data: Path, tmp_path: Path, way: str) -> None:
    leaking = write_split(tmp_path / "leaking.json", (*TRAIN, VAL[0]), ())
    with pytest.raises(DataError, match=f"learns from no case of the frozen val.*{VAL[0]}"):
        WAYS[way](data, leaking, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("way", [*WAYS, "classify"])
def test_no_training_is_written_into_the_dataset(data: Path, tmp_path: Path, way: str) -> None:
    split = write_split(tmp_path / "split.json")
    before = sorted(data.rglob("*"))
    train = WAYS.get(way) or by_command(way)
    (tmp_path / "link").symlink_to(data, target_is_directory=True)
    for out in (data / "out", tmp_path / "link" / "out"):
        with pytest.raises(DataError, match="expected a folder outside the dataset"):
            train(data, split, out)
    assert sorted(data.rglob("*")) == before


def test_a_job_is_listed_only_once_all_of_it_is_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    into_place = Path.replace

    def note(temporary: Path, target: Path) -> Path:
        if target.parent == tmp_path / "job":
            written.append(target.name)
        return into_place(temporary, target)

    monkeypatch.setattr(Path, "replace", note)
    split = SplitFile(TRAIN, VAL)
    with closing(open_workspace(workspace_folder(home(), data))) as workspace:
        job = make_training(
            tmp_path / "job", small_spec(tmp_path), split, workspace.store, cluster="host:1"
        )
    assert sorted(written[:-1]) == sorted([PLACE_FILE, "split.json"])
    assert written[-1] == JOB_FILE
    place = read_place(job.path)
    assert place is not None
    assert place.address == "host:1"
