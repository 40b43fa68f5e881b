"""Regions and what binary masks fill, as the command line says and the window keeps them."""

import csv
import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.label_set import LabelSet, Region
from core.domain.metrics import overlap
from core.domain.prediction import Postprocessing
from core.io.datasets.dataset import Dataset
from core.io.datasets.organisation import AS_IT_LIES, Organisation, corrected, given
from core.io.readers import read
from core.workspace.chosen_labels import chosen_dataset, redrawn, with_chosen
from core.workspace.known_dataset import recalled, scan_known
from core.workspace.workspace_folder import Score, open_workspace, workspace_folder
from tests.command_line import run_main
from tests.core.test_label_scores import REGIONS, predicted_map, truth_map
from tests.core.trees import IDS, make_tree, save_nifti
from tests.synthetic import publish_unet

CUT = Postprocessing(threshold=0.2)


@pytest.fixture
def root(tmp_path: Path, home: Path) -> Path:
    root = make_tree("brats", tmp_path / "in")
    for name in IDS:
        save_nifti(root / name / f"{name}-seg.nii.gz", truth_map())
    return root


def chosen(root: Path, home: Path, how: Organisation = AS_IT_LIES) -> Dataset:
    return with_chosen(scan_known(root), workspace_folder(home, root), how)


def said(region: str = "", fills: str = "") -> Organisation:
    return corrected(given(None, None, None, region), None, fills=fills)


def kept(root: Path, home: Path) -> LabelSet | None:
    with closing(open_workspace(workspace_folder(home, root))) as workspace:
        return workspace.labels()


def test_a_region_made_of_values_is_kept_for_the_window(root: Path, home: Path) -> None:
    made = said("Rim=2+3")
    assert (made.region, made.values) == ("Rim", (2, 3))
    assert chosen(root, home, made).labels == kept(root, home)
    again = chosen(root, home)
    assert again.labels is not None
    assert again.labels.regions[-1] == Region("Rim", (2, 3))
    assert all(case.labels == again.labels for case in again.cases)
    other = chosen(root, home, said("Rim=1+2"))
    assert other.labels is not None
    assert other.labels.region("Rim").values == (1, 2)


def test_a_dataset_nobody_chose_labels_for_gets_no_workspace(root: Path, home: Path) -> None:
    assert chosen(root, home) == scan_known(root)
    assert not workspace_folder(home, root).exists()


@pytest.mark.parametrize("region", ["=1+3", "Rim=", "Rim=1+x", "Rim=1,3"])
def test_regions_of_another_form_are_refused(region: str) -> None:
    with pytest.raises(DataError, match=r"NAME=1\+3"):
        said(region)


def test_what_there_can_be_none_of_is_refused(root: Path, home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="already"):
        chosen(root, home, said("Oedema=1+3"))
    with pytest.raises(DataError, match="Cyst"):
        chosen(root, home, said(fills="Cyst"))
    with pytest.raises(DataError, match="several labels"):
        chosen(make_tree("lgg", tmp_path / "binary"), home, said(fills="Lesion"))


def test_figures_of_what_was_redrawn_are_forgotten_but_not_that_it_was_predicted(
    root: Path, home: Path
) -> None:
    with closing(open_workspace(workspace_folder(home, root))) as workspace:
        for region in ("Core", ""):
            workspace.put_score(Score("P1", "m", "key", 0.5, region))
        labels = scan_known(root).labels
        assert labels is not None
        workspace.put_labels(labels, ["Core"])
        assert workspace.scores("m", "Core")["P1"].dsc is None
        assert workspace.scores("m")["P1"].dsc == 0.5
        assert workspace.keys("m")["P1"][0].startswith("key")
        workspace.put_labels(labels, None)
        assert workspace.scores("m")["P1"].dsc is None


def test_names_are_redrawn_where_their_values_are_others(root: Path) -> None:
    labels = scan_known(root).labels
    assert labels is not None
    core = labels.with_region(Region("Tumour core", (3,)), "Tumour core")
    assert redrawn(labels, core) == ("Tumour core", "Enhancing tumour")
    assert redrawn(labels, labels.with_region(Region("New", (1, 2)))) == ()
    assert redrawn(labels, labels.without_region("Tumour core")) == ("Tumour core",)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(values: tuple[int, ...]) -> float:
    one, other = (np.isin(each, values).astype(np.uint8) for each in (truth_map(), predicted_map()))
    return overlap(one, other).dsc


def test_compare_scores_a_region_of_values_and_then_knows_it(
    root: Path, home: Path, tmp_path: Path
) -> None:
    for name in IDS:
        save_nifti(tmp_path / "masks" / f"{name}.nii.gz", predicted_map())
    common = ("compare", root, "--masks", f"M={tmp_path / 'masks'}", "--no-run")
    done = run_main(home, *common, "--region", "Rim=1+2", "--out", tmp_path / "one")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "one" / "summary.json").read_text())
    assert found["models"][0]["figures"]["dsc"]["mean"] == pytest.approx(expected((1, 2)))
    labels = kept(root, home)
    assert labels is not None
    assert "Rim" in {region.name for region in labels.scored}


def test_every_kept_region_is_a_row(root: Path, home: Path, tmp_path: Path) -> None:
    with closing(open_workspace(workspace_folder(home, root))) as workspace:
        labels = scan_known(root).labels
        assert labels is not None
        workspace.put_labels(labels.with_region(Region("Rim", (1, 2))))
    for name in IDS:
        save_nifti(tmp_path / "masks" / f"{name}.nii.gz", predicted_map())
    done = run_main(
        home, *("compare", root, "--masks", f"M={tmp_path / 'masks'}", "--no-run"),
        *("--out", tmp_path / "out"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {row["label"]: row["dsc"] for row in rows_of(tmp_path / "out" / "comparison.csv")}
    assert set(found) == {*REGIONS, "Rim"}
    assert float(found["Rim"]) == pytest.approx(expected((1, 2)), abs=1e-4)


def test_a_binary_model_fills_what_is_said(root: Path, home: Path, tmp_path: Path) -> None:
    publish_unet(home / "models", channels=("FLAIR",), postprocessing=CUT)
    common = (root, "--model", "tiny", "--device", "cpu", "--case", "P1")
    plain = run_main(home, "predict", *common, "--out", tmp_path / "plain")
    assert plain.returncode == 0, plain.stderr
    mask = read(tmp_path / "plain" / "P1.nii.gz").pixels[0]
    assert set(np.unique(mask)) == {0, 1}
    done = run_main(home, "predict", *common, "--fills", "Oedema", "--out", tmp_path / "filled")
    assert done.returncode == 0, done.stderr
    filled = read(tmp_path / "filled" / "P1.nii.gz").pixels[0]
    assert np.array_equal(filled, mask * np.uint8(2))
    assert "Oedema" in (tmp_path / "filled" / "P1_dseg.tsv").read_text()
    # It is kept, and figures are of what is filled where no region is named.
    done = run_main(home, "evaluate", *common, "--out", tmp_path / "scores")
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(tmp_path / "scores" / "metrics.csv")
    assert int(row["truth_voxels"]) == np.count_nonzero(truth_map() == 2)
    assert int(row["predicted_voxels"]) == np.count_nonzero(mask)
    done = run_main(
        home, "export", *common, "--masks", "prediction", "--fills", "Tumour core",
        *("--out", tmp_path / "export"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "export").rglob("P1*.nii.gz")
    assert np.array_equal(read(path).pixels[0], mask)  # its first label is 1
    done = run_main(home, "predict", *common, "--fills", "Cyst", "--out", tmp_path / "no")
    assert done.returncode != 0
    assert "Cyst" in done.stderr


def test_a_region_there_is_none_of_is_refused_before_it_is_kept(
    root: Path, home: Path, tmp_path: Path
) -> None:
    before = recalled(root)
    for folder in (root, make_tree("lgg", tmp_path / "binary")):
        with pytest.raises(DataError, match=r"--region Nonsense: expected a region of .*NAME=1\+3"):
            chosen_dataset(folder, said("Nonsense"))
    assert recalled(root) == before
    assert chosen_dataset(root, said("Oedema")).cases[0].region == "Oedema"
    with pytest.raises(DataError, match="Nonsense"):
        chosen_dataset(root, said("Nonsense"))
    assert recalled(root).region == "Oedema"
