"""Modules of somebody else that have the names of ours; importing one ends the process."""

from pathlib import Path

NAMES = ("core", "gui", "training", "resources", "main")


def write_decoys(folder: Path) -> Path:
    """Write packages `core`, `gui`, `training`, `resources` and a `main.py`; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        text = f"raise SystemExit('{name} of the working folder was imported')\n"
        if name == "main":
            (folder / "main.py").write_text(text)
        else:
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(text)
    return folder
