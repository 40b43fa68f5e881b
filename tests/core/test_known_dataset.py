"""How a folder is organised is said once; a zip is opened as what is in it."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.domain.errors import DataError
from core.domain.role import Role
from core.io.cases.case_reader import read_case
from core.io.datasets.organisation import Organisation, given
from core.io.layouts.found import FolderUnknown
from core.workspace.known_dataset import forget_once, keep, recalled, scan_known
from tests.core.io.making import blob, nifti, voxels
from tests.core.io.test_volume_reader import RAS, brats


def odd(root: Path) -> Path:
    """A folder whose names say nothing."""
    for case in ("x1", "x2"):
        for part in ("aa", "bb"):
            place = root / "deep" / part / case
            place.mkdir(parents=True)
            nifti(place / "vol.nii.gz", voxels(), RAS)
        nifti(root / "deep" / f"{case}.lab.nii.gz", blob(), RAS)
    return root


PATTERNS = ["FLAIR=deep/aa/*/vol.nii.gz", "T1=deep/bb/*/vol.nii.gz"]


def test_patterns_are_kept_for_the_next_time(home: Path, tmp_path: Path) -> None:
    root = odd(tmp_path / "odd")
    how = given(None, PATTERNS, "deep/*.lab.nii.gz")
    said = scan_known(root, how)
    assert [case.id for case in said.cases] == ["x1", "x2"]
    again = scan_known(root)
    assert again == said
    loaded = read_case(again.cases[0])
    assert loaded.volume.channels == ("FLAIR", "T1")
    assert np.array_equal(loaded.require_ground_truth(), blob()[:, ::-1, ::-1] > 0)
    assert recalled(root) == how


def test_what_finds_nothing_is_not_kept(home: Path, tmp_path: Path) -> None:
    root = odd(tmp_path / "odd")
    with pytest.raises(DataError, match="expected cases in the layout Patterns"):
        scan_known(root, given(None, ["T1=none_*.nii.gz"], None))
    assert recalled(root) == Organisation()


def test_roles_and_region_go_beside_the_layout(home: Path, tmp_path: Path) -> None:
    root = brats(tmp_path / "b", seg=blob())
    scan_known(root, Organisation(layout="brats"))
    scan_known(root, Organisation(roles=(("t2w", Role.OTHER),), region="Tumour core"))
    loaded = read_case(scan_known(root).cases[0])
    assert loaded.volume.channels == ("T1", "T1c", "t2w", "FLAIR")
    assert loaded.require_ground_truth().sum() == np.isin(blob(), (1, 3)).sum()
    assert recalled(root).layout == "brats"


def test_a_mask_pattern_alone_is_refused() -> None:
    with pytest.raises(DataError, match="--mask: expected --image beside it"):
        given(None, None, "*_seg.nii.gz")


def test_a_folder_no_layout_fits_is_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.docx").touch()
    with pytest.raises(FolderUnknown, match=r"found 1 files \(1 × \.docx\)"):
        scan_known(tmp_path)


def test_a_zip_is_unpacked_once_into_a_private_folder(home: Path, tmp_path: Path) -> None:
    brats(tmp_path / "set", seg=blob())
    archive = Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path, "set"))
    found = scan_known(archive)
    assert (found.root, found.name, found.layout) == (archive, "set.zip", "brats")
    assert read_case(found.cases[0]).ground_truth is not None
    (box,) = (home / "unpacked").iterdir()
    assert box.parent.stat().st_mode & 0o077 == 0
    assert found.cases[0].folder.is_relative_to(box)
    first = found.cases[0].folder.stat().st_mtime_ns
    assert scan_known(archive).cases[0].folder.stat().st_mtime_ns == first


def test_what_is_not_to_be_remembered_is_forgotten_and_what_was_said_before_holds(
    home: Path, tmp_path: Path
) -> None:
    root = odd(tmp_path / "odd")
    first, other = given(None, PATTERNS[:1], None), given(None, PATTERNS[1:], None)
    scan_known(root, first)
    found = scan_known(root, other, remember=False)
    assert scan_known(root) == found  # other commands see it while the window is open
    keep(root, msgspec.structs.replace(recalled(root), resample=True))
    assert recalled(root).images == other.images
    forget_once(root)
    assert recalled(root) == first
    scan_known(root, other, remember=False)
    scan_known(root, other)
    forget_once(root)
    assert recalled(root) == other


def test_names_of_labels_are_kept_and_shown(home: Path, tmp_path: Path) -> None:
    root = odd(tmp_path / "odd")
    how = given(None, PATTERNS, "deep/*.lab.nii.gz")
    names = ((1, "Core"), (3, "Rim"))
    scan_known(root, msgspec.structs.replace(how, labels=names))
    loaded = read_case(scan_known(root).cases[0])
    assert [(lb.value, lb.name) for lb in loaded.label_set.labels] == [
        (1, "Core"),
        (2, "Label 2"),
        (3, "Rim"),
    ]


def test_a_role_of_no_channel_is_refused(home: Path, tmp_path: Path) -> None:
    root = brats(tmp_path / "b", seg=blob())
    with pytest.raises(DataError, match="expected a role for one of the channels t1n, t1c"):
        scan_known(root, Organisation(roles=(("t9", Role.T1),)))
    assert recalled(root) == Organisation()
