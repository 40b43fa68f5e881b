"""`overread` and `python -m overread`: the command line."""

import sys
from pathlib import Path


def _leave_working_folder() -> None:
    """Import nothing from the folder `python -m` was started in, unless Overread lies there."""
    here = str(Path.cwd())
    if not sys.flags.safe_path and str(Path(__file__).resolve().parents[1]) != here:
        sys.path[:] = [place for place in sys.path if place not in {"", here}]


def main() -> None:
    """Run the command line."""
    from main import main as run

    run()


if __name__ == "__main__":
    _leave_working_folder()
    main()
