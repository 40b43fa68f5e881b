"""How a folder is organised, as the reader said it: a layout by name, patterns, corrected roles."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from core.domain.errors import DataError
from core.domain.grid import Spacing
from core.domain.label_set import from_values
from core.domain.role import Role
from core.io.cases.case import Case
from core.io.layouts.found import FoundCase, FoundDataset
from core.io.layouts.pattern import image_patterns, pattern_layout
from core.io.layouts.registry import Layout, find_in
from core.io.layouts.tree import Folder, tree_of


class Organisation(msgspec.Struct, frozen=True):
    """What is given of a folder; nothing given means that the layout that fits is taken.

    `images` are channel and pattern, `mask` is the pattern of the masks. `roles` are channels by
    name whose role the reader corrected, `region` is the label or region that is lesion (all when
    empty). `channels` are the indices of those that are used of slices with more, in order.
    `spacing_mm` (z, y, x) is what the reader gave for all cases whose files tell none, `spacings`
    what was given for a case alone, by id. `resample` brings masks on another grid onto their image
    by nearest neighbour, `point` is the volume of files that hold several, from 0; None where
    nothing is said. `labels` are the names that the reader gave to values of the masks. `values`
    are those that `region` is made of, where it is no region yet, and `fills` the region that masks
    without labels are of: the workspace keeps both.
    """

    layout: str = ""
    images: tuple[tuple[str, str], ...] = ()
    mask: str = ""
    roles: tuple[tuple[str, Role], ...] = ()
    region: str = ""
    channels: tuple[int, ...] = ()
    resample: bool | None = None
    point: int | None = None
    spacing_mm: Spacing | None = None
    spacings: tuple[tuple[str, Spacing], ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    values: tuple[int, ...] = ()
    fills: str = ""

    @property
    def is_given(self) -> bool:
        """True when it says how the folder is organised, not only which roles its channels have."""
        return bool(self.layout or self.images)

    def over(self, before: "Organisation") -> "Organisation":
        """Return what was said `before`, with what is said now in place of it."""
        places = self if self.is_given else before
        return Organisation(
            places.layout,
            places.images,
            places.mask,
            self.roles or before.roles,
            self.region or before.region,
            self.channels or before.channels,
            before.resample if self.resample is None else self.resample,
            before.point if self.point is None else self.point,
            self.spacing_mm or before.spacing_mm,
            tuple((dict(before.spacings) | dict(self.spacings)).items()),
            self.labels or before.labels,
        )

    def applied(self, case: Case) -> Case:
        """Return a case with the roles, region, channels and spacing that the reader chose."""
        return replace(
            case,
            roles=self.roles,
            region=self.region,
            channels=self.channels,
            given_spacing_mm=self.spacing_of(case.id),
        )

    def spacing_of(self, case_id: str) -> Spacing | None:
        """Return the spacing (z, y, x) given for a case, else that for all; None where none is."""
        return dict(self.spacings).get(case_id, self.spacing_mm)

    def with_spacing(self, spacing_mm: Spacing | None, case_id: str = "") -> "Organisation":
        """Return it with another spacing for a case, or for all when no case is named.

        None takes it back.
        """
        if not case_id:
            return msgspec.structs.replace(self, spacing_mm=spacing_mm)
        others = {name: each for name, each in self.spacings if name != case_id}
        given = others if spacing_mm is None else {**others, case_id: spacing_mm}
        return msgspec.structs.replace(self, spacings=tuple(given.items()))

    def without_spacings(self) -> "Organisation":
        """Return it without any spacing that was given."""
        return msgspec.structs.replace(self, spacing_mm=None, spacings=())

    def with_spacings_of(self, other: "Organisation") -> "Organisation":
        """Return it with the spacings that were given in another."""
        return msgspec.structs.replace(self, spacing_mm=other.spacing_mm, spacings=other.spacings)


_MOST_CHANNELS = 16
SHORTEST_MM, LONGEST_MM = 0.01, 100.0
AS_IT_LIES = Organisation()


def given(
    layout: str | None,
    image: Sequence[str] | None,
    mask: str | None,
    region: str = "",
    channels: str = "",
    spacing: str = "",
) -> Organisation:
    """Return what `--layout`, `--image`, `--mask`, `--region`, `--channels` and `--spacing` say.

    Raises `DataError` for another form, and for a mask without an image.
    """
    if mask is not None and not image:
        raise DataError(
            "--mask: expected --image beside it, found none. Give a pattern for each channel, such "
            "as --image FLAIR=*_flair.nii.gz."
        )
    images = tuple(image_patterns(image or ()).items())
    name, values = _region_given(region)
    return Organisation(
        layout or "",
        images,
        mask or "",
        region=name,
        values=values,
        channels=channel_indices(channels),
        spacing_mm=spacing_given(spacing) if spacing else None,
    )


def corrected(
    how: Organisation,
    roles: Sequence[str] | None,
    *,
    resample: bool | None = None,
    point: int | None = None,
    fills: str = "",
) -> Organisation:
    """Return `how` with what `--role`, `--resample`, `--point` and `--fills` say beside it.

    Raises `DataError` for a role of another form than NAME=ROLE, or that there is not.
    """
    return msgspec.structs.replace(
        how,
        roles=tuple(map(_role_given, roles or ())),
        resample=resample,
        point=point,
        fills=fills,
    )


def _region_given(option: str) -> tuple[str, tuple[int, ...]]:
    """Return the name of a region, and the values it is made of where these are said."""
    name, separator, text = option.partition("=")
    if not separator:
        return option, ()
    parts = [part.strip() for part in text.split("+")]
    if not name.strip() or not all(part.isascii() and part.isdecimal() for part in parts):
        raise DataError(
            f"--region {option}: expected NAME, or NAME=1+3 with values of labels, found another "
            "form. Correct it."
        )
    return name.strip(), tuple(map(int, parts))


def _role_given(option: str) -> tuple[str, Role]:
    name, separator, role = option.rpartition("=")
    known = {each.value.casefold(): each for each in Role}
    if not separator or not name.strip() or role.strip().casefold() not in known:
        raise DataError(
            f"--role {option}: expected CHANNEL=ROLE with a role of {', '.join(Role)}, found "
            "another form. Write for example t1n=T1."
        )
    return name.strip(), known[role.strip().casefold()]


def channel_indices(text: str) -> tuple[int, ...]:
    """Return the indices that numbers such as `1,2,4` name; raises `DataError` for other words."""
    if not text:
        return ()
    words = [word.strip() for word in text.split(",")]
    numbers = [int(word) for word in words if word.isascii() and word.isdecimal()]
    fits = len(numbers) == len(words) and all(1 <= n <= _MOST_CHANNELS for n in numbers)
    if not fits or len(set(numbers)) < len(numbers):
        raise DataError(
            f"--channels: expected numbers of channels from 1 on, each once, such as 1,2,4, found "
            f"{text!r}. Name those that are used, in order."
        )
    return tuple(number - 1 for number in numbers)


def spacing_given(text: str) -> Spacing:
    """Return what `--spacing` says, three lengths above 0 as `Z,Y,X` in mm, such as `3,1,1`.

    Raises `DataError` for other words.
    """
    try:
        z, y, x = (float(word) for word in text.replace("×", ",").split(","))
    except ValueError:
        z = y = x = 0.0
    if not all(SHORTEST_MM <= length <= LONGEST_MM for length in (z, y, x)):
        raise DataError(
            f"--spacing: expected three lengths in mm as Z,Y,X, such as 3,1,1, each of "
            f"{SHORTEST_MM:g} to {LONGEST_MM:g}, found {text!r}. Z is the distance of slices."
        )
    return z, y, x


def found_in(root: Path, how: Organisation = AS_IT_LIES) -> FoundDataset:
    """Return the cases below `root` as `how` says, by file names.

    Raises `FolderUnknown` when nothing is said and no layout fits, `DataError` when the patterns or
    the layout find no case.
    """
    return found_among(tree_of(root), root, how)


def found_among(tree: Folder, root: Path, how: Organisation) -> FoundDataset:
    """Return the cases of the names that were read of `root`, as `found_in`."""
    layout: str | Layout | None = how.layout or None
    if how.images:
        layout = pattern_layout(dict(how.images), how.mask or None)
    found = find_in(tree, root, layout=layout)
    odd = tuple(said for folder in tree.walk() for said in folder.odd)
    if odd:
        found = replace(found, notices=(*found.notices, *odd))
    if how.point is not None:
        found = replace(found, cases=tuple(_at_point(case, how.point) for case in found.cases))
    if how.labels:
        named = (found.labels or from_values(())).renamed(how.labels)
        found = replace(found, labels=named)
    if not how.roles:
        return found
    return replace(found, cases=tuple(_with_roles(case, how.roles) for case in found.cases))


def _at_point(case: FoundCase, point: int) -> FoundCase:
    """Return a case with that volume of each file of which the layout takes none by itself."""
    told = f"{case.id}: volume {point + 1} of its files is shown, as chosen."
    channels = tuple(
        replace(channel, point=point)
        if channel.point is None and len(channel.files) == 1
        else channel
        for channel in case.channels
    )
    notices = (*case.notices, told) if point and channels != case.channels else case.notices
    return replace(case, channels=channels, notices=notices)


def _with_roles(case: FoundCase, roles: Sequence[tuple[str, Role]]) -> FoundCase:
    known = dict(roles)
    channels = tuple(
        replace(channel, role=known.get(channel.name, channel.role)) for channel in case.channels
    )
    return replace(case, channels=channels)
