import nrrd
import numpy as np
import pytest
import SimpleITK

from core.io.readers import read
from tests.core.io.making import SHAPE, blob, refused, told, voxels

SHORT = ("RAS", "LAS", "LPS")
NONE = [np.nan] * 3
DIRECTIONS = [[2, 0, 0], [0, 3, 0], [0, 0, 4]]
PLACE = {"space": "left-posterior-superior", "space directions": np.array(DIRECTIONS, float),
         "space origin": [10, 20, 30], "kinds": ["domain"] * 3}  # fmt: skip


def write(path, stored=None, **changes):
    header = {key: value for key, value in {**PLACE, **changes}.items() if value is not None}
    stored = voxels() if stored is None else stored
    nrrd.write(str(path), stored, header, index_order="C")
    return path


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
@pytest.mark.parametrize("encoding", ["gzip", "raw", "bzip2"])
def test_every_type_is_what_simpleitk_reads(tmp_path, dtype, encoding):
    stored = voxels(dtype=dtype)
    found = read(write(tmp_path / "a.nrrd", stored, encoding=encoding))
    assert found.pixels.dtype == stored.dtype
    assert np.array_equal(found.pixels[0], stored)
    assert found.passport.notices == ()
    if encoding != "bzip2":
        check_place(found, tmp_path / "a.nrrd")


def check_place(found, path):
    image = SimpleITK.ReadImage(str(path))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), found.pixels[0])
    for index in ((0, 0, 0), (3, 2, 1)):
        lps = image.TransformIndexToPhysicalPoint(index[::-1])
        assert np.allclose(found.grid.to_patient(index), np.array(lps) * (-1, -1, 1))


@pytest.mark.parametrize(
    "space",
    ["left-posterior-superior", "right-anterior-superior", "left-anterior-superior", *SHORT],
)
def test_every_space_is_turned_to_one(tmp_path, space):
    path = write(tmp_path / "a.nrrd", space=space)
    check_place(read(path), path)


def test_detached_data_is_found_and_missed_by_name(tmp_path):
    path = write(tmp_path / "a.nhdr")
    data = next(p for p in tmp_path.iterdir() if p != path)
    assert np.array_equal(read(path).pixels[0], voxels())
    data.unlink()
    refused(path, data.name)


@pytest.mark.parametrize("space", ["scanner-xyz", None])
def test_space_without_a_patient_is_unknown(tmp_path, space):
    changes = {"space": space} if space else {
        "space": None, "space directions": None, "space origin": None, "spacings": [2.0, 3, 4]
    }  # fmt: skip
    found = read(write(tmp_path / "a.nrrd", **changes))
    assert not found.grid.is_known
    assert found.grid.spacing_mm == (4, 3, 2)
    told(found, "Left and right cannot be told")


def test_missing_origin_units_and_shear_are_told(tmp_path):
    told(read(write(tmp_path / "a.nrrd", **{"space origin": None})), "space origin")
    found = read(write(tmp_path / "b.nrrd", **{"space units": ["um", "um", "um"]}))
    told(found, "um")
    assert np.allclose(found.grid.spacing_mm, (0.004, 0.003, 0.002))
    found = read(write(tmp_path / "cm.nrrd", **{"space units": ["cm", "cm", "cm"]}))
    assert np.allclose(found.grid.spacing_mm, (40, 30, 20))
    told(read(write(tmp_path / "c.nrrd", **{"space units": ["px", "px", "px"]})), "px")
    sheared = np.array([[2, 0, 0], [0.3, 3, 0], [0, 0, 4]])
    told(read(write(tmp_path / "d.nrrd", **{"space directions": sheared})), "right angles")
    flat = np.array([[2.0, 0, 0], [2, 0, 0], [0, 0, 4]])
    found = read(write(tmp_path / "e.nrrd", **{"space directions": flat}))
    told(found, "span a volume")
    assert not found.grid.is_known


def test_time_and_colour_are_no_axis_of_space(tmp_path):
    series = voxels((*SHAPE, 3))  # fastest axis last in array order
    four = {"kinds": ["list", "domain", "domain", "domain"],
            "space directions": np.array([NONE, *DIRECTIONS])}  # fmt: skip
    found = read(write(tmp_path / "a.nrrd", series, **four))
    told(found, "found 3")
    assert np.array_equal(found.pixels[0], series[..., 0])
    assert np.array_equal(read(tmp_path / "a.nrrd", point=2).pixels[0], series[..., 2])
    refused(tmp_path / "a.nrrd", "0 to 2", point=5)
    rgb = voxels((*SHAPE, 3), np.uint8)
    four["kinds"] = ["RGB-color", "domain", "domain", "domain"]
    found = read(write(tmp_path / "b.nrrd", rgb, **four))
    told(found, "colour")
    assert np.array_equal(found.pixels, np.moveaxis(rgb, -1, 0))
    refused(write(tmp_path / "c.nrrd", voxels((5, 6)), space=None, kinds=None,
                  **{"space directions": None, "space origin": None}), "2 axes")  # fmt: skip


def segmentation(path, stored, segments, **changes):
    fields = {}
    for number, (name, value, layer) in enumerate(segments):
        fields |= {
            f"Segment{number}_ID": f"s{number}", f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": str(value), f"Segment{number}_Layer": str(layer),
            f"Segment{number}_Color": "1 0.5 0",
            f"Segment{number}_Tags": "Segmentation.Status:inprogress|TerminologyEntry:Segmentation "
            "category~SCT^49755003^Abnormal~SCT^52988006^Lesion~^^~Anatomic codes~^^~^^|",
        }  # fmt: skip
    return write(path, stored, **{**fields, **changes})


def test_segments_give_names_colours_and_codes(tmp_path):
    path = segmentation(
        tmp_path / "a.seg.nrrd", blob(), [("Core", 1, 0), ("Oedema", 2, 0), ("Rim", 3, 0)]
    )
    found = read(path)
    assert [(lb.value, lb.name, lb.colour) for lb in found.labels.labels] == [
        (1, "Core", (255, 128, 0)), (2, "Oedema", (255, 128, 0)), (3, "Rim", (255, 128, 0)),
    ]  # fmt: skip
    assert found.labels.label(1).code.value == "52988006"
    assert np.array_equal(found.pixels[0], blob())
    assert found.passport.format == "NRRD segmentation"


def test_layers_become_one_label_map_and_overlap_is_told(tmp_path):
    layers = np.zeros((*SHAPE, 2), np.uint8)
    layers[0, 0, 0:2, 0] = 1
    layers[0, 0, 1:3, 1] = 1
    path = segmentation(
        tmp_path / "a.seg.nrrd", layers, [("Core", 1, 0), ("Rim", 1, 1)],
        kinds=["list", "domain", "domain", "domain"],
        **{"space directions": np.array([NONE, *DIRECTIONS])},
    )  # fmt: skip
    found = read(path)
    assert found.pixels[0, 0, 0].tolist() == [1, 255, 2, 0, 0, 0]
    told(found, "numbered 1 to 2")
    told(found, "1 voxels in several")
    assert [(label.value, label.parts) for label in found.labels.labels] == [
        (1, ()), (2, ()), (255, (1, 2)),
    ]  # fmt: skip


def test_a_value_without_segment_is_refused(tmp_path):
    refused(segmentation(tmp_path / "a.seg.nrrd", blob(), [("Core", 1, 0)]), "value 2 without")
    refused(segmentation(tmp_path / "b.seg.nrrd", blob(), [("Core", 900, 0)]), "900")


@pytest.mark.parametrize("encoding", ["gzip", "raw"])
def test_damage_is_found(tmp_path, encoding):
    path = write(tmp_path / "a.nrrd", voxels((20, 30, 40)), encoding=encoding)
    whole = path.read_bytes()
    path.write_bytes(whole[:-500])
    refused(path, "NRRD")
    if encoding == "gzip":
        data = bytearray(whole)
        data[len(data) // 2] ^= 8
        path.write_bytes(data)
        refused(path, "NRRD")
    path.write_bytes(b"another thing")
    refused(path, "another kind")
    path.write_bytes(b"")
    refused(path, "empty")
    path.write_bytes(whole[:60])
    refused(path, "NRRD")
    path.write_bytes(whole.replace(b"sizes: 40 30 20", b"sizes: 0 30 20"))
    refused(path, "sizes of 0×30×20")


def test_two_volumes_are_not_one(tmp_path):
    write(tmp_path / "a.nrrd")
    write(tmp_path / "b.nrrd")
    refused(tmp_path, "2 files")
