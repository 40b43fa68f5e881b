"""A folder that the reader describes: a pattern for each channel and one for the masks.

`*` stands for any part of a name; what the first `*` of a pattern stands for is the case. A pattern
with a slash counts from the folder itself, `**` for folders of any depth.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.domain.errors import DataError
from core.domain.role import Role, role_of
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc


def pattern_layout(images: Mapping[str, str], mask: str | None = None) -> Layout:
    """Return the layout of `images`, role or name → pattern, and `mask`, a pattern or None.

    Raises `DataError` for no pattern, and for one without a `*`.
    """
    if not images:
        raise DataError(
            "patterns: expected at least one for an image, found none. Give one, such as "
            "FLAIR=*_flair.nii.gz."
        )
    compiled = {name: _compiled(pattern) for name, pattern in images.items()}
    masks = None if mask is None else _compiled(mask)

    def find(tree: Folder) -> FoundDataset:
        return _find(tree, compiled, masks)

    return Layout("pattern", "Patterns", lambda tree: bool(find(tree).cases), find)


def image_patterns(options: Sequence[str]) -> dict[str, str]:
    """Return the patterns of options `ROLE=PATTERN`; raises `DataError` for another form."""
    found: dict[str, str] = {}
    for option in options:
        name, separator, pattern = option.partition("=")
        if not separator or not name.strip() or not pattern.strip():
            raise DataError(
                f"{option}: expected ROLE=PATTERN, found another form. Write for example "
                "FLAIR=*_flair.nii.gz."
            )
        found[name.strip()] = pattern.strip()
    return found


def _find(
    tree: Folder, images: Mapping[str, re.Pattern[str]], mask: re.Pattern[str] | None
) -> FoundDataset:
    cases: dict[str, dict[str, Path]] = {}
    masks: dict[str, Path] = {}
    for folder in tree.walk():
        place = folder.path.relative_to(tree.path).as_posix()
        for name in folder.files:
            text = nfc(name if place == "." else f"{place}/{name}")
            if mask is not None and (match := mask.fullmatch(text)):
                masks.setdefault(match["case"], folder.path / name)
                continue
            for channel, pattern in images.items():
                if match := pattern.fullmatch(text):
                    cases.setdefault(match["case"], {}).setdefault(channel, folder.path / name)
                    break
    found = tuple(_case(key, files, masks.get(key), images) for key, files in cases.items())
    return FoundDataset("pattern", tree.path, found, None, _left(cases, masks))


def _case(
    key: str, files: Mapping[str, Path], mask: Path | None, images: Mapping[str, re.Pattern[str]]
) -> FoundCase:
    channels = tuple(
        FoundChannel(name, _role(name), (files[name],)) for name in images if name in files
    )
    missing = [name for name in images if name not in files]
    notices = (
        f"{key}: expected a file for each pattern, found none for {', '.join(missing)}. The others "
        "are used.",
    )
    return FoundCase(
        key.replace("/", "_"),
        channels,
        () if mask is None else (FoundMask("truth", (mask,)),),
        notices if missing else (),
    )


def _left(cases: Mapping[str, object], masks: Mapping[str, Path]) -> tuple[str, ...]:
    left = sorted(masks.keys() - cases.keys())
    if not left:
        return ()
    return (
        f"{masks[left[0]].name}: expected an image of the case {left[0]} beside the mask, found "
        f"none ({len(left)} in all). Correct the patterns, so that the first * is the same.",
    )


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        return role_of(name)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression of a pattern; its first `*` is the group `case`."""
    if "*" not in pattern:
        raise DataError(
            f"{pattern}: expected a * where the name of the case stands, found none. Write for "
            "example *_flair.nii.gz."
        )
    own = nfc(pattern) if "/" in pattern else f"**/{nfc(pattern)}"
    parts = re.split(r"(\*\*/|\*)", own)
    named = False
    found = ""
    for part in parts:
        if part == "**/":
            found += r"(?:[^/]+/)*"
        elif part == "*":
            found += r"[^/]*?" if named else r"(?P<case>[^/]+?)"
            named = True
        else:
            found += re.escape(part)
    return re.compile(found, re.IGNORECASE)
