"""The DSC chart, judged by the pixels of the file it writes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from core.domain.errors import WorkspaceError
from core.studies.scores.figures import dsc_chart

SKY_BLUE, TOMATO, GREEN = (135, 206, 235), (255, 99, 71), (0, 128, 0)
PLOT_ROWS = slice(60, 690)  # pixel rows that hold bars only: above are the title, below the legend


def pixels(path: Path) -> NDArray[np.int16]:
    """Return a picture as (rows, columns, 3)."""
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(np.int16)


def near(picture: NDArray[np.int16], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return where `picture` has `colour`, but for what anti-aliasing changes."""
    return np.asarray(np.abs(picture - np.array(colour)).max(axis=-1) <= 12)


def bar_widths(picture: NDArray[np.int16]) -> list[int]:
    """Return the width in pixels of each bar, from top to bottom."""
    blue = near(picture, SKY_BLUE).sum(axis=1)
    starts = np.flatnonzero((blue[1:] > 0) & (blue[:-1] == 0)) + 1
    return [int(blue[start + 2]) for start in starts]


def line_column(picture: NDArray[np.int16], colour: tuple[int, int, int]) -> float:
    """Return the pixel column of the vertical line in `colour`."""
    return float(np.median(np.nonzero(near(picture, colour)[PLOT_ROWS])[1]))


def test_bars_are_sorted_with_the_best_on_top(tmp_path: Path) -> None:
    target = tmp_path / "dsc.png"
    dsc_chart([("b", 0.5), ("d", 0.2), ("a", 0.9), ("c", 0.4)], target, title="Four cases")
    picture = pixels(target)
    assert picture.shape == (800, 1200, 3)
    widths = np.array(bar_widths(picture))
    # The lines cross the longer bars and hide a few pixels of them.
    np.testing.assert_allclose(widths / widths[0], np.array([9, 5, 4, 2]) / 9, atol=0.02)


def test_lines_stand_at_the_mean_and_the_median(tmp_path: Path) -> None:
    target = tmp_path / "dsc.png"
    dsc_chart([("a", 1.0), ("b", 0.75), ("c", 0.25), ("d", 0.75)], target, title="Four cases")
    picture = pixels(target)
    bars = np.nonzero(near(picture, SKY_BLUE).any(axis=0))[0]
    left, width = bars.min(), bars.max() - bars.min()
    assert (line_column(picture, TOMATO) - left) / width == pytest.approx(0.6875, abs=0.005)
    assert (line_column(picture, GREEN) - left) / width == pytest.approx(0.75, abs=0.005)


@pytest.mark.parametrize("count", [1, 110, 200])
def test_chart_of_few_and_of_many_cases(tmp_path: Path, count: int) -> None:
    rows = [(f"SYNTHETIC_{n:04d}_{'long' * 12}", 0.4 + 0.5 * n / count) for n in range(count)]
    target = tmp_path / "dsc.png"
    dsc_chart(rows, target, title=f"{count} cases " + "with a long title " * 9)
    picture = pixels(target)
    assert picture.shape == (800, 1200, 3)
    edges = (picture[:, :4], picture[:, -4:], picture[:4], picture[-4:])
    assert all((edge == 255).all() for edge in edges), "something is cut off at the edge"
    # A third of the height in bars at the least, whatever room ids and figures take.
    assert near(picture, SKY_BLUE).any(axis=1).sum() > (270 if count > 1 else 60)


@given(case=st.text(min_size=1, max_size=60), title=st.text(max_size=40))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_can_be_drawn(tmp_path: Path, case: str, title: str) -> None:
    target = tmp_path / "dsc.png"
    dsc_chart([(case, 0.5), ("合成_$x_1$", 0.7)], target, title=title)
    assert pixels(target).shape == (800, 1200, 3)


def test_rows_of_equal_dsc_give_one_picture_in_any_order(tmp_path: Path) -> None:
    rows = [("a", 0.5), ("b", 0.5), ("c", 0.5)]
    dsc_chart(rows, tmp_path / "one.png", title="t")
    dsc_chart(rows[::-1], tmp_path / "other.png", title="t")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_no_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one case"):
        dsc_chart([], tmp_path / "dsc.png", title="t")
    assert list(tmp_path.iterdir()) == []


def test_a_refused_write_leaves_nothing_behind(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(WorkspaceError):
        dsc_chart([("a", 0.5)], blocked / "dsc.png", title="t")
    assert list(tmp_path.iterdir()) == [blocked]


def test_matplotlib_waits_for_the_first_chart_and_pyplot_for_ever(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from core.studies.scores.figures import dsc_chart\n"
        "assert 'matplotlib' not in sys.modules\n"
        f"dsc_chart([('a', 0.5)], Path({str(tmp_path / 'dsc.png')!r}), title='t')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
    assert done.returncode == 0
