"""What the train dialog offers and what the reader chose, as data; and what is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from core.domain.errors import AppError
from core.domain.model_output import OutputKind
from core.io.cases.case import Case
from core.models.model_listing import read_argument
from core.models.networks.spec import NetworkSpec, resolve_arguments
from core.models.train_spec import LossName, PresetName
from gui.training.several_form import ONE_MODEL, SeveralForm, several_problem

CaseKind = Literal["corrected", "truth", "none"]

FEWEST_CHOSEN = 2
_ADDRESS = re.compile(r"(https?://)?[\w.\-\[\]:]+:\d{1,5}/?")


@dataclass(frozen=True)
class BaseModel:
    """A model to start from; the empty id is a fresh network.

    `gives` says whether it knows classes or regions, None for one lesion.
    """

    id: str
    title: str
    champion: bool = False
    channels: int = 3
    trained_on: frozenset[str] = frozenset()
    gives: OutputKind | None = None


@dataclass(frozen=True)
class CaseChoice:
    """A case to learn from or not; `locked` is the reason why it cannot be chosen.

    `doubt` is a reason not to, which the reader may overrule for this one case. One with ground
    truth can judge.
    """

    case_id: str
    name: str
    slices: int
    kind: CaseKind
    note: str = ""
    locked: str = ""
    truth: bool = True
    doubt: str = ""


@dataclass(frozen=True)
class SplitChoice:
    """The cases that judge: `text` and `mark` say which, `parts` how many of each site."""

    val: tuple[str, ...] = ()
    text: str = ""
    mark: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    frozen: bool = False


@dataclass(frozen=True)
class TrainSettings:
    """The schedule a preset or a base model brings along."""

    loss: LossName
    epochs: int | None
    minutes: float | None
    learning_rate: float
    batch_size: int
    size: int | None
    replay: float = 0.5


@dataclass(frozen=True)
class TrainOffer:
    """What can be chosen; `settings` by base id and preset.

    `labels` and `regions` are names of what the cases hold beside one lesion; empty for none. The
    lesion is `region`, all labels together where it is empty. A `cluster` of Ray can be chosen
    where Ray is installed.
    """

    job_name: str = ""
    bases: tuple[BaseModel, ...] = ()
    architectures: tuple[tuple[str, str, str], ...] = ()
    cases: tuple[CaseChoice, ...] = ()
    split: SplitChoice = field(default_factory=SplitChoice)
    devices: tuple[str, ...] = ()
    taken: frozenset[str] = frozenset()
    settings: dict[tuple[str, PresetName], TrainSettings] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    region: str = ""
    cluster: bool = False

    def base(self, model_id: str) -> BaseModel:
        """Return a model to start from by its id."""
        return next(base for base in self.bases if base.id == model_id)


@dataclass(frozen=True)
class TrainForm:
    """What the reader chose; `learning_rate` is what was typed, NaN where that is no number.

    `cluster` is the address of a cluster of Ray, empty for one of this computer, None for none.
    """

    base: str
    architecture: str
    arguments: str
    preset: PresetName
    title: str
    cases: tuple[str, ...]
    replay: float
    loss: LossName
    epochs: int | None
    minutes: float | None
    learning_rate: float
    batch_size: int
    size: int | None
    device: str = "auto"
    judges: tuple[str, ...] = ()
    learn: OutputKind | None = None
    cluster: str | None = None
    several: SeveralForm = ONE_MODEL

    @property
    def steps_like(self) -> tuple[object, ...]:
        """What the time of a step depends on; a preview holds while this stays the same."""
        network = (self.base, self.architecture, self.arguments, self.size, self.device, self.learn)
        return (*network, self.batch_size, self.cases, self.replay)


def model_id(title: str) -> str:
    """Return the id a model of that title gets: the letters, digits and dashes of it."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in title.lower())
    while "--" in kept:
        kept = kept.replace("--", "-")
    return kept.strip("-._")[:60]


def problems(form: TrainForm, offer: TrainOffer) -> dict[str, str]:
    """Return a sentence for each field that is wrong, by the name of the field."""
    found = {
        "title": _title_problem(form, offer),
        "arguments": "" if form.base else _arguments_problem(form),
        "cases": _cases_problem(form, offer),
        "learn": _learn_problem(form, offer),
        "several": _several_problem(form, offer),
        "limits": "" if form.epochs or form.minutes else "Give epochs, minutes or both.",
        "cluster": _cluster_problem(form),
        "learning_rate": ""
        if 0 < form.learning_rate <= 1
        else "A number above 0, at most 1, as 1e-4.",
    }
    return {name: said for name, said in found.items() if said}


def label_names(cases: Sequence[Case]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels and the regions of cases by name, as their layout tells them."""
    known = next((case.labels for case in cases if case.labels is not None), None)
    if known is None or known.is_binary:
        return (), ()
    return tuple(label.name for label in known.labels), tuple(r.name for r in known.regions)


def _learn_problem(form: TrainForm, offer: TrainOffer) -> str:
    if form.learn is not None or not form.base or offer.base(form.base).gives is None:
        return ""
    return "This base model knows several labels: choose Labels or Regions, or another base."


def fresh_cases(form: TrainForm, offer: TrainOffer) -> tuple[str, ...]:
    """Return the chosen cases, none of which is locked or judges, in the order of the dataset."""
    chosen = set(form.cases) - set(form.judges)
    return tuple(c.case_id for c in offer.cases if c.case_id in chosen and not c.locked)


def replayed_cases(form: TrainForm, offer: TrainOffer) -> tuple[str, ...]:
    """Return the cases the base has learnt from and that are not chosen as new ones.

    Where nobody knows what it has learnt from, these are all the rest, doubtful ones left out.
    """
    if not form.base or not form.replay:
        return ()
    seen, chosen = offer.base(form.base).trained_on, {*form.cases, *form.judges}
    free = [case.case_id for case in offer.cases if not (case.locked or case.doubt)]
    return tuple(name for name in free if name not in chosen and (not seen or name in seen))


def _cluster_problem(form: TrainForm) -> str:
    if form.cluster is not None and form.several.kind != "one":
        return "Several trainings have a runner of their own above: choose another device."
    if not form.cluster or _ADDRESS.fullmatch(form.cluster):
        return ""
    return "HOST:PORT of the cluster, as 10.0.0.5:6379, or http://HOST:8265; empty for this one."


def folded_cases(form: TrainForm, offer: TrainOffer) -> tuple[str, ...]:
    """Return the chosen cases that folds can be made of: those with ground truth."""
    known = {case.case_id for case in offer.cases if case.truth}
    return tuple(name for name in fresh_cases(form, offer) if name in known)


def _several_problem(form: TrainForm, offer: TrainOffer) -> str:
    known = offer.base(form.base).trained_on if form.base else frozenset[str]()
    return several_problem(form.several, folded_cases(form, offer), known)


def _title_problem(form: TrainForm, offer: TrainOffer) -> str:
    made = model_id(form.title)
    if not made:
        return "Give the model a name of letters or digits."
    return f"There is a model {made} already. Give another name." if made in offer.taken else ""


def _arguments_problem(form: TrainForm) -> str:
    try:
        given = dict(read_argument(text) for text in form.arguments.split())
        resolve_arguments(NetworkSpec(form.architecture, 9, given))
    except AppError as error:
        return str(error)
    return ""


def _cases_problem(form: TrainForm, offer: TrainOffer) -> str:
    fresh, old = fresh_cases(form, offer), replayed_cases(form, offer)
    if not fresh:
        return "Choose cases to learn from."
    if len(fresh) + len(old) < FEWEST_CHOSEN:
        return "Choose two cases at least: one to learn from, one to choose the weights by."
    return ""
