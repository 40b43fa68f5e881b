"""What cases are learnt from beside their ground truth: readers' corrections, and teachers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.annotation.export import CorrectedLabels
from core.domain.mask import Mask
from core.domain.volume import Volume
from core.io.cases.case import Case
from core.models.train_spec import TrainSpec
from core.workspace.splits import SplitFile
from training.cases.corrections import Corrections, corrections_of
from training.cases.teacher import Teachers, check_teachers, teachers_of, unlabelled_cases

TAUGHT = "teachers"
"""What a case is learnt from that nobody drew a mask of."""


@dataclass(frozen=True)
class Lessons:
    """Corrections of cases in `train` alone, and `unlabelled` cases that teachers alone teach.

    The `teachers` are there when cases are read.
    """

    corrections: Corrections | None = None
    unlabelled: tuple[Case, ...] = ()
    teachers: Teachers | None = None

    def corrected_ids(self) -> frozenset[str]:
        """Return the cases that are corrected; raises `DataError` when corrections hold nothing."""
        return self.corrections.ids() if self.corrections else frozenset()

    def correction(
        self, case: Case, truth: Mask | None, shape: tuple[int, int, int]
    ) -> CorrectedLabels | None:
        """Return what a case is learnt from with all its labels, None without a correction."""
        return self.corrections.read(case, truth, shape) if self.corrections else None

    def probability(self, case: Case, volume: Volume) -> NDArray[np.uint8] | None:
        """Return what teachers say of a case (Z, Y, X), quantised, None where they do not."""
        if self.teachers is None or case.id not in self.teachers.pupils:
            return None
        return self.teachers.probability(volume)

    def taught_mask(self, case: Case, said: NDArray[np.uint8] | None) -> Mask | None:
        """Return the mask teachers make of what they said, where nobody else's is looked at."""
        if said is None or self.teachers is None or case not in self.unlabelled:
            return None
        return self.teachers.mask(said)

    def opened(self, spec: TrainSpec, fit: Sequence[Case], store: Path) -> "Lessons":
        """Return these with the teachers of a training, who keep what they say in `store`."""
        pupils = frozenset(case.id for case in (*fit, *self.unlabelled))
        return replace(self, teachers=teachers_of(spec, pupils, store / TAUGHT))


def find_lessons(spec: TrainSpec, file: SplitFile) -> Lessons:
    """Return what a training learns from; raises `AppError` for what does not fit."""
    check_teachers(spec, file.val)
    return Lessons(corrections_of(spec, file), unlabelled_cases(spec, {*file.train, *file.val}))
