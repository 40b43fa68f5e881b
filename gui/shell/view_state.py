"""What the reader has chosen to see, and the pure step from there to what is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from core.domain.grid import Grid
from core.domain.volume import Volume
from core.domain.window_level import WindowLevel

LayerKey = Literal["truth", "prediction", "errors", "correction", "uncertainty"]
RGB = "RGB"
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}
OPACITY_STEP = 0.1


@dataclass(frozen=True)
class LayerStyle:
    """How one layer is drawn; `filled` fills the region, otherwise its outline is drawn."""

    visible: bool = True
    opacity: float = 1.0
    filled: bool = False


@dataclass(frozen=True)
class ViewState:
    """Everything the reader chose about the picture; the slice is an index, not a number.

    The patient's right is on the left, unless `neurological` puts it on the right.
    While one region is asked about (`asking`), no other error is filled.
    """

    slice_index: int = 0
    channel: str = "FLAIR"
    window_levels: tuple[tuple[str, WindowLevel], ...] = ()
    truth: LayerStyle = LayerStyle()
    prediction: LayerStyle = LayerStyle()
    errors: LayerStyle = LayerStyle(filled=True)
    false_positive: bool = True
    false_negative: bool = True
    overlays_hidden: bool = False
    exact_voxels: bool = False
    correction: LayerStyle = LayerStyle()
    uncertainty: LayerStyle = LayerStyle(visible=False, opacity=0.7, filled=True)
    inverted: bool = False
    neurological: bool = False
    asking: bool = False

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

    `edit` counts the changes of the correction on this slice.
    """

    case: int
    slice_index: int
    channel: str
    masks: int
    exact: bool
    edit: int = 0


@dataclass(frozen=True)
class Display:
    """What the canvas draws; it sets only what differs from the last one.

    `head` is (y0, y1, x0, x1) in voxels: what is fitted to the window. A voxel is `aspect` times as
    high as it is wide; `mirrored` has x grow to the left. `edges` are the sides of the patient at
    the left, top, right and bottom, none where they are not known. `hidden` leaves the
    image alone: nothing lies over it, whoever put it there.
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


@dataclass(frozen=True)
class Shown:
    """What is there to be shown, beside the reader's choices; versions count changes.

    `edit` counts the changes of the correction on the slice on screen.
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


def resolve(view: ViewState, shown: Shown) -> Display:
    """Return what is drawn for `view` of what is there."""
    channel = shown_channel(view, shown.volume)
    index = min(max(view.slice_index, 0), shown.volume.slices - 1)
    visible = not view.overlays_hidden
    return Display(
        picture=PictureKey(
            shown.case_version,
            index,
            channel,
            shown.mask_version,
            view.exact_voxels,
            shown.edit,
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
        top_left=_top_left(shown, index, channel),
        top_right=_top_right(shown),
        bottom_left=_bottom_left(view, shown, channel),
        unreadable=shown.volume.unreadable.get(index, ""),
        head=shown.head,
        aspect=_aspect(shown.volume.geometry),
        mirrored=view.neurological and shown.volume.geometry.is_known,
        edges=_edges(shown.volume.geometry, mirrored=view.neurological),
        hidden=view.overlays_hidden,
    )


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


def _aspect(grid: Grid) -> float:
    """Return how many times as high as wide a voxel is."""
    return 1.0 if grid.spacing_mm is None else grid.spacing_mm[1] / grid.spacing_mm[2]


def _edges(grid: Grid, *, mirrored: bool) -> tuple[str, ...]:
    """Return the sides of the patient at the left, top, right and bottom of a slice."""
    if grid.orientation is None:
        return ()
    right, bottom = grid.orientation[0], grid.orientation[1]
    left, top = _OPPOSITE[right], _OPPOSITE[bottom]
    return (right, top, left, bottom) if mirrored else (left, top, right, bottom)


def _shown_layer(style: LayerStyle, there: bool) -> LayerStyle:
    return style if there else replace(style, visible=False)


def _top_left(shown: Shown, index: int, channel: str) -> tuple[str, ...]:
    number = shown.volume.slice_numbers[index]
    first = f"Slice {index + 1} / {shown.volume.slices}"
    named = channel if channel != RGB else f"{', '.join(shown.volume.channels)} as RGB"
    second = named if number == index + 1 else f"{named} · file number {number}"
    parts = (shown.case_id, "synthetic" if shown.synthetic else "")
    third = " · ".join(part for part in parts if part)
    return (first, second, third) if third else (first, second)


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
    return size if grid.is_known else f"{size} · orientation unknown"
