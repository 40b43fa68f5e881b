"""Classifiers in the commands: listed, shown, promoted, exported, deleted, and asked."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.cli.classify import classify
from core.cli.model_changes import delete_models, promote_model
from core.cli.models import export_model, list_models, show_model
from core.domain.errors import DataError, ModelError
from core.models.classifiers import Classifiers
from core.models.preprocessing import Preprocessing
from tests.classifiers import publish_classifier
from tests.synthetic import publish_unet, write_case

PLAIN = Preprocessing(crop="none", size=32, neighbours=0)


@pytest.fixture
def models(home: Path) -> Path:
    root = home / "models"
    publish_unet(root, "net")
    publish_classifier(root, "slices")
    for name in ("kinds", "kinds-b"):
        publish_classifier(
            root,
            name,
            task="classify",
            classes=("lower", "middle", "upper"),
            channels=("Image",),
            preprocessing=PLAIN,
        )
    return root


def test_classifiers_are_listed_and_shown(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_models(json=True)
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    tasks = {name: rows[name]["task"] for name in ("net", "slices", "kinds")}
    assert tasks == {"net": "segment", "slices": "triage", "kinds": "classify"}
    show_model("kinds")
    assert '"task": "classify"' in capsys.readouterr().out


def test_the_promoted_one_is_taken_by_default(models: Path) -> None:
    known = Classifiers((models,))
    assert known.find("", "classify").spec.id == "kinds"
    promote_model("kinds-b")
    assert known.find("", "classify").spec.id == "kinds-b"
    assert known.find().spec.id == "slices"
    delete_models("kinds-b", yes=True)
    assert known.find("", "classify").spec.id == "kinds"


def test_a_classifier_is_exported_with_its_specification(models: Path, tmp_path: Path) -> None:
    export_model("kinds", tmp_path / "kinds", "pt")
    state = torch.load(tmp_path / "kinds.pt", weights_only=True)
    assert state
    assert json.loads((tmp_path / "kinds.json").read_text())["classes"][1] == "middle"
    with pytest.raises(ModelError, match="found the name 'nobody'"):
        export_model("nobody", tmp_path / "x", "pt")


def _rows(out: Path) -> list[dict[str, str]]:
    with (out / "classes.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_pictures_of_a_folder_get_probabilities(models: Path, tmp_path: Path) -> None:
    lot = np.random.default_rng(0)
    for name in ("a.png", "deep/b.png", "deep/c.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = lot.integers(0, 255, (40, 48), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    classify(tmp_path / "in", tmp_path / "out")
    rows = _rows(tmp_path / "out")
    assert [row["picture"] for row in rows] == ["a.png", "deep/b.png", "deep/c.jpg"]
    for row in rows:
        chances = {name: float(row[f"p {name}"]) for name in ("lower", "middle", "upper")}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-5)
        assert row["class"] == max(chances, key=chances.__getitem__)
    classify(tmp_path / "in" / "a.png", tmp_path / "one")
    assert _rows(tmp_path / "one") == rows[:1]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="expected pictures"):
        classify(tmp_path / "empty", tmp_path / "none")


def test_slices_of_cases_get_probabilities(models: Path, tmp_path: Path) -> None:
    write_case(tmp_path / "data", "A_1")
    classify(tmp_path / "data", tmp_path / "out", model="slices")
    rows = _rows(tmp_path / "out")
    assert [(row["case"], row["slice"]) for row in rows] == [("A_1", str(n)) for n in range(1, 5)]
