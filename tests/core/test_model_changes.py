"""Models deleted, copied and renamed; one registry for all datasets."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from core.cli.models import models as models_app
from core.domain.errors import AppError, ModelError
from core.jobs.job_folder import create_job
from core.models.ensembles import combine
from core.models.gate import GATE_FILE, GateSpec, judge_candidate
from core.models.guide_choice import answering_guide
from core.models.guides import Guides
from core.models.model_changes import copy_model, delete_any, delete_model, rename_model
from core.models.model_folder import WEIGHTS_FILE
from core.models.promotion import champion_history, promote, roll_back
from core.models.registry import MODEL_SPEC, Registry, read_champion, read_model
from core.workspace.settings import Settings
from core.workspace.workspace_folder import registry as registry_of
from core.workspace.workspace_folder import workspace_folder
from gui.shell.model_reader import read_models
from tests.classifiers import publish_classifier
from tests.guides import publish_guide
from tests.synthetic import publish_unet


def _make_a_folder_of_it(folder: Path) -> None:
    (folder / "guide.json").unlink()
    (folder / "guide.json").mkdir()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Two own models, one of another dataset, and one that came with the program."""
    publish_unet(tmp_path / "shipped", "shipped")
    publish_unet(tmp_path / "else", "elsewhere")
    for name in ("first", "second"):
        publish_unet(tmp_path / "own", name)
    roots = (tmp_path / "own", tmp_path / "shipped")
    Registry(roots[1:]).promote("shipped")
    return Registry(roots, others=(tmp_path / "else",))


def test_what_came_with_the_program_and_champions_stay(registry: Registry) -> None:
    promote(registry, "first")
    Registry(registry.others).promote("elsewhere")
    for name, told in (
        ("first", "not the champion"),
        ("elsewhere", "not the champion"),
        ("shipped", "not the champion"),
    ):
        with pytest.raises(ModelError, match=told):
            delete_model(registry, name)
    delete_model(registry, "second")
    assert {m.spec.id for m in registry.models()[0]} == {"first", "shipped", "elsewhere"}
    assert not (registry.roots[0] / "second").exists()


def test_a_member_stays_while_an_ensemble_needs_it(registry: Registry) -> None:
    combine(registry, "both", ["first", "second"])
    with pytest.raises(ModelError, match="a member of both"):
        delete_model(registry, "first")
    delete_model(registry, "both")
    delete_model(registry, "first")


def test_a_copy_predicts_the_same_and_brings_its_members(registry: Registry) -> None:
    (registry.roots[0] / "first" / "certificate.json").write_text("{}")
    made = copy_model(registry, "first", "third", title="Third")
    assert (made.spec.id, made.spec.title) == ("third", "Third")
    assert made.fingerprint == registry.find("first").fingerprint
    assert (made.folder / "certificate.json").exists()
    combine(registry, "both", ["first", "second"])
    again = copy_model(Registry((registry.roots[0] / "deep", *registry.roots)), "both", "alone")
    assert {member.folder.parent for member in again.members} == {again.folder}
    for taken in ("second", "shipped", "elsewhere"):
        with pytest.raises(ModelError, match="no model has yet"):
            copy_model(registry, "first", taken)


def test_champion_history_and_ensembles_follow_a_new_id(registry: Registry) -> None:
    combine(registry, "both", ["first", "second"])
    promote(registry, "first")
    promote(registry, "second")
    rename_model(registry, "first", "premier")
    assert registry.find("both").spec.members == ("premier", "second")
    assert [done.id for done in champion_history(registry)] == ["premier", "second"]
    rename_model(registry, "second", "deuxieme", title="Deuxième")
    assert registry.champion().spec.title == "Deuxième"
    assert roll_back(registry) == "premier"
    assert not (registry.roots[0] / "first").exists()
    with pytest.raises(ModelError, match="came with Overread"):
        rename_model(registry, "shipped", "mine")


def test_models_of_another_dataset_are_there_and_its_champion_is_not(home: Path) -> None:
    other, here = (workspace_folder(home, home / name) for name in ("other", "here"))
    publish_unet(other / "models", "trained-there")
    Registry((other / "models",)).promote("trained-there")
    found = registry_of(home, here)
    assert found.find("trained-there").folder == other / "models" / "trained-there"
    assert found.champion().spec.id != "trained-there"
    assert registry_of(home, other).champion().spec.id == "trained-there"
    assert registry_of(home).find("trained-there")
    with pytest.raises(ModelError, match="no model has yet"):
        publish_unet(here / "models", "x") and combine(found, "trained-there", ["x", "lite0"])


def _call(*arguments: str) -> str:
    result = CliRunner().invoke(models_app, arguments)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_worse_model_is_promoted_from_the_terminal_only_with_yes(home: Path) -> None:
    data = home / "scans"
    place = workspace_folder(home, data)
    for name in ("before", "after"):
        publish_unet(place / "models", name)
    Registry((place / "models",)).promote("before")
    scores = {f"C_{n}": 0.9 for n in range(8)}
    report = judge_candidate(
        ("before", scores), ("after", {c: s - 0.01 for c, s in scores.items()})
    )
    spec = GateSpec(champion="before", candidate="after", data="d", cases=tuple(scores))
    job = create_job(place / "jobs" / "0001-gate", spec)
    import msgspec

    (job.path / GATE_FILE).write_bytes(msgspec.json.encode(report))
    with pytest.raises(AppError, match=r"worse than the champion.*--yes"):
        _call("promote", "after", "--data", str(data))
    assert registry_of(home, place).champion().spec.id == "before"
    _call("promote", "after", "--data", str(data), "--yes")
    assert registry_of(home, place).champion().spec.id == "after"
    assert "before is the champion again" in _call("rollback", "--data", str(data))


def test_a_model_that_was_never_held_against_the_champion_asks_too(home: Path) -> None:
    root = home / "models"
    for name, score in (("before", 0.9), ("after", 0.1)):
        spec = publish_unet(root, name).spec
        MODEL_SPEC.write(root / name, replace(spec, metrics={"dsc_native_val": score}))
    Registry((root,)).promote("before")
    with pytest.raises(AppError, match=r"never held against before .*0\.100.*0\.900.*--yes"):
        _call("promote", "after")
    assert Registry((root,)).champion().spec.id == "before"


def test_the_terminal_copies_renames_and_deletes(home: Path) -> None:
    publish_unet(home / "models", "mine")
    assert "Copied" in _call("copy", "mine", "yours")
    assert "theirs now" in _call("rename", "yours", "theirs")
    assert read_model(home / "models" / "theirs").spec.id == "theirs"
    with pytest.raises(AppError, match="--yes"):
        _call("delete", "theirs")
    _call("delete", "theirs", "--yes")
    assert not (home / "models" / "theirs").exists()


@pytest.fixture
def twice(tmp_path: Path) -> Registry:
    """A dataset with a model, another with one of the same id that is champion there.

    Ids are checked against what lies beside a model alone.
    """
    here, there, box = (tmp_path / name for name in ("here", "there", "box"))
    for root in (here, there):
        for name in ("plain", "mine"):
            publish_unet(root, name)
        for name in ("plain", "mine"):
            promote(Registry((root, box)), name)
    promote(Registry((here, box)), "plain")
    return Registry((here, box), others=(there,))


def test_a_model_of_the_same_id_elsewhere_stays_champion_there(twice: Registry) -> None:
    (there,) = twice.others
    rename_model(twice, "mine", "ours")
    assert read_champion(there) == "mine"
    others = [done.id for done in champion_history(Registry((there, twice.roots[1])))]
    assert others == ["plain", "mine"]
    assert [done.id for done in champion_history(twice)] == ["plain", "ours", "plain"]


def test_a_model_is_no_champion_by_another_of_its_id(twice: Registry) -> None:
    delete_model(twice, "mine")
    assert [(root / "mine").exists() for root in (twice.roots[0], *twice.others)] == [False, True]


@pytest.mark.parametrize("publish", [publish_classifier, publish_guide])
def test_what_cannot_be_deleted_is_said_of_every_kind(
    tmp_path: Path, publish: Callable[[Path, str], object]
) -> None:
    publish(tmp_path / "elsewhere", "kept")
    own = tmp_path / "own"
    own.mkdir()
    (own / "kept").symlink_to(tmp_path / "elsewhere" / "kept")  # which nothing deletes
    with pytest.raises(ModelError, match="kept: could not be deleted"):
        delete_any(Registry((own, tmp_path / "box")), "kept")
    assert (tmp_path / "elsewhere" / "kept" / WEIGHTS_FILE).exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "guide.json").write_text('{"id": 3}'),
        lambda folder: (folder / "guide.json").write_bytes(b"\xff"),
        lambda folder: (folder / "guide.json").write_text('{"format": 2, "new": true}'),
        lambda folder: (folder / WEIGHTS_FILE).unlink(),
        _make_a_folder_of_it,
    ],
)
def test_a_guide_that_cannot_be_read_stops_no_other_model(
    home: Path, damage: Callable[[Path], object]
) -> None:
    root = home / "models"
    publish_unet(root, "one")
    publish_classifier(root, "slices")
    publish_guide(root, "clicks")
    damage(publish_guide(root, "broken").folder)
    terminal = CliRunner()
    listed = terminal.invoke(models_app, ["list"])
    assert listed.exit_code == 0, listed.output
    assert all(name in listed.stdout for name in ("one", "slices", "clicks"))
    assert "broken" in listed.stderr
    for name in ("one", "slices", "clicks"):
        assert terminal.invoke(models_app, ["show", name]).exit_code == 0
    wanted = ["export", "one", "--out", str(home / "made")]
    assert terminal.invoke(models_app, wanted).exit_code == 0
    for name in ("one", "slices", "clicks"):
        assert terminal.invoke(models_app, ["delete", name, "--yes"]).exit_code == 0
    # What is asked for by its name says what is wrong with it.
    asked = terminal.invoke(models_app, ["show", "broken"])
    assert "found the name 'broken'" in str(asked.exception)
    assert "broken/guide.json" in str(asked.exception) or WEIGHTS_FILE in str(asked.exception)


def test_the_window_says_which_guides_and_classifiers_it_leaves_out(home: Path) -> None:
    workspace = workspace_folder(home, home / "cases")
    publish_unet(home / "models", "one")
    for spec in (
        publish_guide(home / "models").folder / "guide.json",
        publish_classifier(workspace / "models").folder / "classifier.json",
    ):
        spec.write_text("{")
    models = read_models(home, workspace, "one", Settings())
    assert models.current is not None
    assert models.current.spec.id == "one"
    said = " ".join(models.problems)
    assert "clicks/guide.json: expected" in said
    assert "slices/classifier.json: expected" in said


def test_a_guide_that_can_be_read_answers_beside_one_that_cannot(tmp_path: Path) -> None:
    good = publish_guide(tmp_path, "good")
    (publish_guide(tmp_path, "bad").folder / "guide.json").write_text("{")
    guides = Guides((tmp_path,))
    assert answering_guide([tmp_path]) == guides.find("good") == good
    with pytest.raises(ModelError, match=r"among good, found the name 'bad'.*bad/guide\.json"):
        guides.find("bad")
