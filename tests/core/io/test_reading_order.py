"""However a case is read, in parts and with a first look or at once, it is the same case."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import FileError
from core.domain.grid import Turn
from core.domain.progress import Cancelled
from core.domain.window_level import automatic
from core.io.cases.case_preview import CasePreview, FirstLook
from core.io.cases.case_reader import LoadedCase, read_case
from core.io.cases.narrow_pixels import NarrowPixels, smallest_type
from core.io.datasets.dataset import scan
from core.io.readers import opened, read
from tests.core.io.making import AFFINE, nifti
from tests.synthetic import head, lesion, write_case, write_slice

SHAPE = (6, 5, 4)
TURNS = [
    np.diag([2.0, 3.0, 4.0, 1.0]),
    AFFINE,
    np.array([[0, 0, 4.0, 0], [2.0, 0, 0, 0], [0, -3.0, 0, 0], [0, 0, 0, 1]]),
]
Looks = list[CasePreview]


def looked_at(case: object, wanted: int = -1, channel: str = "FLAIR") -> tuple[LoadedCase, Looks]:
    seen: Looks = []
    look = FirstLook(channel, wanted, seen.append, least_bytes=0)
    return read_case(case, look=look), seen  # type: ignore[arg-type]


def assert_same(one: LoadedCase, other: LoadedCase) -> None:
    for ours, theirs in (
        (one.volume.pixels, other.volume.pixels),
        (one.ground_truth, other.ground_truth),
        (one.labels, other.labels),
    ):
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
    assert one.volume.geometry == other.volume.geometry
    assert one.volume.channels == other.volume.channels
    assert one.volume.slice_numbers == other.volume.slice_numbers
    assert one.volume.unreadable == other.volume.unreadable
    assert (one.notices, one.damaged_masks, one.turn) == (
        other.notices,
        other.damaged_masks,
        other.turn,
    )


def expected(stored: list[np.ndarray]) -> tuple[np.ndarray, bool]:
    """Return real values (C, …) of the smallest type, by the rule itself; and whether gaps are."""
    gaps = any(not np.isfinite(values).all() for values in stored)
    filled = [np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0) for values in stored]
    low, high = min(float(v.min()) for v in filled), max(float(v.max()) for v in filled)
    if all(np.array_equal(v, np.rint(v)) for v in filled):
        for kind in (np.uint8, np.uint16, np.int16):
            if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
                return np.stack(filled).astype(kind), gaps
        if max(-low, high) > 1 << 24:
            return np.stack(filled).astype(np.float64), gaps
    return np.stack(filled).astype(np.float32), gaps


NUMBERS = {
    np.uint8: [0, 1, 255],
    np.int16: [-32768, -5, 0, 7, 300, 32767],
    np.uint16: [0, 9, 40000, 65535],
    np.int32: [-70000, 0, 3, 255, 70000, 2**24 + 1],
    np.float32: [0.0, 1.0, 0.5, -3.0, 60000.0, np.nan, np.inf],
    np.float64: [0.0, 2.0, -2.0, 0.1, 70000.0, 2.0**24 + 1, np.nan],
}


@st.composite
def channel(draw: st.DrawFn) -> np.ndarray:
    """Return a channel whose odd values come early, late or nowhere."""
    kind = draw(st.sampled_from(list(NUMBERS)))
    values = np.zeros(SHAPE, kind)
    for _ in range(draw(st.integers(0, 4))):
        at = tuple(draw(st.integers(0, n - 1)) for n in SHAPE)
        values[at] = draw(st.sampled_from(NUMBERS[kind]))
    return values


@settings(max_examples=60, deadline=None)
@given(
    st.lists(channel(), min_size=1, max_size=3),
    st.sampled_from(TURNS),
    st.integers(-1, 5),
    st.sampled_from([".nii.gz", ".nii"]),
)
def test_volumes_are_what_their_files_hold_in_the_smallest_type(
    stored: list[np.ndarray], affine: np.ndarray, wanted: int, ending: str
) -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for values, kind in zip(stored, ("t1n", "t2f", "t1c"), strict=False):
            nifti(place / f"A-{kind}{ending}", values, affine)
        nifti(place / "A-seg.nii.gz", (np.nan_to_num(stored[0]) > 1).astype(np.uint8), affine)
        case = scan(place).cases[0]
        plain, (other, seen) = read_case(case), looked_at(case, wanted)
    assert_same(plain, other)
    volume = plain.volume
    order = [volume.channels.index(n) for n in ("T1", "FLAIR", "T1c") if n in volume.channels]
    values, gaps = expected(stored)
    assert volume.pixels.dtype == values.dtype
    for position, own in zip(order or [0], values, strict=True):
        np.testing.assert_array_equal(plain.turn.undo(volume.pixels[position]), own)
    assert any("expected a number in every voxel" in said for said in plain.notices) == gaps
    for found in seen:
        shown = volume.pixels[volume.channels.index(found.channel)]
        assert found.geometry == volume.geometry
        image, stays = (np.asarray(v, np.float32) for v in (found.image, shown[found.slice_index]))
        np.testing.assert_array_equal(image, stays)
        if volume.pixels.dtype.itemsize < 4:
            assert automatic(found.sample) == automatic(shown)


@settings(max_examples=60, deadline=None)
@given(channel(), st.permutations([0, 1, 2]), st.lists(st.integers(1, 3), max_size=6))
def test_values_are_the_same_however_they_arrive(
    values: np.ndarray, axes: list[int], steps: list[int]
) -> None:
    turn = Turn((axes[0], axes[1], axes[2]), (1,))
    narrow, start = NarrowPixels(SHAPE, values.dtype, turn, None), 0
    for step in (*steps, SHAPE[0]):
        if start < SHAPE[0]:
            narrow.add(values[start : start + step])
            start += step
    (wanted,), gaps = expected([values])
    assert smallest_type([narrow.range]) == wanted.dtype
    assert narrow.range.gaps == gaps
    np.testing.assert_array_equal(turn.undo(narrow.pixels), wanted)


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".img"])
@pytest.mark.parametrize("scaled", [False, True])
def test_a_stream_gives_what_reading_gives_and_nibabel_agrees(
    tmp_path: Path, ending: str, scaled: bool
) -> None:
    stored = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    image = nibabel.Nifti1Image(np.ascontiguousarray(stored.T), AFFINE)
    if scaled:
        image.header.set_slope_inter(0.5, -3.0)
    path = tmp_path / f"a{ending}"
    nibabel.save(image, path)
    paths = [path] if ending != ".img" else [path, path.with_suffix(".hdr")]
    stream, whole = opened(*paths, point=1), read(*paths, point=1)
    assert stream.head.passport == whole.passport or (
        stream.head.passport.notices == whole.passport.notices
    )
    pieces = np.concatenate([np.array(slab) for slab in stream.slabs()], axis=1)
    np.testing.assert_array_equal(pieces, whole.pixels)
    np.testing.assert_array_equal(
        whole.real()[0],
        np.asarray(nibabel.load(path).dataobj).T[1],  # type: ignore[attr-defined]
    )
    if ending == ".nii":
        assert stream.slices is not None
        np.testing.assert_array_equal(stream.slices([2, 0]), whole.pixels[:, [2, 0]])


def test_a_plain_file_that_is_cut_off_tells_its_size_whatever_is_read_of_it(
    tmp_path: Path,
) -> None:
    path = nifti(tmp_path / "a.nii")
    path.write_bytes(path.read_bytes()[:-7])
    stream = opened(path)
    assert stream.slices is not None
    for reading in (lambda: list(stream.slabs()), lambda: stream.slices([0])):  # type: ignore[misc]
        with pytest.raises(FileError, match=f"found {path.stat().st_size:,}: the file is cut off"):
            reading()


def broken(folder: Path) -> None:
    (folder / "L" / "L_3.tif").write_bytes(b"II*\0")


def of_another_size(folder: Path) -> None:
    write_slice(folder / "L" / "L_2.tif", head(1, (20, 20))[:, 0])


def of_16_bit(folder: Path) -> None:
    write_slice(folder / "L" / "L_1.tif", head(1, (32, 32), dtype=np.uint16)[:, 0])


def signed(folder: Path) -> None:
    for number in range(1, 9):
        write_slice(folder / "L" / f"L_{number}.tif", head(1, (32, 32))[:, 0].astype(np.int16) - 40)


def nothing(_: Path) -> None:
    """Leave the slices as they are."""


@pytest.mark.parametrize("change", [nothing, broken, of_another_size, of_16_bit, signed])
@pytest.mark.parametrize("wanted", [-1, 2, 7])
def test_slices_are_the_same_whichever_is_read_first(
    tmp_path: Path, change: Callable[[Path], None], wanted: int
) -> None:
    write_case(tmp_path, "L", 8, (32, 32))
    change(tmp_path)
    case = scan(tmp_path).cases[0]
    plain, (other, seen) = read_case(case), looked_at(case, wanted)
    assert_same(plain, other)
    for found in seen:
        shown = plain.volume.pixels[plain.volume.channels.index("FLAIR")]
        np.testing.assert_array_equal(found.image, shown[found.slice_index])
        assert wanted in (-1, found.slice_index)
        assert automatic(found.sample) == automatic(shown)
    if change is nothing:
        assert len(seen) == 1


def test_the_first_look_is_at_most_lesion_of_the_channel_wanted(tmp_path: Path) -> None:
    mask = lesion(8, (32, 32))
    mask[5, :9, :9] = 1
    for number, kind in enumerate(("t1n", "t1c", "t2f")):
        nifti(tmp_path / f"A-{kind}.nii.gz", head(8, (32, 32))[number], AFFINE)
    nifti(tmp_path / "A-seg.nii.gz", mask, AFFINE)
    case = scan(tmp_path).cases[0]
    _, (seen,) = looked_at(case, channel="T1c")
    assert (seen.channel, seen.slice_index) == ("T1c", 5)
    assert looked_at(case, channel="T9")[1][0].channel == "T1c"
    assert looked_at(case, channel="RGB")[1] == []
    small: Looks = []
    read_case(case, look=FirstLook("FLAIR", -1, small.append))
    assert small == [], "it is whole before anybody could look"


def test_whoever_goes_on_after_the_first_look_stops_the_reading(tmp_path: Path) -> None:
    for kind in ("t1n", "t1c", "t2w", "t2f"):
        nifti(tmp_path / f"A-{kind}.nii.gz", head(8, (32, 32))[1], AFFINE)
    seen: Looks = []

    def enough(fraction: float, message: str) -> None:
        if seen:
            raise Cancelled

    case = scan(tmp_path).cases[0]
    with pytest.raises(Cancelled):
        read_case(case, progress=enough, look=FirstLook("FLAIR", 3, seen.append, least_bytes=0))
    assert [found.slice_index for found in seen] == [3]


def test_a_preview_cannot_be_taken_for_a_case(tmp_path: Path) -> None:
    nifti(tmp_path / "A-t2f.nii.gz", head(8, (32, 32))[1], AFFINE)
    case = scan(tmp_path).cases[0]
    loaded, (seen,) = looked_at(replace(case))
    assert not isinstance(seen, LoadedCase)
    for needed in ("volume", "ground_truth", "require_whole", "nbytes"):
        assert hasattr(loaded, needed)
        assert not hasattr(seen, needed)
