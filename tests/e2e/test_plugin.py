"""Another package adds one of everything; a broken one is named and left out."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

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
            "--no-index", "--no-build-isolation", "--no-compile",
            "--target", str(folder / "packages"), str(source),
        ],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "packages"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages whose entry points name what is not there, or is something else."""
    info = tmp_path_factory.mktemp("broken") / "broken_example-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-example\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[overread.networks]\nabsent-net = no_such_module:ARCHITECTURE\nno-net = json:loads\n"
        "[overread.engines]\nno-engine = json:loads\n"
        "[overread.readers]\nno-reader = json:loads\n"
        "[overread.layouts]\nno-layout = json:loads\nlost = lost_layout:LAYOUT\n"
        "leaving = leaving_layout:LAYOUT\n"
    )
    (info.parent / "leaving_layout.py").write_text("raise SystemExit('bye')\n")
    (info.parent / "lost_layout.py").write_text(_LOST)
    return info.parent


_LOST = """
from overread import Layout

def fits(tree):
    raise IndexError("nothing there")

LAYOUT = Layout("lost", "Lost", fits, fits)
"""

# Everything that a process with the example is asked, in this order: what needs no torch first.
_WITH_THE_EXAMPLE = """
import json, sys
from pathlib import Path
from core.models.networks.spec import ARCHITECTURES, NetworkSpec, resolve_arguments
from tests.command_line import run_main

spec = NetworkSpec("example-net", 3, {"width": 2})
told = {"last": list(ARCHITECTURES)[-1], "width": resolve_arguments(spec).width}
told["torch"] = "torch" in sys.modules

place = Path(sys.argv[1])
def run(name, *arguments):
    done = run_main(place / "home", *arguments)
    told[name] = [done.returncode, done.stdout, done.stderr]

run("info", "info", place / "other", "--json")
for engine in ("none", "example"):
    run(engine, "predict", place / "data", "--case", "A", "--out", place / engine,
        "--engine", engine)
import torch
from core.models.networks.builder import build_network
told["shape"] = list(build_network(spec)(torch.zeros(1, 3, 8, 8)).shape)
run("train", "train", "example-net", "--data", place / "data", "--split", place / "split.json",
    "--out", place / "job", "--max-steps", "2", "--size", "32", "--set", "selection_cases=1",
    "--set", "selections=1", "--device", "cpu")
print(json.dumps(told))
"""

_WITH_A_BROKEN_ONE = """
import json, sys
from pathlib import Path
from core.models.networks.spec import ARCHITECTURES
told = {"networks": list(ARCHITECTURES)}
print("networks are known", file=sys.stderr)
from core.inference.engines import engines, left_out
told |= {"engines": list(engines()), "left out": left_out()}
from tests.command_line import run_main
done = run_main(Path(sys.argv[1]) / "home", "info", Path(sys.argv[1]) / "data")
told["info"] = [done.returncode, done.stdout, done.stderr]
print(json.dumps(told))
"""


class Told(NamedTuple):
    """What a process said of itself, and what it wrote beside it."""

    values: dict[str, Any]
    errors: str
    place: Path


def tell(code: str, place: Path, *folders: Path) -> Told:
    """Run code in a process that knows the packages of folders, over the cases in `place`."""
    for case_id in ("A", "B", "C"):
        write_case(place / "data", case_id)
    (place / "other").mkdir()
    (place / "other" / "head.example").write_text("EXAMPLE 1 2 3\n0 1 2 3 4 -5\n")
    (place / "split.json").write_text(json.dumps({"train": ["A", "B"], "val": ["C"]}))
    path = os.pathsep.join(map(str, (ROOT, ROOT / ".ci" / "package", *folders)))
    done = subprocess.run(
        [sys.executable, "-c", code, str(place)],
        capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "OVERREAD_HOME": str(place / "home"), "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Told(json.loads(done.stdout), done.stderr, place)


@pytest.fixture(scope="module")
def told(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What a process says that finds the example."""
    return tell(_WITH_THE_EXAMPLE, tmp_path_factory.mktemp("with the example"), packages)


@pytest.fixture(scope="module")
def told_broken(packages: Path, broken: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What a process says that finds the example and the broken package."""
    return tell(_WITH_A_BROKEN_ONE, tmp_path_factory.mktemp("with both"), broken, packages)


def test_a_package_adds_a_network(told: Told) -> None:
    values = told.values
    assert (values["last"], values["width"], values["torch"]) == ("example-net", 2, False)
    assert values["shape"] == [1, 1, 8, 8]
    assert told.errors == ""


def test_the_network_of_a_package_is_trained(told: Told) -> None:
    status, said, errors = told.values["train"]
    assert status == 0, errors
    assert "job is a candidate now" in said


def test_whatever_kind_is_broken_is_named_and_left_out(told_broken: Told) -> None:
    assert {"torch", "example"} <= set(told_broken.values["engines"])
    assert "no-engine" not in told_broken.values["engines"]
    sentences = told_broken.values["left out"]
    named = [sentence.partition(" of the package broken-example: ")[0] for sentence in sentences]
    assert named == ["leaving", "no-layout", "no-reader", "absent-net", "no-net", "no-engine"]


def test_a_layout_that_fails_is_named_and_the_others_are_asked(told_broken: Told) -> None:
    status, said, errors = told_broken.values["info"]
    assert status == 0, errors
    assert "lost of the package broken-example" in said + errors
    assert "IndexError: nothing there" in said + errors


def test_a_package_adds_an_engine(told: Told) -> None:
    status, _, errors = told.values["example"]
    assert status == 0, errors
    assert list((told.place / "example").glob("A/*_pred.tif"))
    status, _, errors = told.values["none"]
    assert status != 0
    assert not (told.place / "none").exists()
    assert re.search(r"one of the engines auto, .*example.*, found 'none'", errors)


def test_a_broken_package_is_named_and_left_out(told_broken: Told) -> None:
    names = told_broken.values["networks"]
    assert {"unet", "example-net"} <= set(names)
    assert not {"absent-net", "no-net"} & set(names)
    first, second = told_broken.errors.partition("networks are known")[0].splitlines()
    assert first.startswith("absent-net of the package broken-example: ")
    assert "ModuleNotFoundError" in first
    assert second.startswith("no-net of the package broken-example: ")
    assert "type function" in second


def test_a_package_adds_a_format_and_a_layout(told: Told) -> None:
    status, said, errors = told.values["info"]
    assert status == 0, errors
    described = json.loads(said)
    assert described["layout"] == "example"
    assert [(case["id"], case["shape"]) for case in described["cases"]] == [("head", [1, 2, 3])]
