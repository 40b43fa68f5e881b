"""How the model in use meets the case on screen: which channels it is given, what differs."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.domain.errors import ModelError
from core.domain.volume import Volume
from core.models.model_fit import ModelFit, fit_of_model
from core.models.registry import Model
from gui.shell.context import Context
from gui.shell.session_parts import OpenCase
from gui.shell.tasks import Task

_SUBJECT = "fit"


@dataclass(frozen=True, slots=True)
class FitView:
    """The fit in words: the channels that are given, and what differs or is missing.

    `renamed` is True where they have other names than the model's, `differs` is the doubt in short.
    """

    given: str = ""
    renamed: bool = False
    doubt: str = ""
    differs: str = ""
    fits: bool = True


class CaseFit(QObject):
    """Looks at each case and model anew, on a worker; says once a folder and model what differs."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._task: Task[FitView] | None = None
        self._seen: tuple[OpenCase, str] | None = None
        self._told: set[tuple[Path, str]] = set()
        self.view = FitView()
        self._correct_roles = ("Correct roles…", lambda: context.trigger("organise"))
        self._session.case_changed.connect(self._look)
        self._session.models_changed.connect(self._look)

    def _look(self) -> None:
        opened, model = self._session.open_case, self._session.models.current
        wanted = (opened, model) if opened is not None and model is not None else None
        if wanted is None or not wanted[1].runs:
            self._seen = None
            self._show(FitView())
            return
        opened, model = wanted
        if self._seen == (opened, model.spec.id):
            return
        self._seen = seen = (opened, model.spec.id)
        if self._task is not None:
            self._task.cancel()
        self._task = self._context.lanes.run(
            "io",
            lambda _: _view_of(model, opened.loaded.volume),
            lambda found: self._take(seen, found, model.spec.title),
        )

    def _take(self, seen: tuple[OpenCase, str], found: FitView, title: str) -> None:
        if seen != self._seen:
            return
        self._show(found)
        place = self._session.place
        if not found.doubt or place is None or (place.dataset.root, seen[1]) in self._told:
            return
        self._told.add((place.dataset.root, seen[1]))
        self._context.toasts.show_toast(
            f"{title} learnt from other images" if found.fits else f"{title} cannot be run here",
            found.doubt,
            action=None if found.fits else self._correct_roles,
            subject=_SUBJECT,
        )

    def _show(self, view: FitView) -> None:
        if view != self.view:
            self.view = view
            self.changed.emit()


def _view_of(model: Model, volume: Volume) -> FitView:
    try:
        fit: ModelFit = fit_of_model(model, volume)
    except ModelError as error:
        return FitView(doubt=str(error), fits=False)
    order = ", by their order alone" if fit.mapping.guessed else ""
    return FitView(
        fit.mapping.said + order, not fit.mapping.is_same, fit.doubt, "; ".join(fit.doubts)
    )
