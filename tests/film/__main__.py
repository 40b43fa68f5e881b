"""Makes the film of the loop that README shows: `python -m tests.film [OUT]`.

The window is the real one, on the demo, with the bundled models and a real training; nothing is
drawn by hand but the pointer and the captions. It takes a few minutes.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

FILM = Path(__file__).resolve().parents[2] / "resources" / "help" / "loop.webp"
LARGEST_BYTES = 3 * 2**20
_QUALITY = 80
_PATIENCE_SECONDS = 900.0


def main(out: Path) -> int:
    """Make the film; returns the exit status."""
    from PySide6.QtWidgets import QApplication

    from core.demo.demo_cases import DEMO_NAME
    from core.workspace.settings import Settings, home, save_settings, settings_path
    from gui.app.program import Program
    from tests.film.camera import Camera
    from tests.film.scenes import SCENES, Film

    save_settings(settings_path(), Settings(reader="Ann", tour_seen=True))
    application = QApplication(["film"])
    program = Program(application)
    program.open(home() / DEMO_NAME)
    program.window.resize(1600, 1000)
    camera = Camera(program.window)
    film = Film(program, camera, _waiting(application))
    for scene in SCENES:
        scene(film)
        sys.stdout.write(f"{scene.__name__}: {len(camera.frames)} frames\n")
        sys.stdout.flush()
    program.window.close()
    camera.write(out, quality=_QUALITY)
    size = out.stat().st_size
    sys.stdout.write(f"{out}: {size / 2**20:.2f} MiB, {len(camera.frames)} frames\n")
    return 0 if size <= LARGEST_BYTES else 1


def _waiting(application: object) -> Callable[[Callable[[], bool]], None]:
    from PySide6.QtWidgets import QApplication

    assert isinstance(application, QApplication)

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            application.processEvents()
            time.sleep(0.01)
            if time.monotonic() > deadline:
                raise TimeoutError("the window did not come to rest")

    return wait


if __name__ == "__main__":
    os.environ["QT_QPA_PLATFORM"] = (
        f"offscreen:configfile={Path(__file__).resolve().parents[1] / 'screens.json'}"
    )
    wanted = Path(sys.argv[1]) if len(sys.argv) > 1 else FILM
    with tempfile.TemporaryDirectory(prefix="overread-film-") as folder:
        os.environ["OVERREAD_HOME"] = folder
        sys.exit(main(wanted))
