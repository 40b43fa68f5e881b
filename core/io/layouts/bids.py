"""BIDS: `sub-*/[ses-*/]anat`, with masks in `derivatives` (`_mask`, `_dseg` and its table).

A case is a subject, or a session of one; its channels are the files of `anat`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from core.domain.role import Role, role_of
from core.io.labels.label_table import LabelTable, first_table, table_of
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc
from core.io.readers import is_image_name, stem_of

_ENTITY = re.compile(r"(?:^|_)(sub|ses)-([a-zA-Z0-9+]+)(?=_|$)")
_MASKS = ("mask", "dseg", "probseg")
_NOT_IMAGES = ("defacemask", "mask", "dseg", "probseg")
_SUBJECT = re.compile(r"sub-[a-zA-Z0-9+]+")
_ORDER = (Role.T1, Role.T1C, Role.T2, Role.FLAIR, Role.OTHER)


def fits(tree: Folder) -> bool:
    """Tell whether there are folders of subjects with an `anat` folder in them."""
    return any(True for _ in _anatomies(tree))


def find(tree: Folder) -> FoundDataset:
    """Return the cases, their masks from `derivatives` and from beside the images."""
    masks, table = _masks(tree)
    cases: dict[str, list[FoundChannel]] = {}
    for anat in _anatomies(tree):
        for name in anat.files:
            stem = stem_of(nfc(name))
            if is_image_name(name) and _suffix(stem) not in _NOT_IMAGES:
                channel = FoundChannel(_name(stem), role_of(_name(stem)), (anat.path / name,))
                cases.setdefault(_case_id(stem), []).append(channel)
    found = tuple(
        FoundCase(
            case_id,
            tuple(sorted(channels, key=lambda c: (_ORDER.index(c.role), c.name))),
            tuple(masks.get(case_id, ())),
        )
        for case_id, channels in cases.items()
    )
    return FoundDataset("bids", tree.path, found, table.labels, table.notices)


def _anatomies(tree: Folder) -> Iterator[Folder]:
    subjects = [f for f in tree.folders if _SUBJECT.fullmatch(f.path.name)]
    for subject in subjects:
        for folder in (subject, *subject.folders):
            anat = folder.folder("anat")
            if anat is not None and anat.images:
                yield anat


def _masks(tree: Folder) -> tuple[dict[str, list[FoundMask]], LabelTable]:
    """Return masks by case, and the first table of a `_dseg` that can be used.

    Where none can, nothing is said of those beside a mask: they are told when that is read.
    """
    found: dict[str, list[FoundMask]] = {}
    tables: list[Path] = []
    derivatives = tree.folder("derivatives")
    pipelines = () if derivatives is None else (derivatives, *derivatives.folders)
    places = [*(f for p in pipelines for f in _below(p, derivatives)), *_anatomies(tree)]
    for folder in places:
        for name in folder.files:
            stem = stem_of(nfc(name))
            if name.casefold().endswith("_dseg.tsv"):
                tables.append(folder.path / name)
            elif is_image_name(name) and _suffix(stem) in _MASKS and "brain" not in stem.casefold():
                mask = FoundMask(_mask_name(folder, stem), (folder.path / name,))
                found.setdefault(_case_id(stem), []).append(mask)
    for masks in found.values():
        masks.sort(key=lambda mask: ("lesion" not in mask.name.casefold(), mask.name))
    table = first_table(tables)
    if table.labels is None:
        beside = {table_of(masks[0].files[0]) for masks in found.values()}
        table = first_table(path for path in tables if path not in beside)
    return found, table


def _below(folder: Folder, derivatives: Folder | None) -> Iterator[Folder]:
    """Yield a pipeline's folders; of `derivatives` itself only its own files."""
    if folder is derivatives:
        yield folder
        yield from (f for s in folder.folders if s.path.name.startswith("sub-") for f in s.walk())
    else:
        yield from (f for f in folder.walk() if not folder.path.name.startswith("sub-"))


def _mask_name(folder: Folder, stem: str) -> str:
    """Return what tells masks of one case apart: the pipeline, the label entity, the suffix."""
    parents = folder.path.parts
    place = parents.index("derivatives") + 1 if "derivatives" in parents else len(parents)
    pipeline = parents[place] if place < len(parents) else ""
    label = re.search(r"_(?:label|desc)-([a-zA-Z0-9]+)", stem)
    words = [pipeline if not pipeline.startswith("sub-") else "", label[1] if label else ""]
    return " ".join([*filter(None, words), _suffix(stem)])


def _case_id(stem: str) -> str:
    return "_".join(f"{key}-{value}" for key, value in _ENTITY.findall(stem))


def _suffix(stem: str) -> str:
    return stem.rsplit("_", 1)[-1].casefold()


def _name(stem: str) -> str:
    """Return the name of a channel: the file's, without subject and session."""
    return _ENTITY.sub("", stem).strip("_")


LAYOUT = Layout("bids", "BIDS", fits, find)
