"""Masks of another program, taken as a model's predictions: there are no weights, nothing runs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from core.domain.errors import DataError, FileError
from core.domain.prediction import Prediction
from core.domain.volume import Volume
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase
from core.io.cases.foreign_mask import read_foreign, tells_labels
from core.io.cases.mask_folder import MaskFolder, find_masks
from core.models.certificates import EngineChoice
from core.models.registry import Model, ModelSpec

_NO_WEIGHTS = "masks of another program"
_LONGEST = 48
_LOOKED_AT = 5  # masks, of which one of several labels tells that all may hold them


@dataclass(frozen=True)
class MaskModel(Model):
    """A folder of masks under a name; `ids` are those of all cases it may hold masks of.

    `resample` brings those on another grid onto their image by nearest neighbour: asked for alone.
    """

    masks: MaskFolder | None = None
    ids: tuple[str, ...] = ()
    resample: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """What tells this state of the folder from another."""
        assert self.masks is not None
        return self.masks.mark

    @property
    def computed(self) -> str:
        """What the masks are filed under."""
        return self.fingerprint

    @property
    def runs(self) -> bool:
        """Tell that there are no weights."""
        return False

    def with_engine(self, wanted: EngineChoice) -> Model:
        """Return this model: nothing computes it."""
        del wanted
        return self

    def with_flips(self, flips: bool) -> Model:
        """Return this model: its masks stay as they are."""
        del flips
        return self

    def fitted(self, volume: Volume) -> Volume:
        """Return the volume: whatever it shows, the masks are drawn on it."""
        return volume

    def has(self, case: Case) -> bool:
        """Tell whether there is a mask of a case, by names alone."""
        assert self.masks is not None
        return bool(self.masks.files_of(case, self.ids))

    def find(self, loaded: LoadedCase) -> Prediction | None:
        """Return what the folder says of a case, None when it says nothing.

        Raises `FileError` for a file that is neither mask nor probability, or on another grid where
        nobody asked for it to be resampled.
        """
        assert self.masks is not None
        files = self.masks.files_of(loaded.case, self.ids)
        if not files:
            return None
        labels = loaded.label_set or loaded.case.labels
        several = labels is not None and not labels.is_binary and self.tells_labels
        said = read_foreign(loaded, files, several=several, resample=self.resample)
        # Figures of a resampled mask are never taken for those of its file.
        name = f"{self.fingerprint}-nearest" if said.resampled else self.fingerprint
        key = f"{name}-{loaded.volume.content_hash()}"
        made = Prediction(
            said.probability,
            self.spec.id,
            key,
            "",
            0.0,
            said.several,
            notices=said.notices,
            resampled=said.resampled,
        )
        return made if said.several is None else replace(made, focus=loaded.region)

    @cached_property
    def tells_labels(self) -> bool:
        """Whether its masks hold several labels: one of the first that are there does."""
        assert self.masks is not None
        every = (*self.masks.volumes, *self.masks.segmentations.values())
        return any(map(_tells_labels, every[:_LOOKED_AT]))

    def missing(self, case_id: str) -> DataError:
        """Return what is said where the folder has no mask of a case."""
        return DataError(
            f"{case_id}: expected a mask in {self.folder}, found none of its name. Name it after "
            "the case, or put it into a folder of that name."
        )


def mask_model(
    root: Path, cases: Sequence[Case], *, title: str = "", resample: bool = False
) -> MaskModel:
    """Return the masks below `root` as a model of `cases`; `resample` as `MaskModel` has it.

    Raises `DataError` when there is no mask of any of them.
    """
    name = title or root.name or "masks"
    spec = ModelSpec(id=_id_of(name), title=name, architecture=_NO_WEIGHTS, channels=())
    ids = tuple(case.id for case in cases)
    found = MaskModel(spec, root, masks=find_masks(root), ids=ids, resample=resample)
    if not any(found.has(case) for case in cases):
        raise DataError(
            f"{root}: expected masks named after the cases, such as {cases[0].id}.nii.gz, found "
            "none of any case. Rename them, or choose their folder."
        )
    return found


def mask_models(
    options: Sequence[str], cases: Sequence[Case], *, resample: bool = False
) -> list[Model]:
    """Return the models of options `NAME=DIR`, or `DIR` alone; raises `DataError` as `mask_model`.

    Two of one name are refused.
    """
    found: dict[str, Model] = {}
    for option in options:
        name, separator, folder = option.partition("=")
        root = Path(folder if separator else option)
        model = mask_model(root, cases, title=name if separator else "", resample=resample)
        if model.spec.id in found:
            raise DataError(
                f"{option}: expected a name of its own for each folder of masks, found "
                f"{model.spec.title} twice. Give another before the =."
            )
        found[model.spec.id] = model
    return list(found.values())


def _tells_labels(path: Path) -> bool:
    try:
        return tells_labels([path])
    except FileError:  # told when its case is opened
        return False


def _id_of(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:_LONGEST] or "masks"
    return f"masks-{plain}"
