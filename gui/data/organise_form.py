"""What the organise dialog shows and what it is asked: values only."""

from dataclasses import dataclass, field

from PySide6.QtGui import QImage

PATTERNS = "pattern"
ROLES = ("T1", "T1c", "T2", "FLAIR", "other")
MASK = ""
"""The name of the row of masks."""


@dataclass(frozen=True)
class LayoutCard:
    """A layout, what is said below its name, and whether it finds cases."""

    key: str
    title: str
    said: str
    fits: bool


@dataclass(frozen=True)
class ChannelRow:
    """A channel or the masks: its role, its pattern (empty where none can be told), its matches."""

    name: str
    role: str
    pattern: str
    files: str = ""


@dataclass(frozen=True)
class FileRow:
    """A file or a folder of the tree; `tag` says what it is taken for, nothing for a folder."""

    name: str
    tag: str = ""
    below: tuple["FileRow", ...] = ()
    case_id: str = ""


@dataclass(frozen=True)
class FoundRow:
    """A case that was found, and a sentence where something about it is to be told."""

    case_id: str
    said: str
    notice: str = ""


@dataclass(frozen=True, eq=False)
class PassportView:
    """The passport of a case: pictures with their titles, and rows of name, value and aside."""

    case_id: str
    tiles: tuple[tuple[str, QImage], ...] = ()
    rows: tuple[tuple[str, str, str], ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrganiseForm:
    """What the reader chose: a layout, or patterns by channel; roles by channel; the region."""

    layout: str
    patterns: tuple[tuple[str, str], ...] = ()
    mask: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    region: str = ""


@dataclass(frozen=True)
class FoundView:
    """What was found: matches by row name, cases, and what is said in the foot and of files."""

    title: str
    detail: str
    cases: tuple[FoundRow, ...] = ()
    matches: dict[str, str] = field(default_factory=dict)
    regions: tuple[tuple[str, str], ...] = ()
    wrong: bool = False
