"""The one observable object: what is open, what is known of it, and what the reader chose."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.annotation.correction import Correction
from core.domain.components import Box
from core.domain.errors import ModelError
from core.domain.plane import PLANES, Cut, PlaneName
from core.domain.prediction import Postprocessing
from core.domain.triage import Triage
from core.domain.worklist_state import Listing
from core.models.registry import Model
from core.review.reviews import Review, review_standing
from core.review.subject import Subject, subject_of
from core.workspace.settings import Settings, reader_name
from gui.shell.label_state import LabelState
from gui.shell.open_preview import OpenPreview
from gui.shell.session_parts import (
    CaseState,
    Models,
    OpenCase,
    Place,
    Result,
    RunQueue,
)
from gui.shell.view_state import ViewState


@dataclass
class _State:
    place: Place | None = None
    models: Models = field(default_factory=Models)
    post: Postprocessing = field(default_factory=Postprocessing)
    listed: Postprocessing = field(default_factory=Postprocessing)
    open_case: OpenCase | None = None
    preview: OpenPreview | None = None
    current: str = ""
    pending: str = ""
    problem: str = ""
    result: Result | None = None
    cases: dict[str, CaseState] = field(default_factory=dict)
    view: ViewState = field(default_factory=ViewState)
    queue: RunQueue = field(default_factory=RunQueue)
    devices: tuple[str, ...] = ()
    device_used: str = ""
    seeking: bool = False
    correction: Correction | None = None
    edits: dict[tuple[PlaneName, int], int] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)
    triage: Triage | None = None
    labels: LabelState = field(default_factory=LabelState)


class Session(QObject):
    """Holds the state of one window: features set what is theirs, views listen.

    `case_leaving` comes while the case that gives way to another is still the current one.
    `figures_read` comes when the figures of the worklist were read anew: of another region, or
    what another process found.
    `part_arrived` tells the indices of slices that a run has just predicted. `case_version` counts
    the cases that were shown so far, `masks_of` what lay over a slice, so that a picture prepared
    for an older state is never drawn. A case opens in the plane it was acquired in.
    """

    place_changed = Signal()
    models_changed = Signal()
    case_opening = Signal()
    case_leaving = Signal()
    case_changed = Signal()
    result_changed = Signal()
    seeking_changed = Signal()
    part_arrived = Signal(object)
    view_changed = Signal()
    post_changed = Signal()
    listed_changed = Signal()
    case_state_changed = Signal(str)
    queue_changed = Signal()
    device_changed = Signal()
    settings_changed = Signal()
    correction_changed = Signal()
    mask_painted = Signal(object)
    review_changed = Signal(str)
    reviews_changed = Signal()
    triage_changed = Signal()
    labels_changed = Signal()
    figures_read = Signal()

    def __init__(self, home: Path, settings: Settings) -> None:
        super().__init__()
        self.home = home
        self.settings = settings
        self._listing = Listing()
        self.case_version = 0
        self._mask_version = 0
        self._whole_masks = 0
        self._slice_masks: dict[int, int] = {}
        self._cuts: dict[str, Postprocessing] = {}
        self._as_set: dict[str, Model] = {}
        view = ViewState(
            exact_voxels=settings.exact_voxels,
            neurological=settings.neurological,
            between=settings.interpolate_slices,
        )
        self._state = _State(view=view)

    @property
    def reader(self) -> str:
        """Who reads, as every record says it."""
        return reader_name(self.settings)

    @property
    def listing(self) -> Listing:
        """How the worklist is sorted and filtered."""
        return self._listing

    def set_listing(self, listing: Listing) -> None:
        """The worklist is sorted or filtered otherwise."""
        self._listing = listing

    @property
    def place(self) -> Place | None:
        """The dataset and workspace that are open."""
        return self._state.place

    @property
    def models(self) -> Models:
        """The models there are and the one in use."""
        return self._state.models

    @property
    def running_model(self) -> Model | None:
        """The model in use as it is run and cut: as the reader set it."""
        current = self._state.models.current
        return None if current is None else self.as_set(current)

    @property
    def listed_model(self) -> Model | None:
        """The model in use, cut as the figures of the worklist are said to be."""
        running = self.running_model
        return None if running is None else running.cut_by(self._state.listed)

    def as_set(self, model: Model) -> Model:
        """Return a model as the reader set it: averaged with its mirror image, its threshold."""
        found = self._as_set.get(model.spec.id)
        if found is None:
            found = model.cut_by(self.cut_of(model))
            self._as_set[model.spec.id] = found
        return found.with_flips(self.settings.flips)

    @property
    def cuts(self) -> dict[str, Postprocessing]:
        """What the reader set otherwise than the models do themselves, by id of the model."""
        return dict(self._cuts)

    def set_cuts(self, cuts: dict[str, Postprocessing]) -> None:
        """The thresholds set before in this workspace were read."""
        self._cuts = dict(cuts)
        self._as_set.clear()

    def cut_of(self, model: Model) -> Postprocessing:
        """Return how the probability of a model becomes a mask: one way wherever it is seen."""
        return self._cuts.get(model.spec.id, model.spec.postprocessing)

    @property
    def listed(self) -> Postprocessing:
        """How the masks were made that the figures of the worklist are of."""
        return self._state.listed

    def set_listed(self, post: Postprocessing) -> None:
        """The figures of the worklist are of masks that were made otherwise."""
        self._state.listed = post
        self.listed_changed.emit()

    @property
    def post(self) -> Postprocessing:
        """How the probability on screen becomes a mask."""
        return self._state.post

    @property
    def open_case(self) -> OpenCase | None:
        """The case on screen."""
        return self._state.open_case

    @property
    def open_id(self) -> str:
        """Id of the case on screen; empty while none is, unlike `current` while it is unread."""
        opened = self._state.open_case
        return "" if opened is None else opened.loaded.case.id

    @property
    def preview(self) -> OpenPreview | None:
        """The first slice of a case that is being read: on screen until the whole case is."""
        return self._state.preview

    @property
    def current(self) -> str:
        """Id of the case on screen, or of the one that is shown as unreadable; empty before.

        Whatever the reader decides, rates, notes, draws or runs is about this case.
        """
        return self._state.current

    @property
    def pending(self) -> str:
        """Id of the case that is being read, to be on screen next; empty while none is."""
        return self._state.pending

    @property
    def wanted(self) -> str:
        """Id of the case the reader is on the way to: the pending one, else the current."""
        return self._state.pending or self._state.current

    @property
    def problem(self) -> str:
        """Why the case asked for is not on screen; empty while there is no such reason."""
        return self._state.problem

    @property
    def result(self) -> Result | None:
        """The prediction on screen."""
        return self._state.result

    @property
    def mask_name(self) -> str:
        """What tells the mask of the prediction on screen from others: its key and how it is cut.

        Without a prediction the key is left out.
        """
        result = self._state.result
        key = "" if result is None or result.prediction is None else result.prediction.key
        return f"{key} {self.post.cut}"

    @property
    def seeking(self) -> bool:
        """Whether it is not known yet if there is a prediction of the case on screen."""
        return self._state.seeking

    def set_seeking(self, seeking: bool) -> None:
        """A prediction of the case on screen is looked for, or was found or not."""
        if self._state.seeking != seeking:
            self._state.seeking = seeking
            self.seeking_changed.emit()

    @property
    def view(self) -> ViewState:
        """What the reader chose to see."""
        return self._state.view

    @property
    def queue(self) -> RunQueue:
        """The runs asked for."""
        return self._state.queue

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices a model can run on; empty until the engine has said so."""
        return self._state.devices

    @property
    def device_used(self) -> str:
        """Where the last run took place; empty before the first."""
        return self._state.device_used

    @property
    def case_states(self) -> dict[str, CaseState]:
        """What is known of every case of the dataset, by id; not to be changed."""
        return self._state.cases

    def subject(self, case_id: str) -> Subject:
        """Return what would be reviewed of a case now: the prediction as it is cut, the correction.

        No model is named where it has not predicted the case, or cannot be read any more.
        """
        state, model = self._state.cases.get(case_id), self.running_model
        version = 0 if state is None else state.version
        if state is None or not state.scored or model is None:
            return Subject(version=version)
        try:
            named = (model.spec.id, model.spec.title, model.fingerprint)
        except ModelError:
            return Subject(version=version)
        return subject_of(named, self.post, version=version)

    def standing(self, case_id: str) -> Review:
        """Return what is said of a case as it is now; what was said of something else is not."""
        review = self._state.reviews.get(case_id) or Review(case_id=case_id)
        return review_standing(review, self.subject(case_id)) if review.decided else review

    @property
    def standings(self) -> dict[str, Review]:
        """What is said of the cases as they are now, of those of which anything was ever said."""
        return {case_id: self.standing(case_id) for case_id in self._state.reviews}

    @property
    def correction(self) -> Correction | None:
        """The correction of the case on screen; None until one was begun."""
        return self._state.correction

    def edits_of(self, cut: Cut) -> int:
        """Return how often the correction of a slice has changed."""
        return self._state.edits.get((cut.plane.name, cut.index), 0)

    def set_correction(self, correction: Correction | None) -> None:
        """Another correction, or none, lies over the case on screen."""
        self._state.correction = correction
        self._change_masks()
        self.correction_changed.emit()

    def note_painted(self, box: Box | None) -> None:
        """The correction changed in `box`."""
        if box is not None:
            edits = self._state.edits
            for name, plane in PLANES.items():
                for index in range(box[2 * plane.axis], box[2 * plane.axis + 1]):
                    edits[name, index] = edits.get((name, index), 0) + 1
            self.mask_painted.emit(box)

    @property
    def reviews(self) -> dict[str, Review]:
        """What is said of cases, by id; not to be changed."""
        return self._state.reviews

    @property
    def triage(self) -> Triage | None:
        """Which slices of the case on screen are likely to hold a lesion; None until known."""
        return self._state.triage

    def set_triage(self, triage: Triage) -> None:
        """The case on screen was triaged."""
        self._state.triage = triage
        self.triage_changed.emit()

    @property
    def labels(self) -> LabelState:
        """The labels of the case on screen, and which of them the reader looks at and holds."""
        return self._state.labels

    def set_labels(self, labels: LabelState) -> None:
        """Other labels are there, or the reader looks at, holds, hides or locks others."""
        if labels != self._state.labels:
            self._state.labels = labels
            self.labels_changed.emit()

    def set_reviews(self, reviews: dict[str, Review]) -> None:
        """The reviews of a workspace were read."""
        self._state.reviews = reviews
        self.reviews_changed.emit()

    def set_review(self, review: Review) -> None:
        """Something else is said of a case."""
        self._state.reviews[review.case_id] = review
        self.review_changed.emit(review.case_id)

    def set_place(self, place: Place, states: dict[str, CaseState]) -> None:
        """Another dataset is open, no case of it yet."""
        self._state.place, self._state.cases = place, states
        self._state.open_case = self._state.result = self._state.correction = None
        self._state.preview, self._state.current, self._state.pending = None, "", ""
        self._state.reviews = {}
        self.place_changed.emit()

    def change_place(self, place: Place) -> None:
        """The cases of the dataset that is open are told otherwise; it stays open."""
        self._state.place = place
        for case in place.dataset.cases:
            self._state.cases[case.id] = replace(self._state.cases[case.id], case=case)

    def note_figures(self) -> None:
        """The figures of all cases are those that the workspace keeps by now."""
        self.figures_read.emit()

    def set_models(self, models: Models) -> None:
        """Other models are there, or another is in use."""
        self._state.models = models
        self._as_set.clear()
        self.models_changed.emit()

    def set_pending(self, case_id: str) -> None:
        """A case was asked for."""
        self._state.pending = case_id
        self.case_opening.emit()

    def set_preview(self, preview: OpenPreview) -> None:
        """The first slice of the pending case is on screen; no case is until all of it is read."""
        self._leave(preview.case_id)
        self._state.preview, self._state.problem = preview, ""
        self._show_other_case()

    def set_open_case(
        self, open_case: OpenCase, *, slice_index: int, labels: LabelState | None = None
    ) -> None:
        """Another case is on screen, at axial slice `slice_index`, without a prediction yet.

        The same case with another region in focus stays as it is seen; `labels` are those it has.
        """
        same = self._state.current == open_case.loaded.case.id and self.open_case is not None
        self.case_leaving.emit()
        self._state.current, self._state.pending = open_case.loaded.case.id, ""
        self._state.open_case, self._state.preview, self._state.result = open_case, None, None
        self._state.correction, self._state.edits = None, {}
        self._state.triage = None
        self._state.seeking = self._state.models.current is not None
        self._state.problem = ""
        view = self.view
        if not same:
            view = replace(view, at=open_case.first_voxel(slice_index), window_levels=())
            view = view.working_in(open_case.acquired, large=True)
        self._state.view = replace(view, asking=False)
        before, self._state.labels = self._state.labels, labels or LabelState()
        self._show_other_case(labels=before != self._state.labels)

    def set_unopened(self, problem: str) -> None:
        """The case asked for cannot be shown: nothing is on screen, least of all another case."""
        self._leave(self.wanted)
        self._state.preview, self._state.pending, self._state.problem = None, "", problem
        self._show_other_case()

    def _leave(self, for_case: str) -> None:
        """The case on screen gives way to one of which there is nothing to work on."""
        self.case_leaving.emit()
        self._state.current = for_case
        self._state.open_case = self._state.result = self._state.correction = None

    def _show_other_case(self, *, labels: bool = False) -> None:
        self.case_version += 1
        self._change_masks()
        if labels:
            self.labels_changed.emit()
        self.case_changed.emit()

    def set_result(self, result: Result | None, *, same_masks: bool = False) -> None:
        """Another prediction, mask or figure; `same_masks` when only figures differ."""
        self._state.result = result
        if not same_masks:
            self._change_masks()
        self.result_changed.emit()

    def add_part(self, result: Result, indices: Sequence[int]) -> None:
        """Further slices of the prediction on screen have arrived; the others are as before."""
        self._state.result = result
        self._mask_version += 1
        self._slice_masks.update(dict.fromkeys(indices, self._mask_version))
        self.part_arrived.emit(frozenset(indices))

    def masks_of(self, cut: Cut) -> int:
        """Return a number that is another one whenever masks over that slice may be others.

        Parts of a prediction arrive in axial slices: they change every slice of other planes.
        """
        if cut.plane.axis:
            return self._mask_version
        return self._slice_masks.get(cut.index, self._whole_masks)

    def _change_masks(self) -> None:
        self._mask_version += 1
        self._whole_masks = self._mask_version
        self._slice_masks.clear()

    def set_post(self, post: Postprocessing) -> None:
        """Another way from probability to mask of the model in use; the masks follow."""
        self._state.post = post
        current = self._state.models.current
        if current is not None:
            self._cuts.pop(current.spec.id, None)
            if post != current.spec.postprocessing:
                self._cuts[current.spec.id] = post
            self._as_set.pop(current.spec.id, None)
        self.post_changed.emit()

    def set_view(self, view: ViewState) -> None:
        """The reader chose something else to see."""
        if view != self._state.view:
            self._state.view = view
            self.view_changed.emit()

    def set_case_state(self, state: CaseState) -> None:
        """Something else is known of a case."""
        self._state.cases[state.case.id] = state
        self.case_state_changed.emit(state.case.id)

    def set_queue(self, queue: RunQueue) -> None:
        """The runs asked for are at another point."""
        self._state.queue = queue
        self.queue_changed.emit()

    def set_devices(self, devices: tuple[str, ...], used: str) -> None:
        """Other devices are known, or another was used."""
        self._state.devices, self._state.device_used = devices, used
        self.device_changed.emit()

    def set_settings(self, settings: Settings) -> None:
        """The reader set something."""
        self.settings = settings
        self.settings_changed.emit()
