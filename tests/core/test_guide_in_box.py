"""The guide of clicks that comes with Overread: what it may weigh, what it says, that it runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from core.inference.engines import open_network
from core.io.resource_paths import resource
from core.models.any_model import find_any
from core.models.certificates import GRAPH_FILE, EngineChoice, valid_certificates
from core.models.guides import GuideModel, read_guide
from core.models.model_changes import delete_any
from core.models.model_listing import listing
from core.models.registry import Registry

ROOT = Path(__file__).parents[2]
FOLDERS = [path.parent for path in sorted(resource("models").glob("*/guide.json"))]
MEGABYTE = 1_000_000


@pytest.fixture(params=FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def guide(request: pytest.FixtureRequest) -> GuideModel:
    return read_guide(request.param)


def test_its_weights_are_float16_and_at_most_eight_megabytes(guide: GuideModel) -> None:
    assert guide.weights.stat().st_size <= 8 * MEGABYTE
    kinds = {tensor.dtype for tensor in load_file(guide.weights).values()}
    assert {kind for kind in kinds if kind.kind == "f"} == {np.dtype(np.float16)}


def test_all_models_of_the_box_are_at_most_forty_megabytes() -> None:
    files = [path for path in resource("models").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 40 * MEGABYTE


def test_its_card_says_what_it_is_and_whose(guide: GuideModel) -> None:
    card, spec = (guide.folder / "MODEL_CARD.md").read_text("utf-8"), guide.spec
    assert spec.licence
    assert spec.licence.partition(":")[0] in card
    assert spec.data
    assert f"{spec.parameters:,}" in card
    assert "not for clinical use" in card.lower()
    assert str(ROOT) not in card
    told = [float(each) for each in re.findall(r"\b0\.\d{3,4}\b", card)]
    assert min(abs(each - spec.metrics["dsc_5_selection"]) for each in told) < 0.001


def test_it_runs_where_there_is_no_torch(guide: GuideModel) -> None:
    kept = valid_certificates(guide.folder, guide.weights)
    assert kept is not None, "certificates of other weights or of another graph"
    (exact,) = (each for each in kept.certificates if each.precision == "float32")
    assert exact.holds
    assert (guide.folder / GRAPH_FILE).is_file()
    side, planes = guide.spec.window, guide.spec.network.in_channels
    seen = np.random.default_rng(0).normal(size=(1, planes, side, side)).astype(np.float32)
    network = open_network(guide, wanted=EngineChoice("openvino", "float32"), threads=1)
    network.place("cpu")
    assert network.logits(seen).shape == (1, 1, side, side)


def test_it_is_listed_and_a_guide_of_the_reader_can_be_deleted(
    guide: GuideModel, tmp_path: Path
) -> None:
    own = tmp_path / "models" / guide.folder.name
    own.mkdir(parents=True)
    for name in ("guide.json", "weights.safetensors"):
        (own / name).write_bytes((guide.folder / name).read_bytes())
    registry = Registry((tmp_path / "models", resource("models")))
    (row,) = (row for row in listing(registry)[0] if row.folder == str(own))
    assert (row.id, row.task) == (guide.spec.id, "guide")
    found = find_any(Registry((tmp_path / "models",)), guide.spec.id)
    assert isinstance(found, GuideModel)
    delete_any(Registry((tmp_path / "models",)), guide.spec.id)
    assert not own.exists()
