"""Names of files are text everywhere: in tables, on the terminal, in lists of problems."""

import csv
import os
import sys
from pathlib import Path

import pytest

from core.cli.say import say
from core.domain.plain_text import one_line, printable
from core.io.csv_file import csv_text, plain
from core.io.dataset import scan
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


@pytest.mark.skipif(
    os.name == "nt" or sys.platform == "darwin", reason="such names cannot be there"
)
def test_a_name_with_a_line_break_is_told(tmp_path: Path) -> None:
    write_case(tmp_path, "Good", seed=1)
    write_case(tmp_path, "two\nlines", seed=2)
    dataset = scan(tmp_path)
    assert [case.id for case in dataset.cases] == ["Good"]
    (notice,) = dataset.notices
    assert notice.startswith("two\\nlines: expected a name of one line")
