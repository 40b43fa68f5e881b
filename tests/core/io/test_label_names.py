"""Names and colours of labels: written wherever a label map is, read again, none lost unsaid."""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tifffile import imread

from core.domain.errors import FileError
from core.domain.label_names import told_apart
from core.domain.label_set import Label, LabelSet
from core.io.cases.case_masks import DrawnMask, write_mask
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.datasets.dataset import scan
from core.io.labels.label_table import read_label_table, write_label_table
from core.io.readers import read
from core.models.mask_model import mask_model
from core.studies.comparison.study import run_study
from core.studies.export.case_export import ExportOrder, export_cases
from core.studies.export.exported_mask import ExportSource
from core.workspace.workspace_folder import open_workspace
from tests.core.io.dicom_making import series
from tests.core.io.test_dicom_seg import segmentation, write
from tests.core.io.test_info import run, told
from tests.core.trees import labels as plain_values
from tests.core.trees import make_tree, save_nifti

OVERLAPPING = LabelSet(
    (
        Label(1, "Core", (9, 8, 7)),
        Label(2, "Rim", (1, 2, 3)),
        Label(255, "Core + Rim", (4, 5, 6), None, (1, 2)),
    )
)


def values() -> np.ndarray:
    found = plain_values().copy()
    found[1, 2:5, 2:6] = 255
    found[1, 6, 6] = 2
    found[1, 7, 7] = 1
    return found


def one_case(root: Path, named: str = "seg") -> Path:
    """Write an image and a mask of two segments that overlap, named as Slicer does."""
    place = root / "P1"
    save_nifti(place / "P1-flair.nii.gz", np.arange(values().size).reshape(values().shape) * 1.0)
    save_nifti(root.parent / "plain.nii.gz", values())
    write_label_table(root.parent / "plain_dseg.tsv", OVERLAPPING)
    run("convert", root.parent / "plain.nii.gz", place / f"P1-{named}.seg.nrrd")
    return root


def segments(loaded: LoadedCase) -> dict[str, tuple[tuple[int, ...], int]]:
    """Return the colour of each segment by its name, and how many voxels it is of."""
    known = loaded.meaning
    assert known is not None
    assert loaded.labels is not None
    return {
        each.name: (each.colour, int(known.mask(loaded.labels, known.spread(each)).sum()))
        for each in known.segments
    }


def exported(root: Path, out: Path, format_name: str) -> None:
    dataset = scan(root)
    with closing(open_workspace(root.parent / "workspace")) as workspace:
        order = ExportOrder(out, "truth", images=True, format_name=format_name)
        done = export_cases(dataset.cases, order, ExportSource(workspace), dataset=dataset)
    assert not done.failed


@pytest.mark.parametrize("format_name", ["nifti", "mha", "tiff", "tiff-folders", "nrrd"])
def test_an_export_keeps_names_colours_and_what_overlaps(tmp_path: Path, format_name: str) -> None:
    source = one_case(tmp_path / "in")
    before = read_case(scan(source).cases[0])
    out = tmp_path / "out"
    exported(source, out, format_name)
    again = scan(out)
    after = read_case(again.cases[0])
    assert segments(after) == segments(before)
    assert {name: each[0] for name, each in segments(after).items()} == {
        "Core": (9, 8, 7), "Rim": (1, 2, 3),
    }  # fmt: skip
    manifest = json.loads(next(out.rglob("P1_export.json")).read_text())
    named = {each["value"]: each["name"] for each in manifest["provenance"]["labels"]["labels"]}
    assert named == {1: "Core", 2: "Rim", 255: "Core + Rim"}


@pytest.mark.parametrize("name", ["a.nii.gz", "a.mha", "a.tif", "a_dseg.nii", "a.nrrd"])
def test_convert_writes_a_table_beside_what_has_no_names_and_reads_it(
    tmp_path: Path, name: str
) -> None:
    source = one_case(tmp_path / "in") / "P1" / "P1-seg.seg.nrrd"
    run("convert", source, tmp_path / name)
    labels = read_label_table(tmp_path / "a_dseg.tsv").labels
    assert labels is not None
    assert labels.segments == OVERLAPPING.segments
    assert [(each.name, each.parts) for each in labels.labels[2:]] == [("Core + Rim", (1, 2))]
    run("convert", tmp_path / name, tmp_path / "back.seg.nrrd")
    _, header = nrrd.read(str(tmp_path / "back.seg.nrrd"))
    assert [header[f"Segment{n}_Name"] for n in range(2)] == ["Core", "Rim"]


def test_convert_into_slices_keeps_values_and_names(tmp_path: Path) -> None:
    source = one_case(tmp_path / "in")
    run("convert", source, tmp_path / "S", "--format", "tiff")
    assert segments(read_case(scan(tmp_path / "S").cases[0])) == segments(
        read_case(scan(source).cases[0])
    )


def test_convert_leaves_a_table_that_is_there(tmp_path: Path) -> None:
    source = one_case(tmp_path / "in") / "P1" / "P1-seg.seg.nrrd"
    (tmp_path / "a_dseg.tsv").write_text("mine")
    with pytest.raises(FileError, match=r"a_dseg\.tsv: expected no file of this name"):
        run("convert", source, tmp_path / "a.nii.gz")
    assert (tmp_path / "a_dseg.tsv").read_text() == "mine"
    assert not (tmp_path / "a.nii.gz").exists()


def test_a_label_that_a_layout_does_not_know_comes_back_by_its_name(tmp_path: Path) -> None:
    case = scan(make_tree("brats", tmp_path / "in")).cases[0]
    loaded = read_case(case)
    assert loaded.labels is not None
    assert loaded.label_set is not None
    drawn = loaded.labels.copy()
    drawn[0, 0, 0] = 7
    labels = loaded.label_set.with_label(Label(7, "Cyst", (1, 2, 3)))
    path, _ = write_mask(
        case, DrawnMask(drawn, labels), tmp_path / "o", ending="", format_name="nifti"
    )
    for place in (tmp_path / "in" / "P1").glob("P1-seg*"):
        place.write_bytes(path.read_bytes())
    write_label_table(tmp_path / "in" / "P1" / "P1-seg_dseg.tsv", labels)
    again = read_case(scan(tmp_path / "in").cases[0]).label_set
    assert again is not None
    assert again.label(7) == Label(7, "Cyst", (1, 2, 3))
    assert again.region("Whole tumour") == loaded.label_set.region("Whole tumour")


def test_slices_of_a_map_that_has_one_label_alone_are_its_values(tmp_path: Path) -> None:
    """255 is a combination there: a mask of 0 and 255 would be another label."""
    source = one_case(tmp_path / "in")
    case = scan(source).cases[0]
    only = np.minimum(read_case(case).labels, 1)
    *paths, _ = write_mask(
        case, DrawnMask(only, OVERLAPPING), tmp_path / "o", ending="mask", format_name="tiff"
    )
    assert np.array_equal(np.stack([imread(path) for path in paths]), only)


@given(st.lists(st.sampled_from(["", " ", "A", "A (2)", "A (3)", "B"]), max_size=8))
def test_names_are_told_apart_and_the_first_keeps_its_own(names: Sequence[str]) -> None:
    labels = [Label(n, name, (0, 0, 0)) for n, name in enumerate(names, start=1)]
    found, said = told_apart(labels, "file")
    told_names = [label.name for label in found]
    assert len(set(told_names)) == len(names)
    assert all(name.strip() for name in told_names)
    assert [label.value for label in found] == [label.value for label in labels]
    for number, name in enumerate(names):
        if name.strip() and name not in names[:number]:
            assert told_names[number] == name
    twice = len({name.strip() for name in names if name.strip()}) < sum(
        map(bool, map(str.strip, names))
    )
    assert bool(said) == (twice or any(not name.strip() for name in names))


def bids(root: Path, table: bytes) -> Path:
    save_nifti(root / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz", np.ones(values().shape))
    place = root / "derivatives" / "seg" / "sub-01" / "anat"
    three = plain_values()
    three[1, 7, 7] = 3
    save_nifti(place / "sub-01_dseg.nii.gz", three)
    (place / "sub-01_dseg.tsv").write_bytes(table)
    (root / "dataset_description.json").write_text("{}")
    return root


def test_two_labels_of_one_name_in_a_table_both_have_figures(tmp_path: Path) -> None:
    table = b"index\tname\tcolor\n1\tTumour\t#ff0000\n2\tTumour\t#00ff00\n3\tEnhancing\t#0000ff\n"
    dataset = scan(bids(tmp_path, table))
    assert dataset.labels is not None
    assert [each.name for each in dataset.labels.scored] == [
        "Whole", "Tumour", "Tumour (2)", "Enhancing",
    ]  # fmt: skip
    assert any("sub-01_dseg.tsv" in said and "Tumour (2)" in said for said in dataset.notices)
    assert not any("Tumour (2)" in said for said in read_case(dataset.cases[0]).notices)


def test_two_segments_of_one_name_of_a_slicer_file(tmp_path: Path) -> None:
    source = one_case(tmp_path / "in") / "P1" / "P1-seg.seg.nrrd"
    data, header = nrrd.read(str(source))
    header["Segment1_Name"] = "Core"
    nrrd.write(str(source), data, header)
    loaded = read_case(scan(tmp_path / "in").cases[0])
    assert loaded.meaning is not None
    assert [each.name for each in loaded.meaning.labels] == ["Core", "Core (2)", "Core + Core (2)"]
    assert any(
        "P1-seg.seg.nrrd" in said and "2 is called Core (2)" in said for said in loaded.notices
    )


def test_two_segments_of_one_name_of_a_dicom_file(tmp_path: Path) -> None:
    items = series(np.zeros((4, 8, 9)))
    file = segmentation(items, np.stack([values()[:4, :8, :9] == n for n in (1, 2)], -1))
    for item in file.SegmentSequence:
        item.SegmentLabel = "Core"
    stored = read(write(tmp_path, file))
    assert stored.labels is not None
    assert [each.name for each in stored.labels.segments] == ["Core", "Core (2)"]
    assert any("Core (2)" in said for said in stored.passport.notices)


def test_two_folders_of_one_label_are_told_apart(tmp_path: Path) -> None:
    source = one_case(tmp_path / "in")
    exported(source, tmp_path / "o", "tiff-folders")
    next(tmp_path.rglob("2_Rim")).rename(next(tmp_path.rglob("2_Rim")).with_name("2_Core"))
    next((tmp_path / "o").rglob("*_dseg.tsv")).unlink()
    dataset = scan(tmp_path / "o")
    assert any("Core (2)" in said for said in dataset.notices)
    assert list(segments(read_case(dataset.cases[0]))) == ["Core", "Core (2)"]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (b"", "an empty file"),
        (b"index\tname\n1\t\xff\xfe\n", "text that is not in UTF-8"),
        (b"value,name\n1,Core\n", "the columns value,name"),
        (b"index\tname\n", "no row of a label"),
        (b"index\tname\nfoo\tCore\n-5\tRim\n3000\tx\n", "the index foo, -5, 3000"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_once(tmp_path: Path, table: bytes, found: str) -> None:
    root = bids(tmp_path, table)
    dataset = scan(root)
    said = [*dataset.notices, *read_case(dataset.cases[0]).notices]
    own = [each for each in said if each.startswith("sub-01_dseg.tsv: expected a table")]
    assert len(own) == 1
    assert f"found {found}. " in own[0]
    assert "correct the table" in own[0]
    assert own[0] in told(root)["cases"][0]["notices"]


def test_rows_that_are_left_out_are_told(tmp_path: Path) -> None:
    root = bids(tmp_path, b"index\tname\n0\tB\n1\tCore\nfoo\tx\n1\tagain\n999\ty\n")
    dataset = scan(root)
    assert dataset.labels is not None
    assert dataset.labels.label(1).name == "Core"
    assert any("found foo, 1, 999. These rows are left out" in said for said in dataset.notices)


def test_labels_of_a_dataset_json_that_are_none_are_told(tmp_path: Path) -> None:
    root = make_tree("nnunet", tmp_path)
    path = root / "dataset.json"
    said = json.loads(path.read_text())
    said["labels"] = {"background": 0, "core": 1, "": 2, "below": -4, "above": 900, "ignore": 999}
    path.write_text(json.dumps(said))
    dataset = scan(root)
    assert dataset.labels is not None
    assert [each.name for each in dataset.labels.labels] == ["core", "Label 2"]
    told_of = [each for each in dataset.notices if each.startswith("dataset.json")]
    assert any("found none for 2" in each for each in told_of)
    assert any("found -4 (below), 900 (above)" in each for each in told_of)
    assert not any("ignore" in each for each in told_of)


def test_a_very_long_name_is_cut_where_it_is_told(tmp_path: Path) -> None:
    name = "x" * 100_000
    root = bids(tmp_path, f"index\tname\n1\t{name}\n2\t{name}\n3\tc\n".encode())
    shown = run("info", root)
    assert "1 xxxxx" in shown
    assert max(map(len, shown.splitlines())) < 600
    assert scan(root).labels.label(1).name == name


def test_a_value_that_the_truth_has_no_label_for_is_told_and_counts_as_said(tmp_path: Path) -> None:
    dataset = scan(make_tree("nnunet", tmp_path / "in"))
    case = dataset.cases[0]
    loaded = read_case(case)
    drawn = nibabel.load(case.volumes.masks[0].files[0]).get_fdata().astype(np.uint8)
    drawn[drawn == 2] = 7
    save_as = tmp_path / "other" / f"{case.id}.nii.gz"
    save_as.parent.mkdir()
    like = nibabel.load(case.volumes.masks[0].files[0])
    nibabel.save(nibabel.Nifti1Image(drawn, like.affine), save_as)
    model = mask_model(tmp_path / "other", [case])
    study = run_study([case], [model], lambda model: lambda loaded, progress: model.find(loaded))
    odd = int((drawn == 7).sum())
    (said,) = (each for each in study.notices if "label" in each and "7" in each)
    assert said.startswith(f"{case.id}.nii.gz: expected")
    assert f"7 ({odd:,} voxels)" in said
    assert "lesion in Whole, and as background in every other" in said
    rows = {row.label: row.predicted_voxels for row in (*study.rows, *study.label_rows)}
    assert rows == {
        "": int((drawn > 0).sum()),
        "Whole": int((drawn > 0).sum()),
        "oedema": int((drawn == 1).sum()),
        "core": 0,
    }
    assert loaded.meaning == read_case(case).meaning


def test_a_mask_of_the_labels_of_the_truth_is_no_matter_to_tell(tmp_path: Path) -> None:
    dataset = scan(make_tree("nnunet", tmp_path / "in"))
    case = dataset.cases[0]
    model = mask_model(case.volumes.masks[0].files[0].parent, [case])
    prediction = model.find(read_case(case))
    assert prediction is None or prediction.notices == ()
