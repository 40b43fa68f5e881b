"""Ensembles: models of the registry whose probability is the mean of their members'."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from core.domain.agreement import mean_prediction
from core.domain.errors import ModelError
from core.domain.prediction import SMALL_SHARE, Postprocessing
from core.domain.volume import Volume
from core.inference.engine import Engine
from core.inference.inference_ensemble import open_runner
from core.inference.network_cost import complexity
from core.inference.volume_inference import Runner, RunOptions
from core.models.ensembles import combine, pack_members, require_weights_of_its_own
from core.models.preprocessing import Preprocessing
from core.models.registry import Registry, read_model
from core.workspace.settings import HOME_VARIABLE
from main import app
from tests.synthetic import head, publish_unet, volume_of

UNLIKE = Preprocessing(crop="head", size=32)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Two models that prepare a volume differently."""
    publish_unet(tmp_path, "one", seed=1)
    publish_unet(tmp_path, "two", seed=2, preprocessing=UNLIKE)
    return Registry((tmp_path,))


@pytest.fixture
def volume() -> Volume:
    return volume_of(head(slices=5))


@pytest.mark.parametrize("flips", [False, True])
def test_the_probability_is_the_mean_of_the_members(
    registry: Registry, volume: Volume, flips: bool
) -> None:
    model = combine(registry, "both", ["one", "two"], seen="both" if flips else "plain")
    members = [registry.find(name).with_flips(flips) for name in ("one", "two")]
    wanted = mean_prediction([Runner(member).predict(volume) for member in members])

    found = open_runner(registry.find("both")).predict(volume)

    np.testing.assert_array_equal(found.probability, wanted.probability)
    assert found.model_id == "both"
    assert found.key.startswith(model.fingerprint)
    assert open_runner(model.with_flips(True)).predict(volume).key != found.key or flips


def test_members_in_turn_see_the_slice_and_its_mirror_image(
    registry: Registry, volume: Volume
) -> None:
    publish_unet(registry.roots[0], "three", seed=3)
    model = combine(registry, "both", ["one", "two", "three"], seen="in-turn")
    one, two, three = (registry.find(name) for name in ("one", "two", "three"))
    turned = replace(two, spec=msgspec.structs.replace(two.spec, view="mirrored"))
    wanted = mean_prediction([Runner(member).predict(volume) for member in (one, turned, three)])

    found = open_runner(registry.find("both")).predict(volume)

    np.testing.assert_array_equal(found.probability, wanted.probability)
    assert found.key.startswith(model.fingerprint)
    plain = combine(registry, "plain", ["one", "two", "three"])
    assert model.fingerprint != plain.fingerprint
    flips = plain.with_flips(True)
    assert model.with_flips(True).fingerprint == flips.fingerprint
    shown = open_runner(model.with_flips(True)).predict(volume).probability
    np.testing.assert_array_equal(shown, open_runner(flips).predict(volume).probability)


@pytest.mark.parametrize(
    ("members", "changes"),
    [
        ((), {"view": "in-turn"}),
        ((), {"view": "mirrored", "flips": True}),
        (("one", "two"), {"view": "mirrored"}),
        (("one", "two"), {"view": "in-turn", "flips": True}),
    ],
)
def test_a_view_that_nothing_heeds_is_refused(
    registry: Registry, members: tuple[str, ...], changes: dict[str, object]
) -> None:
    model = combine(registry, "odd", members) if members else registry.find("one")
    path = model.folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(ModelError, match="expected the view plain with flips"):
        read_model(model.folder)
    # One of before there were views has none.
    plain = {k: v for k, v in json.loads(path.read_text()).items() if k not in ("view", "flips")}
    path.write_text(json.dumps(plain))
    assert read_model(model.folder).spec.view == "plain"


def test_what_is_handed_over_slice_by_slice_ends_as_the_whole(
    registry: Registry, volume: Volume
) -> None:
    combine(registry, "both", ["one", "two"])
    drawn: NDArray[np.uint8] = np.zeros(volume.geometry.shape, np.uint8)
    said: list[float] = []

    def draw(indices: list[int], values: NDArray[np.uint8]) -> None:
        drawn[indices] = values

    done = open_runner(registry.find("both")).predict(
        volume,
        RunOptions(batch_size=2),
        on_slices=draw,  # type: ignore[arg-type]
        progress=lambda fraction, _: said.append(fraction),
    )
    np.testing.assert_array_equal(drawn, done.probability)
    assert said == sorted(said)
    assert said[-1] == 1.0


def test_the_window_runs_it_as_any_model(
    registry: Registry, volume: Volume, lender: Engine
) -> None:
    model = combine(registry, "both", ["one", "two"])
    found, cost = lender.predict(volume, model, device="cpu"), lender.complexity(model)
    np.testing.assert_array_equal(found.probability, open_runner(model).predict(volume).probability)
    assert cost.parameters == complexity(model).parameters
    assert cost.parameters == sum(complexity(member).parameters for member in model.members)


def test_another_member_makes_another_model(registry: Registry, tmp_path: Path) -> None:
    publish_unet(tmp_path, "three", seed=3)
    pairs = (("a", ["one", "two"]), ("b", ["one", "three"]), ("c", ["two", "one"]))
    prints = [combine(registry, name, members).fingerprint for name, members in pairs]
    assert len(set(prints)) == 3


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (["one"], "two models or more"),
        (["one", "one"], "two models or more"),
        (["one", "nobody"], "found the name 'nobody'"),
        (["one", "both"], "Name its members in its place: one, two"),
        (["one", "grey"], "expected the channels"),
    ],
)
def test_what_cannot_be_combined_is_refused(
    registry: Registry, tmp_path: Path, members: list[str], said: str
) -> None:
    combine(registry, "both", ["one", "two"])
    publish_unet(tmp_path, "grey", channels=("Image",))
    with pytest.raises(ModelError, match=said):
        combine(registry, "new", members)
    assert not (tmp_path / "new").exists()
    with pytest.raises(ModelError, match="expected an id no model has yet"):
        combine(registry, "both", ["one", "two"])


def test_a_member_out_of_reach_is_refused_and_leaves_nothing(
    registry: Registry, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "workspace"
    publish_unet(elsewhere, "far")
    wide = Registry((tmp_path / "new", elsewhere, tmp_path))
    with pytest.raises(ModelError, match="expected its member far"):
        combine(wide, "both", ["far", "one"])
    assert not (tmp_path / "new" / "both").exists()


def test_an_ensemble_whose_member_is_gone_says_so_and_the_rest_stays(
    registry: Registry, tmp_path: Path
) -> None:
    combine(registry, "both", ["one", "two"])
    for file in (tmp_path / "two").iterdir():
        file.unlink()
    models, problems = registry.models()
    assert [model.spec.id for model in models] == ["one"]
    assert "expected its member two as a model with weights, found none" in " ".join(problems)


def test_nothing_is_trained_from_an_ensemble(registry: Registry) -> None:
    model = combine(registry, "both", ["one", "two"])
    with pytest.raises(ModelError, match="one, two"):
        require_weights_of_its_own(model.spec)
    require_weights_of_its_own(registry.find("one").spec)


def test_the_command_line_combines_shows_and_promotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    publish_unet(tmp_path / "models", "mine")
    run = CliRunner().invoke
    # A member may be one of those in the box.
    made = run(app, ["models", "combine", "pair", "mine", "lite0", "--title", "Pair", "--largest"])
    assert made.exit_code == 0, made.output
    assert "Pair is the mean of mine, lite0." in made.output
    assert read_model(tmp_path / "models" / "pair").spec.postprocessing.largest_component
    dropping = ["models", "combine", "plain", "mine", "lite0", "--drop-small", "--alone"]
    refused = run(app, [*dropping, "--in-turn", "--flips"])
    assert "Expected --flips or --in-turn, found both" in str(refused.exception)
    dropped = run(app, [*dropping, "--in-turn"])
    assert dropped.exit_code == 0, dropped.output
    spec = read_model(tmp_path / "models" / "plain").spec
    assert spec.postprocessing == Postprocessing(smallest_share=SMALL_SHARE)
    assert spec.view == "in-turn"
    assert (tmp_path / "models" / "plain" / "mine" / "weights.safetensors").is_file()
    assert '"ensemble"' in run(app, ["models", "show", "pair"]).output
    assert run(app, ["models", "promote", "pair"]).exit_code == 0
    listed = run(app, ["models", "list"]).output
    assert next(line for line in listed.splitlines() if line.startswith("pair")).count("champion")


@pytest.mark.parametrize("flips", [False, True])
def test_packed_members_go_with_the_ensemble_and_are_not_listed(
    registry: Registry, volume: Volume, tmp_path: Path, flips: bool
) -> None:
    model = combine(registry, "both", ["one", "two"], seen="both" if flips else "in-turn")
    before = open_runner(model).predict(volume)
    packed = pack_members(model)
    assert packed.fingerprint == model.fingerprint
    elsewhere = tmp_path / "elsewhere" / "both"
    shutil.copytree(packed.folder, elsewhere)

    alone = Registry((elsewhere.parent,))
    assert [each.spec.id for each in alone.models()[0]] == ["both"]
    after = open_runner(alone.find("both")).predict(volume)
    np.testing.assert_array_equal(after.probability, before.probability)
    assert after.key == before.key
    with pytest.raises(ModelError, match="expected an id no model has yet"):
        pack_members(packed)
