import json
import zipfile

import msgspec
import nibabel
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from core.cli.convert import convert
from core.cli.info import info
from core.domain.errors import AppError
from core.io.cases.case_info import DatasetInfo
from core.io.cases.case_reader import read_case as read_loaded
from core.io.cases.found_case import read_case
from core.io.datasets.dataset import scan
from core.io.datasets.organisation import Organisation
from core.io.layouts.registry import find
from core.io.readers import read
from core.workspace.settings import HOME_VARIABLE, Settings, save_settings, settings_path
from tests.core.io.dicom_making import NAME, save, series
from tests.core.io.making import AFFINE, assert_sentence, blob, nifti, voxels

APP = typer.Typer()
APP.command()(info)
APP.command()(convert)
SHAPE = (4, 16, 20)


def run(*words):
    """Return what a command printed; an error of the reader's data is raised as it is."""
    result = CliRunner().invoke(APP, [str(word) for word in words])
    if isinstance(result.exception, AppError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def told(*words):
    text = run("info", *words, "--json")
    msgspec.json.decode(text, type=DatasetInfo)
    return json.loads(text)


@pytest.fixture
def brats(tmp_path):
    for n, kind in enumerate(("t1n", "t1c", "t2w", "t2f")):
        folder = tmp_path / "d" / "BraTS-GLI-00001-000"
        folder.mkdir(parents=True, exist_ok=True)
        nifti(folder / f"{folder.name}-{kind}.nii.gz", voxels(SHAPE, np.uint8, n).astype("f8"))
    nifti(folder / f"{folder.name}-seg.nii.gz", blob(SHAPE))
    return tmp_path / "d"


def test_json_has_the_agreed_form(brats):
    found = told(brats)
    assert found["layout"] == "brats"
    case = found["cases"][0]
    assert list(case) == ["id", "channels", "shape", "spacing_mm", "orientation", "affine",
                          "labels", "notices"]  # fmt: skip
    assert [channel["role"] for channel in case["channels"]] == ["T1", "T1c", "T2", "FLAIR"]
    assert case["channels"][0]["files"][0].endswith("t1n.nii.gz")
    assert case["shape"] == [4, 16, 20]
    assert case["spacing_mm"] == [4, 3, 2]
    assert case["orientation"] == "LPS"
    assert case["affine"] == AFFINE.tolist()
    assert [lb["value"] for lb in case["labels"]] == [1, 2, 3]
    assert case["labels"][2]["name"] == "Enhancing tumour"
    assert case["notices"] == []


def test_text_says_what_each_source_said_and_what_was_believed(brats):
    text = run("info", brats)
    for words in ("sform: code", "believed: sform", "4×16×20", "4×3×2 mm", "LPS", "Oedema"):
        assert words in text


def test_file_series_and_zip_are_told(tmp_path):
    path = nifti(tmp_path / "a.nii.gz", blob())
    assert told(path)["cases"][0]["shape"] == [4, 5, 6]
    folder = save(tmp_path / "patient" / "scan", series(voxels(SHAPE)))
    case = told(folder)["cases"][0]
    assert case["channels"][0]["role"] == "T2"
    assert len(case["channels"][0]["files"]) == 4
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for item in folder.iterdir():
            archive.write(item, item.name)
    zipped = told(tmp_path / "z.zip")["cases"][0]
    assert zipped["affine"] == case["affine"]


def test_an_image_whose_name_says_mask_is_still_an_image(tmp_path):
    case = told(nifti(tmp_path / "p_ground_truth.nii.gz", voxels()))["cases"][0]
    assert (case["id"], case["labels"], case["notices"]) == ("p_ground_truth", [], [])
    mask = told(nifti(tmp_path / "p_seg.nii.gz", blob()))["cases"][0]
    assert [lb["value"] for lb in mask["labels"]] == [1, 2, 3]


def test_unknown_is_null_and_told(tmp_path):
    def neither(header):
        header.set_qform(None, 0)
        header.set_sform(None, 0)

    case = told(nifti(tmp_path / "a.nii", change=neither))["cases"][0]
    assert case["orientation"] is None
    assert case["affine"] is None
    assert "unknown" in run("info", tmp_path / "a.nii")
    assert_sentence(case["notices"][0])


def test_the_name_of_a_patient_is_never_printed(tmp_path):
    folder = save(tmp_path / "s", series(voxels(SHAPE)))
    assert NAME.split("^")[0] not in run("info", folder) + run("info", folder, "--json")


def test_what_cannot_be_read_is_told_and_fails(tmp_path):
    items = series(voxels((6, 8, 8)))
    del items[3]
    result = CliRunner().invoke(APP, ["info", str(save(tmp_path / "s", items)), "--json"])
    assert result.exit_code == 1
    case = json.loads(result.stdout)["cases"][0]
    assert case["shape"] is None
    assert any("one missing" in notice for notice in case["notices"])


def test_two_geometries_in_one_folder_are_two_cases(tmp_path):
    items = series(voxels(SHAPE)) + series(voxels(SHAPE), orientation=((1, 0, 0), (0, 0, -1)))
    cases = told(save(tmp_path / "s", items))["cases"]
    assert sorted(case["orientation"] for case in cases) == ["LIP", "LPS"]
    assert all("found 2" in case["notices"][0] for case in cases)


def test_patterns_and_layouts_can_be_given(tmp_path):
    nifti(tmp_path / "a-x.nii")
    nifti(tmp_path / "a-y.nii", blob())
    found = told(tmp_path, "--image", "FLAIR=*-x.nii", "--mask", "*-y.nii")
    assert found["layout"] == "pattern"
    assert [lb["value"] for lb in found["cases"][0]["labels"]] == [1, 2, 3]
    with pytest.raises(AppError, match="--image beside it"):
        run("info", tmp_path, "--mask", "*-y.nii")
    with pytest.raises(AppError, match="layout"):
        run("info", tmp_path, "--layout", "bids")


@pytest.mark.parametrize("name", ["o.nii.gz", "o.nii", "o.nrrd", "o.mha"])
def test_a_series_becomes_a_file_in_the_same_place(tmp_path, name):
    folder = save(tmp_path / "s", series(voxels(SHAPE), RescaleSlope=2, RescaleIntercept=-5))
    run("convert", folder, tmp_path / name)
    before, after = read(folder), read(tmp_path / name)
    assert np.allclose(after.real(), before.real())
    assert after.grid.same_grid(before.grid)


def test_nothing_is_ever_overwritten(tmp_path):
    nifti(tmp_path / "a.nii")
    (tmp_path / "o.nii").write_text("mine")
    with pytest.raises(AppError, match="another name"):
        run("convert", tmp_path / "a.nii", tmp_path / "o.nii")
    assert (tmp_path / "o.nii").read_text() == "mine"
    with pytest.raises(AppError, match="expected a format"):
        run("convert", tmp_path / "a.nii", tmp_path / "o.xyz")


def test_a_case_becomes_a_folder_of_slices(tmp_path, brats):
    run("convert", brats, tmp_path / "slices", "--format", "tiff")
    found = find(tmp_path / "slices")
    assert (found.layout, found.cases[0].id) == ("lgg", "slices")
    whole = read_case(found.cases[0])
    original = read_case(find(brats).cases[0])
    _, turn = original.grid.canonical()
    assert np.array_equal(whole.masks[0].values, turn.apply(original.masks[0].values))
    assert np.array_equal(whole.channels[1].pixels[0], turn.apply(original.channels[1].real())[0])


def test_values_that_slices_cannot_hold_are_told(tmp_path):
    nifti(tmp_path / "a.nii.gz", voxels(SHAPE, np.float32))
    result = CliRunner().invoke(
        APP, ["convert", str(tmp_path / "a.nii.gz"), str(tmp_path / "o"), "--format", "tiff"]
    )
    assert result.exit_code == 0
    assert "no longer those of the file" in result.stderr
    assert len(list((tmp_path / "o").glob("o_*.tif"))) == 4


def test_a_mask_goes_onto_its_series_as_a_segmentation(tmp_path):
    folder = save(tmp_path / "s", series(voxels(SHAPE)))
    run("convert", folder, tmp_path / "image.nii.gz")
    image = nibabel.load(tmp_path / "image.nii.gz")
    nibabel.save(
        nibabel.as_closest_canonical(nibabel.Nifti1Image(blob(SHAPE).T, image.affine)),
        tmp_path / "mask.nii.gz",
    )
    run("convert", tmp_path / "mask.nii.gz", tmp_path / "m.dcm", "--on", folder)
    assert np.array_equal(read(tmp_path / "m.dcm").pixels[0], blob(SHAPE))


def test_nothing_is_written_into_the_folder_that_is_converted(tmp_path):
    folder = save(tmp_path / "s", series(voxels(SHAPE)))
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        with pytest.raises(AppError, match="never written to"):
            run("convert", folder, place / "image.nii.gz")
    assert not list(folder.glob("*.nii.gz"))


def test_one_channel_is_chosen(tmp_path, brats):
    with pytest.raises(AppError, match="expected one channel"):
        run("convert", brats, tmp_path / "o.nii")
    run("convert", brats, tmp_path / "o.nii", "--channel", "FLAIR")
    assert np.array_equal(read(tmp_path / "o.nii").pixels[0], voxels(SHAPE, np.uint8, 3))


def test_damaged_and_evil_zips_are_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\3\4 nothing")
    with pytest.raises(AppError, match="cut off or damaged"):
        run("info", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("../out.txt", "x")
    with pytest.raises(AppError, match="inside of it"):
        run("info", tmp_path / "b.zip")
    assert not (tmp_path.parent / "out.txt").exists()


def test_the_name_of_a_patient_is_converted_only_when_the_reader_asks(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    folder = save(tmp_path / "s", series(voxels(SHAPE)))
    run("convert", folder, tmp_path / "image.nii.gz")
    mask = nibabel.load(tmp_path / "image.nii.gz")
    nifti(tmp_path / "mask.nii.gz", blob(SHAPE), mask.affine)
    run("convert", tmp_path / "mask.nii.gz", tmp_path / "a.dcm", "--on", folder)
    assert NAME.encode() not in (tmp_path / "a.dcm").read_bytes()
    save_settings(settings_path(), Settings(patient_names=True))
    run("convert", tmp_path / "mask.nii.gz", tmp_path / "b.dcm", "--on", folder)
    assert NAME.encode() in (tmp_path / "b.dcm").read_bytes()


def test_a_label_map_that_is_opened_alone_is_not_judged_as_a_lesion(tmp_path):
    nifti(tmp_path / "seg.nii.gz", np.ones(SHAPE, np.uint8))
    case = told(tmp_path / "seg.nii.gz")["cases"][0]
    assert case["labels"] == [{"value": 1, "name": "Lesion"}]
    assert case["notices"] == []


def test_a_mask_on_another_grid_is_resampled_when_asked(tmp_path):
    nifti(tmp_path / "a_flair.nii.gz", voxels(SHAPE, np.uint8))
    moved = AFFINE.copy()
    moved[:3, 3] += 0.6
    nifti(tmp_path / "a_seg.nii.gz", blob(SHAPE), moved)
    left = told(tmp_path)["cases"][0]
    assert "or let it be resampled by nearest neighbour (--resample)" in left["notices"][0]
    assert left["labels"] == []
    done = told(tmp_path, "--resample")["cases"][0]
    assert "Resampled by nearest neighbour, as asked" in done["notices"][0]
    assert done["labels"]


def test_the_time_point_that_is_named_is_taken(tmp_path):
    stored = np.stack([voxels(SHAPE, np.uint8, n) for n in range(3)])
    nifti(tmp_path / "a.nii.gz", stored)
    assert "choose another time point (--point)" in told(tmp_path)["cases"][0]["notices"][0]
    (chosen,) = told(tmp_path, "--point", 2)["cases"][0]["notices"]
    assert chosen == "a: volume 3 of its files is shown, as chosen."
    case = scan(tmp_path, Organisation(point=2)).cases[0]
    assert np.array_equal(read_loaded(case).volume.pixels[0], stored[2])


def test_voxels_without_a_number_are_counted(tmp_path):
    values = blob().astype(np.float32)
    values[0, 0, 0], values[1, 2, 3], values[2, 1, 1] = np.nan, np.inf, np.nan
    path = nifti(tmp_path / "a.nii.gz", values)
    (notice,) = told(path)["cases"][0]["notices"]
    assert_sentence(notice)
    assert "found 3 of" in notice
    assert f"{values.size:,}" in notice


def test_roles_are_said_on_the_command_line_and_wrong_ones_refused(brats):
    found = told(brats, "--role", "t2w=t1C", "--role", "t1c=other")
    roles = {c["name"]: c["role"] for c in found["cases"][0]["channels"]}
    assert roles == {"t1n": "T1", "t1c": "other", "t2w": "T1c", "t2f": "FLAIR"}
    with pytest.raises(AppError, match="expected CHANNEL=ROLE with a role of T1, T1c"):
        told(brats, "--role", "t2w=T7")
