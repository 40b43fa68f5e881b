"""The registry: what is listed, what is told, what is never overwritten."""

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.domain.errors import ModelError
from core.domain.prediction import Postprocessing
from core.domain.volume import Volume, channel_names
from core.models.model_folder import SPEC_FILE, WEIGHTS_FILE, check_id
from core.models.model_listing import listing, spec_from_options
from core.models.preprocessing import Preprocessing
from core.models.registry import (
    FORMAT,
    MODEL_SPEC,
    Model,
    ModelSpec,
    Registry,
    prediction_key,
    read_model,
)
from core.workspace.workspace_folder import registry as registry_of
from tests.synthetic import digest, head, volume_of


def spec(model_id: str = "one", **fields: object) -> ModelSpec:
    return ModelSpec(id=model_id, title=f"Model {model_id}", architecture="unet", **fields)  # type: ignore[arg-type]


def place(root: Path, model_id: str, **fields: object) -> Model:
    """Put a model whose weights are only bytes: the registry does not read them."""
    folder = root / model_id
    folder.mkdir(parents=True)
    (folder / WEIGHTS_FILE).write_bytes(model_id.encode())
    MODEL_SPEC.write(folder, spec(model_id, **fields))
    return read_model(folder)


def ids(registry: Registry) -> list[str]:
    return [model.spec.id for model in registry.models()[0]]


def change(folder: Path, **fields: object) -> None:
    """Edit `model.json` as a text editor would."""
    path = folder / SPEC_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_bundled_model_is_there_and_complete(home: Path) -> None:
    registry = registry_of(home)
    champion = registry.champion()
    assert champion.spec.architecture
    assert champion.spec.parameters
    assert "non-commercial" in champion.spec.licence
    assert champion.weights.stat().st_size > 100_000
    assert registry.models()[1] == []


def test_first_folder_wins_and_order_is_of_the_folders(tmp_path: Path) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    for root, names in ((own, ("b", "c")), (shared, ("a", "b"))):
        for name in names:
            place(root, name)
    registry = Registry((own, shared, tmp_path / "missing"))
    assert ids(registry) == ["b", "c", "a"]
    assert registry.find("b").folder == own / "b"
    assert registry.champion().spec.id == "b"


def test_champion_of_the_earlier_folder_wins_and_promotion_changes_it(tmp_path: Path) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    for name in "ab":
        place(shared, name)
    Registry((shared,)).promote("b")
    registry = Registry((own, shared))
    assert registry.champion().spec.id == "b"
    before = digest(shared)
    registry.promote("a")
    assert registry.champion().spec.id == "a"
    assert digest(shared) == before
    assert Registry((shared,)).champion().spec.id == "b"


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": "gone"}', b'{"id": 3}', b"\xff\xfe{}"])
def test_champion_that_is_damaged_or_gone_falls_back(tmp_path: Path, content: bytes) -> None:
    place(tmp_path, "a")
    (tmp_path / "champion.json").write_bytes(content)
    assert Registry((tmp_path,)).champion().spec.id == "a"


def test_empty_registry_is_told(tmp_path: Path) -> None:
    registry = Registry((tmp_path,))
    assert registry.models() == ([], [])
    with pytest.raises(ModelError, match=r"Expected a model, found none. Import one"):
        registry.champion()
    with pytest.raises(ModelError, match=r"none there is, found the name 'x'"):
        registry.promote("x")
    assert not (tmp_path / "champion.json").exists()
    assert listing(registry) == ([], [])


def test_unknown_name_lists_those_there_are(tmp_path: Path) -> None:
    place(tmp_path, "a")
    place(tmp_path, "b")
    with pytest.raises(ModelError, match=r"Expected one of the models a, b, found the name 'c'"):
        Registry((tmp_path,)).find("c")


def test_half_written_model_is_not_listed_and_can_be_published_again(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / WEIGHTS_FILE).write_bytes(b"half")
    registry = Registry((tmp_path,))
    assert registry.models() == ([], [])
    (tmp_path / "w").write_bytes(b"whole")
    model = registry.publish(spec("a"), tmp_path / "w")
    assert model.weights.read_bytes() == b"whole"
    assert ids(registry) == ["a"]


def test_published_model_is_the_one_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"weights")
    wanted = spec(
        "a",
        arguments={"init_features": 4},
        preprocessing=Preprocessing(crop="head", size=64, neighbours=1),
        postprocessing=Postprocessing(threshold=0.3, largest_component=True),
        metrics={"dsc": 0.9},
        trained_on=("P1", "P2"),
    )
    model = Registry((tmp_path / "models",)).publish(wanted, tmp_path / "w")
    assert read_model(model.folder) == model
    assert model.spec == wanted
    assert model.spec.network.in_channels == 9
    assert sorted(path.name for path in model.folder.iterdir()) == [SPEC_FILE, WEIGHTS_FILE]


def damage_json(folder: Path) -> None:
    (folder / SPEC_FILE).write_text("{not json")


def damage_encoding(folder: Path) -> None:
    text = (folder / SPEC_FILE).read_text().replace("Model b", "模型")
    (folder / SPEC_FILE).write_bytes(text.encode("gb18030"))


def damage_weights(folder: Path) -> None:
    (folder / WEIGHTS_FILE).unlink()


def damage_whole(folder: Path) -> None:
    (folder / SPEC_FILE).unlink()
    (folder / SPEC_FILE).mkdir()


BROKEN = [
    (damage_json, "b/model.json: expected a model specification"),
    (damage_encoding, "b/model.json: expected a model specification"),
    (lambda folder: (folder / SPEC_FILE).write_text(""), "b/model.json: expected"),
    (lambda folder: (folder / SPEC_FILE).write_text("[" * 100_000), "b/model.json: expected"),
    (lambda folder: change(folder, preprocessing={"crop": "ears"}), "found: Invalid enum value"),
    (lambda folder: change(folder, title=3), "found: Expected `str`, got `int`"),
    (lambda folder: change(folder, secret=1), "unknown field `secret`"),
    (lambda folder: change(folder, postprocessing={"threshold": 50}), "threshold"),
    (lambda folder: change(folder, id="../../up"), "b/model.json: expected a model id"),
    (
        lambda folder: change(folder, format=FORMAT + 1),
        f"expected format {FORMAT}, found {FORMAT + 1}",
    ),
    (
        lambda folder: change(folder, format=FORMAT + 1, planes=["axial"], flips="both"),
        f"b/model.json: expected format {FORMAT}, found {FORMAT + 1}. Use the version",
    ),
    (damage_weights, "b: expected weights.safetensors beside model.json, found none"),
    (damage_whole, "expected a file that can be read"),
]


@pytest.mark.parametrize(("damage", "said"), BROKEN)
def test_broken_model_is_told_and_the_others_are_listed(
    tmp_path: Path, damage: object, said: str
) -> None:
    for name in "abc":
        place(tmp_path, name)
    damage(tmp_path / "b")  # type: ignore[operator]
    registry = Registry((tmp_path,))
    models, problems = registry.models()
    assert [model.spec.id for model in models] == ["a", "c"]
    (problem,) = problems
    assert said in problem
    assert len(problem) < 500
    rows, told = listing(registry)
    assert [row.id for row in rows] == ["a", "c"]
    assert told == problems
    with pytest.raises(ModelError, match="found the name 'b'"):
        registry.find("b")


def test_publishing_an_id_twice_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    place(tmp_path, "a")
    (tmp_path / "w").write_bytes(b"other")
    before = digest(tmp_path)
    with pytest.raises(ModelError, match=r"a: expected an id no model has yet.*--id"):
        Registry((tmp_path,)).publish(spec("a"), tmp_path / "w")
    assert digest(tmp_path) == before


def test_publishing_never_overwrites_a_model_that_cannot_be_listed(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"other")
    root = tmp_path / "models"
    place(root, "newer")
    change(root / "newer", format=FORMAT + 1)
    place(root, "renamed")
    change(root / "renamed", id="another")
    place(root, "damaged")
    (root / "damaged" / SPEC_FILE).write_text("{")
    before = digest(root)
    for model_id in ("newer", "renamed", "damaged"):
        with pytest.raises(ModelError, match="expected an id no model has yet"):
            Registry((root,)).publish(spec(model_id), tmp_path / "w")
    assert digest(root) == before


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "a b",
        "../a",
        "a/b",
        "a\\b",
        ".hidden",
        "-a",
        "a" * 65,
        "模型",
        "a\n",
        "a.",
        "CON",
        "nul.v2",
        "Com1",
        "a:b",
        "*",
    ],
)
def test_ids_that_are_no_folder_names_are_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ModelError, match=r"[Ee]xpected a model id"):
        check_id(bad)
    (tmp_path / "w").write_bytes(b"")
    with pytest.raises(ModelError, match=r"[Ee]xpected a model id"):
        Registry((tmp_path / "models",)).publish(spec(bad), tmp_path / "w")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("good", ["a", "unet16", "U-Net_2.1", "0", "a" * 64, "console", "com10"])
def test_ids_that_are_folder_names(tmp_path: Path, good: str) -> None:
    (tmp_path / "w").write_bytes(b"weights")
    registry = Registry((tmp_path / "models",))
    registry.publish(spec(good), tmp_path / "w")
    assert ids(registry) == [good]
    assert registry.find(good).folder == tmp_path / "models" / good


def test_weights_that_cannot_be_copied_publish_nothing(tmp_path: Path) -> None:
    registry = Registry((tmp_path / "models",))
    with pytest.raises(Exception, match=r"no such file"):
        registry.publish(spec("a"), tmp_path / "missing")
    assert registry.models() == ([], [])


def test_fingerprint_is_of_what_a_probability_depends_on(tmp_path: Path) -> None:
    model = place(tmp_path / "base", "a")
    same = [
        spec("b"),
        spec("a", metrics={"dsc": 0.5}, licence="x", parent="y", trained_on=("P",)),
        spec("a", postprocessing=Postprocessing(threshold=0.2)),
        msgspec.structs.replace(model.spec, title="Another title"),
    ]
    other = [
        spec("a", preprocessing=Preprocessing(crop="head")),
        spec("a", preprocessing=Preprocessing(neighbours=1)),
        spec("a", arguments={"init_features": 4}),
        spec("a", channels=("A", "B")),
        spec("a", flips=True),
    ]
    assert {Model(s, model.folder).fingerprint for s in same} == {model.fingerprint}
    marks = [Model(s, model.folder).fingerprint for s in other]
    assert len({model.fingerprint, *marks}) == 1 + len(other)
    moved = tmp_path / "moved"
    shutil.copytree(model.folder, moved)
    assert read_model(moved).fingerprint == model.fingerprint
    (moved / WEIGHTS_FILE).write_bytes(b"b")
    assert read_model(moved).fingerprint != model.fingerprint


def test_key_is_of_model_and_pixels(tmp_path: Path) -> None:
    model, volume = place(tmp_path, "a"), volume_of(head())
    assert prediction_key(model, volume) == prediction_key(model, volume_of(head().copy()))
    assert prediction_key(model, volume) != prediction_key(model, volume_of(head(seed=1)))
    assert prediction_key(model, volume) != prediction_key(place(tmp_path, "b"), volume)


def test_weights_that_have_gone_are_told(tmp_path: Path) -> None:
    model = place(tmp_path, "a")
    model.weights.unlink()
    with pytest.raises(ModelError, match=r"expected a file that can be read, found: no such file"):
        _ = model.fingerprint


def test_volume_of_another_kind_is_a_sentence(tmp_path: Path) -> None:
    model = place(tmp_path, "a")
    model.fitted(volume_of(head()))
    model.fitted(volume_of(head(dtype=np.uint16)))
    wrong: list[tuple[Volume, str]] = [
        (
            volume_of(head(channels=1)),
            r"expected 3 channels \(Pre, FLAIR, Post\), found 1 \(Image\)",
        ),
        (volume_of(head(channels=4)), r"found 4 \(Channel 1, Channel 2, Channel 3, Channel 4\)"),
        (volume_of(head(2, (15, 64))), r"expected slices of 16 to 4096 pixels.*found 15×64"),
        (volume_of(np.zeros((3, 1, 16, 4097), np.uint8)), r"found 16×4097"),
        (volume_of(np.zeros((3, 2, 20, 20), np.uint8)), r"expected an image, found zeros"),
    ]
    for volume, said in wrong:
        with pytest.raises(ModelError, match=rf"Model a: .*{said}") as error:
            model.fitted(volume)
        assert str(error.value).rstrip().endswith(".")


def test_names_of_channels() -> None:
    assert channel_names(3) == ("Pre", "FLAIR", "Post")
    assert channel_names(1) == ("Image",)
    assert channel_names(2) == ("Channel 1", "Channel 2")


def test_options_of_the_command_line_become_a_specification() -> None:
    made = spec_from_options(
        "a", "", "unet", arguments=["init_features=8"], preprocessing='{"neighbours":1}'
    )
    assert made.title == "a"
    assert made.network.arguments == {"init_features": 8}
    assert made.network.in_channels == 9


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"arguments": ["init_features"]}, "expected NAME=VALUE"),
        ({"arguments": ["depth=3"]}, "depth"),
        ({"arguments": ["init_features=many"]}, "init_features"),
        ({"architecture": "u-net"}, "unet"),
        ({"preprocessing": "{"}, "--preprocessing: expected JSON"),
        ({"preprocessing": '{"size":8}'}, "--preprocessing: expected JSON"),
        ({"preprocessing": '{"zoom":2}'}, "zoom"),
    ],
)
def test_options_that_do_not_fit_are_told(given: dict[str, object], said: str) -> None:
    options = {"architecture": "unet", "arguments": [], "preprocessing": "{}", **given}
    with pytest.raises(ModelError, match="xpected") as error:
        spec_from_options("a", "", **options)  # type: ignore[arg-type]
    assert said in str(error.value)
