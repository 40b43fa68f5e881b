"""What the start may load, and where torch may stand."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("core", "gui", "training", "tests", ".ci")
HEAVY = {
    *("torch", "torchvision", "segmentation_models_pytorch", "openvino", "onnxruntime"),
    *("matplotlib", "scipy", "pydicom", "nibabel", "SimpleITK", "requests", "cuda.bindings"),
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
        cwd=ROOT, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    loaded = set(child.stderr.split())
    assert "typer" in loaded or "gui.app.window_start" in loaded
    assert not loaded & HEAVY
    if code == _HELP:
        assert {"demo", "open", "predict", "evaluate", "models"} <= set(child.stdout.split())
        assert "PySide6" not in loaded


def test_pyside_reads_no_source_of_what_is_imported_beside_the_window() -> None:
    child = subprocess.run(
        [sys.executable, "-c", "import gui, builtins; print(builtins.__import__.__name__)"],
        cwd=ROOT, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert "feature" not in child.stdout


def test_torch_is_imported_at_the_top_of_few_files_of_core() -> None:
    """Only where networks are built and run: everything else starts without it."""
    with_torch = {
        str(path.relative_to(ROOT / "core").as_posix())
        for path in (ROOT / "core").rglob("*.py")
        if any(name.split(".")[0] == "torch" for name in top_imports(path))
    }
    allowed = ("models/networks/", "models/foreign/", "models/model_import.py", "inference/torch_")
    assert {name for name in with_torch if not name.startswith(allowed)} == set()


POSIX = {"crypt", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog"}
POSIX |= {"termios", "tty"}
POSIX_CALLS = {"os.fork", "os.geteuid", "os.getuid", "os.nice", "os.sched_getaffinity"}
POSIX_CALLS |= {"os.setpriority", "os.sysconf", "os.uname", "signal.SIGKILL", "signal.SIGXFSZ"}


def test_every_module_can_be_imported_on_any_system() -> None:
    """What one system alone has is asked for where it is used, never at the top of a module."""
    places = [ROOT / "main.py", *(p for top in TOPS for p in (ROOT / top).rglob("*.py"))]
    bound = {
        str(path.relative_to(ROOT).as_posix()): found
        for path in places
        if (found := sorted(posix_at_the_top(path.read_text(encoding="utf-8"))))
    }
    assert bound == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import resource", ["resource"]),
        ("if True:\n    from fcntl import flock", ["fcntl"]),
        ("class A:\n    pid = os.getuid()", ["os.getuid"]),
        ("def f(kill=signal.SIGKILL): pass", ["signal.SIGKILL"]),
        ("def f():\n    import resource\n    os.fork()", []),
        ("f = lambda: os.fork()", []),
    ],
)
def test_what_one_system_alone_has_would_be_found(source: str, found: list[str]) -> None:
    assert list(posix_at_the_top(source)) == found


NAMES_OF_POSIX = sorted(POSIX | {call.rpartition(".")[2] for call in POSIX_CALLS})
A_NAME_OF_POSIX = re.compile("|".join(rf"\b{name}\b" for name in NAMES_OF_POSIX))


def posix_at_the_top(source: str) -> Iterator[str]:
    """Yield what is done at import that only POSIX has; bodies of functions are left out."""
    if not A_NAME_OF_POSIX.search(source):  # as in most files, which need not be parsed
        return
    ahead: list[ast.AST] = list(ast.parse(source).body)
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            ahead += [*node.decorator_list, *node.args.defaults]
            ahead += [each for each in node.args.kw_defaults if each is not None]
            continue
        if isinstance(node, ast.Lambda):
            continue
        names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {node.module}
        yield from (name for name in names if name.split(".")[0] in POSIX)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in POSIX_CALLS:
            yield ast.unparse(node)
        ahead += ast.iter_child_nodes(node)


def top_imports(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if "torch" not in text:  # as in most files, which need not be parsed
        return
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
