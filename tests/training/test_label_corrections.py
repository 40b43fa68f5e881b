"""Corrections of label maps as what a training learns from."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.export import export_correction, provenance_of_version
from core.annotation.live_figures import References
from core.annotation.versions import save_version
from core.domain.label_set import Label, LabelMap
from core.domain.model_output import OutputKind
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.models.train_spec import TrainSpec
from core.models.wanted_labels import WantedLabels
from core.workspace.workspace_folder import open_workspace
from tests.training.label_making import write_labelled
from tests.training.making import TRAIN, make_job
from training.cases.corrections import Corrections
from training.cases.dataset import load_cases
from training.cases.lessons import Lessons
from training.learning.train_case import TrainCase


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labelled(tmp_path_factory.mktemp("three") / "data")


def corrected(loaded: LoadedCase) -> LabelMap:
    """Return a map a reader corrected: what was oedema enhances, and a new label stands apart."""
    assert loaded.labels is not None
    values = loaded.labels.copy()
    values[values == 2] = 3
    values[2, :4, :4] = 7
    return values


def keep(loaded: LoadedCase, dataset_root: Path, folder: Path, how: str) -> Path:
    """Keep that correction as a version in a workspace, or exported; returns where."""
    assert loaded.label_set is not None
    labels = loaded.label_set.with_label(Label(7, "Cavity", (10, 20, 30)))
    draft = new_draft(
        loaded.case.id, corrected(loaded), Origin("empty"), author="Ann", labels=labels
    )
    with closing(open_workspace(folder / "workspace")) as workspace:
        saved = save_version(workspace, Correction(draft, References()).snapshot(), author="Ann")
    if how == "version":
        return folder / "workspace"
    made = provenance_of_version(saved)
    export_correction(
        loaded.case, corrected(loaded), folder / "out", dataset_root=dataset_root, provenance=made
    )
    return folder / "out"


def learnt(spec: TrainSpec, case: Case, source: Path, folder: Path) -> TrainCase:
    corrections = Corrections(source, frozenset(TRAIN))
    assert corrections.ids() == {case.id}
    (found,) = load_cases(
        [case], spec, stride=4, store=folder / "store", lessons=Lessons(corrections)
    )
    return found


@pytest.mark.parametrize(
    ("how", "kind"), [("version", "classes"), ("export", "classes"), ("version", "regions")]
)
def test_a_corrected_map_is_learnt_as_a_map(
    data: Path, tmp_path: Path, how: str, kind: OutputKind
) -> None:
    dataset = scan(data)
    loaded = read_case(dataset.case(TRAIN[0]))
    source = keep(loaded, data, tmp_path, how)
    wanted = WantedLabels(kind=kind)
    spec, _ = make_job(tmp_path, data=str(data), labels=wanted)
    found = learnt(spec, loaded.case, source, tmp_path)
    assert np.array_equal(found.truth, corrected(loaded))
    assert found.labels is not None
    assert found.labels.label(7).name == "Cavity"
    assert "by Ann" in found.origin


@pytest.mark.parametrize("how", ["version", "export"])
def test_a_binary_model_learns_the_region_of_a_corrected_map(
    data: Path, tmp_path: Path, how: str
) -> None:
    dataset = scan(data)
    loaded = read_case(dataset.case(TRAIN[0]))
    source = keep(loaded, data, tmp_path, how)
    spec, _ = make_job(tmp_path, data=str(data))
    core = replace(loaded.case, region="Tumour core")
    found = learnt(spec, core, source, tmp_path)
    assert np.array_equal(found.truth > 0, np.isin(corrected(loaded), (1, 3)))
    assert found.labels is None
