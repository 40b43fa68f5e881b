"""What is said of a folder that no layout fits."""

from pathlib import Path

from core.io.layouts.found import FolderUnknown


def test_a_reader_at_a_window_is_told_of_no_options_to_type() -> None:
    error = FolderUnknown(Path("scans"), found="1 file (1 × .jpg)", layouts=("lgg",))
    assert "--image" in str(error)
    assert "--" not in error.in_a_window
    assert "1 file (1 × .jpg)" in error.in_a_window
    assert "how it is organised" in error.in_a_window
