"""Triage and doubt come back from the workspace, for the same model and image alone."""

from pathlib import Path

import numpy as np
import pytest

from core.domain.uncertainty import CaseDoubt
from core.inference.inference_triage import TriageRunner
from core.workspace.store import Store
from core.workspace.triage_cache import (
    doubts_of,
    find_triage,
    put_doubt,
    put_triage,
    triage_key,
    triages_of,
)
from tests.classifiers import publish_classifier
from tests.synthetic import head, volume_of


def test_a_triage_is_found_again_after_a_restart(tmp_path: Path) -> None:
    model, volume = publish_classifier(tmp_path / "models"), volume_of(head())
    found = TriageRunner(model, "cpu").triage(volume)
    key = triage_key(model, volume)
    store = Store(tmp_path / "workspace.sqlite")
    put_triage(store, "A", found, key=key)
    store.close()
    store = Store(tmp_path / "workspace.sqlite")
    again = find_triage(store, "A", model.spec.id, key=key)
    assert again is not None
    assert np.array_equal(again.probability, found.probability)
    assert again.slice_numbers == volume.slice_numbers
    assert list(triages_of(store, model.spec.id)) == ["A"]
    assert triages_of(store, "other") == {}
    store.close()


def test_another_image_or_model_is_not_taken_for_it(tmp_path: Path) -> None:
    model, volume = publish_classifier(tmp_path / "models"), volume_of(head())
    warmer = publish_classifier(tmp_path / "other", temperature=2.0)
    keys = {
        triage_key(model, volume),
        triage_key(warmer, volume),
        triage_key(model, volume_of(head(seed=1))),
    }
    assert len(keys) == 3
    store = Store(tmp_path / "workspace.sqlite")
    put_triage(store, "A", TriageRunner(model, "cpu").triage(volume), key="old")
    assert find_triage(store, "A", model.spec.id, key=triage_key(model, volume)) is None
    store.close()


@pytest.mark.parametrize("disagreement", [None, 0.25])
def test_doubts_are_kept_by_model_the_newest_alone(
    tmp_path: Path, disagreement: float | None
) -> None:
    store = Store(tmp_path / "workspace.sqlite")
    newest = CaseDoubt(soft_dsc=0.9, disagreement=disagreement, contradictions=2)
    put_doubt(store, "A", CaseDoubt(soft_dsc=0.1), model_id="m", key="1")
    put_doubt(store, "A", newest, model_id="m", key="2")
    put_doubt(store, "A", CaseDoubt(soft_dsc=0.5), model_id="n", key="1")
    assert doubts_of(store, "m") == {"A": newest}
    store.close()
