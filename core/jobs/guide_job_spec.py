"""What the training of a guide of clicks is; imports no torch."""

from pathlib import PurePath
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from core.models.guides import GuideModel
from core.models.preprocessing import Preprocessing
from core.models.registry import Model
from core.models.train_spec import Augmentation, Changes, TrainSpec

_Share = Annotated[float, Meta(ge=0, le=1)]


class GuideTrainSpec(TrainSpec, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One training of a guide; what `TrainSpec` says holds, but for the loss and the preprocessing.

    A simulated reader clicks 1 to `clicks` times on a slice, each click off by up to `off_by`
    pixels, a share `wrong` of them anywhere and of any kind. It starts from what a model says (a
    share `automatic`; `starts` is its folder, the parent's where empty), from a mask as a hand
    might leave it (`by_hand`) or from nothing. It sees `window` pixels of 256² around a click.
    `earlier` is the folder of a guide of the same kind whose weights the training goes on from.
    With `corrections`, where they are a workspace, a share `own` of the slices are those on which
    readers clicked: with the mask they found, their own clicks, and the mask they left.
    """

    task: Literal["guide"] = "guide"
    loss: Literal["bce-dice"] = "bce-dice"
    preprocessing: Preprocessing = Preprocessing(crop="none", size=256, neighbours=1)
    augmentation: Augmentation = Augmentation(elastic=0.0, shift=0.04, missing=0.08)
    window: Annotated[int, Meta(ge=32, multiple_of=32)] = 128
    clicks: Annotated[int, Meta(ge=1)] = 8
    off_by: Annotated[float, Meta(ge=0)] = 4.0
    wrong: _Share = 0.04
    automatic: _Share = 0.6
    by_hand: _Share = 0.25
    starts: str = ""
    earlier: str = ""
    own: _Share = 0.3

    def portable(self) -> Self:
        """Return these settings without the paths of one computer, as `TrainSpec` does."""
        names = {name: PurePath(getattr(self, name)).name for name in ("starts", "earlier")}
        return msgspec.structs.replace(super().portable(), **names)


def guide_beginning(starts: Model) -> Changes:
    """Return the settings of a training that begins from a model, and corrects what it says."""
    spec = starts.spec
    return {
        "architecture": spec.architecture,
        "arguments": spec.arguments,
        "channels": spec.channels,
        "parent": str(starts.folder),
    }


def guide_going_on(guide: GuideModel, starts: Model) -> Changes:
    """Return the settings of a training that goes on from a guide: slow, as any fine-tuning.

    What it corrects is what `starts` says.
    """
    spec = guide.spec
    return {
        "architecture": spec.architecture,
        "arguments": spec.arguments,
        "channels": spec.channels,
        "window": spec.window,
        "earlier": str(guide.folder),
        "starts": str(starts.folder),
        "learning_rate": 1e-4,
        "freeze_norms": True,
    }
