"""What the pointer does with each tool in hand, in a line for the status bar."""

from gui.viewer.slice.touch import Tool

_LOOKING = "Space hides overlays · ? shortcuts"
_MEASURING = "Drag measures · Drag an end moves it · Delete removes it · Right-drag zoom"
_HINTS: dict[Tool, str] = {
    "pan": f"Drag pan · Right-drag zoom · Wheel slices · {_LOOKING}",
    "window": f"Drag window and level · Right-drag zoom · Wheel slices · {_LOOKING}",
    "ruler": _MEASURING,
    "ellipse": _MEASURING,
    "rectangle": _MEASURING,
    "brush": "Drag paints · Right-drag erases · Shift+Wheel size · Ctrl+Wheel zoom · Wheel slices",
    "eraser": "Drag erases · Right-drag paints · Shift+Wheel size · Ctrl+Wheel zoom · Wheel slices",
    "threshold": (
        "Drag paints what is marked · Right-drag erases · Shift+Wheel size · Ctrl+Wheel zoom"
    ),
    "lasso": "Drag around it · Click corners · Right-drag cuts · Backspace last one · Enter closes",
    "fill": "Click fills what is marked · Right-click empties it · Ctrl+Wheel zoom · Wheel slices",
    "smart": "Drag inside · Right-drag outside · Backspace last scribble · Enter fills",
    "guided": "Click adds · Right-click takes away · Backspace last one · Enter writes · Esc drops",
    "component": "Click takes a lesion · Right-click deletes one · Ctrl+Wheel zoom · Wheel slices",
}


def tool_hints(tool: Tool, *, swapped: bool) -> str:
    """Return what the pointer does; with swapped buttons the left one stands for the right."""
    return of_the_hand(_HINTS[tool], swapped=swapped)


def of_the_hand(said: str, *, swapped: bool) -> str:
    """Return a hint as it holds with the buttons of the mouse as they are, or swapped."""
    return said.replace("Right", "Left").replace("right", "left") if swapped else said
