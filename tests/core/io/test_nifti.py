import gzip

import nibabel
import numpy as np
import pytest

from core.io.readers import read
from tests.core.io.making import AFFINE, SHAPE, nifti, oracle, refused, told, voxels

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


def set_field(name, value):
    return lambda header: header.__setitem__(name, value)


def patch(path, **fields):
    """Change fields of the header on disk, which the writer would put right."""
    data = bytearray(path.read_bytes())
    header = nibabel.Nifti1Header(bytes(data[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    data[:348] = header.binaryblock
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.img"])
@pytest.mark.parametrize("kind", ["1", "2"])
def test_every_type_is_what_nibabel_reads(tmp_path, dtype, name, kind):
    classes = {
        ("1", False): nibabel.Nifti1Image, ("2", False): nibabel.Nifti2Image,
        ("1", True): nibabel.Nifti1Pair, ("2", True): nibabel.Nifti2Pair,
    }  # fmt: skip
    stored = voxels(dtype=dtype)
    path = tmp_path / name
    image = classes[kind, name == "a.img"](stored.T, AFFINE, dtype=stored.dtype)
    nibabel.save(image, path)
    found = read(path)
    assert found.pixels.dtype == stored.dtype
    assert np.array_equal(found.pixels[0], stored)
    assert np.array_equal(found.grid.affine, oracle(path)[1])
    assert found.passport.format.startswith(f"NIfTI-{kind}")
    assert found.passport.believed == "sform"
    assert found.passport.notices == ()


def test_pair_is_found_by_either_name_and_missed_by_name(tmp_path):
    nibabel.save(nibabel.Nifti1Pair(voxels().T, AFFINE), tmp_path / "a.img")
    assert np.array_equal(read(tmp_path / "a.hdr").pixels[0], voxels())
    assert read(tmp_path / "a.hdr", tmp_path / "a.img").grid.affine is not None
    (tmp_path / "a.hdr").unlink()
    refused(tmp_path / "a.img", "a.hdr", "one folder")


def test_big_endian_and_scaled(tmp_path):
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(np.int16)
    image = nibabel.Nifti1Image(voxels().T, AFFINE, header)
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, tmp_path / "a.nii")
    patch_free = read(tmp_path / "a.nii")
    assert np.allclose(patch_free.real()[0], oracle(tmp_path / "a.nii")[0])
    assert patch_free.is_scaled
    assert patch_free.real().dtype == np.float32


@pytest.mark.parametrize("slope", [0.0, float("nan")])
def test_slope_that_means_nothing_leaves_the_values(tmp_path, slope):
    path = patch(nifti(tmp_path / "a.nii"), scl_slope=slope, scl_inter=5)
    found = read(path)
    assert np.array_equal(found.real()[0], voxels())
    assert np.array_equal(found.real()[0], oracle(path)[0])
    assert not any("slope" in notice for notice in found.passport.notices)


def test_slope_that_is_infinite_is_told(tmp_path):
    found = read(patch(nifti(tmp_path / "a.nii"), scl_slope=np.inf))
    told(found, "slope", "inf")
    assert np.array_equal(found.real()[0], voxels())


def test_disagreeing_forms_are_told_and_sform_believed(tmp_path):
    def turn(header):
        header.set_sform(AFFINE, 1)
        other = AFFINE.copy()
        other[0] *= -1
        header.set_qform(other, 1)

    path = nifti(tmp_path / "a.nii.gz", change=turn)
    found = read(path)
    told(found, "sform and qform", "RPS instead of LPS")
    assert np.array_equal(found.grid.affine, oracle(path)[1])
    assert [source.name for source in found.passport.sources] == ["sform", "qform", "pixdim"]
    assert "comes first" in found.passport.why


def test_qform_alone_is_believed(tmp_path):
    def only_qform(header):
        header.set_qform(AFFINE, 1)
        header.set_sform(None, 0)

    path = nifti(tmp_path / "a.nii", change=only_qform)
    found = read(path)
    assert found.passport.believed == "qform"
    assert np.allclose(found.grid.affine, oracle(path)[1], atol=1e-5)


def test_no_code_means_unknown_orientation_and_known_spacing(tmp_path):
    def neither(header):
        header.set_qform(None, 0)
        header.set_sform(None, 0)
        header.set_xyzt_units("mm")

    found = read(nifti(tmp_path / "a.nii", change=neither))
    assert not found.grid.is_known
    assert found.grid.spacing_mm == (4, 3, 2)
    assert found.passport.believed == "pixdim"
    told(found, "Left and right cannot be told")


def test_shear_of_04_degrees_is_opened_and_told(tmp_path):
    sheared = AFFINE.copy()
    sheared[0, 1] = 3 * np.tan(np.radians(0.4))
    path = nifti(tmp_path / "a.nii", affine=sheared, change=lambda h: h.set_sform(sheared, 1))
    found = read(path)
    told(found, "right angles", "0.4°")
    assert np.allclose(found.grid.affine, oracle(path)[1])


def test_directions_off_by_1e_8_pass_and_by_01_are_told(tmp_path):
    for off, words in ((1e-8, ()), (0.1, ("right angles",))):
        affine = AFFINE.copy()
        affine[0, 1] = off * 3
        affine[1, 1] = -3 * (1 + off)
        found = read(nifti(tmp_path / f"{len(words)}.nii", affine=affine))
        if words:
            told(found, *words)
        else:
            assert found.passport.notices == ()


def test_both_hands_and_oblique_axes_keep_every_voxel_in_place(tmp_path):
    turned = np.eye(4)
    turned[:3, :3] = nibabel.eulerangles.euler2mat(0.2, 0.1, -0.3) @ np.diag([2, 3, 4])
    for hand in (1, -1):
        affine = turned @ np.diag([hand, 1, 1, 1])
        path = nifti(tmp_path / f"{hand}.nii", affine=affine)
        found = read(path)
        told(found, "turned by")
        canonical, turn = found.grid.canonical()
        assert canonical.orientation == "LPS"
        assert np.array_equal(turn.undo(turn.apply(found.pixels)), found.pixels)
        closest = nibabel.as_closest_canonical(nibabel.load(path))
        ras = np.asarray(closest.dataobj).T[:, ::-1, ::-1]
        assert np.array_equal(turn.apply(found.pixels)[0], ras)


@pytest.mark.parametrize("bad", [0.0, np.nan])
def test_impossible_voxel_size_is_told_and_sform_used(tmp_path, bad):
    path = nifti(tmp_path / "a.nii", change=lambda h: h.set_qform(None, 0))
    pixdim = nibabel.load(path).header["pixdim"].copy()
    pixdim[3] = bad
    found = read(patch(path, pixdim=pixdim))
    told(found, "pixdim", f"{bad:g}")
    assert np.allclose(found.grid.affine, AFFINE)


def test_impossible_voxel_size_without_sform_leaves_it_unknown(tmp_path):
    def only_qform(header):
        header.set_qform(AFFINE, 1)
        header.set_sform(None, 0)

    path = nifti(tmp_path / "a.nii", change=only_qform)
    found = read(patch(path, pixdim=[1, 0, 0, 0, 1, 1, 1, 1]))
    told(found, "qform")
    assert found.grid.affine is None
    assert found.grid.spacing_mm is None
    assert found.passport.believed == "nothing"


def test_negative_voxel_size_loses_its_sign(tmp_path):
    path = nifti(tmp_path / "a.nii")
    pixdim = nibabel.load(path).header["pixdim"].copy()
    pixdim[1] *= -1
    found = read(patch(path, pixdim=pixdim))
    told(found, "sign")
    assert np.allclose(found.grid.affine, AFFINE)


def test_rows_of_zeros_fall_back_to_qform(tmp_path):
    path = nifti(tmp_path / "a.nii", change=lambda h: h.set_qform(AFFINE, 1))
    found = read(patch(path, srow_x=0, srow_y=0, srow_z=0))
    told(found, "sform", "zeros")
    assert found.passport.believed == "qform"
    assert np.allclose(found.grid.affine, AFFINE, atol=1e-4)


def test_impossible_quaternion_is_not_used(tmp_path):
    path = nifti(tmp_path / "a.nii", change=lambda h: h.set_qform(AFFINE, 1))
    found = read(patch(path, quatern_b=3, sform_code=0))
    told(found, "qform")
    assert not found.grid.is_known


@pytest.mark.parametrize(("unit", "factor"), [("micron", 1000), ("meter", 0.001)])
def test_other_units_become_millimetres(tmp_path, unit, factor):
    affine = AFFINE * factor
    affine[3, 3] = 1

    def units(header):
        header.set_xyzt_units(unit)
        header.set_qform(affine, 1)

    found = read(nifti(tmp_path / "a.nii", affine=affine, change=units))
    told(found, "millimetres", "metres")
    assert np.allclose(found.grid.affine, AFFINE, rtol=1e-5)


def test_time_point_is_chosen(tmp_path):
    stored = np.stack([voxels(seed=n) for n in range(3)])
    path = nifti(tmp_path / "a.nii.gz", stored)
    first = read(path)
    told(first, "found 3", "first")
    assert np.array_equal(first.pixels[0], stored[0])
    last = read(path, point=2)
    assert np.array_equal(last.pixels[0], stored[2])
    assert (last.points, last.point) == (3, 2)
    assert last.passport.notices == ()
    refused(path, "0 to 2", point=3)


@pytest.mark.parametrize("shape", [(4, 5, 6, 1), (4, 5, 6, 1, 1), (4, 5), (4, 1, 6), (4, 5, 1, 1)])
def test_axes_of_one_are_no_time(tmp_path, shape):
    stored = voxels(shape)
    nibabel.save(nibabel.Nifti1Image(stored, AFFINE), tmp_path / "a.nii")
    found = read(tmp_path / "a.nii")
    assert found.points == 1
    assert found.grid.shape == (*shape, 1)[:3][::-1]
    assert np.array_equal(found.pixels[0].ravel("C"), stored.ravel("F"))


def test_five_axes_are_refused(tmp_path):
    nibabel.save(nibabel.Nifti1Image(voxels((2, 3, 4, 5, 2)), AFFINE), tmp_path / "a.nii")
    refused(tmp_path / "a.nii", "2×3×4×5×2")


def test_colour_is_three_channels_and_told(tmp_path):
    rgb = voxels((*SHAPE, 3), np.uint8)
    colour = np.ascontiguousarray(rgb.transpose(2, 1, 0, 3)).view(
        [("R", "u1"), ("G", "u1"), ("B", "u1")]
    )[..., 0]
    nibabel.save(nibabel.Nifti1Image(colour, AFFINE), tmp_path / "a.nii")
    found = read(tmp_path / "a.nii")
    told(found, "colour")
    assert np.array_equal(found.pixels, np.moveaxis(rgb, -1, 0))


def test_complex_numbers_are_refused(tmp_path):
    nibabel.save(nibabel.Nifti1Image(np.ones((2, 3, 4), np.complex64), AFFINE), tmp_path / "a.nii")
    refused(tmp_path / "a.nii", "complex64")


@pytest.mark.parametrize("part", [0.3, 0.6, 0.999])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_part_of_a_file_is_refused(tmp_path, name, part):
    path = nifti(tmp_path / name, voxels((20, 30, 40)))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    refused(path, "cut off")


def test_every_flipped_bit_of_a_compressed_file_is_found(tmp_path):
    path = nifti(tmp_path / "a.nii.gz", voxels((20, 30, 40)))
    whole = path.read_bytes()
    for at in np.linspace(12, len(whole) - 1, 25).astype(int):
        data = bytearray(whole)
        data[at] ^= 16
        path.write_bytes(data)
        refused(path, "gzip")


def test_names_do_not_matter_for_compression(tmp_path):
    plain = nifti(tmp_path / "a.nii").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(plain)
    (tmp_path / "c.nii").write_bytes(gzip.compress(plain))
    for name in ("b.nii.gz", "c.nii"):
        assert np.array_equal(read(tmp_path / name).pixels[0], voxels())


def test_foreign_and_empty_files_are_refused(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"")
    refused(tmp_path / "a.nii", "empty")
    (tmp_path / "a.nii").write_bytes(b"hello" * 200)
    refused(tmp_path / "a.nii", "another kind")
    refused(tmp_path / "missing.nii", "no such file")
    analyze = nibabel.AnalyzeImage(voxels().T, AFFINE)
    nibabel.save(analyze, tmp_path / "old.img")
    refused(tmp_path / "old.hdr", "Analyze", "left from right")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dim": [9, 1, 1, 1, 1, 1, 1, 1]}, "axes"),
        ({"dim": [3, 0, 5, 6, 1, 1, 1, 1]}, "claims"),
        ({"dim": [3, 30000, 30000, 30000, 1, 1, 1, 1]}, "claims"),
        ({"dim": [3, 60, 50, 60, 1, 1, 1, 1]}, "cut off"),
        ({"datatype": 77}, "does not know"),
        ({"vox_offset": 0}, "byte 0"),
    ],
)
def test_damaged_headers_are_refused(tmp_path, fields, words):
    refused(patch(nifti(tmp_path / "a.nii"), **fields), words)


def test_two_volumes_are_not_one(tmp_path):
    nifti(tmp_path / "a.nii")
    nifti(tmp_path / "b.nii")
    refused(tmp_path, "2 files")
