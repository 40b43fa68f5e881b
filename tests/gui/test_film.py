"""The film of the loop: its scenes go on this window, and what README shows is small enough."""

from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from tests.film.__main__ import FILM, LARGEST_BYTES
from tests.film.camera import Camera
from tests.film.scenes import Film, disagreement, repair, worst_first

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_committed_film_is_short_small_and_shown() -> None:
    assert FILM.stat().st_size <= LARGEST_BYTES
    assert f"]({FILM.relative_to(README.parent).as_posix()})" in README.read_text("utf-8")
    with Image.open(FILM) as film:
        frames: int = film.n_frames  # type: ignore[attr-defined]
        assert film.width >= 1000
    assert 25 <= frames <= 120


@pytest.fixture
def film(program: Program, qtbot: QtBot) -> Film:
    return Film(
        program,
        Camera(program.window),
        lambda condition: qtbot.waitUntil(condition),
    )


def test_the_scenes_do_what_they_show(film: Film, tmp_path: Path) -> None:
    session, shots = film.program.session, film.camera.frames
    worst_first(film)
    assert session.current == film.program.operations.order()[0]
    assert len(shots) == 2

    disagreement(film)
    assert session.correction is not None
    assert len(shots) == 5

    repair(film)
    assert len(shots) > 8
    correction = session.correction
    assert correction is not None
    figures = correction.figures()
    assert figures.dsc_truth is not None
    assert figures.dsc_truth_before is not None
    assert figures.dsc_truth > figures.dsc_truth_before
    pictures = {bytes(frame.image.constBits()) for frame in shots}
    assert len(pictures) >= len(shots) - 2
    # As small as the film is to be, each picture takes a second to write.
    Camera(film.program.window, [shots[0], shots[-1]]).write(tmp_path / "loop.webp", quality=30)
    with Image.open(tmp_path / "loop.webp") as written:
        assert written.is_animated  # type: ignore[attr-defined]
