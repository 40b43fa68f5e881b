"""The look of the window: fonts, palette and style sheet of a theme."""

import functools
from string import Template

from PySide6.QtCore import QDir
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QAbstractSpinBox, QApplication

from core.domain.errors import FileError
from core.io.resource_paths import resource
from gui.widgets.focus_ring import install_focus_ring
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS, OverlayColours, Theme

__all__ = [
    "DARK",
    "DEFAULT_OVERLAYS",
    "LIGHT",
    "SAFE_OVERLAYS",
    "OverlayColours",
    "Theme",
    "app_font",
    "apply_theme",
    "finish_theme",
    "indent_text",
    "load_fonts",
    "prepare_theme",
    "style_sheet",
]

_FONT_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf")
_BODY_PX = 12
_SPIN_BOX_INDENT_PX = 6


@functools.cache
def style_sheet(theme: Theme) -> str:
    """Return the style sheet of the whole window in the colours of `theme`."""
    template = resource("style", "overread.qss").read_text(encoding="utf-8")
    return Template(template).substitute(theme.tokens())


@functools.cache
def load_fonts() -> str:
    """Register the bundled fonts, once a process, and return their family; needs a QApplication.

    Raises:
        FileError: a font file is missing or damaged.
    """
    families: list[str] = []
    for name in _FONT_FILES:
        path = resource("fonts", name)
        identifier = QFontDatabase.addApplicationFont(str(path))
        if identifier < 0:
            raise FileError(
                path,
                expected="an OpenType font",
                found="none that can be read",
                action="Install Overread again.",
            )
        families += QFontDatabase.applicationFontFamilies(identifier)
    return families[0]


def app_font(*, size_px: int = _BODY_PX, weight: int = 400, tabular: bool = True) -> QFont:
    """Return the font of the window; tabular figures all have one width, for columns."""
    return QFont(_made_font(size_px, weight, tabular))


@functools.cache
def _made_font(size_px: int, weight: int, tabular: bool) -> QFont:
    # A window asks for its few fonts hundreds of times; a copy of one shares all of it.
    font = QFont(load_fonts())
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setFeature(QFont.Tag("tnum"), int(tabular))
    return font


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give the running application the style, palette, font and style sheet of `theme`.

    Where it has them already nothing is done: all widgets would be polished anew.
    """
    prepare_theme(app, theme)
    finish_theme(app, theme)


def prepare_theme(app: QApplication, theme: Theme) -> None:
    """Give the application the style, palette and font of `theme`, and no style sheet.

    A window that is made now measures itself in the right font. Under a sheet, each part would be
    polished anew wherever it is placed; `finish_theme` does it once, when the window is whole.
    """
    if app.styleSheet() == style_sheet(theme):
        return
    QDir.setSearchPaths("style", [str(resource("style"))])
    # Without its old sheet, so that the widgets are polished once, not three times.
    app.setStyleSheet("")
    app.setStyle("Fusion")
    app.setFont(app_font())
    app.setPalette(_qt_palette(theme))


def finish_theme(app: QApplication, theme: Theme) -> None:
    """Give the application the style sheet of `theme`, after `prepare_theme`."""
    sheet = style_sheet(theme)
    if app.styleSheet() == sheet:
        return
    app.setStyleSheet(sheet)
    install_focus_ring(app, theme.acc)


def indent_text(field: QAbstractSpinBox) -> None:
    """Start the text of a spin box where that of other fields starts.

    Styled spin boxes of Qt 6.11 lay their text at the border, whatever padding the sheet gives.
    """
    field.lineEdit().setTextMargins(_SPIN_BOX_INDENT_PX, 0, 0, 0)


def _qt_palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.bg1,
        role.WindowText: theme.t1,
        role.Base: theme.bg2,
        role.AlternateBase: theme.bg1,
        role.ToolTipBase: theme.bg3,
        role.ToolTipText: theme.t1,
        role.PlaceholderText: theme.t3,
        role.Text: theme.t1,
        role.Button: theme.bg2,
        role.ButtonText: theme.t1,
        role.BrightText: theme.bad,
        role.Light: theme.bg4,
        role.Midlight: theme.bg3,
        role.Mid: theme.line2,
        role.Dark: theme.line,
        role.Shadow: theme.canvas,
        role.Highlight: theme.accfill,
        role.HighlightedText: theme.onacc,
        role.Link: theme.acc,
        role.LinkVisited: theme.acc,
        role.Accent: theme.accfill,
    }
    palette = QPalette()
    for key, colour in colours.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.t4))
    return palette
