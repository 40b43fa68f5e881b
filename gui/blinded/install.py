"""Blinded reading in a window."""

from functools import cached_property
from typing import TYPE_CHECKING

from gui.shell.context import Context, Handlers

if TYPE_CHECKING:
    from gui.blinded.blinded_presenter import BlindedPresenter


class BlindedFeature:
    """What was installed; the presenter is made when it is first asked for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.handlers: Handlers = {"blinded": lambda: self.presenter.show()}

    @cached_property
    def presenter(self) -> "BlindedPresenter":
        """The readings of this window."""
        from gui.blinded.blinded_presenter import BlindedPresenter

        return BlindedPresenter(self._context)


def install(context: Context) -> BlindedFeature:
    """Make what sets up blinded readings; they are read in a window of their own."""
    return BlindedFeature(context)
