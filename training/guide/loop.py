"""The loop of a guide: its weights are chosen by what a robot reader reaches with five clicks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.annotation.bump import Bump
from core.annotation.click_ground import ClickGround, Scene
from core.domain.guide import PairedGuide
from core.domain.prediction import Postprocessing, to_mask
from core.inference.guide_network import Logits, NetworkGuide
from core.inference.torch_device import autocast
from core.jobs.guide_job_spec import GuideTrainSpec
from core.models.gate import ClickedPath
from core.models.guides import GuideSpec
from core.studies.clicks.guide_figures import CLICKS, ClickFigures, click_figures, clicked_paths
from training.guide.cases import HeldCase
from training.run.checkpoint import Position
from training.run.loop import Loop


@dataclass
class GuideLoop(Loop):
    """One training of a guide; `held` are the cases that choose its weights."""

    held: Sequence[HeldCase] = ()
    guide: GuideSpec = field(default_factory=lambda: GuideSpec(id="", title="", architecture=""))
    post: Postprocessing = field(default_factory=Postprocessing)

    @property
    def figure(self) -> str:
        """Name of the figure the weights are chosen by, higher better."""
        return "dsc_5"

    def run(self) -> Position:
        """Train as any loop; what a guide goes on from is the first that has to be beaten."""
        spec = self.spec
        if isinstance(spec, GuideTrainSpec) and spec.earlier and not self.position.step:
            self._select()
        return super().run()

    def _score(self) -> tuple[float, float]:
        """Return the DSC after five clicks of a robot reader; tells the others for the curves."""
        found = held_figures(
            computed(self.learner.average.network, self.learner.device),
            self.held,
            self.guide,
            self.post,
        )
        self.writer.beat()
        told = {f"selection_dsc_{n}": value for n, value in found.dsc.items() if n != CLICKS}
        self.writer.metric(self.position.step, {**told, "selection_harmful": found.harmful})
        return found.dsc[CLICKS], 0.0

    def _show(self) -> None:
        """Tell no pictures: what is learnt is an answer, not a mask."""


def computed(network: nn.Module, device: torch.device) -> Logits:
    """Return what computes a network that is evaluated; weights that came apart answer nothing."""

    def logits(values: NDArray[np.float32]) -> NDArray[np.float32]:
        seen = torch.from_numpy(values).to(device, memory_format=torch.channels_last)
        with torch.inference_mode(), autocast(device):
            found = network(seen).float().cpu()
        return np.asarray(found.nan_to_num(-20.0).numpy(), np.float32)

    return logits


def held_figures(
    logits: Logits, held: Sequence[HeldCase], guide: GuideSpec, post: Postprocessing
) -> ClickFigures:
    """Let a robot reader click at the slices of the cases that a model has below 0.85."""
    paths: list[ClickedPath] = []
    for case in held:
        volume, truth = case.loaded.volume, case.loaded.require_ground_truth()
        taught = NetworkGuide(guide, guide.order(volume.channels, volume.roles), logits)
        scene = Scene(volume.pixels, volume.channels, volume.geometry.spacing_mm)
        mask = to_mask(case.probability, post)
        ground = ClickGround(scene, mask, case.probability, post.threshold)
        channel = volume.channels[taught.order[1]]
        paths += clicked_paths(ground, truth, PairedGuide(Bump(), taught), channel=channel)
    return click_figures(paths)
