"""What the start may load, and where torch may stand."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    *("torch", "torchvision", "segmentation_models_pytorch", "openvino", "onnxruntime"),
    *("matplotlib", "scipy", "pydicom", "nibabel", "SimpleITK", "requests"),
}


_IMPORT_WINDOW = "import gui.app.window_start, gui.app.program"
_HELP = "import sys, main; sys.argv = ['main.py', '--help']; main.main()"
_LOADED = """
import atexit, sys
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
"""


@pytest.mark.parametrize("code", [_IMPORT_WINDOW, _HELP], ids=["the window", "--help"])
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _LOADED + code],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    loaded = set(child.stderr.split())
    assert "typer" in loaded or "gui.app.window_start" in loaded
    assert not loaded & HEAVY
    if code == _HELP:
        assert {"demo", "open", "predict", "evaluate", "models"} <= set(child.stdout.split())
        assert "PySide6" not in loaded


def test_torch_is_imported_at_the_top_of_few_files_of_core() -> None:
    """Only where networks are built and run: everything else starts without it."""
    with_torch = {
        str(path.relative_to(ROOT / "core").as_posix())
        for path in (ROOT / "core").rglob("*.py")
        if any(name.split(".")[0] == "torch" for name in top_imports(path))
    }
    allowed = ("models/networks/", "models/model_import.py", "inference/")
    assert {name for name in with_torch if not name.startswith(allowed)} == set()


def top_imports(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
