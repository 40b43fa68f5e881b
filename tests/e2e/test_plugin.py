"""Another package adds one of everything; a broken one is named and left out."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.synthetic import write_case

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "tests" / "plugin"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds the example, installed by pip."""
    folder = tmp_path_factory.mktemp("plugin")
    # A copy: a build leaves its own files beside the sources.
    source = shutil.copytree(PLUGIN, folder / "source")
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps",
            "--no-index", "--no-build-isolation", "--target", str(folder / "packages"), str(source),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "packages"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder of packages whose entry points name what is not there, or is something else."""
    info = tmp_path / "packages" / "broken_example-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[overread.networks]\nabsent-net = no_such_module:ARCHITECTURE\nno-net = json:loads\n"
        "[overread.engines]\nno-engine = json:loads\n"
        "[overread.readers]\nno-reader = json:loads\n"
        "[overread.layouts]\nno-layout = json:loads\nlost = lost_layout:LAYOUT\n"
    )
    (info.parent / "lost_layout.py").write_text(_LOST)
    return info.parent


_LOST = """
from overread import Layout

def fits(tree):
    raise IndexError("nothing there")

LAYOUT = Layout("lost", "Lost", fits, fits)
"""


def run(
    home: Path, *command: str, folders: tuple[Path, ...] = ()
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, (ROOT, ROOT / ".ci" / "package", *folders)))
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False,
        env={**os.environ, "OVERREAD_HOME": str(home), "PYTHONPATH": path},
    )  # fmt: skip


_BUILD = """
import sys
from core.models.networks.spec import ARCHITECTURES, NetworkSpec, resolve_arguments
assert list(ARCHITECTURES)[-1] == "example-net", list(ARCHITECTURES)
spec = NetworkSpec("example-net", 3, {"width": 2})
assert resolve_arguments(spec).width == 2
assert "torch" not in sys.modules
import torch
from core.models.networks.builder import build_network
print(*build_network(spec)(torch.zeros(1, 3, 8, 8)).shape)
"""


def test_a_package_adds_a_network(packages: Path, home: Path) -> None:
    done = run(home, "-c", _BUILD, folders=(packages,))
    assert done.stdout == "1 1 8 8\n", done.stderr
    assert done.stderr == ""


def test_the_network_of_a_package_is_trained(packages: Path, home: Path, tmp_path: Path) -> None:
    for case_id in ("A", "B", "C"):
        write_case(tmp_path / "data", case_id)
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": ["A", "B"], "val": ["C"]}))
    done = run(
        home, str(ROOT / "main.py"), "train", "example-net", "--data", str(tmp_path / "data"),
        "--split", str(split), "--out", str(tmp_path / "job"), "--max-steps", "2", "--size", "32",
        "--set", "selection_cases=1", "--set", "selections=1", "--device", "cpu",
        folders=(packages,),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "job is a candidate now" in done.stdout


_ENGINES = """
from core.inference.engines import engines, left_out
print(*engines())
print(*left_out(), sep="\\n")
"""


def test_whatever_kind_is_broken_is_named_and_left_out(
    packages: Path, broken: Path, home: Path
) -> None:
    done = run(home, "-c", _ENGINES, folders=(broken, packages))
    assert done.returncode == 0, done.stderr
    engines, *sentences = done.stdout.splitlines()
    assert {"torch", "example"} <= set(engines.split())
    assert "no-engine" not in engines.split()
    named = [sentence.partition(" of the package broken-example: ")[0] for sentence in sentences]
    assert named == ["no-layout", "no-reader", "absent-net", "no-net", "no-engine"]


def test_a_layout_that_fails_is_named_and_the_others_are_asked(
    packages: Path, broken: Path, home: Path, tmp_path: Path
) -> None:
    write_case(tmp_path / "data", "A")
    done = run(
        home, str(ROOT / "main.py"), "info", str(tmp_path / "data"), folders=(broken, packages)
    )
    assert done.returncode == 0, done.stderr
    assert "lost of the package broken-example" in done.stdout + done.stderr
    assert "IndexError: nothing there" in done.stdout + done.stderr


def test_a_package_adds_an_engine(packages: Path, home: Path, tmp_path: Path) -> None:
    write_case(tmp_path / "data", "A")
    written = {}
    for engine in ("example", "none"):
        out = tmp_path / engine
        given = ("predict", str(tmp_path / "data"), "--out", str(out), "--engine", engine)
        done = run(home, str(ROOT / "main.py"), *given, folders=(packages,))
        written[engine] = len(list(out.glob("A/*_pred.tif")))
        assert (done.returncode == 0) is (engine == "example"), done.stderr
    assert written["example"] > 0
    assert written["none"] == 0
    assert re.search(r"one of the engines auto, .*example.*, found 'none'", done.stderr)


_LIST = "from core.models.networks.spec import ARCHITECTURES; print(*ARCHITECTURES)"


def test_a_broken_package_is_named_and_left_out(packages: Path, broken: Path, home: Path) -> None:
    done = run(home, "-c", _LIST, folders=(broken, packages))
    assert done.returncode == 0, done.stderr
    names = done.stdout.split()
    assert {"unet", "example-net"} <= set(names)
    assert not {"absent-net", "no-net"} & set(names)
    first, second = done.stderr.splitlines()
    assert first.startswith("absent-net of the package broken-example: ")
    assert "ModuleNotFoundError" in first
    assert second.startswith("no-net of the package broken-example: ")
    assert "type function" in second


def test_a_package_adds_a_format_and_a_layout(
    packages: Path, broken: Path, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "head.example").write_text("EXAMPLE 1 2 3\n0 1 2 3 4 -5\n")
    done = run(
        home, str(ROOT / "main.py"), "info", str(tmp_path / "data"), "--json", folders=(packages,)
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["layout"] == "example"
    assert [(case["id"], case["shape"]) for case in told["cases"]] == [("head", [1, 2, 3])]
