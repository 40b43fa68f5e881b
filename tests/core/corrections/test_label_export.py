"""A label map under correction, exported: the same voxels, names, colours and codes come back."""

from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.annotation.correction import Correction
from core.annotation.draft import Origin, new_draft
from core.annotation.export import Provenance, export_correction, provenance_of_version, read_export
from core.annotation.live_figures import References
from core.annotation.versions import load_label_map, save_version
from core.domain.label_set import Code, Label, LabelMap, LabelSet, Region
from core.io.cases.case_masks import SUFFIXES
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.cases.slice_masks import IN_SLICES
from core.io.datasets.dataset import Dataset, scan
from core.io.readers import read
from core.workspace.known_dataset import scan_known
from core.workspace.workspace_folder import open_workspace
from tests.core.trees import make_tree
from tests.synthetic import SHAPE, write_case

LABELS = LabelSet(
    (
        Label(1, "Necrosis", (255, 0, 135), Code("SCT", "6574001", "Necrosis")),
        Label(2, "Oedema", (135, 255, 225), Code("SCT", "79654002", "Edema")),
        Label(4, "Enhancing", (240, 240, 15)),
    ),
    (Region("Core", (1, 4)),),
)
BY = Provenance(
    author="Ann", made_at="2026-01-02T03:04:05+00:00", origin=Origin("empty"), labels=LABELS
)


def painted(loaded: LoadedCase) -> LabelMap:
    shape = loaded.volume.geometry.shape
    return np.random.default_rng(0).choice((0, 0, 1, 2, 4), shape).astype(np.uint8)


def exported(dataset: Dataset, folder: Path, name: str | None) -> tuple[LabelMap, LoadedCase]:
    loaded = read_case(dataset.cases[0])
    values = painted(loaded)
    export_correction(
        loaded.case,
        values,
        folder,
        dataset_root=dataset.root,
        provenance=BY,
        format_name=name,
    )
    return values, loaded


@pytest.mark.parametrize("name", [None, *SUFFIXES])
def test_a_case_of_volumes_keeps_values_and_what_the_format_has_a_place_for(
    name: str | None, home: Path, tmp_path: Path
) -> None:
    dataset = scan_known(make_tree("brats", tmp_path / "in"))
    if name == "dicom-seg":
        pytest.skip("a segmentation refers to the DICOM series it was drawn on")
    values, loaded = exported(dataset, tmp_path / "out", name)
    (path,) = (
        p
        for p in (tmp_path / "out").rglob("*")
        if p.is_file() and p.suffix != ".json" and not p.name.endswith(".tsv")
    )
    found = read(path)
    assert np.array_equal(loaded.turn.apply(found.pixels[0]), values)
    if name == "nrrd":
        assert found.labels is not None
        for label in LABELS.labels:
            same = found.labels.label(label.value)
            assert (same.name, same.colour) == (label.name, label.colour)
            assert label.code is None or same.code == label.code
    assert np.array_equal(
        read_export(tmp_path / "out", loaded.case).mask(loaded.case.region), values > 0
    )


def test_a_case_of_a_dicom_series_becomes_segments_with_codes(home: Path, tmp_path: Path) -> None:
    dataset = scan_known(make_tree("dicom", tmp_path / "in"))
    values, loaded = exported(dataset, tmp_path / "out", None)
    (path,) = (tmp_path / "out").rglob("*.dcm")
    found = read(path)
    assert found.labels is not None
    assert [label.name for label in found.labels.labels] == ["Necrosis", "Oedema", "Enhancing"]
    assert found.labels.label(2).code == LABELS.label(2).code
    assert set(np.unique(found.pixels)) == {0, 1, 2, 4}
    assert np.array_equal(
        read_export(tmp_path / "out", loaded.case).mask(loaded.case.region), values > 0
    )


def test_a_case_of_slices_gets_values_and_its_manifest_says_what_they_mean(tmp_path: Path) -> None:
    write_case(tmp_path / "dataset", "CASE_1")
    dataset = scan(tmp_path / "dataset")
    values, loaded = exported(dataset, tmp_path / "out", None)
    files = sorted((tmp_path / "out" / "CASE_1").glob("*_mask.tif"))
    assert [set(np.unique(read(path).pixels)) for path in files] == [{0, 1, 2, 4}] * len(files)
    assert np.array_equal(
        read_export(tmp_path / "out", loaded.case).mask(loaded.case.region), values > 0
    )
    said = (tmp_path / "out" / "CASE_1" / "CASE_1_correction.json").read_text("utf-8")
    assert "Oedema" in said


@pytest.mark.parametrize("name", ["nifti", "nrrd", "mha", *IN_SLICES])
@pytest.mark.parametrize("overlapping", [False, True])
def test_what_is_exported_of_slices_is_read_back_in_every_format(
    name: str, overlapping: bool, tmp_path: Path
) -> None:
    write_case(tmp_path / "dataset", "CASE_1")
    dataset = scan(tmp_path / "dataset")
    (case,) = dataset.cases
    shared = Label(7, "Necrosis + Oedema", (1, 1, 1), None, (1, 2))
    labels = LABELS.with_label(shared) if overlapping else LABELS
    values = np.random.default_rng(2).choice((0, *labels.values), (4, *SHAPE)).astype(np.uint8)
    export_correction(
        case, values, tmp_path / "out", dataset_root=dataset.root,
        provenance=msgspec.structs.replace(BY, labels=labels), format_name=name,
    )  # fmt: skip
    read_back = read_export(tmp_path / "out", case)
    assert np.array_equal(read_back.values, values)
    assert read_back.labels == labels


def test_a_saved_version_is_exported_with_its_labels(tmp_path: Path) -> None:
    values = np.random.default_rng(1).choice((0, 1, 2, 4), (3, 6, 5)).astype(np.uint8)
    draft = new_draft("CASE_1", values, Origin("empty"), author="Ann", labels=LABELS)
    with closing(open_workspace(tmp_path / "w")) as workspace:
        saved = save_version(workspace, Correction(draft, References()).snapshot(), author="Ann")
        made = provenance_of_version(saved)
        assert made.labels == LABELS
        assert np.array_equal(load_label_map(saved, values.shape), values)


@pytest.mark.parametrize("layout", ["lgg", "brats"])
def test_a_table_that_no_export_wrote_stays_until_one_has(
    layout: str, home: Path, tmp_path: Path
) -> None:
    dataset = scan_known(make_tree(layout, tmp_path / "in"))
    exported(dataset, tmp_path / "first", None)
    (written,) = (tmp_path / "first").rglob("*_dseg.tsv")
    table = tmp_path / "out" / written.relative_to(tmp_path / "first")
    table.parent.mkdir(parents=True)
    table.write_text("mine")
    exported(dataset, tmp_path / "out", None)
    assert table.read_text() == "mine"
    exported(dataset, tmp_path / "out", None)
    assert table.read_bytes() == written.read_bytes()
