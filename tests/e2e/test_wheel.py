"""What is installed is one package, and works where others have modules of the same names."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from tifffile import imread

from core.domain.version import version
from tests.decoys import write_decoys
from tests.synthetic import publish_unet, write_case

ROOT = Path(__file__).resolve().parents[2]
MODEL = "lite0"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by pip as a user's pip would, but without looking for setuptools."""
    out = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds what the wheel brings, and nothing else."""
    target = tmp_path_factory.mktemp("packages")
    pip("install", "--no-deps", "--no-index", "--no-compile", "--target", target, wheel)
    return target


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """A working folder with modules of the same names as ours."""
    return write_decoys(tmp_path / "away")


def pip(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SetuptoolsDeprecationWarning" not in done.stdout + done.stderr


def run(installed: Path, away: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m overread` with the libraries beside it, and no checkout."""
    libraries = sysconfig.get_path("purelib")
    command = [sys.executable, "-S", "-m", "overread", *map(str, arguments)]
    return subprocess.run(
        command, cwd=away, capture_output=True, encoding="utf-8", check=False,
        env={
            **os.environ, "PYTHONIOENCODING": "utf-8", "OVERREAD_HOME": str(away / "home"),
            # -S and this, so that an editable install of a checkout is not in the way.
            "PYTHONPATH": os.pathsep.join((str(installed), libraries)),
        },
    )  # fmt: skip


def test_nothing_but_overread_is_put_beside_other_packages(wheel: Path, installed: Path) -> None:
    names = {path.name for path in installed.iterdir()} - {"bin"}
    assert names == {"overread", f"overread-{version()}.dist-info"}
    recipes = installed / "overread" / "training" / "recipes"
    assert (recipes / "base.json").is_file()
    assert (recipes / "articles" / "unet.json").is_file()
    here = {p.relative_to(ROOT) for p in (ROOT / "resources").rglob("*") if p.is_file()}
    there = {
        p.relative_to(installed / "overread")
        for p in (installed / "overread" / "resources").rglob("*")
        if p.is_file()
    }
    assert here
    assert there == here
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read(f"overread-{version()}.dist-info/METADATA").decode()
    assert "License-Expression: MIT" in told


def test_no_module_that_is_installed_is_asked_for_by_its_name_in_the_checkout(
    installed: Path,
) -> None:
    package = installed / "overread"
    name = re.compile(r"[\"'](?:core|gui|training)(?:\.\w+)+[\"']|^\s*(?:from|import) (?:core|gui|"
                      r"training|main)\b", re.MULTILINE)  # fmt: skip
    ours = {
        ".".join(path.relative_to(package).with_suffix("").parts) for path in package.rglob("*.py")
    }
    through_commands = {f'"{module}"' for module in ours} & TOLD_BY_CHILD_COMMAND
    found = {
        (path.relative_to(package).as_posix(), text)
        for path in package.rglob("*.py")
        for text in name.findall(path.read_text(encoding="utf-8"))
        if text.strip("\"'") in ours or text.strip().startswith(("from", "import"))
    }
    assert {where for where, text in found if text not in through_commands} == set()


TOLD_BY_CHILD_COMMAND = {
    '"core.inference.engine_process"', '"training.train"', '"training.gate"',
    '"training.preview"', '"core.studies.comparison.study_job"',
    '"training.unit_job"', '"training.cluster_job"', '"core.studies.clicks.guide_gate_job"',
    '"core.inference.child_environment"', '"gui.studies.report_pages"',
}  # fmt: skip


def test_help_and_version_are_told(installed: Path, away: Path) -> None:
    helped = run(installed, away, "--help")
    assert helped.returncode == 0, helped.stderr
    assert {"demo", "predict", "train", "models"} <= set(helped.stdout.split())
    told = run(installed, away, "--version")
    assert told.stdout == f"overread {version()}\n", told.stderr


def test_the_command_is_called_overread(installed: Path, away: Path) -> None:
    script = installed / "bin" / "overread"
    libraries = sysconfig.get_path("purelib")
    path = os.pathsep.join((str(installed), libraries))
    done = subprocess.run(
        [sys.executable, "-S", str(script), "--version"], cwd=away, encoding="utf-8", check=False,
        capture_output=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout == f"overread {version()}\n", done.stderr


def test_the_demo_is_written(installed: Path, away: Path) -> None:
    done = run(installed, away, "demo", "--write", away / "demo")
    assert done.returncode == 0, done.stderr
    assert len(list((away / "demo").glob("*/*_mask.tif"))) > 4


def test_a_bundled_model_predicts(installed: Path, away: Path) -> None:
    write_case(away / "data", "A_1", slices=2)
    done = run(
        installed, away,
        "predict", "data", "--model", MODEL, "--out", "masks", "--device", "cpu",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    masks = sorted((away / "masks" / "A_1").iterdir())
    assert [path.name for path in masks] == ["A_1_1_pred.tif", "A_1_2_pred.tif"]
    assert imread(masks[0]).shape == (40, 32)


_NOTEBOOK = """
import sys
import overread
from pathlib import Path

data = overread.open_dataset("data")
models = overread.models()
with overread.open_workspace(data) as workspace:
    found = workspace.predict(overread.read_case(data.case("A_1")), models.find("tiny"))
print(found.probability.shape, Path(overread.__file__).parent.name)
assert not [name for name in ("core", "gui", "training", "main") if name in sys.modules]
assert "torch" not in sys.modules
"""


def test_processes_that_the_interface_starts_find_their_modules(
    installed: Path, away: Path
) -> None:
    write_case(away / "data", "A_1", slices=2)
    publish_unet(away / "home" / "models")
    path = os.pathsep.join((str(installed), sysconfig.get_path("purelib")))
    done = subprocess.run(
        [sys.executable, "-S", "-c", _NOTEBOOK],
        cwd=away, encoding="utf-8", check=False, capture_output=True,
        env={**os.environ, "PYTHONPATH": path, "OVERREAD_HOME": str(away / "home")},
    )  # fmt: skip
    assert done.stdout == "(2, 40, 32) overread\n", done.stderr


def test_the_sources_that_are_handed_out_hold_the_tests(tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, '.ci'); import build_backend as b; b.build_sdist(r'{}')"
    subprocess.run(
        [sys.executable, "-c", code.format(tmp_path)], cwd=ROOT, check=True, capture_output=True
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {
        "PKG-INFO", "pyproject.toml", "main.py", "core/__init__.py", "CHANGELOG.md",
        ".ci/build_backend.py", ".ci/package/overread/__init__.py",
        "tests/e2e/test_wheel.py", "tests/synthetic.py",
    } <= names  # fmt: skip
    assert not any("__pycache__" in name for name in names)


def test_a_checkout_has_the_interface_too(away: Path) -> None:
    path = os.pathsep.join((str(ROOT / ".ci" / "package"), sysconfig.get_path("purelib")))
    for command in (["-m", "overread", "--help"], ["-c", "import overread; overread.open_dataset"]):
        done = subprocess.run(
            [sys.executable, "-S", *command], cwd=away, encoding="utf-8", check=False,
            capture_output=True, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
