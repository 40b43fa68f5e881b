"""Offers the choice of channels where images have four or more, and keeps it for the folder."""

from PySide6.QtCore import QObject

from core.io.cases.case import Case
from core.io.tiff.tiff import read_image
from gui.data.channel_dialog import ChannelDialog
from gui.data.folder_question import FolderQuestion
from gui.shell.context import Context

_MOST = 3


class ChannelChoice(QObject):
    """Asks which channels of the case on screen are used; offers it once for each folder."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context, self._session = context, context.session
        self._question = FolderQuestion(context, "channels")
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
        self._question.say_needless(
            f"{case.id} has {count} channel{plural}, each with its own place."
        )

    def keep(self, channels: tuple[int, ...]) -> None:
        """Keep a choice for the folder that is open, and read its cases anew."""
        self._question.keep(self._question.root, channels=channels)

    def _on_case_changed(self) -> None:
        opened = self._session.open_case
        if opened is None or not self._question.is_new:
            return
        case, count = opened.loaded.case, len(opened.loaded.volume.channels)
        if case.volumes is None and not case.channels and count > _MOST:
            self._question.offer(
                f"{count} channels",
                "Models of three channels need a choice of three.",
                ("Choose…", self.ask),
            )
