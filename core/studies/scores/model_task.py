"""A model as units name it, and what predicts with it in the process that does them."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec

from core.inference.prediction_service import Predictor, local_predictor
from core.models.certificates import EngineChoice
from core.models.classifiers import Classifiers
from core.models.registry import Model, Registry, read_model


class ModelTask(msgspec.Struct, frozen=True):
    """A model as another process opens it: its folder, how it is run, and what triage leaves out.

    `computed` tells what it computes from what another did, `roots` are the folders of classifiers.
    `threads` are those a processor may use, 0 for all.
    """

    folder: str
    computed: str
    flips: bool
    wanted: EngineChoice
    device: str = "auto"
    threads: int = 0
    skip_below: float = 0.0
    roots: tuple[str, ...] = ()

    def inputs(self) -> tuple[Path, ...]:
        """Return the folders that are read: of the model, its members and classifiers."""
        model = read_model(Path(self.folder))
        folders = (Path(self.folder), *(member.folder for member in model.members))
        if not self.skip_below:
            return folders
        return (*folders, Classifiers(tuple(map(Path, self.roots))).find("").folder)

    def moved(self, place: Callable[[Path], Path]) -> "ModelTask":
        """Return the same model where `place` says its folders lie."""
        roots = tuple(str(place(Path(root))) for root in self.roots)
        return msgspec.structs.replace(self, folder=str(place(Path(self.folder))), roots=roots)


def model_task(model: Model, *, device: str, threads: int = 0) -> ModelTask:
    """Return a model as other processes open it."""
    return ModelTask(
        str(model.folder.absolute()),
        model.computed,
        model.spec.flips,
        model.wanted,
        device,
        threads,
    )


@lru_cache(maxsize=2)
def opened(task: ModelTask) -> tuple[Model, Predictor]:
    """Return a model and what predicts with it here; raises `ModelError` when it cannot be run."""
    model = read_model(Path(task.folder)).with_engine(task.wanted).with_flips(task.flips)
    if not task.skip_below:
        return model, local_predictor(model, task.device, threads=task.threads)
    from core.inference.triage_gate import gated_predictor

    registry = Registry(tuple(map(Path, task.roots)))
    return model, gated_predictor(
        model, registry, device=task.device, skip_below=task.skip_below, threads=task.threads
    )
