"""One model on one case, as other processes and other machines are told of it."""

from dataclasses import dataclass, replace

from core.domain.protocol import Protocol
from core.io.cases.case import Case
from core.jobs.unit_inputs import Inputs, PlaceOf
from core.studies.scores.model_task import ModelTask


@dataclass(frozen=True)
class CaseTask:
    """One model on one case."""

    case: Case
    model: ModelTask
    protocol: Protocol = "native"
    format_name: str | None = None
    verify: bool = False

    def inputs(self) -> Inputs:
        """Return the files of the case, all that they name too, and the folders of the model."""
        return Inputs(self.case.sources, self.model.inputs())

    def moved(self, own: PlaceOf, shared: PlaceOf) -> "CaseTask":
        """Return the task with its paths where `own` and `shared` say."""
        return replace(self, case=self.case.moved(own), model=self.model.moved(shared))
