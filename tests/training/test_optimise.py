"""The optimiser of a training against torch's own, which loads torch's compiler."""

import copy

import pytest
import torch
from torch import Tensor, nn

from core.models.train_spec import TrainSpec
from training.learning.optimise import make_optimiser

_OWN = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


def _learn(network: nn.Module, optimiser: torch.optim.Optimizer, steps: int) -> None:
    images = torch.arange(2.0 * 2 * 8 * 8).reshape(2, 2, 8, 8) / 200
    for _ in range(steps):
        optimiser.zero_grad(set_to_none=True)
        network(images).square().mean().backward()
        optimiser.step()


def _weights(network: nn.Module) -> list[Tensor]:
    return [tensor.detach().clone() for tensor in network.parameters()]


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_a_training_steps_as_torchs_own_optimiser_and_each_takes_up_the_others_state(
    kind: str,
) -> None:
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Conv2d(3, 1, 3))
    theirs = copy.deepcopy(ours)
    spec = TrainSpec(
        architecture="unet",
        data="",
        split="",
        optimiser="adam" if kind == "adam" else "adamw",
        learning_rate=1e-2,
        weight_decay=0.3,
    )
    optimiser = make_optimiser(ours, spec)
    decayed = [parameter for parameter in theirs.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in theirs.parameters() if parameter.ndim == 1]
    groups = [{"params": decayed, "weight_decay": 0.3}, {"params": others, "weight_decay": 0.0}]
    own = _OWN[kind](groups, lr=1e-2)
    assert isinstance(optimiser, _OWN[kind])
    start = _weights(ours)
    _learn(ours, optimiser, 3)
    _learn(theirs, own, 3)
    assert all(map(torch.equal, _weights(ours), _weights(theirs)))
    assert not any(map(torch.equal, _weights(ours), start))

    kept, state = copy.deepcopy(optimiser.state_dict()), copy.deepcopy(own.state_dict())
    assert kept["state"].keys() == state["state"].keys()
    optimiser.load_state_dict(state)
    own.load_state_dict(kept)
    _learn(ours, optimiser, 2)
    _learn(theirs, own, 2)
    assert all(map(torch.equal, _weights(ours), _weights(theirs)))
