"""From the spec of a training to its cases, and to a learner ready for its first step."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from core.domain.progress import Progress
from core.models.ensembles import require_trainable
from core.models.networks.builder import build_network
from core.models.networks.spec import NetworkSpec
from core.models.registry import read_model
from core.models.train_spec import TrainSpec
from core.workspace.known_dataset import scan_known
from core.workspace.splits import read_split
from training.channels import learnt_channels
from training.corrections import Corrections
from training.dataset import Sampler, TrainCase, load_cases, require_lesions
from training.learner import Learner
from training.parallel import ProcessGroup
from training.split import Split, make_split
from training.start import load_start


@dataclass(frozen=True)
class Plan:
    """A training and the cases it has; `corrections` are those of cases in `train` alone."""

    spec: TrainSpec
    split: Split
    corrections: Corrections | None


@dataclass(frozen=True)
class PreparedCases:
    """What the first step needs; `selection` are the cases that choose the weights."""

    learner: Learner
    sampler: Sampler
    selection: list[TrainCase]


def make_plan(spec: TrainSpec) -> Plan:
    """Find the cases of a training; raises `AppError` for what does not fit."""
    file = read_split(Path(spec.split))
    # Whatever readers corrected of `val`, it stays what it was when models were judged before.
    corrections = (
        Corrections(Path(spec.corrections), frozenset(file.train)) if spec.corrections else None
    )
    corrected = corrections.ids() if corrections else frozenset()
    parent = read_model(Path(spec.parent)).spec if spec.parent else None
    if parent is not None:
        require_trainable(parent)
    dataset = scan_known(Path(spec.data))
    split = make_split(file, dataset, spec, parent=parent, corrected=corrected)
    return Plan(spec, split, corrections)


def prepare_cases(
    plan: Plan, store: Path, *, group: ProcessGroup, device: torch.device, progress: Progress
) -> PreparedCases:
    """Build the network and decode the cases; those beyond the memory limit go into `store`."""
    spec, split = plan.spec, plan.split
    torch.manual_seed(spec.seed)
    channels = learnt_channels(spec, split.fit[0])
    planes = len(channels) * (2 * spec.preprocessing.neighbours + 1)
    network = build_network(
        NetworkSpec(spec.architecture, planes, spec.arguments), load_encoder=not spec.parent
    )
    cases = load_cases(
        (*split.fit, *split.selection),
        msgspec.structs.replace(spec, channels=channels),
        stride=network.stride,
        store=store,
        corrections=plan.corrections,
        progress=progress,
    )
    fit, selection = cases[: len(split.fit)], cases[len(split.fit) :]
    require_lesions(fit)
    load_start(network, spec)
    generator = torch.Generator().manual_seed(spec.seed)
    sampler = Sampler(fit, spec, generator, group.rank, group.world, fresh=split.fresh)
    return PreparedCases(Learner(spec, network, channels, device, group), sampler, selection)
