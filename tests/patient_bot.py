"""The `qtbot` of all tests: it waits for what comes, however slow the machine is."""

from collections.abc import Callable
from typing import Any

from pytestqt.qtbot import QtBot

from tests import patience


class PatientBot(QtBot):
    """Gives nothing up after the five seconds of pytest-qt; a test names no time of its own."""

    def waitUntil(self, callback: Callable[[], bool | None]) -> None:  # noqa: N802
        super().waitUntil(callback, timeout=patience.MILLISECONDS)

    def waitSignal(self, signal: Any, **how: Any) -> Any:  # noqa: N802
        return super().waitSignal(signal, **{"timeout": patience.MILLISECONDS, **how})

    def waitExposed(self, widget: Any) -> Any:  # noqa: N802
        return super().waitExposed(widget, timeout=patience.MILLISECONDS)

    def waitActive(self, widget: Any) -> Any:  # noqa: N802
        return super().waitActive(widget, timeout=patience.MILLISECONDS)
