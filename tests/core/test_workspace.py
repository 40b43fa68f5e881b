"""The workspace on disk: what is kept comes back, from any version, and never half."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from core.domain.errors import WorkspaceError
from core.io.resource_paths import resource
from core.workspace import store as store_module
from core.workspace.schema import STEPS
from core.workspace.store import Store
from core.workspace.workspace_folder import (
    LastState,
    Score,
    Workspace,
    open_workspace,
    prediction_name,
    registry,
    workspace_folder,
)
from tests.synthetic import publish_unet

STATE = LastState("病例 1", 7, "unet16")
SCORE = Score("病例 1", "unet16", "key", 0.75)


@pytest.mark.parametrize("name", ["..", ".", "a.", "...", "CON", "nul.1", "Com1", "a/../b"])
def test_what_is_kept_of_a_case_stays_in_its_place_whatever_it_is_called(
    tmp_path: Path, name: str
) -> None:
    workspace = open_workspace(tmp_path)
    workspace.close()
    kept = workspace.correction_path(name, 1).parent
    assert kept.resolve().parent == workspace.folder.resolve() / "corrections"
    assert workspace.prediction_path("m", name).parent == workspace.folder / "predictions" / "m"
    for part in (kept.name, prediction_name(name)):
        stem = part.partition(".")[0].casefold()
        assert not part.endswith(".")
        assert stem not in {"con", "nul", "com1"}


def test_cases_that_are_called_alike_are_kept_apart(tmp_path: Path) -> None:
    names = ("..", ".", "a", "a.", "a..", "_", "a b", "a_b", "a/b", "CON", "_CON")
    assert len({prediction_name(name) for name in names}) == len(names)
    # Where older workspaces have them.
    assert [prediction_name(name) for name in ("TCGA_CS_4941", "病例", "a.b")] == [
        "TCGA_CS_4941.npz", "病例.npz", "a.b.npz"
    ]  # fmt: skip


def file_of(folder: Path) -> Path:
    return folder / "workspace.sqlite"


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def tables_of(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master ORDER BY name")]
    finally:
        connection.close()


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """A power cut cannot be tried here: what SQLite does against one is asked for."""
    opened = open_workspace(tmp_path / "workspace")
    asked = ("journal_mode", "synchronous")
    found = [opened.store.read(f"PRAGMA {name}")[0][0] for name in asked]
    opened.close()
    assert found == ["wal", 2]  # 2 is FULL: the log is synced at every commit


def test_what_is_put_comes_back_in_the_next_window(tmp_path: Path) -> None:
    first = open_workspace(tmp_path / "空间")
    assert first.state() == LastState()
    assert first.scores("unet16") == {}
    first.put_state(STATE)
    first.put_score(SCORE)
    first.put_score(Score("b", "unet16", "key", None))
    first.put_score(Score("b", "other", "key", 0.1))
    first.close()
    second = open_workspace(tmp_path / "空间")
    assert second.state() == STATE
    assert second.scores("unet16") == {SCORE.case_id: SCORE, "b": Score("b", "unet16", "key", None)}
    second.put_score(Score("b", "unet16", "new", 1.0))
    assert second.scores("unet16")["b"] == Score("b", "unet16", "new", 1.0)
    second.close()


def test_a_window_killed_keeps_what_was_put(tmp_path: Path) -> None:
    killed = open_workspace(tmp_path)
    killed.put_state(STATE)
    # What the disk holds now is what a killed process leaves: the file and its journal.
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tmp_path.glob("workspace.sqlite*"):
        (copy / path.name).write_bytes(path.read_bytes())
    found = open_workspace(copy)
    assert found.state() == STATE
    found.close()
    killed.close()


@pytest.mark.parametrize("seen", range(len(STEPS) + 1))
def test_every_older_version_is_led_to_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: int
) -> None:
    fresh, old = tmp_path / "fresh.sqlite", tmp_path / "old.sqlite"
    Store(fresh).close()
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "STEPS", STEPS[:seen])
        Store(old).close()
    assert version_of(old) == seen
    if seen:
        with sqlite3.connect(old) as connection:
            connection.execute(
                "INSERT INTO scores (case_id, model_id, key, dsc) VALUES ('a', 'm', 'key', 0.5)"
            )
        connection.close()
    now = Store(old)
    kept = now.read("SELECT dsc FROM scores")
    now.close()
    assert kept == ([(0.5,)] if seen else [])
    assert version_of(old) == len(STEPS)
    assert tables_of(old) == tables_of(fresh)


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    open_workspace(tmp_path).close()
    with sqlite3.connect(file_of(tmp_path)) as connection:
        connection.execute(f"PRAGMA user_version={len(STEPS) + 1}")
    connection.close()
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(WorkspaceError) as error:
        open_workspace(tmp_path)
    assert f"expected version {len(STEPS)} at most, found {len(STEPS) + 1}" in str(error.value)
    assert "newer Overread" in str(error.value)
    assert file_of(tmp_path).read_bytes() == before


def test_a_step_that_fails_leaves_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.sqlite"
    Store(path).close()
    before = tables_of(path)
    with monkeypatch.context() as patch:
        broken = "CREATE TABLE further (a TEXT); CREATE TABLE nonsense"
        patch.setattr(store_module, "STEPS", (*STEPS, broken))
        with pytest.raises(WorkspaceError, match=r"a\.sqlite: expected a workspace"):
            Store(path)
    assert version_of(path) == len(STEPS)
    assert tables_of(path) == before


@pytest.mark.parametrize("turn", range(5))
def test_windows_that_open_a_new_workspace_at_once_all_get_it(tmp_path: Path, turn: int) -> None:
    """Of some steps one that came late took the table away from those that had gone on."""
    count = 8
    together = threading.Barrier(count)
    found: list[object] = []

    def open_it(number: int) -> None:
        together.wait()
        try:
            workspace = open_workspace(tmp_path)
            workspace.put_score(Score(str(number), "m", "key", None))
            workspace.close()
            found.append("opened")
        except WorkspaceError as error:
            found.append(error)

    threads = [threading.Thread(target=open_it, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["opened"] * count
    workspace = open_workspace(tmp_path)
    assert len(workspace.scores("m")) == count
    workspace.close()


@pytest.mark.parametrize(
    "content", [b"text, not a database" * 99, b"SQLite format 3\0" + b"x" * 99]
)
def test_a_torn_file_is_told_and_stays_for_rescue(tmp_path: Path, content: bytes) -> None:
    file_of(tmp_path).write_bytes(content)
    with pytest.raises(WorkspaceError) as error:
        open_workspace(tmp_path)
    sentence = str(error.value)
    assert sentence.startswith(f"{file_of(tmp_path)}: expected a workspace")
    assert "move the file away" in sentence
    assert file_of(tmp_path).read_bytes() == content


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match="expected a workspace that can be written"):
        open_workspace(tmp_path / "file")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_opens_for_reading(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        workspace = open_workspace(tmp_path / "w")
        assert workspace.store.read_only
        workspace.close()
    finally:
        tmp_path.chmod(0o755)


def test_a_full_disk_is_told_and_undoes_the_change(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    workspace.put_state(STATE)
    with workspace.store.transaction() as connection:
        connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(WorkspaceError, match="full"):
        workspace.put_state(LastState("a" * 100_000))
    assert workspace.state() == STATE
    workspace.put_state(LastState("b"))
    assert workspace.state() == LastState("b")
    workspace.close()


def test_a_change_that_fails_half_way_is_undone(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")

    def change() -> None:
        with store.transaction() as connection:
            connection.execute("INSERT INTO states VALUES ('a', 'b')")
            raise KeyError("a fault in the middle")

    with pytest.raises(KeyError):
        change()
    assert store.read("SELECT * FROM states") == []
    with store.transaction() as connection:
        connection.execute("INSERT INTO states VALUES ('a', 'b')")
    assert store.read("SELECT name FROM states") == [("a",)]
    store.close()


def test_workspaces_lie_outside_the_dataset_one_for_each(tmp_path: Path) -> None:
    home, one, other = tmp_path / "home", tmp_path / "a" / "数据 1", tmp_path / "b" / "数据 1"
    folders = {workspace_folder(home, dataset) for dataset in (one, other)}
    assert len(folders) == 2
    assert all(folder.parent == home / "workspaces" for folder in folders)
    assert workspace_folder(home, tmp_path / "x" / ".." / "a" / "数据 1") in folders


@pytest.mark.parametrize("case_id", ["A_1", "病例 1", "../../etc", "a/b", "a:b", "a?b"])
def test_predictions_of_any_case_stay_in_their_folder(tmp_path: Path, case_id: str) -> None:
    workspace = Workspace(tmp_path, Store(tmp_path / "a.sqlite"))
    path = workspace.prediction_path("unet16", case_id)
    assert path.parent == tmp_path / "predictions" / "unet16"
    assert path.suffix == ".npz"
    assert not set(path.name) & set('/\\:?*"<>| ')
    workspace.close()


def test_names_that_differ_give_files_that_differ(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, Store(tmp_path / "a.sqlite"))
    names = ["a b", "a_b", "a:b", "a/b", "a?b", "a.b"]
    assert len({workspace.prediction_path("m", name) for name in names}) == len(names)
    workspace.close()


def test_own_models_come_before_those_of_the_reader_and_the_bundled(tmp_path: Path) -> None:
    home, workspace = tmp_path / "home", tmp_path / "workspace"
    mine = publish_unet(workspace / "models", "tiny", title="Mine")
    publish_unet(home / "models", "tiny", title="Older")
    found = registry(home, workspace)
    assert found.find("tiny").folder == mine.folder
    assert registry(home).find("tiny").spec.title == "Older"
    assert {"tiny", "lite1"} <= {model.spec.id for model in found.models()[0]}
    assert found.roots[-1] == resource("models")
    assert registry(home).champion().spec.id == "lite0"
