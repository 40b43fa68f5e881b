"""Something that is asked of an open folder: offered once for each, and the answer kept for it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtWidgets import QDialog

from core.workspace import known_dataset
from gui.shell.context import Context


class FolderQuestion:
    """One question; `subject` is the code under which what is said of it is replaced.

    `unkept` is the title where the answer could not be kept.
    """

    def __init__(
        self, context: Context, subject: str, *, unkept: str = "The choice was not kept"
    ) -> None:
        self._context, self._subject, self._unkept = context, subject, unkept
        self._offered: Path | None = None

    @property
    def root(self) -> Path | None:
        """The folder that is open, None without one."""
        place = self._context.session.place
        return None if place is None else place.dataset.root

    @property
    def is_new(self) -> bool:
        """True where a folder is open of which it was not offered yet."""
        return self.root is not None and self.root != self._offered

    def offer(self, title: str, said: str, action: tuple[str, Callable[[], None]]) -> None:
        """Offer it for the folder that is open; it is not new there any more."""
        self._offered = self.root
        self._context.toasts.show_toast(title, said, action=action, subject=self._subject)

    def show(self, dialog: QDialog) -> None:
        """Show a dialog that asks it of the folder that is open, for as long as it is."""
        self._context.session.place_changed.connect(dialog.reject)
        dialog.open()

    def say_needless(self, said: str) -> None:
        """Say why there is nothing to choose."""
        self._context.toasts.show_toast("Nothing to choose", said, subject=self._subject)

    def keep(self, root: Path | None, **answer: object) -> None:
        """Keep the answer, fields of `Organisation`, for a folder, and read its cases anew."""
        if root is None:
            return

        def work(_: object) -> None:
            how = msgspec.structs.replace(known_dataset.recalled(root), **answer)
            known_dataset.keep(root, how)

        self._context.lanes.run(
            "io",
            work,
            lambda _: self._context.operations.open_dataset(root),
            failed=lambda said: self._context.say_failed(self._unkept, said),
        )
