import json
import os
import unicodedata

import numpy as np
import pytest

from core.domain.errors import DataError, FileError
from core.domain.placement import placement
from core.io.cases.found_case import read_case
from core.io.datasets.dataset import scan
from core.io.layouts import folder_entries
from core.io.layouts.found import FolderUnknown
from core.io.layouts.pattern import image_patterns, pattern_layout
from core.io.layouts.registry import find
from core.io.readers import read
from core.io.writers import labelled, write
from tests.core.io.dicom_making import SAGITTAL, save, series
from tests.core.io.making import AFFINE, SHAPE, assert_sentence, blob, nifti, voxels
from tests.core.io.test_writers import SET
from tests.core.trees import make_tree


def touch(root, *names):
    """Make empty files: a layout looks at names alone."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def ids(found):
    return [case.id for case in found.cases]


def roles(case):
    return [channel.role.value for channel in case.channels]


def test_brats_of_every_year(tmp_path):
    old = touch(tmp_path / "old", *[f"BraTS19_A_{n}_1/BraTS19_A_{n}_1_{kind}.nii.gz"
        for n in (2, 10) for kind in ("t1", "t1ce", "t2", "flair", "seg")])  # fmt: skip
    found = find(old)
    assert found.layout == "brats"
    assert ids(found) == ["BraTS19_A_2_1", "BraTS19_A_10_1"]
    assert roles(found.cases[0]) == ["T1", "T1c", "T2", "FLAIR"]
    assert found.labels.values == (1, 2, 4)
    assert found.labels.region("Enhancing tumour").values == (4,)
    new = touch(tmp_path / "new", *[f"BraTS-GLI-00001-000/BraTS-GLI-00001-000-{kind}.nii.gz"
        for kind in ("t1n", "t1c", "t2w", "t2f", "seg")])  # fmt: skip
    assert find(new).labels.values == (1, 2, 3)
    after = touch(tmp_path / "after", *[f"BraTS-GLI-00001-101/BraTS-GLI-00001-101-{kind}.nii.gz"
        for kind in ("t1n", "t1c", "t2w", "t2f")])  # fmt: skip
    assert find(after).labels.values == (1, 2, 3, 4)
    plain = touch(tmp_path / "brats", *[f"{kind}.nii.gz" for kind in ("t1n", "t1c", "t2f", "seg")])
    found = find(plain)
    assert ids(found) == ["brats"]
    assert "no T2" in found.cases[0].notices[0]
    assert [mask.files[0].name for mask in found.cases[0].masks] == ["seg.nii.gz"]


def nnunet(root, **told):
    names = [f"imagesTr/case_{n}_000{c}.nii.gz" for n in (1, 2) for c in (0, 1)]
    touch(root, *names, "labelsTr/case_1.nii.gz", "labelsTr/case_2.nii.gz",
          "imagesTs/case_3_0000.nii.gz", "imagesTs/case_3_0001.nii.gz")  # fmt: skip
    text = {"channel_names": {"0": "FLAIR", "1": "T1ce"}, "file_ending": ".nii.gz",
            "labels": {"background": 0, "edema": 1, "core": 2, "whole": [1, 2]}}  # fmt: skip
    (root / "dataset.json").write_text(json.dumps({**text, **told}))
    return root


def test_nnunet_has_names_of_channels_and_labels(tmp_path):
    found = find(nnunet(tmp_path))
    assert found.layout == "nnunet"
    assert ids(found) == ["case_1", "case_2", "case_3"]
    assert [(c.name, c.role.value) for c in found.cases[0].channels] == [
        ("FLAIR", "FLAIR"), ("T1ce", "T1c"),
    ]  # fmt: skip
    assert [bool(case.masks) for case in found.cases] == [True, True, False]
    assert [(lb.value, lb.name) for lb in found.labels.labels] == [(1, "edema"), (2, "core")]
    assert found.labels.region("whole").values == (1, 2)
    (tmp_path / "imagesTr" / "case_1_0001.nii.gz").unlink()
    assert "no T1ce" in find(tmp_path).cases[0].notices[0]


def test_nnunet_of_version_1_and_of_other_endings(tmp_path):
    old = nnunet(tmp_path / "a", modality={"0": "T2"}, channel_names=None, file_ending=None,
                 labels={"0": "background", "1": "lesion"})  # fmt: skip
    found = find(old)
    assert found.cases[0].channels[0].name == "T2"
    assert found.labels.label(1).name == "lesion"
    (old / "dataset.json").write_text("{")
    with pytest.raises(FileError, match=r"dataset\.json: expected a JSON object"):
        find(old)
    loose = find(nnunet(tmp_path / "c", file_ending="nii.gz", channel_names=["FLAIR", "T1ce"]))
    assert (loose.layout, len(loose.cases)) == ("nnunet", 3)
    assert roles(loose.cases[0]) == ["FLAIR", "T1c"]
    with pytest.raises(FolderUnknown, match="looks like nnU-Net raw, which finds no case in it"):
        find(nnunet(tmp_path / "d", file_ending=".mha"))
    odd = nnunet(tmp_path / "b", labels={"a": "b"})
    assert "found none for a" in find(odd).notices[0]


def test_decathlon_has_a_channel_for_each_volume(tmp_path):
    touch(tmp_path, "imagesTr/BRATS_001.nii.gz", "labelsTr/BRATS_001.nii.gz",
          "imagesTs/BRATS_485.nii.gz")  # fmt: skip
    (tmp_path / "dataset.json").write_text(json.dumps({
        "tensorImageSize": "4D", "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
        "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor"},
        "training": [
            {"image": "./imagesTr/BRATS_001.nii.gz", "label": "./labelsTr/BRATS_001.nii.gz"}
        ],
        "test": ["./imagesTs/BRATS_485.nii.gz"],
    }))  # fmt: skip
    found = find(tmp_path)
    assert found.layout == "decathlon"
    assert ids(found) == ["BRATS_001", "BRATS_485"]
    assert roles(found.cases[0]) == ["FLAIR", "T1", "T1c", "T2"]
    assert [channel.point for channel in found.cases[0].channels] == [0, 1, 2, 3]
    assert found.cases[0].masks
    assert not found.cases[1].masks


def test_bids_finds_masks_in_derivatives(tmp_path):
    touch(
        tmp_path, "dataset_description.json", "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii.gz",
        "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
        "sub-01/ses-b/anat/sub-01_ses-b_FLAIR.nii.gz",
        "sub-02/anat/sub-02_ce-gadolinium_T1w.nii.gz", "sub-02/anat/sub-02_FLAIR.nii.gz",
        "derivatives/lesions/sub-01/ses-a/anat/sub-01_ses-a_label-lesion_mask.nii.gz",
        "derivatives/lesions/sub-02/anat/sub-02_dseg.nii.gz",
        "derivatives/prep/sub-02/anat/sub-02_desc-brain_mask.nii.gz",
    )  # fmt: skip
    (tmp_path / "derivatives" / "lesions" / "dseg_dseg.tsv").write_text(
        "index\tname\tcolor\n0\tbackground\t#000000\n1\tcore\t#ff0000\n2\toedema\t00ff00\n"
    )
    found = find(tmp_path)
    assert found.layout == "bids"
    assert ids(found) == ["sub-01_ses-a", "sub-01_ses-b", "sub-02"]
    assert roles(found.cases[0]) == ["T1", "FLAIR"]
    assert roles(found.cases[2]) == ["T1c", "FLAIR"]
    assert [len(case.masks) for case in found.cases] == [1, 0, 1]
    assert found.labels.label(1).colour == (255, 0, 0)
    assert found.labels.label(2).name == "oedema"


def test_lgg_slices_are_channels_of_one_case(tmp_path):
    names = [f"TCGA_A/TCGA_A_{n}.tif" for n in (1, 2, 10)] + ["TCGA_A/TCGA_A_2_mask.tif"]
    found = find(touch(tmp_path, *names))
    assert found.layout == "lgg"
    assert roles(found.cases[0]) == ["T1", "FLAIR", "T1c"]
    assert [path.name for path in found.cases[0].channels[1].files][-1] == "TCGA_A_10.tif"
    assert found.cases[0].channels[2].point == 2
    assert "found none for 3" in found.cases[0].notices[0]
    assert found.labels.is_binary


def test_loose_volumes_are_cases_by_their_beginning(tmp_path):
    touch(tmp_path, "p1_flair.nii.gz", "p1_t1.nii.gz", "p1_seg.nii.gz", "p2.nrrd", "p2-label.nrrd",
          "lonely_mask.nii", "pair.hdr", "pair.img")  # fmt: skip
    found = find(tmp_path)
    assert found.layout == "loose"
    assert ids(found) == ["p1", "p2", "pair"]
    assert sorted(roles(found.cases[0])) == ["FLAIR", "T1"]
    assert found.cases[1].masks[0].files[0].name == "p2-label.nrrd"
    assert "lonely_mask.nii" in found.notices[0]


def test_loose_folders_of_images_and_masks_and_one_file(tmp_path):
    both = touch(tmp_path / "d", "images/a.nii.gz", "images/b.nii.gz", "masks/a.nii.gz")
    found = find(both)
    assert ids(found) == ["a", "b"]
    assert [bool(case.masks) for case in found.cases] == [True, False]
    assert ids(find(both / "images" / "b.nii.gz")) == ["b"]
    cases = touch(tmp_path / "e", "x/scan.nii", "y/scan.nii", "y/lesion.nii")
    assert ids(find(cases)) == ["x_scan", "y_scan"]
    assert find(cases).cases[1].masks
    alone = touch(tmp_path / "f", "seg.nii.gz")
    assert find(alone).cases[0].masks


def test_names_in_two_forms_are_one(tmp_path):
    name = "Müller"
    decomposed = unicodedata.normalize("NFD", name)
    root = nnunet(tmp_path)
    touch(root, f"imagesTr/{decomposed}_0000.nii.gz", f"imagesTr/{decomposed}_0001.nii.gz",
          f"labelsTr/{unicodedata.normalize('NFC', name)}.nii.gz")  # fmt: skip
    case = next(case for case in find(root).cases if "ller" in case.id)
    assert case.id == unicodedata.normalize("NFC", name)
    assert len(case.channels) == 2
    assert case.masks


def test_a_folder_that_fits_none_says_what_was_found(tmp_path):
    touch(tmp_path, "a/notes.txt", "a/b/table.csv")
    with pytest.raises(FolderUnknown) as caught:
        find(tmp_path)
    assert caught.value.root == tmp_path
    for word in ("brats", "2 files", ".txt", "--image"):
        assert word in str(caught.value)
    with pytest.raises(FolderUnknown, match="empty folder"):
        find(touch(tmp_path / "none", "x/.hidden") / "x")
    with pytest.raises(DataError, match="can be read"):
        find(tmp_path / "missing")


def test_a_layout_can_be_forced(tmp_path):
    root = touch(tmp_path, *[f"c/c_{kind}.nii.gz" for kind in ("t1", "flair", "seg")])
    assert find(root, layout="loose").layout == "loose"
    with pytest.raises(DataError, match="nnU-Net raw"):
        find(root, layout="nnunet")
    with pytest.raises(DataError, match="expected a layout of"):
        find(root, layout="mine")


def test_patterns_name_the_case_by_their_first_star(tmp_path):
    touch(tmp_path, "a/x1-FL.nii.gz", "a/x1-POST.nii.gz", "b/x2-FL.nii.gz", "m/x1-drawn.nii.gz",
          "m/x9-drawn.nii.gz")  # fmt: skip
    images = image_patterns(["FLAIR=*-fl.nii.gz", "T1c=*-post.nii.gz"])
    found = find(tmp_path, layout=pattern_layout(images, "m/*-drawn.nii.gz"))
    assert ids(found) == ["x1", "x2"]
    assert roles(found.cases[0]) == ["FLAIR", "T1c"]
    assert found.cases[0].masks[0].files[0].name == "x1-drawn.nii.gz"
    assert "none for T1c" in found.cases[1].notices[0]
    assert "x9" in found.notices[0]
    for bad in (["FLAIR"], ["=*.nii"], ["FLAIR="]):
        with pytest.raises(DataError, match="ROLE=PATTERN"):
            image_patterns(bad)
    with pytest.raises(DataError, match=r"expected {case} or a \*"):
        pattern_layout({"FLAIR": "a.nii"})
    with pytest.raises(DataError, match="at least one"):
        pattern_layout({})
    deep = touch(tmp_path / "deep", "s1/scan/flair.nii", "s2/scan/flair.nii")
    found = find(deep, layout=pattern_layout({"FLAIR": "*/scan/flair.nii"}))
    assert ids(found) == ["s1", "s2"]


def test_of_a_thousand_cases_each_folder_is_listed_once(tmp_path, monkeypatch):
    touch(tmp_path, *[f"BraTS-GLI-{n:05}-000/BraTS-GLI-{n:05}-000-{kind}.nii.gz"
        for n in range(1000) for kind in ("t1n", "t1c", "t2w", "t2f", "seg")])  # fmt: skip
    listed = []
    scandir = os.scandir

    def counted(path):
        listed.append(path)
        return scandir(path)

    monkeypatch.setattr(folder_entries.os, "scandir", counted)
    found = find(tmp_path)
    assert len(found.cases) == 1000
    assert len(listed) == len(set(listed)) == 1001


def studies(root):
    stored = voxels((4, 16, 20), np.uint16) % 4000
    for number, words in enumerate(("t1_mpr", "t2_flair"), start=1):
        items = series(stored + number, SeriesInstanceUID=f"1.2.3.{number}",
                       SeriesDescription=words, SeriesNumber=number)  # fmt: skip
        save(root / "patient one" / "deep" / f"s{number}", items, list("abcd"))
    items = series(stored, orientation=SAGITTAL, SeriesInstanceUID="1.2.3.9", SeriesNumber=9)
    save(root / "patient one" / "deep" / "s9", items)
    return root


def test_dicom_series_on_one_grid_are_channels_of_one_case(tmp_path):
    found = find(studies(tmp_path))
    assert found.layout == "dicom"
    assert ids(found) == ["patient one_deep", "patient one_deep_s9"]
    assert roles(found.cases[0]) == ["T1", "FLAIR"]
    assert len(found.cases[0].channels[0].files) == 4
    whole = read_case(found.cases[0])
    assert whole.channels[0].grid.same_grid(whole.channels[1].grid)


def test_a_segmentation_goes_with_its_series(tmp_path):
    studies(tmp_path)
    image = read(tmp_path / "patient one" / "deep" / "s2")
    labels = blob((4, 16, 20), (1, 2, 4))
    write(tmp_path / "patient one" / "seg.dcm", labelled(image, labels, SET))
    found = find(tmp_path)
    case = next(case for case in found.cases if case.masks)
    assert roles(case) == ["T1", "FLAIR"]
    whole = read_case(case)
    assert np.array_equal(whole.masks[0].values, labels)
    assert [lb.name for lb in whole.masks[0].labels.labels] == ["Necrosis", "Oedema", "Enhancing"]


def test_a_series_that_is_no_volume_is_a_case_that_says_why(tmp_path):
    items = series(voxels((6, 8, 8)))
    del items[3]
    save(tmp_path / "s", items)
    found = find(tmp_path)
    assert "one missing" in found.cases[0].notices[0]
    assert ids(found) == ["s"]
    flat = save(tmp_path / "flat", series(voxels((3, 8, 8))))
    assert ids(find(flat)) == ["flat"]
    for item in series(voxels((3, 8, 8)), StudyInstanceUID="1.9", SeriesInstanceUID="1.8"):
        item.save_as(flat / f"other{item.InstanceNumber}.dcm")
    assert len(set(ids(find(flat)))) == 2
    assert all(case_id.startswith("study_") for case_id in ids(find(flat)))


def test_copies_of_a_series_in_two_folders_are_two_cases(tmp_path):
    items = series(voxels((3, 8, 8)))
    save(tmp_path / "a", items)
    save(tmp_path / "b", items)
    assert ids(find(tmp_path)) == ["a", "b"]
    parts = series(voxels((4, 8, 8)), SeriesInstanceUID="1.2.5")
    save(tmp_path / "c" / "1", parts[:2])
    save(tmp_path / "c" / "2", parts[2:])
    assert ids(find(tmp_path / "c")) == ["c"]


def case_of(root, label=None, affine=AFFINE, name="p"):
    root.mkdir(exist_ok=True)
    nifti(root / f"{name}_flair.nii.gz")
    if label is not None:
        nifti(root / f"{name}_seg.nii.gz", label, affine=affine)
    return root


def test_a_mask_of_the_same_voxels_comes_to_its_place(tmp_path):
    flipped = AFFINE.copy()
    flipped[0] = [2, 0, 0, 10 - 2 * 5]
    whole = read_case(find(case_of(tmp_path, blob()[:, :, ::-1], flipped)).cases[0])
    assert np.array_equal(whole.masks[0].values, blob())
    assert any("turned or cut" in notice for notice in whole.notices)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.__setitem__((0, 3), a[0, 3] + 0.7), "origin 0.7 mm"),
        (lambda a: a.__setitem__((0, 0), -2.5), "spacing"),
    ],
)
def test_a_mask_on_another_grid_is_told_and_resampled_when_asked(tmp_path, change, words):
    affine = AFFINE.copy()
    change(affine)
    case = find(case_of(tmp_path, blob(), affine)).cases[0]
    with pytest.raises(FileError, match=words) as caught:
        read_case(case)
    assert "nearest neighbour" in str(caught.value)
    whole = read_case(case, resample=True)
    assert set(np.unique(whole.masks[0].values)) <= {0, 1, 2, 3}
    assert any("as asked" in notice for notice in whole.notices)


def test_a_mask_of_another_size_is_told(tmp_path):
    case = find(case_of(tmp_path, blob((4, 5, 7)))).cases[0]
    with pytest.raises(FileError, match="4×5×7 voxels") as caught:
        read_case(case)
    assert "p_seg" in str(caught.value)


def test_cases_of_one_dataset_in_different_orientations_look_alike(tmp_path):
    stored = voxels()
    ras = np.diag([2.0, 3, 4, 1])
    nifti(tmp_path / "a.nii", stored, affine=ras)
    turned = ras.copy()
    turned[:, 0] *= -1
    turned[0, 3] = 2 * 5
    nifti(tmp_path / "b.nii", stored[:, :, ::-1], affine=turned)
    seen = []
    for case in find(tmp_path).cases:
        whole = read_case(case)
        grid, turn = whole.grid.canonical()
        seen.append((turn.apply(whole.channels[0].pixels), grid))
    assert np.array_equal(seen[0][0], seen[1][0])
    assert seen[0][1].same_grid(seen[1][1])
    assert placement(seen[0][1], seen[1][1]).is_same


def test_channels_on_different_grids_are_told(tmp_path):
    nifti(tmp_path / "p_flair.nii.gz")
    nifti(tmp_path / "p_t1.nii.gz", voxels((4, 5, 7)))
    with pytest.raises(FileError, match="of the same case"):
        read_case(find(tmp_path).cases[0])


def test_a_segmentation_of_a_foreign_frame_is_refused(tmp_path):
    folder = save(tmp_path / "s", series(voxels((4, 16, 20))))
    image = read(folder)
    write(tmp_path / "s" / "seg.dcm", labelled(image, blob((4, 16, 20)), SET))
    import pydicom

    seg = pydicom.dcmread(tmp_path / "s" / "seg.dcm")
    seg.FrameOfReferenceUID = "1.2.3.4"
    seg.save_as(tmp_path / "s" / "seg.dcm")
    with pytest.raises(FileError, match="foreign"):
        read_case(find(tmp_path).cases[0])


def test_lgg_slices_are_read_with_their_masks(tmp_path):
    from core.io.tiff.tiff import write_image, write_mask_slice

    rgb = voxels((3, 3, 8, 9), np.uint8)
    (tmp_path / "P").mkdir()
    mask = np.zeros((8, 9), np.uint8)
    mask[2, 3] = 1
    for n in range(3):
        write_image(tmp_path / "P" / f"P_{n + 1}.tif", rgb[:, n])
    write_mask_slice(tmp_path / "P" / "P_2_mask.tif", mask)
    whole = read_case(find(tmp_path).cases[0])
    assert np.array_equal(np.concatenate([c.pixels for c in whole.channels]), rgb)
    assert whole.masks[0].values.sum() == 1
    assert whole.masks[0].values[1, 2, 3] == 1
    assert whole.grid.shape == (3, 8, 9)
    assert SHAPE == (4, 5, 6)


def test_patterns_name_the_case_and_the_number_of_a_slice(tmp_path):
    touch(tmp_path, "s1/flair/im_1.tif", "s1/flair/im_2.tif", "s1/roi.nii.gz",
          "s2/flair/im_1.tif", "s2/roi.nii.gz", "other/s3/flair/im_1.tif")  # fmt: skip
    layout = pattern_layout({"FLAIR": "{case}/flair/im_{n}.tif"}, "{case}/ro?.nii.gz")
    found = find(tmp_path, layout=layout)
    assert ids(found) == ["s1", "s2"]
    assert [path.name for path in found.cases[0].channels[0].files] == ["im_1.tif", "im_2.tif"]
    assert [bool(case.masks) for case in found.cases] == [True, True]


def test_a_case_named_twice_in_a_pattern_is_one_name(tmp_path):
    touch(tmp_path, "a/a_t1.nii.gz", "a/b_t1.nii.gz", "b/b_t1.nii.gz")
    found = find(tmp_path, layout=pattern_layout({"T1": "{case}/{case}_t1.nii.gz"}))
    assert ids(found) == ["a", "b"]
    touch(tmp_path, "a/c_t1.nii.gz")
    two = find(tmp_path, layout=pattern_layout({"T1": "{case}/*_t1.nii.gz"}))
    assert "expected one file for T1, found 3" in two.cases[0].notices[0]


def test_a_second_dataset_beside_the_first_is_told(tmp_path):
    kinds = ("t1n", "t1c", "t2w", "t2f")
    touch(tmp_path, *[f"brats/BraTS-GLI-1-0/BraTS-GLI-1-0-{kind}.nii.gz" for kind in kinds])
    touch(tmp_path, "dicom/P1/1.dcm", "dicom/P1/2.dcm", "notes/readme.txt")
    found = find(tmp_path)
    assert found.layout == "brats"
    assert [notice for notice in found.notices if "left out" in notice] == [
        "dicom: expected images of the layout brats as beside it, found 2 that do not belong to "
        "it. They are left out; open that folder by itself."
    ]
    assert find(tmp_path / "brats").notices == ()


@pytest.mark.parametrize("layout", ["nnunet", "decathlon", "bids"])
def test_the_folder_above_a_dataset_opens_the_dataset_and_two_are_refused(layout, tmp_path):
    root = make_tree(layout, tmp_path / "above" / "deep" / "one")
    own, found = find(root), find(tmp_path / "above")
    assert found.cases == own.cases
    assert found.labels == own.labels
    assert "found one in its folder deep/one" in found.notices[0] or layout == "bids"
    dataset = scan(tmp_path / "above")
    assert [case.mask_place for case in dataset.cases] == [
        case.mask_place for case in scan(root).cases
    ] or layout == "bids"
    touch(tmp_path / "above", "x.nii.gz")
    assert find(tmp_path / "above").cases == own.cases
    if layout != "bids":  # whose folders may lie together
        make_tree(layout, tmp_path / "above" / "two")
        with pytest.raises(DataError, match=r"expected one dataset, found 2 in folders of it"):
            find(tmp_path / "above")


def test_folders_of_images_that_no_name_joins_are_told(tmp_path):
    for case in ("alpha", "beta"):
        touch(tmp_path, f"{case}/scanA.nii.gz", f"{case}/scanB.nii.gz", f"{case}/outline.nii.gz")
    found = find(tmp_path)
    assert (found.layout, len(found.cases)) == ("loose", 6)
    assert "say how the folder is organised if a folder is a case" in found.notices[0]
    assert find(touch(tmp_path / "flat", "a.nii", "b.nii", "c.nii")).notices == ()


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "nameless"])
def test_a_damaged_file_beside_a_series_is_told_with_it(tmp_path, damage):
    planes = series(voxels((4, 6, 5), np.uint16))
    save(tmp_path / "s", planes, [f"{n}.dcm" for n in range(4)])
    last = tmp_path / "s" / "3.dcm"  # at the end no gap tells that it is missing
    whole = last.read_bytes()
    last.write_bytes({"cut": whole[:400], "other": b"no DICOM"}.get(damage, b""))
    if damage == "nameless":
        last = last.rename(tmp_path / "s" / "IM3")
    found = find(tmp_path)
    (case,) = found.cases
    assert len(case.channels[0].files) == 3
    (told,) = [notice for notice in case.notices if notice.startswith(last.name)]
    assert_sentence(told)
    assert "left out" in told
    assert told in found.notices


def test_planes_of_two_patients_are_no_series(tmp_path):
    def of(index, plane):
        plane.PatientID = "one" if index < 3 else "two"

    save(tmp_path / "s", series(voxels((6, 6, 5), np.uint16), change=of))
    found = find(tmp_path)
    assert [len(case.channels[0].files) for case in found.cases] == [3, 3]
    assert all("times or patients" in case.notices[0] for case in found.cases)
    assert not any(name in str(found) for name in ("one'", "two'"))


def test_a_plane_without_a_place_is_named(tmp_path):
    def of(index, plane):
        if index == 2:
            del plane.ImagePositionPatient

    save(tmp_path / "s", series(voxels((5, 6, 5), np.uint16), change=of))
    (case,) = find(tmp_path).cases
    told = next(notice for notice in case.notices if "as the other planes" in notice)
    assert_sentence(told)
    assert "(1 of 5 planes)" in told
