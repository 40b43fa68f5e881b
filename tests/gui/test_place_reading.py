"""Who may write to a workspace when a dataset is opened, and opened again."""

from contextlib import closing
from pathlib import Path

from core.dataset import Dataset
from core.workspace import open_workspace
from gui.place_reading import take_workspace
from gui.session_parts import Place


def test_opening_again_keeps_the_lock(tmp_path: Path) -> None:
    lock, held = take_workspace(tmp_path, None)
    assert lock is not None
    with closing(open_workspace(tmp_path)) as workspace:
        place = Place(Dataset(tmp_path, ()), workspace, lock=lock, held=held)
        assert take_workspace(tmp_path, place) == (lock, "")
    lock.release()


def test_a_second_window_only_reads_until_the_first_has_gone(tmp_path: Path) -> None:
    first, _ = take_workspace(tmp_path, None)
    assert first is not None
    lock, held = take_workspace(tmp_path, None)
    assert lock is None
    assert "opened read-only" in held
    with closing(open_workspace(tmp_path)) as workspace:
        place = Place(Dataset(tmp_path, ()), workspace, lock=lock, held=held)
        assert "opened read-only" in take_workspace(tmp_path, place)[1]
        first.release()
        again, held = take_workspace(tmp_path, place)
    assert again is not None
    assert held == ""
    again.release()
