"""The commands `compare` and `export`, run as the command line runs them, on tiny cases."""

import csv
import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from core.cli.compare import compare
from core.cli.export import export
from core.domain.errors import ModelError
from core.domain.prediction import Postprocessing
from core.models.registry import Model
from tests.synthetic import publish_unet, write_case

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(compare)
app.command()(export)


@pytest.fixture
def data(tmp_path: Path, home: Path) -> Path:
    for number in range(2):
        write_case(tmp_path / "data", f"C_{number}", slices=3, seed=number)
    first = publish_unet(home / "models", "one")
    spec = msgspec.structs.replace(
        first.spec, id="two", title="Tiny two", postprocessing=Postprocessing(0.2)
    )
    place = home / "models" / "two"
    place.mkdir()
    (place / "weights.safetensors").write_bytes(first.weights.read_bytes())
    (place / "model.json").write_bytes(msgspec.json.encode(spec))
    assert Model(spec, place).fingerprint == first.fingerprint
    return tmp_path / "data"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "wanted", [("--models", "one", "two"), ("--models", "one", "--models", "two")]
)
def test_compare_takes_models_in_a_row_or_one_by_one(
    data: Path, tmp_path: Path, wanted: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    result = run("compare", data, *wanted, "--out", out, "--device", "cpu")
    assert result.exit_code == 0, result.output
    found = rows(out / "comparison.csv")
    assert [(row["case"], row["model"]) for row in found] == [
        (case, model) for case in ("C_0", "C_1") for model in ("one", "two")
    ]
    summary = json.loads((out / "summary.json").read_text())
    means = [model["figures"]["dsc"]["mean"] for model in summary["models"]]
    for model, mean in zip(("one", "two"), means, strict=True):
        dsc = [float(row["dsc"]) for row in found if row["model"] == model]
        assert mean == pytest.approx(sum(dsc) / 2)
        assert f"{model}: mean DSC {mean:.4f}" in result.output


def test_second_run_needs_no_run_and_gives_the_same(data: Path, tmp_path: Path) -> None:
    arguments = ("compare", data, "--models", "one", "two", "--device", "cpu", "--html")
    first = run(*arguments, "--ensemble", "--out", tmp_path / "first")
    assert first.exit_code == 0, first.output
    again = run(*arguments, "--ensemble", "--out", tmp_path / "again", "--no-run")
    assert again.exit_code == 0, again.output
    for name in ("comparison.csv", "summary.json", "reviews.csv", "dsc_by_case.png"):
        one, other = ((tmp_path / place / name).read_bytes() for place in ("first", "again"))
        if name == "summary.json":
            assert json.loads(one)["models"] == json.loads(other)["models"]
            assert json.loads(one)["pairs"] == json.loads(other)["pairs"]
        else:
            assert one == other
    report = (tmp_path / "again" / "report.html").read_text(encoding="utf-8")
    assert "Mean of 2 models" in report
    charts = list((tmp_path / "again").glob("*.png"))
    assert len(charts) == 1 + 2 * 3
    assert all(b64encode(path.read_bytes()).decode() in report for path in charts)


def test_cached_predictions_are_compared_without_torch(data: Path, tmp_path: Path) -> None:
    arguments = ["compare", str(data), "--models", "one", "two", "--out", str(tmp_path / "out")]
    assert run(*arguments, "--device", "cpu").exit_code == 0
    code = (
        "import sys, typer\n"
        "from core.cli.compare import compare\n"
        "from core.cli.export import export\n"
        "app = typer.Typer(); app.command()(compare); app.command()(export)\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    for given in (
        [*arguments, "--no-run", "--html"],
        ["export", str(data), "--model", "one", "--out", str(tmp_path / "out"), "--no-run"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *given], capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_cases_never_predicted_are_named_when_nothing_may_be_run(
    data: Path, tmp_path: Path
) -> None:
    result = run("compare", data, "--models", "one", "--out", tmp_path / "out", "--no-run")
    assert result.exit_code == 3
    assert "Run the model on it first" in result.output
    assert rows(tmp_path / "out" / "comparison.csv") == []


def test_models_that_are_missing_are_told(data: Path, tmp_path: Path) -> None:
    none = run("compare", data, "--out", tmp_path / "out")
    assert (none.exit_code, "Add --models" in none.output) == (1, True)
    with pytest.raises(ModelError, match="found the name 'three'"):
        CliRunner().invoke(
            app,
            ["compare", str(data), "--models", "three", "--out", str(tmp_path / "out")],
            catch_exceptions=False,
        )
    assert not (tmp_path / "out").exists()


def test_export_writes_what_is_asked_for(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("export", data, "--model", "one", "--device", "cpu", "--out", out)
    result = run(*arguments, "--gif", "--case", "C_1")
    assert result.exit_code == 0, result.output
    assert [path.name for path in out.iterdir()] == ["C_1.gif"]
    result = run(*arguments, "--scale", "2", "--rgb")
    assert result.exit_code == 0, result.output
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    slices = [f"{case}/{case}-{n:02d}.png" for case in ("C_0", "C_1") for n in (1, 2, 3)]
    assert names == sorted(["C_0.gif", "C_0_sheet.png", "C_1.gif", "C_1_sheet.png", *slices])
    for path in out.rglob("C_?-*.png"):
        with Image.open(path) as picture:
            width, height = picture.size
            assert width > 64  # the words that never go missing are wider
            assert height > 80 + 2 * 12
            colours = {colour for _, colour in picture.getcolors(1 << 16) or []}
        assert path.stem.endswith("01") or (0, 255, 0) in colours
    with Image.open(out / "C_0.gif") as picture:
        assert picture.n_frames == 3  # type: ignore[attr-defined]


def test_export_goes_on_after_a_case_that_cannot_be_read(data: Path, tmp_path: Path) -> None:
    (data / "C_0" / "C_0_2.tif").write_bytes(b"no image")
    out = tmp_path / "out"
    result = run("export", data, "--model", "one", "--out", out, "--gif", "--device", "cpu")
    assert result.exit_code == 3
    assert "Failed: C_0" in result.output
    assert [path.name for path in out.iterdir()] == ["C_1.gif"]
