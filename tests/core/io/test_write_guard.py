"""Nothing is written into originals: by whatever link or spelling they are reached."""

import os
from pathlib import Path

import pytest

from core.domain.errors import DataError
from core.io.write_guard import refuse_inside


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A dataset: a case that lies in it, one that is a link, one whose files are links."""
    data, archive = tmp_path / "data", tmp_path / "archive"
    for folder in (data / "A_1", archive / "B_2", archive / "loose", data / "C_3"):
        folder.mkdir(parents=True)
    (archive / "loose" / "C_3_1.tif").write_bytes(b"")
    (data / "B_2").symlink_to(archive / "B_2")
    (data / "C_3" / "C_3_1.tif").symlink_to(archive / "loose" / "C_3_1.tif")
    return data


@pytest.mark.parametrize(
    "out", ["data", "data/new", "data/A_1/x/y", "archive/B_2", "archive/B_2/new", "archive/loose"]
)
def test_folders_of_originals_are_refused(tmp_path: Path, data: Path, out: str) -> None:
    with pytest.raises(DataError, match="expected a folder outside the dataset"):
        refuse_inside(data, tmp_path / out)


def test_links_that_lead_into_originals_are_refused(tmp_path: Path, data: Path) -> None:
    (tmp_path / "shortcut").symlink_to(data)
    with pytest.raises(DataError, match="never written to"):
        refuse_inside(data, tmp_path / "shortcut" / "out")
    out = tmp_path / "out"
    out.mkdir()
    (out / "A_1").symlink_to(data / "A_1")
    with pytest.raises(DataError, match="never written to"):
        refuse_inside(data, out)
    with pytest.raises(DataError, match="never written to"):
        refuse_inside(tmp_path / "shortcut", data / "x")
    with pytest.raises(DataError, match="never written to"):
        refuse_inside(data, tmp_path / "elsewhere" / "x", also=(tmp_path,))


def test_other_folders_are_free(tmp_path: Path, data: Path) -> None:
    other = tmp_path / "out"
    (other / "A_1").mkdir(parents=True)
    (other / "project").symlink_to(data)
    for out in (other, tmp_path / "data2", tmp_path / "archive" / "new", tmp_path):
        refuse_inside(data, out)
    refuse_inside(tmp_path / "none", other)


@pytest.mark.skipif(os.name == "nt", reason="line breaks cannot be in names there")
def test_train_refuses_a_folder_inside_the_dataset(data: Path, tmp_path: Path) -> None:
    from core.models.registry import Registry
    from training.command import train
    from training.run.train_options import TrainOptions

    options = TrainOptions(
        architecture="unet", data=data, split=tmp_path / "split.json", out=data / "job"
    )
    with pytest.raises(DataError, match="never written to"):
        train(options, Registry((tmp_path / "models",)))
