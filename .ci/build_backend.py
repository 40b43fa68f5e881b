"""Builds what is installed: one package `overread`, made of the rooms at the top of the repository.

Here the rooms are imported as `core`, `gui` and `training`. Installed, such names would get in the
way of everybody's own, so `build_wheel` lays the rooms below `overread/` in a temporary folder and
puts `overread.` before each of our imports; setuptools does the rest. `pip install -e .` needs none
of this: the rooms stay where they are, and `package/overread` beside this file leads to them.
"""

import ast
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = Path(__file__).resolve().parents[1]
SHELL = ROOT / ".ci" / "package" / "overread"
ROOMS = ("core", "gui", "training")
OURS = {*ROOMS, "main"}
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")
SOURCES = (*ROOMS, "resources", "tests", ".ci", "main.py", "pyproject.toml", "Makefile", *PAGES)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[co]", "*.egg-info", ".*_cache", "build")
SETUPTOOLS = """
[tool.setuptools.packages.find]
include = ["overread", "overread.*"]
exclude = ["overread.resources*"]

[tool.setuptools.package-data]
overread = ["py.typed", "resources/**/*", "training/recipes/**/*.json"]
"""


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build the wheel from a copy in which the rooms lie below `overread/`."""
    into = str(Path(wheel_directory).absolute())
    metadata = metadata_directory and str(Path(metadata_directory).absolute())
    with _staged(stage):
        return str(build_meta.build_wheel(into, config_settings, metadata))


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: dict[str, Any] | None = None
) -> str:
    """Write what is known of the wheel without building it."""
    into = str(Path(metadata_directory).absolute())
    with _staged(_describe):
        return str(build_meta.prepare_metadata_for_build_wheel(into, config_settings))


def build_sdist(sdist_directory: str, config_settings: dict[str, Any] | None = None) -> str:
    """Pack the sources as they lie in the repository, tests included."""
    with tempfile.TemporaryDirectory() as folder:
        info = prepare_metadata_for_build_wheel(folder, config_settings)
        name = info.removesuffix(".dist-info")
        tree = Path(folder, name)
        tree.mkdir()
        for source in SOURCES:
            _copy(ROOT / source, tree / source)
        shutil.copy(Path(folder, info, "METADATA"), tree / "PKG-INFO")
        archive = Path(sdist_directory, f"{name}.tar.gz")
        with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            tar.add(tree, name)
    return archive.name


@contextmanager
def _staged(lay_out: Callable[[Path], None]) -> Iterator[None]:
    """Lay the package out in a temporary folder, which is the working folder meanwhile."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def stage(folder: Path) -> None:
    """Write the sources of the installed package into `folder`, and its project file."""
    _describe(folder)
    package = folder / "overread"
    for part in (*ROOMS, "resources", "main.py"):
        _copy(ROOT / part, package / part)
    for path in package.rglob("*.py"):
        path.write_text(renamed(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def _describe(folder: Path) -> None:
    """Write the project file into `folder`, the pages it names, and the package without rooms."""
    _copy(SHELL, folder / "overread")
    for page in PAGES:
        _copy(ROOT / page, folder / page)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("\n[tool.")[0]
    project = re.sub(r"^backend-path = .*\n", "", project, flags=re.MULTILINE)
    (folder / "pyproject.toml").write_text(project + "\n" + SETUPTOOLS, encoding="utf-8")


def renamed(source: str) -> str:
    """Return a module with `overread.` before what it imports of ours; nothing else changes.

    `from core.io import tiff` becomes `from overread.core.io import tiff`. `import core.io`, which
    binds the name `core`, cannot be renamed so: raises `ValueError`.
    """
    lines = source.splitlines(keepends=True)
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import) and any(_ours(alias.name) for alias in node.names):
            raise ValueError(f"line {node.lineno}: write “from … import …” for modules of ours")
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _ours(node.module or ""):
            # Columns count bytes; what stands before a statement is white space or ASCII.
            line, start = lines[node.lineno - 1], node.col_offset
            changed = re.sub(r"from\s+", r"\g<0>overread.", line[start:], count=1)
            lines[node.lineno - 1] = line[:start] + changed
    return "".join(lines)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what can be or hold an import: not expressions, which are nine nodes of ten."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting.extend(getattr(node, name, ()))


def _ours(module: str) -> bool:
    return module.partition(".")[0] in OURS


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=LEFT_OUT)
    else:
        shutil.copy(source, target)
