"""A window that several tests have one after the other: each gets it as it was at first."""

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from gui.app.program import Program
from gui.shell.commands import COMMANDS
from gui.shell.tasks import Fault
from tests.gui.finding import by_name
from tests.gui.tiny import choose, settle, shown_case


class LentWindow:
    """Holds a window on the tiny cases, and sees to it that no test leaves its traces there."""

    def __init__(self, program: Program, qtbot: QtBot) -> None:
        self.program = program
        self._qtbot = qtbot
        self._faults: list[Fault] = []
        program.lanes.reports.faulted.connect(self._faults.append)
        self._before = self._state()
        self._case = shown_case(program)
        self._view, self._post = program.session.view, program.session.post

    def take_back(self) -> None:
        """Make the window what it was, or fail: what lasts longer needs a window of its own."""
        program, session = self.program, self.program.session
        for dialog in program.window.findChildren(QDialog):
            dialog.close()
            dialog.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        by_name(program.window.worklist, QLineEdit, "Find a case").clear()
        by_name(program.window, QPushButton, "Metrics of: Case").click()
        program.annotation.set_tool("pan")
        program.window.activateWindow()
        self._qtbot.waitUntil(program.window.isActiveWindow)
        settle(self._qtbot, program)
        if shown_case(program) != self._case:
            choose(self._qtbot, program, self._case)
        session.set_post(self._post)
        session.set_view(self._view)
        program.window.view.fit()
        program.window.view.setFocus()
        settle(self._qtbot, program)
        assert self._faults == []
        now = self._state()
        left = [f"{name}: {now[name]}" for name in now if now[name] != self._before[name]]
        assert left == [], "\n".join(left)

    def _state(self) -> dict[str, object]:
        """Return all that a test could change, as far as the next one could notice."""
        session, view = self.program.session, self.program.window.view
        actions = self.program.window.actions
        return {
            "case": shown_case(self.program),
            "figures": {name: (s.dsc, s.scored, s.run) for name, s in session.case_states.items()},
            "view": session.view,
            "post": session.post,
            "settings": session.settings,
            "labels": session.labels,
            "correction": session.correction,
            "runs": session.queue.active,
            # How long a case was looked at is counted on, which no test of looking tells.
            "reviews": [
                (each.case_id, each.status, each.rating, each.note)
                for each in session.reviews.values()
                if (each.status, each.rating, each.note) != ("unreviewed", None, "")
            ],
            "model": session.models.current and session.models.current.spec.id,
            "order": self.program.window.worklist.order(),
            "zoom": round(view.zoom, 6),
            "centre": (round(view.centre.x(), 3), round(view.centre.y(), 3)),
            "focus": QApplication.focusWidget(),
            "commands": {
                each.id: (actions[each.id].isEnabled(), actions[each.id].isChecked())
                for each in COMMANDS
            },
            "widgets": {type(each).__name__ for each in QApplication.topLevelWidgets()},
        }
