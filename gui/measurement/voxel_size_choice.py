"""Asks for a spacing that no file tells, keeps it for the case or the folder, and takes it back."""

from PySide6.QtCore import QObject

from core.domain.grid import Spacing
from core.io.datasets.organisation import Organisation
from core.workspace import known_dataset
from gui.measurement.voxel_size_dialog import SpacingDialog
from gui.shell.context import Context

_SUBJECT = "spacing"


class SpacingChoice(QObject):
    """What is given is kept in the workspace and holds from then on, here and in commands."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self.dialog: SpacingDialog | None = None

    def ask(self) -> None:
        """Ask for the spacing of the case on screen; where files tell it, say so."""
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None:
            return
        case, grid = opened.loaded.case, opened.loaded.volume.geometry
        if grid.filed_spacing_mm is not None:
            size = " × ".join(f"{side:g}" for side in reversed(grid.filed_spacing_mm))
            self._context.toasts.show_toast(
                "The files tell the spacing",
                f"{case.id} has voxels of {size} mm (x, y, z).",
                subject=_SUBJECT,
            )
            return
        self.dialog = SpacingDialog(
            self._context.window,
            case.id,
            cases=len(place.dataset.cases),
            before=case.given_spacing_mm,
        )
        self.dialog.given.connect(
            lambda spacing, everywhere: self.give(spacing, "" if everywhere else case.id)
        )
        self._session.case_changed.connect(self.dialog.reject)
        self.dialog.open()

    def give(self, spacing: Spacing | None, case_id: str = "") -> None:
        """Keep a spacing for a case, or for all when none is named; None takes it back."""
        place = self._session.place
        if place is None:
            return
        root = place.dataset.root

        def work(_: object) -> Organisation:
            before = known_dataset.recalled(root)
            known_dataset.keep(root, _changed(before, spacing, case_id))
            return before

        self._context.lanes.run(
            "io",
            work,
            lambda before: self._say(before, spacing, case_id),
            failed=lambda said: self._context.say_failed("The spacing was not kept", said),
        )

    def _say(self, before: Organisation, spacing: Spacing | None, case_id: str) -> None:
        """Read the cases anew, and offer the step back."""
        self._context.operations.open_again()
        whose = case_id or "all cases whose files tell none"
        if spacing is None:
            title, said = "Spacing taken back", f"Lengths are in voxels again: {whose}."
        else:
            size = " × ".join(f"{side:g}" for side in reversed(spacing))
            title, said = "Spacing given", f"{size} mm (x, y, z) for {whose}."
        self._context.toasts.show_toast(
            title,
            said,
            kind="ok",
            action=("Undo", lambda: self._restore(before)),
            subject=_SUBJECT,
        )

    def _restore(self, before: Organisation) -> None:
        place = self._session.place
        if place is None:
            return
        root = place.dataset.root

        def work(_: object) -> None:
            now = known_dataset.recalled(root)
            known_dataset.keep(root, now.with_spacings_of(before))

        self._context.lanes.run(
            "io",
            work,
            lambda _: self._context.operations.open_again(),
            failed=lambda said: self._context.say_failed("The spacing was not taken back", said),
        )


def _changed(before: Organisation, spacing: Spacing | None, case_id: str) -> Organisation:
    """Return how the folder is organised with another spacing.

    One that is given for all, or taken back from all, is the only one from then on.
    """
    if case_id:
        return before.with_spacing(spacing, case_id)
    return before.without_spacings().with_spacing(spacing)
