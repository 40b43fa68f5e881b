import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from pydicom.uid import (
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from core.io.readers import read
from tests.core.io.dicom_making import (
    NAME,
    SAGITTAL,
    compressed,
    ct,
    instance,
    multiframe,
    save,
    series,
)
from tests.core.io.making import refused, told, voxels

STORED = voxels((4, 16, 20), np.uint16) % 4096


def canonical(stored):
    grid, turn = stored.grid.canonical()
    return turn.apply(stored.real()), grid


def same_as_simpleitk(folder, found):
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = SimpleITK.ReadImage(names)
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), found.real()[0])
    for index in ((0, 0, 0), (3, 2, 1)):
        lps = image.TransformIndexToPhysicalPoint(index[::-1])
        assert np.allclose(found.grid.to_patient(index), np.array(lps) * (-1, -1, 1))


@pytest.mark.parametrize("orientation", [((1, 0, 0), (0, 1, 0)), SAGITTAL, ((1, 0, 0), (0, 0, -1))])
@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint8])
def test_voxels_and_place_are_those_of_simpleitk(tmp_path, orientation, dtype):
    stored = voxels((4, 16, 20), dtype)
    found = read(save(tmp_path / "s", series(stored, orientation=orientation)))
    same_as_simpleitk(tmp_path / "s", found)
    assert found.pixels.dtype == dtype
    assert found.grid.spacing_mm == pytest.approx((3, 2, 1.5))
    assert found.passport.notices == ()
    assert found.passport.believed == "positions of planes"


def converted(folder: Path, out: Path) -> Path:
    out.mkdir()
    subprocess.run(
        [str(Path(sys.executable).with_name("dcm2niix")), "-z", "n", "-o", str(out), str(folder)],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.nii"))


@pytest.mark.parametrize("orientation", [((1, 0, 0), (0, 1, 0)), SAGITTAL])
def test_voxels_and_place_are_those_of_dcm2niix(tmp_path, orientation):
    items = series(STORED.astype(np.int16), orientation=orientation, change=lambda n, i: ct(i),
                   RescaleSlope=1, RescaleIntercept=-1024)  # fmt: skip
    found, grid = canonical(read(save(tmp_path / "s", items)))
    image = nibabel.load(converted(tmp_path / "s", tmp_path / "out"))
    other = read(Path(image.get_filename()))
    expected, other_grid = canonical(other)
    assert grid.same_grid(other_grid)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless])
def test_lossless_compression_changes_nothing(tmp_path, syntax):
    items = [compressed(item, syntax) for item in series(STORED)]
    found = read(save(tmp_path / "s", items))
    assert np.array_equal(found.pixels[0], STORED)
    assert found.passport.notices == ()


@pytest.mark.parametrize(("syntax", "bits"), [(JPEGBaseline8Bit, 8), (JPEGExtended12Bit, 12)])
def test_compression_with_loss_is_told(tmp_path, syntax, bits):
    y, x = np.mgrid[:16, :24]
    smooth = ((y + x) * (2 ** (bits - 6))).astype(np.uint8 if bits == 8 else np.uint16)
    items = [
        compressed(i, syntax)
        for i in series(np.stack([smooth] * 3), BitsStored=bits, HighBit=bits - 1)
    ]
    found = read(save(tmp_path / "s", items))
    told(found, "with loss")
    assert np.abs(found.pixels[0].astype(int) - smooth).max() < 2 ** (bits - 4)


def test_implicit_syntax_and_files_without_preamble(tmp_path):
    items = series(STORED)
    for item in items:
        item.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    found = read(save(tmp_path / "s", items))
    assert np.array_equal(found.pixels[0], STORED)
    folder = tmp_path / "old"
    folder.mkdir()
    for n, item in enumerate(items):
        item.preamble = None
        del item.file_meta
        item.save_as(folder / f"{n}", implicit_vr=True, little_endian=True)
    assert np.array_equal(read(folder).pixels[0], STORED)


def test_a_missing_plane_is_told_with_its_place(tmp_path):
    items = series(voxels((6, 8, 8)))
    del items[3]
    folder = save(tmp_path / "s", items, ["a", "b", "c", "e", "f"])
    refused(folder, "every 3 mm", "6 mm between c and e", "one missing")


def test_two_planes_at_one_place_are_told(tmp_path):
    items = series(STORED)
    items[2].ImagePositionPatient = items[1].ImagePositionPatient
    refused(save(tmp_path / "s", items, ["a", "b", "c", "d"]), "c: expected", "b at the same place")


def test_planes_all_at_one_place_make_no_volume(tmp_path):
    items = series(STORED, step=0.0)
    for number, item in enumerate(items):
        item.AcquisitionNumber = number
    refused(save(tmp_path / "s", items), "no volume")


def test_uneven_and_shifted_planes_are_refused(tmp_path):
    uneven = series(STORED)
    uneven[3].ImagePositionPatient = [-10, -20, 5 + 3 * 3.4]
    refused(save(tmp_path / "a", uneven), "even distances")
    shifted = series(STORED)
    shifted[1].ImagePositionPatient = [-10, -17, 8]
    refused(save(tmp_path / "b", shifted), "beside it")


def test_copies_of_an_instance_are_left_out(tmp_path):
    items = series(STORED)
    folder = save(tmp_path / "s", items)
    (folder / "copy.dcm").write_bytes((folder / "007.dcm").read_bytes())
    found = read(folder)
    told(found, "1 copies")
    assert np.array_equal(found.pixels[0], STORED)


def test_gantry_tilt_is_a_shear_and_told(tmp_path):
    angle = np.radians(14)
    found = read(save(tmp_path / "s", series(STORED, direction=(0, np.sin(angle), np.cos(angle)))))
    told(found, "14°", "gantry")
    first, last = found.grid.to_patient([(0, 0, 0), (3, 0, 0)])
    assert np.allclose(last - first, (0, -9 * np.sin(angle), 9 * np.cos(angle)))
    assert found.grid.voxel_ml == pytest.approx(3 * np.cos(angle) * 2 * 1.5 / 1000)


def test_directions_off_by_1e_8_pass_and_by_01_are_told(tmp_path):
    def off(by):
        return lambda n, item: setattr(
            item, "ImageOrientationPatient", [1, by * (n == 2), 0, 0, 1, 0]
        )

    assert read(save(tmp_path / "a", series(STORED, change=off(1e-8)))).passport.notices == ()
    refused(save(tmp_path / "b", series(STORED, change=off(0.1))), "2 volumes")


def test_two_geometries_and_a_foreign_frame_are_told_and_chosen(tmp_path):
    items = series(STORED) + series(STORED + 1, orientation=SAGITTAL)
    folder = save(tmp_path / "s", items)
    refused(folder, "2 volumes", "4 planes")
    assert {read(folder, point=n).grid.plane for n in range(2)} == {"axial", "sagittal"}
    refused(folder, "0 to 1", point=2)
    foreign = series(STORED)
    foreign[2].FrameOfReferenceUID = generate_uid()
    refused(save(tmp_path / "f", foreign), "2 volumes", "1 plane from")


def test_echoes_in_one_folder_are_told_and_chosen(tmp_path):
    items = series(STORED, EchoTime=20) + series(STORED + 1, EchoTime=80)
    folder = save(tmp_path / "s", items)
    refused(folder, "2 volumes", "echo time 20", "echo time 80")
    chosen = [read(folder, point=n) for n in range(2)]
    assert sorted(int(c.pixels[0, 0, 0, 0]) - int(STORED[0, 0, 0]) for c in chosen) == [0, 1]


def test_planes_scaled_one_by_one_have_real_values(tmp_path):
    def scale(n, item):
        item.RescaleSlope, item.RescaleIntercept = n + 1, n

    found = read(save(tmp_path / "s", series(STORED, change=scale)))
    factor = np.arange(1, 5)[:, None, None]
    assert np.allclose(found.real()[0], STORED * factor + factor - 1)
    same = read(save(tmp_path / "t", series(STORED, RescaleSlope=2, RescaleIntercept=-3)))
    assert (same.slope, same.intercept) == (2, -3)
    assert same.pixels.dtype == np.uint16


def test_without_positions_the_numbers_order_planes_and_nothing_is_known(tmp_path):
    items = [instance(plane, None, number=n) for n, plane in enumerate(STORED)]
    found = read(save(tmp_path / "s", items))
    assert np.array_equal(found.pixels[0], STORED)
    assert not found.grid.is_known
    told(found, "Left and right cannot be told")


def test_one_and_two_planes_are_told(tmp_path):
    found = read(save(tmp_path / "s", series(STORED[:1])))
    told(found, "found one", "3 mm")
    assert found.grid.spacing_mm == pytest.approx((3, 2, 1.5))
    told(read(save(tmp_path / "t", series(STORED[:2]))), "found two planes")


def test_a_distance_that_is_not_the_measured_one_is_told(tmp_path):
    told(read(save(tmp_path / "s", series(STORED, SpacingBetweenSlices=5))), "5 mm", "found 3 mm")


def test_no_pixels_are_told(tmp_path):
    items = series(STORED)
    report = instance(STORED[0], None)
    for name in ("Rows", "Columns", "PixelData"):
        delattr(report, name)
    found = read(save(tmp_path / "s", [*items, report]))
    told(found, "no pixels")
    refused(save(tmp_path / "r", [report]), "no pixels")
    bare = series(STORED, PixelData=None)
    refused(save(tmp_path / "b", bare), "no pixels")


def test_cut_off_files_are_refused(tmp_path):
    folder = save(tmp_path / "s", series(voxels((4, 64, 64))))
    path = folder / "007.dcm"
    whole = path.read_bytes()
    path.write_bytes(whole[:-3000])
    refused(folder, "007.dcm", "cut off")
    path.write_bytes(whole[:140])
    refused(folder, "missing")


def test_values_that_mean_something_else_are_told(tmp_path):
    told(
        read(save(tmp_path / "a", series(STORED, PhotometricInterpretation="MONOCHROME1"))),
        "MONOCHROME1",
    )
    refused(
        save(tmp_path / "b", series(STORED, ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])),
        "mosaic",
    )
    refused(
        save(tmp_path / "c", series(STORED, PhotometricInterpretation="PALETTE COLOR")), "palette"
    )


def test_colour_is_three_channels_and_told(tmp_path):
    rgb = voxels((4, 16, 20, 3), np.uint8)
    found = read(save(tmp_path / "s", series(rgb)))
    told(found, "colour")
    assert np.array_equal(found.pixels, np.moveaxis(rgb, -1, 0))


def test_multiframe_file_is_one_volume(tmp_path):
    item = multiframe(STORED, orientation=SAGITTAL)
    save(tmp_path, [item], ["a.dcm"])
    found = read(tmp_path / "a.dcm")
    assert np.array_equal(found.pixels[0], STORED)
    assert (found.slope, found.intercept) == (2, -7)
    expected = read(save(tmp_path / "s", series(STORED, orientation=SAGITTAL)))
    assert found.grid.same_grid(expected.grid)
    assert "multi-frame" in found.passport.format


def test_multiframe_file_of_two_echoes_is_told_and_chosen(tmp_path):
    save(tmp_path, [multiframe(STORED, echoes=(10.0, 90.0))], ["a.dcm"])
    refused(tmp_path / "a.dcm", "2 volumes", "echo time 90.0")
    assert np.array_equal(read(tmp_path / "a.dcm", point=1).pixels[0], STORED + 1)


def test_the_name_of_a_patient_is_nowhere(tmp_path):
    found = read(save(tmp_path / "s", series(STORED)))
    shown = repr(found) + repr(found.passport) + repr(found.header)
    assert NAME.split("^")[0] not in shown


@pytest.mark.parametrize(
    ("tags", "role"),
    [
        ({}, "T2"),
        ({"SeriesDescription": "t1_mpr", "ContrastBolusAgent": "Gd"}, "T1c"),
        ({"SeriesDescription": "t1_mpr"}, "T1"),
        ({"SeriesDescription": "?", "RepetitionTime": 9000, "EchoTime": 100,
          "InversionTime": 2500}, "FLAIR"),
        ({"SeriesDescription": "?", "RepetitionTime": 4000, "EchoTime": 100}, "T2"),
        ({"SeriesDescription": "?", "RepetitionTime": 500, "EchoTime": 10}, "T1"),
        ({"SeriesDescription": "?"}, "other"),
    ],
)  # fmt: skip
def test_role_comes_from_words_then_from_times(tmp_path, tags, role):
    assert read(save(tmp_path / "s", series(STORED, **tags))).header.facts.role == role
