"""The demo dataset and the head phantoms it is made of."""

import hashlib
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import label
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile

from core.demo import demo_cases
from core.demo.demo_cases import DEMO_VERSION, make_demo
from core.demo.gallery import GALLERY
from core.demo.label_demo import make_label_demo
from core.demo.phantom_case import phantom_case
from core.demo.spec import HeadShape, Lesion, PhantomSpec
from core.domain.errors import WorkspaceError
from core.domain.progress import Cancelled
from core.io.cases.case_reader import read_case
from core.io.datasets.dataset import scan

Loaded = dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]

SMALL = PhantomSpec(seed=5, slices=6, lesions=(Lesion((-30, -10, 20), 22),))


@pytest.fixture(scope="session")
def cases(demo: Path) -> Loaded:
    """Read every case with the program's own reader: volume (3, Z, Y, X) and mask (Z, Y, X)."""
    loaded: Loaded = {}
    for case in scan(demo).cases:
        read = read_case(case)
        assert read.ground_truth is not None
        assert not read.notices
        loaded[case.id] = np.asarray(read.volume.pixels), np.asarray(read.ground_truth)
    return loaded


FEW = {name: replace(GALLERY[name], slices=4) for name in list(GALLERY)[:3]}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of few cases of few slices; no test may write into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_cases, "GALLERY", FEW)
        return make_demo(tmp_path_factory.mktemp("small") / "demo")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demos have as few cases as `small`."""
    monkeypatch.setattr(demo_cases, "GALLERY", FEW)


@pytest.fixture
def copy(small: Path, few: None, tmp_path: Path) -> Path:
    """Give a copy of the small demo that may be damaged."""
    return Path(shutil.copytree(small, tmp_path / "demo"))


def digest(folder: Path) -> str:
    """Return a hash over the names and bytes of every file below `folder`."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


class Stopper:
    """A progress hook that cancels once `fraction` is reached."""

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction
        self.heard: list[float] = []

    def __call__(self, fraction: float, message: str) -> None:
        self.heard.append(fraction)
        if fraction >= self.fraction:
            raise Cancelled


def test_layout_is_that_of_real_data(demo: Path) -> None:
    folders = sorted(p for p in demo.iterdir() if p.is_dir())
    assert len(folders) >= 5
    for folder in folders:
        assert re.fullmatch(r"SYNTHETIC_\d\d_[a-z_]+", folder.name)
        names = {p.name for p in folder.iterdir()}
        count = len(names) // 2
        assert 20 <= count <= 30
        stems = [f"{folder.name}_{n}" for n in range(1, count + 1)]
        assert names == {f"{s}.tif" for s in stems} | {f"{s}_mask.tif" for s in stems}


def test_files_are_plain_tiffs(demo: Path) -> None:
    folder = next(p for p in sorted(demo.iterdir()) if p.is_dir())
    with TiffFile(folder / f"{folder.name}_3.tif") as image:
        page = image.pages[0].aspage()
        assert page.shape == (256, 256, 3)
        assert page.dtype == np.uint8
        assert page.compression == COMPRESSION.NONE
        assert page.photometric == PHOTOMETRIC.RGB
    with TiffFile(folder / f"{folder.name}_3_mask.tif") as mask:
        page = mask.pages[0].aspage()
        assert page.shape == (256, 256)
        assert page.dtype == np.uint8
        assert set(np.unique(page.asarray())) <= {0, 255}


def test_the_readme_says_synthetic_and_names_every_case(demo: Path) -> None:
    text = (demo / "README.txt").read_text(encoding="utf-8")
    assert "SYNTHETIC" in text
    assert "No patient" in text
    assert f"version {DEMO_VERSION}" in text
    assert all(p.name in text for p in demo.iterdir() if p.is_dir())


def test_lesions_one_two_or_none(cases: Loaded) -> None:
    every_neighbour = np.ones((3, 3, 3))
    counts = {case: label(mask, every_neighbour)[1] for case, (_, mask) in cases.items()}
    faces = {case: label(mask)[1] for case, (_, mask) in cases.items()}
    assert counts == faces
    assert sorted(counts.values()) == [0, *[1] * (len(counts) - 2), 2]


def test_lesion_slices_are_one_run_and_lie_inside_the_stack(cases: Loaded) -> None:
    for _, mask in cases.values():
        found = np.flatnonzero(mask.any(axis=(1, 2)))
        assert np.array_equal(found, np.arange(len(found)) + found.min(initial=len(mask)))
        assert not mask[0].any()
        assert not mask[-1].any()


def test_lesions_differ_in_size_place_and_brightness(cases: Loaded) -> None:
    lesions = [(v, m > 0) for v, m in cases.values() if m.any()]
    sizes = sorted(int(m.sum()) for _, m in lesions)
    assert min(np.diff(sizes)) > 100
    centres = np.array([np.argwhere(m).mean(axis=0)[1:] for _, m in lesions])
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    assert gaps[~np.eye(len(centres), dtype=bool)].min() > 8
    contrast = [float(v[1][m].mean()) / float(np.median(v[1][v[1] > 25])) for v, m in lesions]
    assert min(contrast) > 1.1
    assert max(contrast) > min(contrast) + 0.3


def test_channels_are_three_different_pictures(cases: Loaded) -> None:
    for volume, _ in cases.values():
        pre, flair, post = volume.astype(np.float64)
        head = flair > 25
        for one, other in ((pre, flair), (flair, post), (pre, post)):
            assert np.abs(one - other)[head].mean() > 3
            assert np.corrcoef(one[head], other[head])[0, 1] < 0.995


def test_stacks_taper_to_the_vertex_and_have_air_around(cases: Loaded) -> None:
    for volume, _ in cases.values():
        area = (volume[1] > 25).sum(axis=(1, 2))
        assert area[-1] < 0.4 * area.max()
        assert area[-1] < area[-3] < area[len(area) // 2]
        assert volume[:, :, :8, :].mean() < 6
        assert volume[:, :, :, :20].mean() < 6


def test_hemispheres_are_alike_but_not_mirrored(cases: Loaded) -> None:
    volume, _ = cases["SYNTHETIC_06_no_lesion"]
    middle = volume[1, volume.shape[1] // 2].astype(np.float64)
    likeness = np.corrcoef(middle.ravel(), middle[:, ::-1].ravel())[0, 1]
    assert 0.5 < likeness < 0.99


def test_a_complete_demo_is_left_alone(demo: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in demo.rglob("*")}
    assert make_demo(demo) == demo
    assert {p: p.stat().st_mtime_ns for p in demo.rglob("*")} == before


def test_a_damaged_demo_is_made_again_byte_for_byte(
    small: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("SYNTHETIC_01_frontal", "SYNTHETIC_02_temporal")
    monkeypatch.setattr(demo_cases, "GALLERY", {name: FEW[name] for name in names})
    (copy / names[0] / f"{names[0]}_4.tif").write_bytes(b"II*\0")
    (copy / names[1] / f"{names[1]}_3_mask.tif").unlink()
    make_demo(copy)
    assert {p.name for p in copy.iterdir()} == {*names, "README.txt"}
    assert [digest(copy / name) for name in names] == [digest(small / name) for name in names]
    assert [p.name for p in copy.parent.iterdir()] == ["demo"]


@pytest.mark.parametrize("damage", ["README.txt", "SYNTHETIC_03_parietal", "version"])
def test_an_incomplete_or_older_demo_is_noticed(copy: Path, damage: str) -> None:
    if damage == "version":
        readme = copy / "README.txt"
        text = readme.read_text(encoding="utf-8")
        readme.write_text(text.replace(f"version {DEMO_VERSION}", "version 0"), encoding="utf-8")
    elif damage == "README.txt":
        (copy / damage).unlink()
    else:
        shutil.rmtree(copy / damage)
    before = digest(copy)
    with pytest.raises(Cancelled):
        make_demo(copy, progress=Stopper(0.0))
    assert digest(copy) == before


@pytest.mark.usefixtures("few")
def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    hook = Stopper(0.1)
    with pytest.raises(Cancelled):
        make_demo(tmp_path / "home" / "demo", progress=hook)
    assert hook.heard[0] == 0
    assert len(hook.heard) == 2
    assert list((tmp_path / "home").iterdir()) == []


def test_a_folder_with_other_files_is_refused_and_kept(tmp_path: Path) -> None:
    mine = tmp_path / "scans" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(WorkspaceError, match=r"notes\.txt"):
        make_demo(mine.parent)
    assert mine.read_text() == "mine"
    assert [p.name for p in tmp_path.rglob("*")] == ["scans", "notes.txt"]


def test_a_parent_that_is_a_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="choose a"):
        make_demo(tmp_path / "file" / "demo")


def test_the_same_spec_gives_the_same_voxels_and_another_seed_others() -> None:
    volume, mask = phantom_case(SMALL)
    again, mask_again = phantom_case(SMALL)
    assert np.array_equal(volume, again)
    assert np.array_equal(mask, mask_again)
    assert volume.shape == (3, 6, 256, 256)
    assert mask.shape == (6, 256, 256)
    assert volume.dtype == mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 1}
    other, _ = phantom_case(PhantomSpec(seed=6, slices=6, lesions=SMALL.lesions))
    assert np.mean(other != volume) > 0.2


def test_a_lesion_is_bright_in_flair_dark_in_t1_and_on_its_own_side() -> None:
    volume, mask = phantom_case(SMALL)
    healthy, empty = phantom_case(PhantomSpec(seed=5, slices=6))
    assert not empty.any()
    inside = mask > 0
    assert volume[1][inside].mean() > healthy[1][inside].mean() + 25
    assert volume[0][inside].mean() < healthy[0][inside].mean() - 5
    assert np.argwhere(inside)[:, 2].max() <= 134


def test_a_cyst_is_dark_in_flair_and_its_rim_enhances() -> None:
    place = (-30.0, -10.0, 20.0)
    solid = phantom_case(PhantomSpec(5, 6, (Lesion(place, 24),)))[0].astype(int)
    cystic = phantom_case(PhantomSpec(5, 6, (Lesion(place, 24, core=0.6, rim=90),)))[0].astype(int)
    assert (cystic[1] - solid[1]).min() < -30
    assert (cystic[2] - solid[2]).max() > 50
    assert (cystic[1] - solid[1]).max() < 15


def test_atrophy_widens_the_fluid_spaces() -> None:
    def fluid(atrophy: float, ventricles: float) -> int:
        shape = HeadShape(atrophy=atrophy, ventricles=ventricles)
        volume, _ = phantom_case(PhantomSpec(seed=3, slices=6, shape=shape))
        return int((volume[1, 3, 60:200, 80:180] < 30).sum())

    assert fluid(0.9, 1.6) > 1.5 * fluid(0.1, 0.8)


HOLLOW = Lesion((34, 32, 34), 24, t1=18, soft_mm=5, core=0.5, rim=95, margin_mm=-1.0)
LABELLED = {"SYNTHETIC_L1": PhantomSpec(5, 8, (HOLLOW,))}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled demo; no test may write into it."""
    return make_label_demo(tmp_path_factory.mktemp("labelled") / "demo", specs=LABELLED)


def test_the_labelled_demo_has_core_rim_and_oedema_with_names_on_a_grid(labelled: Path) -> None:
    (case,) = scan(labelled).cases
    loaded = read_case(case)
    assert loaded.labels is not None
    assert loaded.label_set is not None
    assert [label.name for label in loaded.label_set.labels] == [
        "Necrotic core",
        "Oedema",
        "Enhancing tumour",
    ]
    assert [region.name for region in loaded.label_set.regions][:2] == [
        "Whole tumour",
        "Tumour core",
    ]
    counts = np.bincount(loaded.labels.ravel(), minlength=4)
    assert (counts[1:] > 10).all()
    assert loaded.volume.geometry.spacing_mm is not None
    bright = loaded.volume.pixels[2]
    assert bright[loaded.labels == 3].mean() > 1.2 * bright[loaded.labels == 2].mean()


def test_the_labelled_demo_is_made_once_and_has_the_same_bytes(
    labelled: Path, tmp_path: Path
) -> None:
    times = {path: path.stat().st_mtime_ns for path in labelled.rglob("*")}
    assert make_label_demo(labelled, specs=LABELLED) == labelled
    assert {path: path.stat().st_mtime_ns for path in labelled.rglob("*")} == times
    assert digest(make_label_demo(tmp_path / "b", specs=LABELLED)) == digest(labelled)


def test_an_incomplete_labelled_demo_is_made_anew_and_foreign_files_are_kept(
    labelled: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(labelled, tmp_path / "demo"))
    whole = digest(folder)
    next(folder.glob("labelsTr/*")).unlink()
    assert digest(make_label_demo(folder, specs=LABELLED)) == whole
    (folder / "mine.txt").write_text("mine")
    next(folder.glob("labelsTr/*")).unlink()
    with pytest.raises(WorkspaceError, match="mine"):
        make_label_demo(folder, specs=LABELLED)
