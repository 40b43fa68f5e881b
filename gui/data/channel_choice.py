"""Offers the choice of channels where images have four or more, and keeps it for the folder."""

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from core.io.case import Case
from core.io.tiff import read_image
from core.workspace import known_dataset
from gui.data.channel_dialog import ChannelDialog
from gui.shell.context import Context

_MOST = 3
_SUBJECT = "channels"


class ChannelChoice(QObject):
    """Asks which channels of the case on screen are used; offers it once for each folder."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._offered: Path | None = None
        self.dialog: ChannelDialog | None = None
        self._session.case_changed.connect(self._on_case_changed)

    def ask(self) -> None:
        """Count the channels in the files of the case on screen, and ask which are used."""
        opened = self._session.open_case
        if opened is None:
            return
        case = opened.loaded.case
        if case.volumes is not None:
            self._nothing_to_choose(case, len(opened.loaded.volume.channels))
            return
        path = case.slices[case.middle].image
        self._context.lanes.run(
            "io",
            lambda _: len(read_image(path)),
            lambda count: self._show(case, count),
            failed=lambda said: self._context.say_failed("No choice of channels", said),
        )

    def _show(self, case: Case, count: int) -> None:
        if count <= _MOST:
            self._nothing_to_choose(case, count)
            return
        self.dialog = ChannelDialog(self._context.window, case.id, count)
        if case.channels:
            self.dialog.set_choice(case.channels)
        self.dialog.chosen.connect(self.keep)
        self.dialog.open()

    def _nothing_to_choose(self, case: Case, count: int) -> None:
        plural = "" if count == 1 else "s"
        said = f"{case.id} has {count} channel{plural}, each with its own place."
        self._context.toasts.show_toast("Nothing to choose", said, subject=_SUBJECT)

    def keep(self, channels: tuple[int, ...]) -> None:
        """Keep a choice for the folder that is open, and read its cases anew."""
        place = self._session.place
        if place is None:
            return
        root = place.dataset.root

        def work(_: object) -> None:
            known_dataset.keep(
                root, msgspec.structs.replace(known_dataset.recalled(root), channels=channels)
            )

        self._context.lanes.run(
            "io",
            work,
            lambda _: self._context.operations.open_dataset(root),
            failed=lambda said: self._context.say_failed("The choice was not kept", said),
        )

    def _on_case_changed(self) -> None:
        opened, place = self._session.open_case, self._session.place
        if opened is None or place is None or place.dataset.root == self._offered:
            return
        case, count = opened.loaded.case, len(opened.loaded.volume.channels)
        if case.volumes is None and not case.channels and count > _MOST:
            self._offered = place.dataset.root
            self._context.toasts.show_toast(
                f"{count} channels",
                "Models of three channels need a choice of three.",
                action=("Choose…", self.ask),
                subject=_SUBJECT,
            )
