"""The cases of the public LGG layout, by file names alone, without reading a pixel.

`<CASE>/<CASE>_<n>.tif` with `<CASE>_<n>_mask.tif` beside it or not, the case folders directly in
the dataset or one folder deeper.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import TypeAlias

from core.domain.errors import reason
from core.domain.progress import Progress, silent
from core.io.cases.case import Case, SliceFiles
from core.io.layouts.folder_entries import and_others, entries_of, require_text, unreadable
from core.io.layouts.label_folders import SLICE, are_masks_alone, label_folder
from core.io.layouts.tree import natural, natural_key, nfc

LAYOUT = "folders named <CASE> that hold <CASE>_1.tif, <CASE>_2.tif … (and <CASE>_1_mask.tif …)"
_MOST_GAPS = 1000  # a date taken for a slice number would leave out millions
_FEW_FOLDERS = 5  # by which the layout is known without a look at the others
_Below: TypeAlias = dict[str, list[str]]
"""Names of mask files by the folder they lie in."""
_OTHER_LAYOUT = re.compile(r"dataset\.json|sub-\w+|imagesT[rs]")


def looks_like_slices(root: Path) -> bool:
    """Tell at a glance whether `root` is of this layout; False where a closer look is needed."""
    level = [root]
    for _ in range(3):
        deeper: list[Path] = []
        for folder in level[:_FEW_FOLDERS]:
            with suppress(OSError):
                below = sorted(folder.iterdir())
                if any(_OTHER_LAYOUT.fullmatch(path.name) for path in below):
                    return False
                if any(SLICE.fullmatch(path.name) for path in below):
                    return True
                deeper += [path for path in below if path.is_dir()]
        level = deeper
    return False


def slice_cases(root: Path, progress: Progress = silent) -> tuple[list[Case], list[str]]:
    """Return the cases under `root` sorted by id, and sentences about what was left out.

    Looks into the folder itself, its folders and theirs: a case folder given directly is a dataset
    of one case; so is one slice. Raises `DataError` when `root` cannot be read.
    """
    require_text(root)
    notices: list[str] = []
    cases: dict[str, Case] = {}
    folders = _case_folders(root, notices)
    for index, (folder, names, below) in enumerate(folders):
        progress(index / len(folders), f"{index} of {len(folders)} folders")
        case = _with_folders(_case(folder, names), below)
        if case.id in cases:
            notices.append(_twice(case, cases[case.id]))
        else:
            cases[case.id] = case
    return [cases[key] for key in sorted(cases, key=natural_key)], notices


def _case_folders(root: Path, notices: list[str]) -> list[tuple[Path, list[str], _Below]]:
    """Return the folders of cases, the names of their files, and what lies in folders of masks."""
    if root.is_file():
        return [(root.parent, [root.name], {})] if SLICE.fullmatch(root.name) else []
    try:
        own_files, own_folders = _listing(root, notices)
    except OSError as error:
        raise unreadable(root, error) from error
    found: list[tuple[Path, list[str], _Below]] = []
    if any(SLICE.fullmatch(name) for name in own_files):
        below = _masks_below(root, own_folders, notices)
        found.append((root, own_files, below))
        own_folders = [name for name in own_folders if name not in below]
    level = [root / name for name in own_folders]
    for _ in range(2):
        deeper: list[Path] = []
        for folder in level:
            try:
                files, folders = _listing(folder, notices)
            except OSError as error:
                notices.append(
                    f"{folder.name}: expected a case folder that can be read, "
                    f"found: {reason(error)}. It was left out; check its permissions."
                )
                continue
            if any(SLICE.fullmatch(name) for name in files):
                found.append((folder, files, _masks_below(folder, folders, notices)))
            else:
                deeper.extend(folder / name for name in folders)
        level = deeper
    return found


def _masks_below(folder: Path, names: Sequence[str], notices: list[str]) -> _Below:
    """Return the folders of a case that hold masks of slices and no images: one a label."""
    found: _Below = {}
    for name in names:
        with suppress(OSError):
            files, _ = _listing(folder / name, notices)
            if are_masks_alone(files):
                found[name] = files
    return found


def _with_folders(case: Case, below: _Below) -> Case:
    """Return a case with the masks of its folders, each of a label; they stand before others."""
    every = (label_folder(case.folder / name, files, case.id) for name, files in below.items())
    folders = tuple(folder for folder in every if folder.masks)
    if not folders:
        return case
    notices = case.notices
    if any(files.mask is not None for files in case.slices):
        notices += (
            f"{case.id}: expected masks beside the slices or in a folder for each label, found "
            "both. Those of the folders are used; take the others away.",
        )
    return replace(case, label_masks=folders, notices=notices)


def _listing(folder: Path, notices: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of the files and of the folders in `folder`, in natural order."""
    found = entries_of(folder)
    notices += found.said
    return natural(found.files), natural(found.folders)


def _case(folder: Path, names: Iterable[str]) -> Case:
    images: dict[int, str] = {}
    masks: dict[int, str] = {}
    notices: list[str] = []
    foreign: list[str] = []
    case_id = _case_id(folder, names)
    for name in names:
        match = SLICE.fullmatch(name)
        if match is None:
            continue
        if nfc(match["stem"]) != case_id:
            foreign.append(name)
            continue
        kind = masks if match["mask"] else images
        number = int(match["number"])
        if number in kind:
            notices.append(
                f"{name}: expected one file for slice {number}, found {kind[number]} too. "
                f"{kind[number]} is used; remove one of them."
            )
        else:
            kind[number] = name
    if foreign:
        notices.append(
            f"{foreign[0]}{and_others(foreign)}: expected {case_id}_<number>.tif as most files of "
            "this folder, found another name. Left out; give each case a folder of its own."
        )
    for number in sorted(masks.keys() - images.keys()):
        notices.append(
            f"{masks[number]}: expected an image {case_id}_{number}.tif beside the mask, found "
            "none. The mask is left out; put the image back or remove the mask."
        )
    return _assemble(folder, case_id, (images, masks), notices)


def _assemble(
    folder: Path, case_id: str, files: tuple[dict[int, str], dict[int, str]], notices: list[str]
) -> Case:
    images, masks = files
    numbers = sorted(images)
    slices = tuple(
        SliceFiles(n, folder / images[n], folder / masks[n] if n in masks else None)
        for n in numbers
    )
    gaps = chain.from_iterable(range(n + 1, after) for n, after in pairwise(numbers))
    missing = tuple(islice(gaps, _MOST_GAPS))
    if missing:
        listed = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
        notices.append(
            f"{case_id}: expected slices {numbers[0]} to {numbers[-1]}, found no file for slice "
            f"{listed}. The others are shown in order; restore the file if it exists."
        )
    return Case(case_id, folder, slices, missing, tuple(notices))


def _case_id(folder: Path, names: Iterable[str]) -> str:
    """Return the stem most files share: the folder's own name in an orderly dataset."""
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        match = SLICE.fullmatch(name)
        if match is not None:
            counts[nfc(match["stem"])] += 1
    return max(counts, key=lambda stem: (counts[stem], stem == nfc(folder.name)))


def _twice(case: Case, first: Case) -> str:
    return (
        f"{case.folder}: expected one folder for {case.id}, found {first.folder} too. "
        "The first is used; rename or remove the other."
    )
