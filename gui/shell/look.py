"""The colours that the reader set."""

from core.workspace.settings import Settings
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS, OverlayColours, Theme


def look_of(settings: Settings) -> tuple[Theme, OverlayColours]:
    """Return the theme and the palette of overlays that are set."""
    theme = DARK if settings.theme == "dark" else LIGHT
    return theme, SAFE_OVERLAYS if settings.overlay_colours == "safe" else DEFAULT_OVERLAYS
