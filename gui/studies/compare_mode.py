"""The window while models are compared: views side by side, the study below, figures beside."""

from collections.abc import Mapping

from PySide6.QtCore import QObject

from core.domain.clock import utc_now
from core.domain.metrics import SliceCounts
from core.domain.plane import Cut
from core.review.signature import Signed, put_signed, signed_cases
from gui.shell.context import Context
from gui.shell.mask_source import MaskSource
from gui.studies.compare_lines import Counted, case_lines, region_scores, vote_shares
from gui.studies.compare_models import ComparedModel
from gui.studies.compare_side import RunView
from gui.studies.studies_views import StudiesViews
from gui.studies.study_presenter import StudyPresenter


class CompareMode(QObject):
    """Enters and leaves the comparison, and keeps its figures in step with the case on screen."""

    def __init__(self, context: Context, views: StudiesViews, study: StudyPresenter) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.session
        self._views, self._study = views, study
        self._on = False
        self._before = "one_view"
        self._signed: dict[str, Signed] = {}
        self._runs = self._to_part = False
        self._ticked: tuple[str, ...] = ()
        session, side = context.session, study.side
        side.ticked_changed.connect(self._on_ticked)
        side.scope_chosen.connect(self._show_figures)
        side.signed.connect(self._sign)
        study.show_asked.connect(self.enter)
        study.run_changed.connect(self._show_run)
        views.line.show_asked.connect(self.enter)
        views.line.stop_asked.connect(study.cancel)
        views.viewer.linked.measures.changed.connect(lambda _: self._show_figures())
        session.models_changed.connect(self._offer)
        session.place_changed.connect(self._on_place_changed)
        for signal in (session.case_changed, session.result_changed):
            signal.connect(self._on_case_changed)
        session.view_changed.connect(self._show_figures)
        context.masks.changed.connect(self._on_case_changed)
        self._on_place_changed()
        self._offer()

    @property
    def on(self) -> bool:
        """Whether the window compares."""
        return self._on

    def toggle(self) -> None:
        """Compare, or go back to the review."""
        if self._on:
            self.leave()
        else:
            self.enter()

    def enter(self) -> None:
        """Show what several models say of the case on screen, and of all cases."""
        grid = self._views.viewer.views.grid
        if not self._on:
            self._on, self._before = True, grid.layout_name
            self._views.layout.lay_compare(self._study.side, self._study.panel)
            self._to_part = grid.count == 1
        self._views.line.hide()
        self._views.viewer.views.view.setFocus()
        self._views.viewer.views.top_bar.set_mode("compare")
        self._on_case_changed()

    def leave(self) -> None:
        """Go back to the review, its views as they were."""
        if self._on:
            self._on = False
            self._views.layout.lay_review()
            self._context.trigger(self._before)
            self._study.announce()
        self._views.viewer.views.top_bar.set_mode("review")

    def _offer(self) -> None:
        models = self._session.models
        rows = [
            ComparedModel(
                model.spec.id,
                model.spec.title,
                _size(model.spec.parameters),
                champion=model.spec.id == models.champion_id,
            )
            for model in models.available
        ]
        there = [row.id for row in rows]
        ticked = [name for name in there if name in self._ticked] or there
        self._study.side.set_models(rows, ticked)
        self._show_figures()

    def _on_ticked(self, ticked: tuple[str, ...]) -> None:
        self._ticked = ticked
        self._context.masks.tick(ticked)
        self._show_figures()

    def _on_place_changed(self) -> None:
        place = self._session.place
        self._signed = {}
        if place is None:
            return
        store = place.workspace.store

        def keep(found: dict[str, Signed]) -> None:
            if self._session.place is place:
                self._signed = {**found, **self._signed}
                self._show_signed()

        self._context.lanes.run("io", lambda _: signed_cases(store), keep)

    def _part(self) -> None:
        """Show several views, once there is a case to show in them."""
        self._to_part = False
        many = len(self._session.models.available) > 2
        self._context.trigger("four_views" if many else "two_views")

    def _on_case_changed(self) -> None:
        if self._on and self._session.open_case is not None:
            if self._to_part:
                self._part()
            self._views.viewer.linked.measures.want(
                MaskSource("model", model.spec.id) for model in self._session.models.available
            )
        self._show_figures()
        self._show_signed()

    def _show_figures(self) -> None:
        opened, side = self._session.open_case, self._study.side
        if not self._on or opened is None:
            side.show_signable(())
            return
        cut = self._session.view.cut_in(self._session.view.main)
        measures, loaded = self._views.viewer.linked.measures, opened.loaded
        has_truth = loaded.ground_truth is not None
        scores: dict[str, float | None] = {}
        lines, planes = list[Counted](), []
        for model in self._session.models.available:
            found = measures.of(MaskSource("model", model.spec.id))
            counts = (
                None
                if found is None
                else found.counts(cut if side.of_slice else None, loaded.ground_truth)
            )
            if found is None or counts is None or found.found.counted is None:
                continue
            scores[model.spec.id] = found.dsc
            lines.append(Counted(model.spec.title, counts, None if side.of_slice else found.hd95))
            if model.spec.id in side.ticked:
                planes.append(cut.of(found.found.counted.mask))
        self._show_regions(cut if side.of_slice else None)
        side.models.show_dsc(scores)
        side.show_signable(scores)
        side.show_case(case_lines(lines, loaded.volume.geometry, has_truth=has_truth))
        side.show_agreement(vote_shares(planes), len(planes))

    def _show_regions(self, cut: Cut | None) -> None:
        """Show the DSC of each region by the models that tell labels of the case on screen.

        Slices are counted where they are axial; of other planes there is none.
        """
        measures, labels = self._views.viewer.linked.measures, self._session.labels.labels
        found: dict[str, Mapping[str, SliceCounts]] = {}
        for place, model in enumerate(self._session.models.available, start=1):
            known = measures.of(MaskSource("model", model.spec.id))
            if known is not None and known.regions and (cut is None or not cut.plane.axis):
                found[str(place)] = known.regions
        index = None if cut is None else cut.index
        lines = region_scores(list(found.values()), labels, index) if found else []
        self._study.side.show_regions(list(found), lines)

    def _show_signed(self) -> None:
        signed = self._signed.get(self._session.current)
        self._study.side.show_signed(None if signed is None else signed.model)

    def _sign(self, model_id: str) -> None:
        """Keep which contour the reader would sign, under a name."""
        place, case_id = self._session.place, self._session.current
        self._show_signed()
        if place is None or self._session.open_case is None:
            return
        if place.held:
            self._context.takeover.ask()
            return

        def keep() -> None:
            shown = tuple(model.spec.id for model in self._session.models.available)
            reader = self._session.settings.reader
            signed = Signed(
                case_id=case_id, shown=shown, model=model_id, reader=reader, time=utc_now()
            )
            self._signed[case_id] = signed
            self._show_signed()
            store = place.workspace.store
            self._context.lanes.run("journal", lambda _: put_signed(store, signed))

        self._context.readers.named(keep)

    def _show_run(self, view: RunView) -> None:
        """Keep the progress of a comparison in sight when its panel is not."""
        line = self._views.line
        line.setVisible(view.fraction is not None and not self._on)
        if self._runs and view.fraction is None:
            self._context.masks.look_again()
        self._runs = view.fraction is not None
        if view.fraction is not None:
            what, _, rest = view.message.partition("\n")
            line.set_progress(what, view.fraction, rest)


def _size(parameters: int | None) -> str:
    return "" if parameters is None else f"{parameters / 1e6:.1f} M params"
