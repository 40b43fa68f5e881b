"""What the cases held out say of a network, and of one whose weights have come apart."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.domain.prediction import SMALL_SHARE
from core.io.datasets.dataset import scan
from core.models.train_spec import TrainSpec
from tests.training.making import small_spec
from training.cases.dataset import TrainCase, load_cases
from training.run.selection import score_cases


class Says(nn.Module):
    """Says one logit of every voxel, and another of every second column."""

    def __init__(self, logit: float, other: float) -> None:
        super().__init__()
        self._logit, self._other = logit, other

    def forward(self, values: Tensor) -> Tensor:
        logits = torch.full_like(values[:, :1], self._logit)
        logits[..., ::2] = self._other
        return logits


@pytest.fixture
def held_out(tmp_path: Path) -> tuple[TrainSpec, list[TrainCase]]:
    spec = small_spec(tmp_path)
    cases = scan(Path(spec.data)).cases[:2]
    return spec, load_cases(cases, spec, stride=8, store=tmp_path / "store")


def dsc(network: nn.Module, held_out: tuple[TrainSpec, list[TrainCase]]) -> dict[float, float]:
    spec, cases = held_out
    return score_cases(network, cases, spec, device=torch.device("cpu")).dsc


def test_weights_that_came_apart_find_nothing(
    held_out: tuple[TrainSpec, list[TrainCase]],
) -> None:
    lost = dsc(Says(float("nan"), float("nan")), held_out)
    assert lost == {0.0: 0.0, SMALL_SHARE: 0.0}
    assert all(score > 0 for score in dsc(Says(9.0, 9.0), held_out).values())


def test_what_came_apart_in_part_is_scored_by_the_rest(
    held_out: tuple[TrainSpec, list[TrainCase]],
) -> None:
    nan = float("nan")
    assert dsc(Says(nan, -9.0), held_out) == {0.0: 0.0, SMALL_SHARE: 0.0}
    assert dsc(Says(nan, 9.0), held_out) == dsc(Says(-9.0, 9.0), held_out)
