"""What guided clicks bring: a robot reader over the cases of a dataset, with three tools.

It corrects two ways. *Slices*: each slice whose DSC is below `SLICE_BELOW` and whose truth has
`FEWEST_VOXELS` voxels at least, by itself, up to ten clicks. *Cases*: the whole volume, each click
on the slice with most wrong voxels, carried as far as the lesion goes on, up to twenty clicks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np

from core.annotation.click_ground import ClickGround, Scene
from core.domain.errors import AppError
from core.domain.guide import Guide
from core.domain.mask import Mask
from core.domain.prediction import Prediction, to_mask
from core.domain.progress import Progress, part, silent
from core.domain.role import Role
from core.domain.volume import Volume
from core.inference.prediction_service import PredictorOf
from core.io.cases.case import Case
from core.io.cases.case_reader import LoadedCase, read_case
from core.models.registry import Model
from core.studies.clicks.click_robot import (
    Clicked,
    DabPen,
    FillPen,
    GuidedPen,
    Pen,
    click_case,
    click_slice,
    dsc,
)

SLICE_BELOW, FEWEST_VOXELS = 0.85, 30

ClickStart = Literal["prediction", "empty"]
ClickTool = Literal["guided", "brush", "smart fill"]
TOOLS: tuple[ClickTool, ...] = ("guided", "brush", "smart fill")


class ClickRow(msgspec.Struct, frozen=True, kw_only=True):
    """One click, or with number 0 the start. `part` is what is corrected and scored.

    `slice` is the number in the file name; of a case's start it is None, as are place and seconds.
    """

    model: str
    tool: ClickTool
    part: Literal["slice", "case"]
    case: str
    slice: int | None
    click: int
    y: int | None
    x: int | None
    adds: bool | None
    dsc: float
    seconds: float | None


@dataclass(frozen=True)
class RobotOptions:
    """How the robot reads: what it starts from, and by how many voxels its clicks are off.

    `guide_of` makes what answers guided clicks over a volume, the bump where it is None.
    """

    start: ClickStart = "prediction"
    noise: float = 0.0
    seed: int = 0
    guide_of: Callable[[Volume], Guide] | None = None


@dataclass
class ClickStudy:
    """Rows in the order of models, cases, tools and slices; `failed` says why a case has none."""

    models: tuple[str, ...]
    rows: list[ClickRow] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def run_click_study(
    cases: Sequence[Case],
    models: Sequence[Model],
    predictor_of: PredictorOf,
    options: RobotOptions = RobotOptions(),
    *,
    progress: Progress = silent,
) -> ClickStudy:
    """Let the robot correct every case as each model has it; what fails is told in the study.

    A case without ground truth fails. `progress` may raise `Cancelled`.
    """
    study = ClickStudy(tuple(model.spec.id for model in models))
    predictors = {model.spec.id: predictor_of(model) for model in models}
    total = len(models) * len(cases)
    for number, (model, case) in enumerate((m, c) for m in models for c in cases):
        inner = part(progress, number / total, (number + 1) / total)
        try:
            loaded = read_case(case)
            truth = loaded.require_ground_truth()
            found = predictors[model.spec.id](loaded, part(inner, 0.0, 0.5))
        except AppError as error:
            study.failed[f"{case.id}, {model.spec.id}"] = str(error)
            continue
        study.notices += [said for said in loaded.notices if said not in study.notices]
        inner(0.5, f"{case.id}, {model.spec.title}")
        hand = RobotHand(loaded, truth, click_ground(loaded, model, found, options.start), options)
        study.rows += hand.rows(model.spec.id)
    progress(1.0, "done")
    return study


def click_ground(
    loaded: LoadedCase, model: Model, found: Prediction, start: ClickStart
) -> ClickGround:
    """Return what is clicked at: the model's mask and probability, or an empty mask alone."""
    volume = loaded.volume
    scene = Scene(volume.pixels, volume.channels, volume.geometry.spacing_mm)
    if start == "empty":
        return ClickGround(scene, np.zeros(volume.geometry.shape, np.uint8))
    post = model.spec.postprocessing
    return ClickGround(scene, to_mask(found.probability, post), found.probability, post.threshold)


@dataclass(frozen=True, eq=False)
class RobotHand:
    """One case on the robot's desk."""

    loaded: LoadedCase
    truth: Mask
    ground: ClickGround
    options: RobotOptions

    def rows(self, model: str) -> list[ClickRow]:
        """Return every click of every tool, on slices and on the case."""
        found = []
        for tool in TOOLS:
            for z in self._slices():
                pen, truth = self._pen(tool, reach=0), self.truth[z] > 0
                rng = self._rng(z)
                clicked = click_slice(pen, truth, z, noise=self.options.noise, rng=rng)
                found += self._told((model, tool, "slice"), clicked, z)
            rng = self._rng(len(self.truth))
            pen = self._pen(tool, reach=None)
            clicked = click_case(pen, self.truth, noise=self.options.noise, rng=rng)
            found += self._told((model, tool, "case"), clicked, None)
        return found

    def _slices(self) -> list[int]:
        """Return the slices that are corrected by themselves."""
        truth, mask = self.truth > 0, self.ground.mask > 0
        return [
            z
            for z in range(len(truth))
            if np.count_nonzero(truth[z]) >= FEWEST_VOXELS and dsc(mask[z], truth[z]) < SLICE_BELOW
        ]

    def _pen(self, tool: ClickTool, *, reach: int | None) -> Pen:
        makers: Mapping[ClickTool, Callable[[], Pen]] = {
            "guided": lambda: GuidedPen(
                self.ground, self._guide, reach=reach, channel=self._channel
            ),
            "brush": lambda: DabPen(self.ground.mask),
            "smart fill": lambda: FillPen(self.ground.mask, self._grey),
        }
        return makers[tool]()

    @cached_property
    def _guide(self) -> Guide | None:
        """What answers guided clicks; None for the bump alone."""
        made = self.options.guide_of
        return None if made is None else made(self.loaded.volume)

    @property
    def _channel(self) -> str:
        """The channel the robot looks at: FLAIR, else the first."""
        volume = self.loaded.volume
        shown = volume.roles.index(Role.FLAIR) if Role.FLAIR in volume.roles else 0
        return volume.channels[shown]

    @property
    def _grey(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
        volume = self.loaded.volume
        return np.asarray(volume.pixels[volume.channels.index(self._channel)])

    def _rng(self, z: int) -> np.random.Generator:
        """Return a generator of its own for each slice: other cases change nothing here."""
        return np.random.default_rng([self.options.seed, z, *self.loaded.case.id.encode()])

    def _told(
        self,
        of: tuple[str, ClickTool, Literal["slice", "case"]],
        clicked: Iterable[Clicked],
        z: int | None,
    ) -> list[ClickRow]:
        numbers = self.loaded.volume.slice_numbers
        return [
            ClickRow(
                model=of[0],
                tool=of[1],
                part=of[2],
                case=self.loaded.case.id,
                slice=_number(numbers, z if each.aim is None else each.aim.z),
                click=each.number,
                y=None if each.aim is None else each.aim.y,
                x=None if each.aim is None else each.aim.x,
                adds=None if each.aim is None else each.aim.adds,
                dsc=each.dsc,
                seconds=each.seconds,
            )
            for each in clicked
        ]


def _number(numbers: Sequence[int], z: int | None) -> int | None:
    return None if z is None else numbers[z]
