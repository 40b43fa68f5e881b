"""Keeps the tool card, and the hints of the status bar, in step with the tool in hand."""

from PySide6.QtCore import QObject

from core.domain.figure_text import counted
from gui.annotation.correction.correction_desk import CorrectionDesk
from gui.annotation.correction.shown_grey import ShownGrey
from gui.annotation.tools.paint_tools import PaintTools
from gui.annotation.tools.range_preview import Preview, Taken
from gui.annotation.tools.tool_card import ToolCard
from gui.annotation.tools.tool_hints import tool_hints
from gui.shell.context import Context
from gui.shell.status_bar import StatusBar
from gui.viewer.labels.labels_presenter import rule_words
from gui.viewer.slice.touch import UNPAINTED


class ToolPresenter(QObject):
    """Shows settings, what a first edit starts from, and what a press would take."""

    def __init__(
        self,
        context: Context,
        tools: tuple[CorrectionDesk, PaintTools, ShownGrey, Preview],
        views: tuple[ToolCard, StatusBar],
    ) -> None:
        super().__init__()
        self._session, self._change = context.session, context.operations.change_settings
        self._desk, self._paint_tools, self._grey, self._preview = tools
        self._card, self._status = views
        session, card, drawing = self._session, self._card, self._paint_tools
        drawing.settings_changed.connect(self._show_tool)
        card.changed.connect(lambda name, value: drawing.change(**{name: value}))
        card.complete_asked.connect(drawing.complete)
        card.back_asked.connect(drawing.take_back)
        drawing.guided.changed.connect(self._show_clicks)
        session.view_changed.connect(self._show_clicks)
        card.start_chosen.connect(lambda kind: self._change(start_from=kind))
        self._preview.changed.connect(self._show_taken)
        for changed in (
            session.result_changed,
            session.correction_changed,
            session.case_state_changed,
            session.models_changed,
        ):
            changed.connect(self._show_start)
        for changed in (session.case_changed, session.view_changed):
            changed.connect(self._show_span)
        session.settings_changed.connect(self._show_tool)
        session.labels_changed.connect(self._show_tool)
        self._show_tool()

    def _show_tool(self) -> None:
        drawing, swapped = self._paint_tools, self._session.settings.swap_buttons
        self._card.show_tool(drawing.tool, drawing.settings, swapped=swapped)
        self._show_clicks()
        hints, labels = tool_hints(drawing.tool, swapped=swapped), self._session.labels
        self._card.show_labels(labels)
        if not labels.labels.is_binary and drawing.tool not in UNPAINTED:
            hints = f"{rule_words(labels)} · {hints}"
        self._status.set_hints(hints)
        self._show_start()
        self._show_span()

    def _show_clicks(self) -> None:
        """Say what the guided clicks in hand would change."""
        guided = self._paint_tools.guided
        shown = self._paint_tools.tool == "guided"
        self._card.show_clicks(len(guided.clicks))
        cut = self._session.view.cut
        self._card.preview.show_figures(guided.figures(cut) if shown else None)

    def _show_start(self) -> None:
        """Say what a first edit would start from, while there is none."""
        start = self._desk.start
        kind = self._session.settings.start_from
        self._card.show_start(kind, None if start is None else start.title)

    def _show_span(self) -> None:
        """Say how many grey values a share of the range is."""
        self._card.set_span(self._grey.span)
        self._card.set_unit(self._grey.unit)

    def _show_taken(self) -> None:
        taken = self._preview.answer
        self._card.show_taken("" if taken is None else _said(taken))


def _said(taken: Taken) -> str:
    voxels = counted(taken.voxels, "voxel")
    return voxels if taken.slices < 2 else f"{voxels} on {taken.slices} slices"
