"""What a training may do beside the plain one; none of it is needed, and none is the default.

Without any of them files and keys of a training say nothing of them, as before there were any.
"""

from pathlib import PurePath
from typing import Annotated, Literal, Self, TypeAlias

import msgspec
from msgspec import Meta

LateLossName: TypeAlias = Literal["lovasz", "boundary"]

_Share = Annotated[float, Meta(ge=0, le=1)]
_Amount = Annotated[float, Meta(ge=0)]


class Light(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a slice is lit otherwise, about each channel's darkest value, beside `Augmentation`.

    `field`: deviation of the logarithm of a smooth field over 4 × 4 points, one for all channels
    and neighbours, on half of the slices. `channel`: that of a channel's gain, on half. `plane`:
    that of the gain of each plane by itself, neighbours too, on half: a dim slice between bright
    ones. `contrast`: how much of a channel's contrast to its own mean over the head is taken away
    at most, on half.
    """

    field: _Amount = 0.0
    channel: _Amount = 0.0
    plane: _Amount = 0.0
    contrast: Annotated[float, Meta(ge=0, lt=1)] = 0.0


class Refinements(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What changes on the way, and what is learnt beside the mask.

    `soft` is the share that the mean over 3 × 3 pixels has in a target: within a pixel of the
    border it is neither 0 nor 1. `late_loss` comes in at the share `late_from` of the budget and
    grows in a line to `late_weight` at its end, the loss giving way. `deep` supervises so many
    levels of a decoder below its last, each with half the weight of the one above it. Until
    `full_from` images have `first_size` rows and columns, then those of the preprocessing (None:
    from the beginning). From `mean_from` on the weights kept are the plain mean of all since (None:
    the moving average). `teachers` are folders of models, whose mean probability has the share
    `teacher_weight` in the target, and `unlabelled` is a folder of cases that are learnt from them
    alone; within folds `{fold}` in a teacher's name stands for f1, f2 and so on.
    """

    soft: _Share = 0.0
    late_loss: LateLossName | None = None
    late_from: Annotated[float, Meta(ge=0, lt=1)] = 0.7
    late_weight: _Share = 0.5
    deep: Annotated[int, Meta(ge=0, le=4)] = 0
    first_size: Annotated[int, Meta(ge=16)] | None = None
    full_from: _Share = 0.8
    mean_from: Annotated[float, Meta(ge=0, lt=1)] | None = None
    teachers: tuple[str, ...] = ()
    teacher_weight: _Share = 0.5
    unlabelled: str = ""

    def late_share(self, fraction: float) -> float:
        """Return the share of the late loss at a fraction of the budget."""
        if self.late_loss is None or fraction <= self.late_from:
            return 0.0
        return self.late_weight * min((fraction - self.late_from) / (1 - self.late_from), 1.0)

    def of_fold(self, name: str) -> Self:
        """Return the refinements with the teachers of a fold: `{fold}` in a name stands for it."""
        teachers = tuple(each.replace(FOLD_MARK, name) for each in self.teachers)
        return msgspec.structs.replace(self, teachers=teachers)

    def portable(self) -> Self:
        """Return these without the paths of one computer: the last name of each stays."""
        names = tuple(PurePath(teacher).name for teacher in self.teachers)
        return msgspec.structs.replace(
            self, teachers=names, unlabelled=PurePath(self.unlabelled).name
        )


FOLD_MARK = "{fold}"
NO_LIGHT, NO_REFINEMENTS = Light(), Refinements()
