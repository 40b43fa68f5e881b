"""Where the data files of the program lie."""

from pathlib import Path

_RESOURCES = Path(__file__).resolve().parents[2] / "resources"


def resource(*parts: str) -> Path:
    """Return the path of a bundled data file or folder; nothing is opened or checked."""
    return _RESOURCES.joinpath(*parts)
