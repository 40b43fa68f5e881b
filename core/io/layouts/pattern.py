"""A folder that the reader describes: a pattern for each channel and one for the masks.

`{case}` stands for the name of the case, `{n}` for the number of a slice, `*` for any part of a
name and `?` for one character. Without `{case}` the first `*` is the case. A pattern with a slash
counts from the folder itself, `**` for folders of any depth.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.domain.errors import DataError
from core.domain.role import Role, role_of
from core.io.layouts.found import FoundCase, FoundChannel, FoundDataset, FoundMask
from core.io.layouts.registry import Layout
from core.io.layouts.tree import Folder, nfc

_CASE = "{case}"
_PARTS = re.compile(r"(\*\*/|\*|\?|\{case\}|\{n\})")
_PLAIN = {"**/": r"(?:[^/]+/)*", "*": r"[^/]*?", "?": r"[^/]"}


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
    cases: dict[str, dict[str, list[Path]]] = {}
    masks: dict[str, list[Path]] = {}
    for folder in tree.walk():
        place = folder.path.relative_to(tree.path).as_posix()
        for name in folder.files:
            text = nfc(name if place == "." else f"{place}/{name}")
            if mask is not None and (match := mask.fullmatch(text)):
                masks.setdefault(match["case"], []).append(folder.path / name)
                continue
            for channel, pattern in images.items():
                if match := pattern.fullmatch(text):
                    channels = cases.setdefault(match["case"], {})
                    channels.setdefault(channel, []).append(folder.path / name)
                    break
    numbered = frozenset(n for n, p in (*images.items(), ("", mask)) if p and "n" in p.groupindex)
    found = tuple(
        _case(key, {**files, "": masks.get(key, [])}, images, numbered)
        for key, files in cases.items()
    )
    return FoundDataset("pattern", tree.path, found, None, _left(cases, masks))


def _case(
    key: str,
    files: Mapping[str, Sequence[Path]],
    images: Mapping[str, re.Pattern[str]],
    numbered: frozenset[str],
) -> FoundCase:
    """Return a case of `files` by channel, its mask under the empty name.

    A pattern that is not `numbered` has one file a case; further ones are told and left out.
    """
    notices: list[str] = []
    taken: dict[str, tuple[Path, ...]] = {}
    for name, paths in files.items():
        taken[name] = tuple(paths) if name in numbered else tuple(paths[:1])
        if len(paths) > len(taken[name]):
            notices.append(
                f"{key}: expected one file for {name or 'the mask'}, found {len(paths)}, such as "
                f"{paths[1].name}. The first is used; make the pattern narrower."
            )
    missing = [name for name in images if name not in files]
    if missing:
        notices.append(
            f"{key}: expected a file for each pattern, found none for {', '.join(missing)}. The "
            "others are used."
        )
    channels = tuple(FoundChannel(n, _role(n), taken[n]) for n in images if n in files)
    masks = (FoundMask("truth", taken[""]),) if taken[""] else ()
    return FoundCase(key.replace("/", "_"), channels, masks, tuple(notices))


def _left(cases: Mapping[str, object], masks: Mapping[str, Sequence[Path]]) -> tuple[str, ...]:
    left = sorted(masks.keys() - cases.keys())
    if not left:
        return ()
    return (
        f"{masks[left[0]][0].name}: expected an image of the case {left[0]} beside the mask, found "
        f"none ({len(left)} in all). Correct the patterns, so that the first * is the same.",
    )


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        return role_of(name)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the expression of a pattern; the group `case` is what names the case."""
    if "*" not in pattern and _CASE not in pattern:
        raise DataError(
            f"{pattern}: expected {_CASE} or a * where the name of the case stands, found none. "
            "Write for example *_flair.nii.gz."
        )
    own = nfc(pattern) if "/" in pattern else f"**/{nfc(pattern)}"
    named = numbered = False
    found = ""
    for part in _PARTS.split(own):
        is_case = part == _CASE or (part == "*" and not named and _CASE not in own)
        if is_case:
            found += "(?P=case)" if named else r"(?P<case>[^/]+?)"
            named = True
        elif part == "{n}":
            found += r"\d+" if numbered else r"(?P<n>\d+)"
            numbered = True
        else:
            found += _PLAIN.get(part, re.escape(part))
    return re.compile(found, re.IGNORECASE)
