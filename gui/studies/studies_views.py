"""What of the window compares models."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QWidget

from gui.viewer.install import Viewer
from gui.widgets.run_line import RunLine

if TYPE_CHECKING:
    from gui.studies.study_panel import StudyPanel


class CompareLayout(Protocol):
    """The window, which lays the regions out for reviewing or for comparing."""

    def lay_compare(self, side: QWidget, below: "StudyPanel") -> None:
        """Show the views large, `side` at their right and `below` under both."""

    def lay_review(self) -> None:
        """Show the regions of a review."""


@dataclass(frozen=True, eq=False)
class StudiesViews:
    """What of the window compares models."""

    layout: CompareLayout
    viewer: Viewer
    line: RunLine
