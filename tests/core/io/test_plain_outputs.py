"""Names of files are text everywhere: in tables, on the terminal, in lists of problems."""

import csv
import os
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from core.cli.say import say
from core.domain.errors import DataError
from core.domain.plain_text import one_line, printable
from core.io.cases.case_reader import read_case
from core.io.csv_file import csv_text, plain
from core.io.datasets.dataset import scan
from core.io.layouts.tree import tree_of
from core.workspace.known_dataset import scan_known
from tests.synthetic import write_case


def test_cells_that_a_spreadsheet_would_run_are_defused_and_numbers_stay() -> None:
    cells = ["=HYPERLINK(1)", "+1+1", "@SUM(A1)", "-x", "-0.5", "+3", "a=b", "", None, -2.5, -3]
    (_, row) = csv.reader(csv_text(["x"] * len(cells), [cells]).splitlines())
    assert row[:4] == ["'=HYPERLINK(1)", "'+1+1", "'@SUM(A1)", "'-x"]
    assert row[4:] == ["-0.5", "+3", "a=b", "", "", "-2.5", "-3"]
    assert [plain(cell) for cell in row[:4]] == cells[:4]
    assert plain("'quoted'") == "'quoted'"


def test_terminal_escapes_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    say("case \x1b[31mred\x1b]0;title\x07 \u202eabc\nnext line: 病例", err=False)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\u202e" not in said
    assert said == "case \\x1b[31mred\\x1b]0;title\\x07 \\u202eabc\nnext line: 病例\n"
    assert one_line("a\nb") == "a\\nb"
    assert printable("plain") == "plain"


odd_names = pytest.mark.skipif(
    os.name == "nt" or sys.platform == "darwin", reason="such names cannot be there"
)


@odd_names
def test_a_name_with_a_line_break_is_told(tmp_path: Path) -> None:
    write_case(tmp_path, "Good", seed=1)
    write_case(tmp_path, "two\nlines", seed=2)
    dataset = scan(tmp_path)
    assert [case.id for case in dataset.cases] == ["Good"]
    (notice,) = dataset.notices
    assert notice.startswith("two\\nlines: expected a name of one line")


@odd_names
@pytest.mark.parametrize("name", [b"two\nlines", b"K\xf6lliker"])
def test_odd_names_of_volumes_are_told_in_every_layout(tmp_path: Path, name: bytes) -> None:
    volume = nibabel.Nifti1Image(np.ones((8, 8, 4), np.int16), np.eye(4))
    for case in (b"Good", name):
        folder = tmp_path / os.fsdecode(case)
        folder.mkdir()
        nibabel.save(volume, folder / "flair.nii.gz")
    dataset = scan(tmp_path)
    assert len(dataset.cases) == 1
    (notice,) = dataset.notices
    assert "Left out; rename it" in notice
    assert notice.isprintable()


@odd_names
def test_a_folder_that_is_not_named_in_utf_8_is_told_and_not_stumbled_over(tmp_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/K\xf6lliker"))
    write_case(root, "Good")
    with pytest.raises(DataError, match="expected a name in UTF-8"):
        scan_known(root)
    with pytest.raises(DataError, match="expected a name in UTF-8"):
        tree_of(root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes there")
def test_what_would_be_read_without_an_end_is_left_out_and_told(tmp_path: Path) -> None:
    slices, volumes = write_case(tmp_path / "slices", "A"), tmp_path / "volumes"
    for number in (2, 3):
        (slices / f"A_{number}_mask.tif").unlink()
    os.mkfifo(slices / "A_2_mask.tif")
    (slices / "A_3_mask.tif").symlink_to("/dev/zero")
    (volumes / "A").mkdir(parents=True)
    volume = nibabel.Nifti1Image(np.ones((8, 8, 4), np.int16), np.eye(4))
    nibabel.save(volume, volumes / "A" / "t1.nii.gz")
    os.mkfifo(volumes / "A" / "flair.nii.gz")
    for root in (tmp_path / "slices", volumes):
        dataset = scan(root)
        (case,) = dataset.cases
        (said,) = dataset.notices
        assert "expected a file, found a pipe, a socket or a device" in said
        assert len(read_case(case).volume.pixels) in (1, 3)
