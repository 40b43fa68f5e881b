"""Settings from a file, and names that others use."""

import json
from pathlib import Path

import pytest

from core.domain.errors import AppError, DataError
from core.models.known_names import known_loss, known_network
from core.models.networks.catalog import ARCHITECTURES
from core.models.registry import Registry
from core.models.train_spec import FINE_TUNING, make_spec
from tests.training.making import TRAIN, VAL, make_job, write_split
from training.learning.losses import LOSSES
from training.run.train_options import TrainOptions, spec_of


def _options(tmp_path: Path, **changes: object) -> TrainOptions:
    given = {"architecture": "", "data": Path(), "split": Path(), "out": tmp_path / "again"}
    return TrainOptions(**{**given, **changes})  # type: ignore[arg-type]


def test_the_job_of_one_training_is_the_settings_of_another(tmp_path: Path) -> None:
    spec, job = make_job(tmp_path, loss="dice")
    registry = Registry((tmp_path / "models",))
    again = spec_of(_options(tmp_path, config=job.path / "job.json"), registry)
    assert (again.model_id, again.loss, again.max_steps, again.arguments) == (
        "again",
        "dice",
        spec.max_steps,
        spec.arguments,
    )
    other = spec_of(
        _options(
            tmp_path,
            config=job.path / "job.json",
            epochs=3,
            loss="calc",
            settings=("clip=0.5",),
            arguments=("init_features=3",),
        ),
        registry,
    )
    assert (other.epochs, other.max_steps, other.loss, other.clip) == (3, None, "bce-dice", 0.5)
    assert other.arguments == {"init_features": 3}


@pytest.mark.parametrize("content", ["[]", "nonsense", json.dumps({"speed": 3})])
def test_a_file_of_other_content_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(AppError, match=r"[Ee]xpected"):
        spec_of(_options(tmp_path, config=tmp_path / "c.json"), Registry((tmp_path,)))


@pytest.mark.parametrize(
    ("name", "here"),
    [("calc", "bce-dice"), ("Calc_Loss", "bce-dice"), ("softiou", "soft-iou"), ("Dice", "Dice")],
)
def test_losses_have_the_names_of_the_articles_too(name: str, here: str) -> None:
    assert known_loss(name) == here


@pytest.mark.parametrize(
    ("name", "here"), [("UNet++", "unetpp"), ("Attention_UNet", "attention-unet")]
)
def test_networks_have_the_names_of_the_articles_too(name: str, here: str) -> None:
    assert known_network(name) == here


def test_every_name_leads_to_one_there_is() -> None:
    assert {known_loss(name) for name in ("iou", "jaccard", "bce_dice", "tversky")} <= LOSSES.keys()
    names = ("att_unet", "resunet", "nested_unet", "dense_unet", "SE-DenseUNet")
    assert {known_network(name) for name in names} <= ARCHITECTURES.keys()


def test_the_cases_of_a_part_of_a_split_are_chosen(tmp_path: Path) -> None:
    from core.cli.command_run import case_ids

    split = write_split(tmp_path / "split.json")
    assert case_ids(None, f"{split}:val") == list(VAL)
    assert case_ids([TRAIN[1], VAL[0]], f"{split}:train") == [TRAIN[1]]
    assert case_ids(["A"], "") == ["A"]
    for wrong in (str(split), f"{split}:test"):
        with pytest.raises(DataError, match="FILE:train or FILE:val"):
            case_ids(None, wrong)
    with pytest.raises(DataError, match="expected cases in val, found none"):
        case_ids([TRAIN[0]], f"{split}:val")


@pytest.mark.parametrize(
    ("budget", "selections"),
    [
        ({"minutes": 60.0}, 20),
        ({"minutes": 2.0}, 4),
        ({"minutes": 600.0}, 60),
        ({"epochs": 30}, 30),
        ({"max_steps": 3000}, 20),
        ({"max_steps": 3000, "minutes": 15.0}, 5),
        ({"max_steps": 3000, "selections": 7}, 7),
    ],
)
def test_selections_follow_the_length_of_a_training(
    budget: dict[str, object], selections: int
) -> None:
    required: dict[str, object] = {"architecture": "unet", "data": "d", "split": "s"}
    assert make_spec("cpu", required, budget).selections == selections
    assert make_spec("reference", required, {}).selections == 100
    assert make_spec("cpu", required, FINE_TUNING).selections == 10
