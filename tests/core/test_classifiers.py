"""Classifier models lie beside segmentation models and are never taken for one."""

from pathlib import Path

import pytest

from core.domain.errors import ModelError
from core.models.classifiers import Classifiers, read_classifier
from core.models.ensembles import combine
from core.models.model_changes import copy_model
from core.models.model_folder import CLASSIFIER_FILE
from core.models.registry import Registry
from tests.classifiers import publish_classifier
from tests.guides import publish_guide
from tests.synthetic import head, publish_unet, volume_of


def test_each_registry_lists_only_its_own(tmp_path: Path) -> None:
    publish_unet(tmp_path, "mask")
    published = publish_classifier(tmp_path)
    segmentation, problems = Registry((tmp_path,)).models()
    assert [model.spec.id for model in segmentation] == ["mask"]
    assert problems == []
    found, problems = Classifiers((tmp_path,)).models()
    assert found == [published]
    assert problems == []


def test_one_is_found_by_id_or_as_the_first_of_its_task(tmp_path: Path) -> None:
    pictures = publish_classifier(tmp_path / "own", "a", task="classify")
    first = publish_classifier(tmp_path / "own", "b")
    second = publish_classifier(tmp_path / "bundled", "c")
    models = Classifiers((tmp_path / "own", tmp_path / "bundled"))
    assert models.find() == first
    assert models.find("c") == second
    assert models.find("a", "classify") == pictures
    with pytest.raises(ModelError, match="task triage among b, c, found the name 'a'"):
        models.find("a")
    with pytest.raises(ModelError, match="among none there is"):
        Classifiers((tmp_path / "empty",)).find()


def test_an_id_is_taken_by_whichever_kind_is_there(tmp_path: Path) -> None:
    publish_unet(tmp_path, "mask")
    publish_classifier(tmp_path)
    publish_guide(tmp_path, "clicks")
    ids = ("mask", "slices", "clicks")
    before = {name: (tmp_path / name / "weights.safetensors").read_bytes() for name in ids}
    for publish in (publish_unet, publish_classifier, publish_guide):
        for taken in ids:
            with pytest.raises(ModelError, match="expected an id no model has yet"):
                publish(tmp_path, taken)
    registry = Registry((tmp_path,))
    for taken in ids:
        with pytest.raises(ModelError, match="expected an id no model has yet"):
            copy_model(registry, "mask", taken)
    publish_unet(tmp_path, "other")
    for taken in ids:
        with pytest.raises(ModelError, match="expected an id no model has yet"):
            combine(registry, taken, ["mask", "other"])
    kept = {name: (tmp_path / name / "weights.safetensors").read_bytes() for name in ids}
    assert kept == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "expected the specification of a classifier"),
        ('{"id": "x"}', "expected the specification of a classifier"),
        (None, "expected weights.safetensors beside classifier.json"),
    ],
)
def test_a_damaged_one_is_told_and_left_out(tmp_path: Path, content: str | None, said: str) -> None:
    model = publish_classifier(tmp_path)
    if content is None:
        model.weights.unlink()
    else:
        (model.folder / CLASSIFIER_FILE).write_text(content)
    with pytest.raises(ModelError, match=said):
        read_classifier(model.folder)
    found, problems = Classifiers((tmp_path,)).models()
    assert found == []
    assert len(problems) == 1
    assert said in problems[0]


def test_a_newer_format_is_told(tmp_path: Path) -> None:
    path = publish_classifier(tmp_path).folder / CLASSIFIER_FILE
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(ModelError, match="expected format 1, found 2"):
        read_classifier(path.parent)


def test_a_volume_of_other_channels_is_refused(tmp_path: Path) -> None:
    model = publish_classifier(tmp_path)
    model.fitted(volume_of(head()))
    with pytest.raises(ModelError, match="expected 3 channels"):
        model.fitted(volume_of(head(channels=1)))
