"""What is done to a volume before a network sees it: part of a model's specification."""

from typing import Annotated, Literal

import msgspec

_Length = Annotated[float, msgspec.Meta(ge=0.1, le=20)]
_SliceLength = Annotated[float, msgspec.Meta(ge=0, le=20)]


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done to a volume before a network sees it; stored with the model.

    `intensity`: `foreground` clips each channel at `clip_percentile` of its foreground and takes
    the foreground's mean and deviation; `reference` rescales by the 10th and 99th percentile of all
    channels together, then standardises each channel (the public reference implementation);
    `image`, `box` and `nonzero` take mean and deviation of a channel alone, without a clip: of all
    voxels, of those in the smallest box around what is not zero in any channel (nnU-Net), or of
    those that are not zero, which then stay zero.
    `crop`: `head` is the square around all voxels above `foreground` of their channel's maximum.
    `size`: side in pixels the crop is resized to; None keeps the native resolution.
    `neighbours`: slices taken on each side as further channels; the ends repeat themselves.
    `spacing_mm`: voxels (z, y, x) that the volume is resampled to before all else, so that cases of
    any spacing look alike; what the network says comes back to the grid of the case. None keeps it,
    a z of 0 the slices.
    """

    intensity: Literal["foreground", "reference", "image", "box", "nonzero"] = "foreground"
    foreground: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.1
    clip_percentile: Annotated[float, msgspec.Meta(gt=50, le=100)] = 99.5
    crop: Literal["none", "head"] = "none"
    size: Annotated[int, msgspec.Meta(ge=32, le=1024)] | None = None
    neighbours: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    spacing_mm: tuple[_SliceLength, _Length, _Length] | None = None

    @property
    def told(self) -> dict[str, object]:
        """All of it by name, as fingerprints take it: what was added since counts where it is."""
        fields: dict[str, object] = msgspec.to_builtins(self)
        if self.spacing_mm is None:
            del fields["spacing_mm"]
        return fields
