"""The layouts of folders: one module a layout, those of other packages, and which one fits.

Another package adds a layout by an entry point of the group `overread.layouts` that loads to a
`Layout`. One that cannot be loaded is named in the log and left out, one that cannot tell whether a
folder is its own is named in the notices of that folder.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path

from core.domain.errors import DataError
from core.domain.plugins import plugins
from core.io.layouts.found import FolderUnknown, FoundDataset
from core.io.layouts.tree import Folder, natural_key, tree_of

_OWN = ("nnunet", "decathlon", "bids", "lgg", "brats", "dicom_tree", "loose")
"""In the order in which they are asked: the ones that say the most of themselves first."""
_SURE = ("nnunet", "decathlon", "bids")
"""Those that are told by more than names of images: a folder of them is a dataset by itself."""
_LEAST = "loose"


@dataclass(frozen=True)
class Layout:
    """One way to organise a folder: does a tree of names fit, and which cases are in it.

    `fits` looks at names, and at the first bytes of a file at most; `find` never reads pixels.
    """

    name: str
    title: str
    fits: Callable[[Folder], bool]
    find: Callable[[Folder], FoundDataset]


@cache
def layouts() -> tuple[tuple[Layout, ...], tuple[str, ...]]:
    """Return every layout, and sentences about those that were left out."""
    own = [import_module(f"{__package__}.{name}").LAYOUT for name in _OWN]
    added = plugins("layouts", Layout)
    return (*added.found.values(), *own), added.broken


def find(root: Path, *, layout: str | Layout | None = None) -> FoundDataset:
    """Return the cases below `root`, by the layout that fits or by the one of that name.

    Raises `FolderUnknown` when none fits, `DataError` when the named one finds no case or does not
    exist, or the folder cannot be read.
    """
    return find_in(tree_of(root), root, layout=layout)


def find_in(tree: Folder, root: Path, *, layout: str | Layout | None = None) -> FoundDataset:
    """Return the cases of the names that were read of `root`, as `find`."""
    if layout is None:
        chosen, failed = _fitting(tree)
        below = _datasets_below(tree) if chosen is None or chosen.name == _LEAST else []
        if len(below) > 1:
            named = ", ".join(f"{folder.path.name} ({one.title})" for folder, one in below[:5])
            raise DataError(
                f"{root.name or root}: expected one dataset, found {len(below)} in folders of it: "
                f"{named}. Open one of these folders."
            )
        if below:
            folder, chosen = below[0]
            tree, failed = folder, [*failed, _told_below(tree, folder, chosen)]
        found = None if chosen is None else _checked(chosen.find(tree), *failed)
        found = found and replace(found, notices=(*found.notices, *_left_out(tree, found)))
        if chosen is not None and found is not None and not found.cases:
            failed = [f"It looks like {chosen.title}, which finds no case in it.", *failed]
        if found is None or not found.cases:
            there = "another kind of file" if root.is_file() else _what_is_there(tree)
            unknown = FolderUnknown(root, found=there, layouts=_names())
            raise unknown.because(failed) if failed else unknown
        return found
    chosen = layout if isinstance(layout, Layout) else _named(layout)
    found = _checked(chosen.find(tree))
    if not found.cases:
        raise DataError(
            f"{root.name or root}: expected cases in the layout {chosen.title}, found "
            f"{_what_is_there(tree)}. Choose another layout, or the folder above or below. "
            f"{' '.join(found.notices[:2])}".strip()
        )
    return found


def _fitting(tree: Folder) -> tuple[Layout | None, list[str]]:
    """Return the first layout that fits, and what is said of those that cannot tell."""
    failed: list[str] = []
    for layout in layouts()[0]:
        try:
            if layout.fits(tree):
                return layout, failed
        except DataError as error:
            failed.append(str(error))
    return None, failed


def _datasets_below(tree: Folder) -> list[tuple[Folder, Layout]]:
    """Return the folders below one, not below each other, that say of themselves what they are."""
    sure = [layout for layout in layouts()[0] if layout.name in _SURE]
    found: list[tuple[Folder, Layout]] = []
    for folder in tree.folders:
        try:
            own = next((layout for layout in sure if layout.fits(folder)), None)
        except DataError:  # told when that folder is opened
            continue
        found += [(folder, own)] if own is not None else _datasets_below(folder)
    return found


def _told_below(tree: Folder, folder: Folder, layout: Layout) -> str:
    inside = {id(each) for each in folder.walk()}
    beside = sum(len(each.images) for each in tree.walk() if id(each) not in inside)
    left = f" {beside} images beside it are left out." if beside else ""
    return (
        f"{tree.path.name}: expected a dataset, found one in its folder "
        f"{folder.path.relative_to(tree.path).as_posix()} ({layout.title}). That one is "
        f"opened.{left}"
    )


def _named(name: str) -> Layout:
    for layout in layouts()[0]:
        if layout.name == name:
            return layout
    raise DataError(
        f"{name}: expected a layout of {', '.join(_names())}, found another name. Choose one of "
        "them."
    )


def _left_out(tree: Folder, found: FoundDataset) -> tuple[str, ...]:
    """Return a sentence on each folder right below that holds images, none of them of a case."""
    used = {
        path
        for case in found.cases
        for files in (*(c.files for c in case.channels), *(m.files for m in case.masks))
        for path in files
    }
    told = []
    for folder in tree.folders if found.cases else ():
        held = [(below.path, name) for below in folder.walk() for name in below.images]
        if held and not any(place / name in used for place, name in held):
            told.append(
                f"{folder.path.name}: expected images of the layout {found.layout} as beside it, "
                f"found {len(held)} that do not belong to it. They are left out; open that folder "
                "by itself."
            )
    return tuple(told)


def _names() -> tuple[str, ...]:
    return tuple(layout.name for layout in layouts()[0])


def _checked(found: FoundDataset, *failed: str) -> FoundDataset:
    """Return the dataset sorted, with one case for each id; the later ones are told.

    So is which layouts of other packages `failed` to tell.
    """
    notices = [*found.notices, *failed]
    ids = Counter(case.id for case in found.cases)
    twice = [case_id for case_id, count in ids.items() if count > 1]
    for case_id in twice:
        notices.append(
            f"{case_id}: expected one case of this id, found {ids[case_id]}. The first is used; "
            "rename the others."
        )
    cases = {case.id: case for case in reversed(found.cases)}
    ordered = tuple(cases[case_id] for case_id in sorted(cases, key=natural_key))
    return replace(found, cases=ordered, notices=tuple(notices), twice=tuple(twice))


def _what_is_there(tree: Folder) -> str:
    """Say in words what kinds of files a folder holds."""
    kinds: Counter[str] = Counter()
    folders = -1
    for folder in tree.walk():
        folders += 1
        kinds.update("".join(Path(name).suffixes[-2:]) or "no ending" for name in folder.files)
    if not kinds:
        return f"no file in {folders} folders" if folders else "an empty folder"
    common = ", ".join(f"{count} × {kind}" for kind, count in kinds.most_common(4))
    return f"{sum(kinds.values())} files ({common}) in {folders} folders below it"
