"""The role of a channel: which sequence of the examination it is, guessed from its name."""

import re
from enum import StrEnum


class Role(StrEnum):
    """A sequence by what it shows; a model asks for roles, not for file names."""

    T1 = "T1"
    T1C = "T1c"
    T2 = "T2"
    FLAIR = "FLAIR"
    OTHER = "other"


_PATTERNS = (
    (Role.FLAIR, r"flair|t2f|dark.?fluid|t2w?.?ir"),
    (Role.T1C, r"t1.?(c|ce|gd|gad|km|post|contrast)|post.?(contrast|gd)?|ce.?gad|contrast"),
    (Role.T1, r"t1|t1w|t1n|mprage|mp2rage|spgr|tfl3d|bravo|pre.?(contrast|gd)?"),
    (Role.T2, r"t2|t2w|tse|frfse"),
)
_BETWEEN = r"(?:^|[^a-z0-9])(?:{0})(?![a-bd-z0-9]|c[a-z])"
_WORDS = tuple((role, re.compile(_BETWEEN.format(pattern))) for role, pattern in _PATTERNS)
_CONTRAST = re.compile(r"ce-|(?<![a-z])(?:gd|gad|post|contrast|km|\+c|ce)(?![a-z])")


def role_of(name: str) -> Role:
    """Return the role that `name` (a file's, a channel's, a description's) tells, or `OTHER`."""
    text = name.casefold().replace("t1-weighted", "t1").replace("t2-weighted", "t2")
    for role, pattern in _WORDS:
        if pattern.search(text):
            contrast = role is Role.T1 and _CONTRAST.search(text)
            return Role.T1C if contrast else role
    return Role.OTHER
