"""What the organise dialog shows and what it is asked: values only."""

from dataclasses import dataclass, field
from typing import Literal

from PySide6.QtGui import QImage

PATTERNS = "pattern"
ROLES = ("T1", "T1c", "T2", "FLAIR", "other")
MASK = ""
"""The name of the row of masks."""


@dataclass(frozen=True)
class LayoutCard:
    """A layout, what is said below its name, whether it finds cases, and why it does not."""

    key: str
    title: str
    said: str
    fits: bool
    why: str = ""


@dataclass(frozen=True)
class ChannelRow:
    """A channel or the masks: its role, its pattern (empty where none can be told), its matches."""

    name: str
    role: str
    pattern: str
    files: str = ""


LEFT_OUT = "left out"
"""The tag of a file that is in no case."""


@dataclass(frozen=True)
class FileRow:
    """A file or a folder of the tree; `tag` says what it is taken for, nothing for a folder."""

    name: str
    tag: str = ""
    below: tuple["FileRow", ...] = ()
    case_id: str = ""


RowKind = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, eq=False)
class FoundRow:
    """A case that was found: its channels, what its files say, or what is to be told of it.

    `tile` is a small picture of it, None while that is being made.
    """

    case_id: str
    said: str
    detail: str = ""
    notice: str = ""
    kind: RowKind = "ok"
    tile: QImage | None = None


@dataclass(frozen=True)
class FoundLabel:
    """A label of the masks: its value, name and colour (`#RRGGBB`), and how much there is of it."""

    value: int
    name: str
    colour: str
    median: str = ""
    masks: str = ""


@dataclass(frozen=True)
class CheckRow:
    """Something that is checked over all cases, and how many pass."""

    title: str
    said: str
    passed: bool


@dataclass(frozen=True, eq=False)
class PassportView:
    """The passport of a case: pictures with their titles, and rows of name, value and aside."""

    case_id: str
    tiles: tuple[tuple[str, QImage], ...] = ()
    rows: tuple[tuple[str, str, str], ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class OrganiseForm:
    """What the reader chose: a layout, or patterns by channel; roles by channel; the region.

    `labels` are the names of values that the reader changed, `resample` brings masks on another
    grid onto their image.
    """

    layout: str
    patterns: tuple[tuple[str, str], ...] = ()
    mask: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    region: str = ""
    labels: tuple[tuple[int, str], ...] = ()
    resample: bool = False


@dataclass(frozen=True)
class Match:
    """How many cases a row finds, whether that is all of them, and what is wrong with it."""

    said: str
    whole: bool = True
    problem: str = ""
    aside: str = ""


@dataclass(frozen=True)
class FoundView:
    """What was found: matches by row name, cases, and what is said in the foot and of files."""

    title: str
    detail: str
    cases: tuple[FoundRow, ...] = ()
    matches: dict[str, Match] = field(default_factory=dict)
    regions: tuple[tuple[str, str], ...] = ()
    wrong: bool = False


@dataclass(frozen=True)
class SurveyView:
    """What a look into the files tells: labels, checks, the foot, and whether it goes on.

    `elsewhere` counts masks on another grid, `resampled` those that were brought from one.
    """

    title: str
    labels: tuple[FoundLabel, ...] = ()
    checks: tuple[CheckRow, ...] = ()
    elsewhere: int = 0
    resampled: int = 0
    wrong: bool = False
