"""What the reader has chosen to see, and the pure step from there to what is drawn."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from core.domain.grid import Grid
from core.domain.plane import PLANES, Cut, Plane, PlaneName, Voxel
from core.domain.volume import Volume
from core.domain.window_level import WindowLevel

LayerKey = Literal["truth", "prediction", "errors", "correction", "uncertainty"]
RGB = "RGB"
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}
_AXES = ("z", "y", "x")  # of an array (Z, Y, X)
OPACITY_STEP = 0.1
THICK = 3.0
"""Slices are thick when voxels are more than this many times as long across as within them."""


@dataclass(frozen=True)
class LayerStyle:
    """How one layer is drawn; `filled` fills the region, otherwise its outline is drawn."""

    visible: bool = True
    opacity: float = 1.0
    filled: bool = False


@dataclass(frozen=True)
class ViewState:
    """Everything the reader chose about the picture.

    `at` is the voxel of the crosshair, through which every view cuts; `planes` are those of the
    large view and of the small ones beside it, and `active` is the one the reader works in: keys
    step through it and the strip counts its slices. With `crosshair` three planes are shown.
    The patient's right is on the left, unless `neurological` puts it on the right.
    While one region is asked about (`asking`), no other error is filled. `between` shows thick
    slices from the side without steps.
    """

    at: Voxel = (0, 0, 0)
    channel: str = "FLAIR"
    window_levels: tuple[tuple[str, WindowLevel], ...] = ()
    truth: LayerStyle = LayerStyle()
    prediction: LayerStyle = LayerStyle()
    errors: LayerStyle = LayerStyle(filled=True)
    false_positive: bool = True
    false_negative: bool = True
    wrong_label: bool = True
    overlays_hidden: bool = False
    exact_voxels: bool = False
    correction: LayerStyle = LayerStyle()
    uncertainty: LayerStyle = LayerStyle(visible=False, opacity=0.7, filled=True)
    inverted: bool = False
    neurological: bool = False
    asking: bool = False
    planes: tuple[PlaneName, ...] = ("axial", "coronal", "sagittal")
    active: PlaneName = "axial"
    crosshair: bool = False
    between: bool = True

    @property
    def plane(self) -> Plane:
        """The plane the reader works in."""
        return PLANES[self.active]

    @property
    def main(self) -> Plane:
        """The plane of the large view."""
        return PLANES[self.planes[0]]

    @property
    def slice_index(self) -> int:
        """Index of the slice that the plane the reader works in shows, not its number.

        An index of (Z, Y, X) only where that plane is the axial one: see `cut` and `at`.
        """
        return self.at[self.plane.axis]

    @property
    def cut(self) -> Cut:
        """The slice the reader works on."""
        return self.cut_in(self.plane)

    def cut_in(self, plane: Plane) -> Cut:
        """Return the slice that a view of `plane` shows."""
        return Cut(plane, self.at[plane.axis])

    def on_slice(self, index: int, plane: Plane | None = None) -> "ViewState":
        """Return it on another slice of a plane, by default of the one the reader works in."""
        axis = (plane or self.plane).axis
        at = (*self.at[:axis], index, *self.at[axis + 1 :])
        return replace(self, at=(at[0], at[1], at[2]))

    def working_in(self, plane: Plane, *, large: bool = False) -> "ViewState":
        """Return it with the reader at work in `plane`, which the large view shows if `large`.

        Where one plane alone is shown, that is always the large view's.
        """
        planes = self.planes
        if (large or not self.crosshair) and planes[0] != plane.name:
            planes = (plane.name, *(name for name in PLANES if name != plane.name))
        return replace(self, planes=planes, active=plane.name)

    def with_layer(self, key: LayerKey, style: LayerStyle) -> "ViewState":
        """Return it with another style for one layer."""
        return replace(self, **{key: style})  # type: ignore[arg-type]

    def layer(self, key: LayerKey) -> LayerStyle:
        """Return the style of a layer."""
        style: LayerStyle = getattr(self, key)
        return style

    def window_level(self, channel: str) -> WindowLevel | None:
        """Return the range the reader set for a channel, or None for the automatic one."""
        return dict(self.window_levels).get(channel)

    def with_window_level(self, channel: str, value: WindowLevel | None) -> "ViewState":
        """Return it with another range for a channel; None goes back to the automatic one."""
        others = tuple(item for item in self.window_levels if item[0] != channel)
        return replace(self, window_levels=others if value is None else (*others, (channel, value)))


@dataclass(frozen=True)
class PictureKey:
    """Names one prepared picture: the same key is the same pixels and outlines.

    `edit` counts the changes of the correction on this slice, which is one of `plane`.
    """

    case: int
    slice_index: int
    channel: str
    masks: int
    exact: bool
    edit: int = 0
    plane: PlaneName = "axial"
    between: bool = True

    @property
    def cut(self) -> Cut:
        """The slice it is a picture of."""
        return Cut(PLANES[self.plane], self.slice_index)

    def beside(self, index: int, masks: int, edit: int) -> "PictureKey":
        """Return the key of another slice of the same plane."""
        # Asked for several slices at each step: `dataclasses.replace` takes three times as long.
        named = self.case, index, self.channel, masks, self.exact, edit, self.plane, self.between
        return PictureKey(*named)


@dataclass(frozen=True)
class Display:
    """What the canvas draws; it sets only what differs from the last one.

    `head` is (y0, y1, x0, x1) in voxels: what is fitted to the window. A voxel is `aspect` times as
    high as it is wide; `mirrored` has columns grow to the left. `edges` are the sides of the
    patient at the left, top, right and bottom, none where they are not known. `hidden` leaves the
    image alone: nothing lies over it, whoever put it there. `shape` (Z, Y, X) is the volume's,
    `crosshair` (x, y) a point of the slice, None where none is drawn.
    """

    picture: PictureKey
    limits: tuple[float, float] | None
    truth: LayerStyle
    prediction: LayerStyle
    errors: LayerStyle
    correction: LayerStyle
    false_positive: bool
    false_negative: bool
    smooth: bool
    uncertainty: LayerStyle
    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    unreadable: str = ""
    head: tuple[int, int, int, int] | None = None
    aspect: float = 1.0
    mirrored: bool = False
    edges: tuple[str, ...] = ()
    hidden: bool = False
    zoom_said: bool = True
    shape: tuple[int, int, int] = (1, 1, 1)
    crosshair: tuple[float, float] | None = None

    def voxel(self, x: float, y: float) -> Voxel | None:
        """Return the voxel at a point of the slice; None beyond it."""
        return self.picture.cut.voxel(math.floor(y), math.floor(x), self.shape)


@dataclass(frozen=True)
class Shown:
    """What is there to be shown, beside the reader's choices; versions count changes.

    `edit` counts the changes of the correction on the slice on screen; `head` is (y0, y1, x0, x1).
    """

    case_version: int
    mask_version: int
    case_id: str
    volume: Volume
    automatic: tuple[tuple[str, WindowLevel], ...]
    slice_dsc: float | None = None
    model: tuple[str, ...] = ()
    synthetic: bool = False
    has_truth: bool = False
    has_prediction: bool = False
    has_correction: bool = False
    has_uncertainty: bool = False
    edit: int = 0
    head: tuple[int, int, int, int] | None = None


def resolve(view: ViewState, shown: Shown, plane: Plane | None = None) -> Display:
    """Return what a view of `plane`, by default the large one, draws for `view` of what is there.

    `shown` is of the same plane.
    """
    plane = plane or view.main
    channel = shown_channel(view, shown.volume)
    geometry = shown.volume.geometry
    index = min(max(view.at[plane.axis], 0), geometry.shape[plane.axis] - 1)
    visible = not view.overlays_hidden
    mirrored = view.neurological and geometry.is_known and plane.name != "sagittal"
    return Display(
        picture=PictureKey(
            shown.case_version,
            index,
            channel,
            shown.mask_version,
            view.exact_voxels,
            shown.edit,
            plane.name,
            view.between,
        ),
        limits=None if channel == RGB else _limits(view, shown, channel),
        truth=_shown_layer(view.truth, visible and shown.has_truth),
        prediction=_shown_layer(view.prediction, visible and shown.has_prediction),
        errors=_shown_layer(
            view.errors,
            visible
            and not view.asking
            and shown.has_truth
            and (shown.has_prediction or shown.has_correction),
        ),
        correction=_shown_layer(view.correction, visible and shown.has_correction),
        false_positive=view.false_positive,
        false_negative=view.false_negative,
        smooth=not view.exact_voxels,
        uncertainty=_shown_layer(view.uncertainty, visible and shown.has_uncertainty),
        top_left=_top_left(shown, plane, view.at, channel),
        top_right=_top_right(shown),
        bottom_left=_bottom_left(view, shown, channel),
        unreadable=shown.volume.unreadable.get(index, "") if plane.axis == 0 else "",
        head=_head(shown, plane),
        aspect=_aspect(geometry, plane),
        mirrored=mirrored,
        edges=plane_edges(geometry, plane, mirrored=mirrored),
        hidden=view.overlays_hidden,
        shape=geometry.shape,
        crosshair=_crosshair(view, plane, geometry.shape) if view.crosshair else None,
    )


def small(display: Display, view: ViewState, shown: Shown, plane: Plane) -> Display:
    """Return the display of a small view beside the large one: it says where it lies, no more."""
    title, geometry = plane_title(plane, shown.volume.geometry), shown.volume.geometry
    place = position_text(geometry, plane, view.at)
    index, count = display.picture.slice_index, geometry.shape[plane.axis]
    lines = (title, place or f"Slice {index + 1} / {count}", *thickness_lines(geometry, plane))
    return replace(display, top_left=lines, top_right=(), bottom_left=(), zoom_said=False)


def correction_alone(display: Display) -> Display:
    """Return a display of nothing but the correction."""
    nothing = replace(display.truth, visible=False)
    return replace(display, truth=nothing, prediction=nothing, errors=nothing)


def shown_channel(view: ViewState, volume: Volume) -> str:
    """Return the channel of `view`, or the first of the volume when it has no such channel."""
    if view.channel in volume.channels or (view.channel == RGB and can_rgb(volume)):
        return view.channel
    return volume.channels[min(1, len(volume.channels) - 1)]


def can_rgb(volume: Volume) -> bool:
    """True when the channels can be shown together as red, green and blue."""
    return len(volume.channels) == len("RGB")


def current_range(
    view: ViewState, automatic: Iterable[tuple[str, WindowLevel]], channel: str
) -> WindowLevel:
    """Return the range a channel is shown with: the reader's, else the automatic one."""
    return view.window_level(channel) or dict(automatic)[channel]


def _limits(view: ViewState, shown: Shown, channel: str) -> tuple[float, float]:
    """Return the values shown black and white; inverted, the first is the higher one."""
    low, high = current_range(view, shown.automatic, channel).limits
    return (high, low) if view.inverted else (low, high)


def _aspect(grid: Grid, plane: Plane) -> float:
    """Return how many times as high as wide a voxel is."""
    if grid.spacing_mm is None:
        return 1.0
    _, row, column = plane.turned(grid.spacing_mm)
    return row / column


def _head(shown: Shown, plane: Plane) -> tuple[int, int, int, int] | None:
    """Return the rows and columns that hold the head, in the plane."""
    if shown.head is None:
        return None
    depth = shown.volume.geometry.shape[0]
    box = plane.cut_box((0, depth, *shown.head), shown.volume.geometry.shape)
    return box[2], box[3], box[4], box[5]


def _crosshair(view: ViewState, plane: Plane, shape: tuple[int, ...]) -> tuple[float, float]:
    """Return the middle of the crosshair's voxel as (x, y) of the slice."""
    _, row, column = plane.place(view.at, shape)
    return column + 0.5, row + 0.5


def plane_edges(grid: Grid, plane: Plane, *, mirrored: bool) -> tuple[str, ...]:
    """Return the sides of the patient at the left, top, right and bottom of a slice.

    None where the orientation is not known.
    """
    if grid.orientation is None:
        return ()
    ends: list[tuple[str, str]] = []  # of rows and columns: where they begin, and where they go to
    for new in (1, 2):
        to = grid.orientation[2 - plane.turn.axes[new]]
        pair = (_OPPOSITE[to], to)
        ends.append(pair[::-1] if new in plane.turn.flips else pair)
    (top, bottom), (left, right) = ends
    return (right, top, left, bottom) if mirrored else (left, top, right, bottom)


def plane_title(plane: Plane, grid: Grid) -> str:
    """Return what a plane is called: by the patient, or by its axes where that is not known."""
    if grid.is_known:
        return plane.name.capitalize()
    _, row, column = (_AXES[axis] for axis in plane.turn.axes)
    return f"{column}–{row}"


def slice_name(cut: Cut, volume: Volume) -> str:
    """Return what a slice is called in a sentence: `slice 12`, `coronal slice 12`."""
    if cut.plane.axis == 0:
        return f"slice {volume.slice_numbers[cut.index]}"
    title = plane_title(cut.plane, volume.geometry)
    return f"{title.lower()} slice {cut.index + 1}"


def position_text(grid: Grid, plane: Plane, at: Voxel) -> str:
    """Say where a slice lies, in mm of RAS+ from the file's origin; empty where that is unknown."""
    if not grid.is_known:
        return ""
    value = float(grid.to_patient(at)[2 - plane.axis])
    sign = "−" if round(value, 1) < 0 else "+"
    return f"{_AXES[plane.axis]} {sign}{abs(value):.1f} mm"


def thickness_lines(grid: Grid, plane: Plane) -> tuple[str, ...]:
    """Say how thick slices are that are seen from the side here; nothing where they are not."""
    if grid.spacing_mm is None:
        return ()
    _, row, column = plane.turned(grid.spacing_mm)
    thick, fine = max(row, column), min(row, column)
    return (f"{thick:.1f} {grid.length_unit} slices",) if thick > THICK * fine else ()


def _shown_layer(style: LayerStyle, there: bool) -> LayerStyle:
    return style if there else replace(style, visible=False)


def _top_left(shown: Shown, plane: Plane, at: Voxel, channel: str) -> tuple[str, ...]:
    volume, geometry = shown.volume, shown.volume.geometry
    count = geometry.shape[plane.axis]
    index = min(max(at[plane.axis], 0), count - 1)
    first = f"Slice {index + 1} / {count}"
    named = channel if channel != RGB else f"{', '.join(volume.channels)} as RGB"
    if geometry.is_known or plane.axis:
        named = f"{plane_title(plane, geometry)} {named}"
    number = volume.slice_numbers[index] if plane.axis == 0 else index + 1
    second = named if number == index + 1 else f"{named} · file number {number}"
    place = position_text(geometry, plane, at)
    parts = ("" if place else shown.case_id, "synthetic" if shown.synthetic else "")
    third = " · ".join(part for part in (place, *parts) if part)
    lines = (first, second, third, *thickness_lines(geometry, plane))
    return tuple(line for line in lines if line)


def _top_right(shown: Shown) -> tuple[str, ...]:
    if not shown.model:
        return ()
    dsc = "" if shown.slice_dsc is None else f"Slice DSC {shown.slice_dsc:.3f}"
    return tuple(line for line in (*shown.model, dsc) if line)


def _bottom_left(view: ViewState, shown: Shown, channel: str) -> tuple[str, ...]:
    size = _place(shown.volume.geometry)
    if channel == RGB:
        return (size,)
    value = current_range(view, shown.automatic, channel)
    return f"W {value.window:.0f}  L {value.level:.0f}", size


def _place(grid: Grid) -> str:
    """Return the size of a voxel, x first, and whether left and right can be told."""
    if grid.spacing_mm is None:
        return "Spacing unknown" if grid.is_known else "Spacing and orientation unknown"
    size = " × ".join(f"{side:.1f}" for side in grid.spacing_mm[::-1])
    size = f"{size} {grid.length_unit}"
    return f"{size}, {grid.orientation}" if grid.is_known else f"{size} · orientation unknown"
