"""Settings of a reader: only what differs is in the file, and no file stops the program."""

import json
from pathlib import Path

import pytest

from core.domain.errors import WorkspaceError
from core.workspace.settings import (
    HOME_VARIABLE,
    Settings,
    WindowPlace,
    home,
    load_settings,
    read_settings,
    save_settings,
    settings_path,
)

CHANGED = Settings(
    theme="light",
    flips=True,
    last_dataset="/数据/a b",
    windows={"DP-1": WindowPlace(1280, 800)},
)


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "新 folder" / "settings.json"
    save_settings(path, CHANGED)
    assert load_settings(path) == CHANGED
    save_settings(path, Settings())
    assert load_settings(path) == Settings()


def test_the_file_holds_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    save_settings(path, CHANGED)
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "theme": "light",
        "flips": True,
        "last_dataset": "/数据/a b",
        "windows": {"DP-1": {"width": 1280, "height": 800}},
    }
    save_settings(path, Settings())
    assert json.loads(path.read_text()) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"last_dataset": "\xff"}', b'{"theme": "pink"}',
        b'{"memory_gib": 0}', b'{"memory_gib": 1e9}', b'{"flips": "yes"}', b'{"windows": {"a": 1}}',
    ],
)  # fmt: skip
def test_a_damaged_file_counts_as_no_difference(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert load_settings(path) == Settings()
    save_settings(path, CHANGED)
    assert load_settings(path) == CHANGED


def test_one_bad_setting_leaves_the_others_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    place = '{"a": {"width": 9223372036854775807, "height": 5}}'
    path.write_text(f'{{"theme": "light", "flips": 3, "windows": {place}}}')
    settings, said = read_settings(path)
    assert settings == Settings(theme="light")
    assert "flips, windows are as at the first start" in said
    path.write_text("{")
    assert "All settings are" in read_settings(path)[1]
    assert read_settings(tmp_path / "none.json") == (Settings(), "")


def test_no_file_and_a_folder_count_as_no_difference(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.json") == Settings()
    assert load_settings(tmp_path) == Settings()


def test_a_setting_of_a_newer_version_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "unheard_of": 3}')
    assert load_settings(path) == Settings(theme="light")


def test_a_failed_save_is_told_and_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    save_settings(path, CHANGED)
    with pytest.raises(WorkspaceError, match="could not be written"):
        save_settings(path / "below a file.json", Settings())
    assert load_settings(path) == CHANGED


def test_home_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert home() == tmp_path
    assert settings_path().parent == tmp_path
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv(HOME_VARIABLE)
        else:
            monkeypatch.setenv(HOME_VARIABLE, unset)
        assert home().is_absolute()
        assert "Overread" in str(home())
