"""The cases of a folder, a file or a series, of whatever layout, without reading a pixel."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from core.domain.errors import DataError
from core.domain.label_set import LabelSet
from core.domain.progress import Progress, silent
from core.io.cases.case import Case
from core.io.cases.mask_evidence import labels_of_masks
from core.io.datasets import slice_dataset
from core.io.datasets.organisation import AS_IT_LIES, Organisation, found_in
from core.io.labels.label_table import label_table
from core.io.layouts.found import SLICES, FolderUnknown, FoundCase, FoundDataset
from core.io.layouts.label_folders import labelled, named_folders
from core.io.layouts.places import mask_place
from core.io.layouts.tree import nfc

_OWN_PLACES = ("bids", "dicom")  # whose masks lie deeper than their name says


@dataclass(frozen=True)
class Dataset:
    """A read-only folder of cases, sorted by id; `notices` say what was left out.

    `labels` are what the values of its masks mean, None where the folder does not tell.
    """

    root: Path
    cases: tuple[Case, ...]
    notices: tuple[str, ...] = ()
    layout: str = SLICES
    labels: LabelSet | None = None

    @property
    def name(self) -> str:
        """The folder's own name, as the window shows it."""
        return self.root.name or str(self.root)

    def case(self, case_id: str) -> Case:
        """Return the case of that id; raises `DataError` when the dataset has none."""
        for case in self.cases:
            if case.id == nfc(case_id):
                return case
        raise DataError(
            f"{self.name}: expected a case named {case_id}, found {len(self.cases)} others. "
            "Check the spelling, or list the folder."
        )


def scan(root: Path, how: Organisation = AS_IT_LIES, *, progress: Progress = silent) -> Dataset:
    """Return the cases under `root`: a folder, a file or a series.

    The layout is the one that fits, unless `how` names one or gives patterns. Raises
    `FolderUnknown` when none fits, and `DataError` for one that finds no case.
    """
    root = root.expanduser().absolute()
    if how.layout == SLICES or (not how.is_given and slice_dataset.looks_like_slices(root)):
        return _of_slices(root, how, progress)
    try:
        found = found_in(root, how)
    except FolderUnknown as unknown:
        # A closer look tells which names were left out, and finds what others do not.
        cases, notices = slice_dataset.slice_cases(root, progress)
        if cases:
            return _of_cases(root, [how.applied(case) for case in cases], tuple(notices))
        raise unknown.because(notices) from None
    if found.layout == SLICES:
        return _of_slices(root, how, progress)
    return _of_volumes(root, found, how)


def _of_slices(root: Path, how: Organisation, progress: Progress) -> Dataset:
    cases, notices = slice_dataset.slice_cases(root, progress)
    if not cases:
        raise DataError(
            f"{root}: expected {slice_dataset.LAYOUT}, found none. Choose the folder that holds "
            f"them. {' '.join(notices[:3])}".strip()
        )
    return _of_cases(root, [how.applied(case) for case in cases], tuple(notices))


def _of_cases(root: Path, cases: Sequence[Case], notices: tuple[str, ...]) -> Dataset:
    """Return slices as a dataset, with the labels that their masks tell all together."""
    tables = [_table(case) for case in cases]
    folders = (folder.name for case in cases for folder in case.label_masks)
    by_name, named = named_folders(folders, tables)
    plain = [_mask_files(case) for case in cases if not case.label_masks]
    values, found = labels_of_masks(plain, tables, named.labels)
    told = (
        replace(
            case,
            labels=found.labels,
            label_masks=labelled(case.label_masks, by_name),
            mask_values=() if case.label_masks else values,
        )
        for case in cases
    )
    said = (*notices, *named.notices, *found.notices)
    return Dataset(root, tuple(told), said, labels=found.labels)


def _table(case: Case) -> Path:
    return label_table(case.folder, case.id)


def _mask_files(case: Case) -> tuple[Path, ...]:
    return tuple(files.mask for files in case.slices if files.mask is not None)


def _of_volumes(root: Path, found: FoundDataset, how: Organisation) -> Dataset:
    files = found.root  # that of the images may lie in a folder of it
    shared = Counter(path for case in found.cases for mask in case.masks for path in mask.files)
    cases = tuple(
        Case(
            case.id,
            case.channels[0].files[0].parent,
            notices=case.notices,
            volumes=case,
            labels=found.labels,
            region=how.region,
            resample=bool(how.resample),
            given_spacing_mm=how.spacing_of(case.id),
            root=files,
            mask_place=_mask_place(found, case, files, shared),
        )
        for case in found.cases
    )
    return Dataset(root, cases, found.notices, found.layout, found.labels)


def _mask_place(
    found: FoundDataset, case: FoundCase, root: Path, shared: Mapping[Path, int]
) -> PurePosixPath:
    """Return where the mask of a case lies, or belongs where it has none of its own.

    It belongs where those of other cases lie, under its own name, or where its layout looks.
    """
    for mask in case.masks[:1]:
        path = mask.files[0]
        own = len(mask.files) == 1 and mask.point is None and shared[path] == 1
        images = {name for channel in case.channels for name in channel.files}
        if own and path.is_relative_to(root) and path not in images:
            return PurePosixPath(path.relative_to(root).as_posix())
    if found.layout not in _OWN_PLACES:
        like = next((other for other in found.cases if other.masks and not case.masks), None)
        path = like.masks[0].files[0] if like is not None else root
        told = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
        if like is not None and like.id in told and shared[path] == 1:
            return PurePosixPath(told.replace(like.id, case.id))
    return mask_place(found.layout, case, root, found.labels)


def short_names(case_ids: Sequence[str]) -> dict[str, str]:
    """Return for each id what tells it from the others, for narrow lists.

    Leading parts (between underscores) that all ids share go, two always stay; so does a date at
    the end go, where the names stay apart without it.
    """
    parts = [case_id.split("_") for case_id in case_ids]
    start = 0
    while len(parts) > 1 and all(len(p) > start + 2 for p in parts):
        if len({p[start] for p in parts}) > 1:
            break
        start += 1
    full = ["_".join(p[start:]) for p in parts]
    brief = ["_".join(p[start:-1] if _dated(p[start:]) else p[start:]) for p in parts]
    return dict(zip(case_ids, brief if len(set(brief)) == len(brief) else full, strict=True))


def _dated(parts: Sequence[str]) -> bool:
    return len(parts) > 2 and len(parts[-1]) == len("20010208") and parts[-1].isdigit()
