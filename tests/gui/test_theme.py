"""The look: contrasts, the style sheet, fonts, icons, overlay colours, the focus ring."""

import gc
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from string import Template

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QIcon, QImage, QRawFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from skimage.color import deltaE_ciede2000, rgb2lab

from core.io.resource_paths import resource
from gui.widgets.confirm import confirm
from gui.widgets.focus_ring import FocusRing
from gui.widgets.icons import Tint, icon, pixmap, tinted_icon
from gui.widgets.palette import DARK, DEFAULT_OVERLAYS, LIGHT, SAFE_OVERLAYS, OverlayColours, Theme
from gui.widgets.theme import app_font, apply_theme, indent_text, load_fonts, style_sheet

ICONS = sorted(path.stem for path in resource("icons").glob("*.svg"))
THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])

# Full loss of one cone, in linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}

CONTROLS = {"button": QPushButton, "line": QLineEdit, "list": QComboBox, "number": QSpinBox}


def linear_rgb(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear: np.ndarray = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear


def contrast(one: str, other: str) -> float:
    dark, light = sorted(
        float(linear_rgb(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)
    )
    return (light + 0.05) / (dark + 0.05)


def as_seen(colour: str, deficiency: str) -> np.ndarray:
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear_rgb(colour), 0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    lab: np.ndarray = rgb2lab(srgb[np.newaxis])[0]
    return lab


def difference(one: str, other: str, deficiency: str) -> float:
    return float(deltaE_ciede2000(as_seen(one, deficiency), as_seen(other, deficiency)))


def ink(image: QImage) -> np.ndarray:
    """Return the alpha of every pixel, (Y, X)."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.constBits(), np.uint8)
    return rows.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), 3].copy()


def strongest_colour(image: QImage) -> str:
    y, x = np.unravel_index(int(np.argmax(ink(image))), (image.height(), image.width()))
    return image.pixelColor(int(x), int(y)).name()


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[Callable[[Theme], None]]:
    yield lambda theme: apply_theme(qapp, theme)
    qapp.setStyleSheet("")


def test_buttons_of_questions_have_no_icons_as_those_of_other_dialogs(
    themed: Callable[[Theme], None], qtbot: QtBot
) -> None:
    themed(DARK)
    parent = QWidget()
    qtbot.addWidget(parent)
    box = confirm(parent, ("Stop job 3?", "It ends now.", "Stop the job"), lambda: None)
    assert len(box.buttons()) == 2
    assert all(button.icon().isNull() for button in box.buttons())
    box.reject()


class TestColours:
    @THEMES
    def test_every_token_is_a_colour(self, theme: Theme) -> None:
        assert all(re.fullmatch("#[0-9A-F]{6}", value) for value in theme.tokens().values())
        assert theme.canvas == "#000000"

    @THEMES
    @pytest.mark.parametrize("text", ["t1", "t2", "t3", "acc", "ok", "warn", "bad"])
    @pytest.mark.parametrize("ground", ["bg1", "bg2"])
    def test_text_can_be_read(self, theme: Theme, text: str, ground: str) -> None:
        tokens = theme.tokens()
        assert contrast(tokens[text], tokens[ground]) >= 4.5

    @THEMES
    def test_text_on_fills_can_be_read(self, theme: Theme) -> None:
        pairs = [
            (theme.onacc, theme.accfill),
            (theme.onacc, theme.accfill_hover),
            (theme.onacc, theme.accfill_pressed),
            (theme.t1, theme.accsoft),
            (theme.acc, theme.accsoft),
            (theme.t2, theme.bg3),
            (theme.t1, theme.bg4),
            (theme.t2, theme.bg4),
            (theme.ok, theme.oksoft),
            (theme.warn, theme.warnsoft),
            (theme.bad, theme.badsoft),
        ]
        assert min(contrast(*pair) for pair in pairs) >= 4.5

    @THEMES
    def test_edges_of_controls_can_be_seen(self, theme: Theme) -> None:
        pairs = [(theme.line3, theme.bg1), (theme.knob, theme.bg4), (theme.accline, theme.bg1)]
        assert min(contrast(*pair) for pair in pairs) >= 3

    @pytest.mark.parametrize("deficiency", DEFICIENCIES)
    def test_safe_overlays_are_told_apart_without_one_cone(self, deficiency: str) -> None:
        safe = SAFE_OVERLAYS
        assert difference(safe.truth, safe.prediction, deficiency) > 40
        lines = (safe.truth, safe.prediction, safe.correction)
        assert min(difference(*pair, deficiency) for pair in combinations(lines, 2)) > 15

    def test_default_overlays_are_the_reason_for_the_safe_ones(self) -> None:
        default = DEFAULT_OVERLAYS
        assert difference(default.truth, default.prediction, "deuteranopia") < 10

    def test_a_safe_region_has_the_hue_of_its_contour(self) -> None:
        assert SAFE_OVERLAYS.false_positive == SAFE_OVERLAYS.prediction
        assert SAFE_OVERLAYS.false_negative == SAFE_OVERLAYS.truth

    @pytest.mark.parametrize("overlays", [DEFAULT_OVERLAYS, SAFE_OVERLAYS])
    def test_contours_differ_in_colour_and_show_on_their_halo(
        self, overlays: OverlayColours
    ) -> None:
        lines = (overlays.truth, overlays.prediction, overlays.correction)
        assert len(set(lines)) == 3
        assert min(contrast(line, "#000000") for line in lines) >= 4.5

    def test_safe_contours_differ_in_dash_too(self) -> None:
        assert SAFE_OVERLAYS.truth_dash != SAFE_OVERLAYS.prediction_dash


class TestStyleSheet:
    def test_it_uses_only_tokens_that_exist(self) -> None:
        template = Template(resource("style", "overread.qss").read_text(encoding="utf-8"))
        assert template.is_valid()
        used = set(template.get_identifiers())
        assert used <= set(DARK.tokens())
        assert {"bg1", "t1", "acc", "accfill", "line3", "bad"} <= used

    @THEMES
    def test_no_token_is_left(self, theme: Theme) -> None:
        sheet = style_sheet(theme)
        assert "$" not in sheet
        assert theme.accfill in sheet
        assert sheet.count("{") == sheet.count("}")

    def test_every_picture_it_names_is_there(self) -> None:
        named = re.findall(r"url\(style:([^)]+)\)", style_sheet(DARK))
        there = {path.name for path in resource("style").glob("*.svg")}
        assert set(named) == there

    @pytest.mark.parametrize("selector", ["#TopBar", "#Inspector", "#JobsDrawer", "QToolTip"])
    def test_it_styles_the_regions(self, selector: str) -> None:
        assert re.search(rf"{selector}\b[^{{}}]*{{", style_sheet(LIGHT))

    @THEMES
    def test_qt_understands_it(
        self, theme: Theme, themed: Callable[[Theme], None], qtbot: QtBot, qtlog: object
    ) -> None:
        themed(theme)
        window = QWidget()
        qtbot.addWidget(window)
        window.ensurePolished()
        window.grab()
        messages = [str(record.message) for record in qtlog.records]  # type: ignore[attr-defined]
        assert not [text for text in messages if "parse" in text or "property" in text]

    @pytest.mark.parametrize("kind", CONTROLS)
    def test_controls_are_28_pixels_high(
        self, kind: str, themed: Callable[[Theme], None], qtbot: QtBot
    ) -> None:
        themed(DARK)
        control = CONTROLS[kind]()
        window = QWidget()
        qtbot.addWidget(window)
        QVBoxLayout(window).addWidget(control)
        window.show()
        assert control.height() == 28

    @THEMES
    def test_a_primary_button_is_filled(
        self, theme: Theme, themed: Callable[[Theme], None], qtbot: QtBot
    ) -> None:
        themed(theme)
        button = QPushButton("Save")
        button.setProperty("primary", True)
        qtbot.addWidget(button)
        edge = button.grab().toImage().pixelColor(4, button.sizeHint().height() // 2)
        assert edge.name().upper() == theme.accfill

    @pytest.mark.parametrize(("role", "pixels", "weight"), [("title", 16, 600), ("hero", 34, 600)])
    def test_a_role_sets_size_and_weight_of_a_label(
        self, role: str, pixels: int, weight: int, themed: Callable[[Theme], None], qtbot: QtBot
    ) -> None:
        themed(DARK)
        label = QLabel("0.895")
        label.setProperty("role", role)
        qtbot.addWidget(label)
        label.ensurePolished()
        assert label.font().pixelSize() == pixels
        assert label.font().weight() == weight
        assert label.font().family() == load_fonts()

    def test_another_theme_replaces_the_first(
        self, qapp: QApplication, themed: Callable[[Theme], None]
    ) -> None:
        themed(DARK)
        themed(LIGHT)
        assert qapp.palette().window().color() == QColor(LIGHT.bg1)
        assert qapp.styleSheet() == style_sheet(LIGHT)

    def test_the_text_of_a_spin_box_is_indented(self, qtbot: QtBot) -> None:
        field = QSpinBox()
        qtbot.addWidget(field)
        indent_text(field)
        assert field.lineEdit().textMargins().left() > 0


@pytest.mark.usefixtures("qapp")
class TestFonts:
    def test_the_family_is_bundled(self) -> None:
        assert load_fonts() == "Inter"
        assert resource("fonts", "OFL.txt").is_file()

    @pytest.mark.parametrize("weight", [400, 500, 600])
    def test_tabular_figures_have_one_width(self, weight: int) -> None:
        metrics = QFontMetricsF(app_font(weight=weight))
        widths = [metrics.horizontalAdvance(digit * 8) for digit in "0123456789"]
        assert max(widths) - min(widths) < 0.2

    def test_proportional_figures_have_not(self) -> None:
        metrics = QFontMetricsF(app_font(size_px=34, tabular=False))
        assert metrics.horizontalAdvance("1111") < metrics.horizontalAdvance("0000")

    def test_a_heavier_weight_is_another_cut(self) -> None:
        widths = [
            QFontMetricsF(app_font(size_px=40, weight=weight)).horizontalAdvance("Overread")
            for weight in (400, 500, 600)
        ]
        assert widths == sorted(set(widths))

    @pytest.mark.parametrize("weight", [400, 500, 600])
    def test_it_has_the_signs_the_window_prints(self, weight: int) -> None:
        font = QRawFont.fromFont(app_font(weight=weight))
        assert not [sign for sign in "−×·–…→↑↓αβΩЖяéß²±≤" if not font.supportsCharacter(ord(sign))]


@pytest.mark.usefixtures("qapp")
class TestIcons:
    def test_the_tools_and_states_have_icons(self) -> None:
        wanted = {
            "mark",
            "brush",
            "window-level",
            "threshold-brush",
            "tick-circle",
            "dashed-circle",
        }
        assert wanted <= set(ICONS)

    @pytest.mark.parametrize("name", ICONS)
    def test_one_style(self, name: str) -> None:
        svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
        assert 'viewBox="0 0 20 20"' in svg
        assert 'stroke="currentColor" stroke-width="1.5"' in svg
        assert 'stroke-linecap="round" stroke-linejoin="round"' in svg

    @THEMES
    @pytest.mark.parametrize("name", ICONS)
    def test_it_is_drawn_in_the_colour_asked_for(self, name: str, theme: Theme) -> None:
        image = pixmap(name, theme.t2, 40).toImage()
        covered = (ink(image) > 128).mean()
        assert 0.005 < covered < 0.6
        margin = ink(image).copy()
        margin[1:-1, 1:-1] = 0
        assert margin.max() < 128
        if name != "mark":
            assert strongest_colour(image).upper() == theme.t2

    def test_no_two_are_alike_at_16_pixels(self) -> None:
        drawn = {name: ink(pixmap(name, "#FFFFFF", 16).toImage()) for name in ICONS}
        alike = [
            (one, other)
            for one, other in combinations(drawn, 2)
            if np.abs(drawn[one].astype(int) - drawn[other].astype(int)).mean() < 3
        ]
        assert not alike

    @pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0, 3.0])
    def test_it_is_drawn_for_the_pixels_of_the_screen(self, ratio: float) -> None:
        direct = pixmap("search", "#FFFFFF", 20, ratio)
        assert direct.width() == round(20 * ratio)
        assert direct.devicePixelRatio() == ratio
        shown = icon("search", colour="#FFFFFF").pixmap(QSize(20, 20), ratio)
        assert shown.toImage() == direct.toImage()

    def test_it_is_not_drawn_larger_than_its_size(self) -> None:
        shown = icon("layout-1", colour="#FFFFFF", size=14).pixmap(QSize(20, 20), 2.0)
        rows = np.flatnonzero(ink(shown.toImage()).max(axis=1) > 128)
        assert shown.size() == QSize(40, 40)
        assert 5 < rows[0] < rows[-1] < 34

    def test_disabled_is_fainter(self) -> None:
        shape = icon("stop", colour="#FFFFFF")
        normal = ink(shape.pixmap(QSize(20, 20), 1.0).toImage())
        faint = ink(shape.pixmap(QSize(20, 20), 1.0, QIcon.Mode.Disabled).toImage())
        assert 0 < faint.max() < normal.max() / 2

    def test_a_tint_follows_the_state_of_the_button(self) -> None:
        shape = tinted_icon("stop", tint=Tint.of(DARK))
        cases = {
            (QIcon.Mode.Normal, QIcon.State.Off): DARK.t2,
            (QIcon.Mode.Active, QIcon.State.Off): DARK.t1,
            (QIcon.Mode.Normal, QIcon.State.On): DARK.acc,
            (QIcon.Mode.Active, QIcon.State.On): DARK.acc,
            (QIcon.Mode.Disabled, QIcon.State.On): DARK.t4,
        }
        for (mode, state), colour in cases.items():
            image = shape.pixmap(QSize(40, 40), 2.0, mode, state).toImage()
            assert strongest_colour(image).upper() == colour

    def test_a_button_draws_it(self, qtbot: QtBot) -> None:
        button = QToolButton()
        qtbot.addWidget(button)
        without = button.grab().toImage()
        button.setIcon(QIcon(icon("brush", colour="#FF00FF")))
        assert button.grab().toImage() != without

    def test_a_changed_copy_outlives_the_first(self) -> None:
        shared = icon("brush", colour="#FFFFFF")
        before = shared.pixmap(QSize(20, 20), 1.0).toImage()
        copy = QIcon(shared)
        copy.addPixmap(pixmap("eraser", "#FFFFFF", 20))
        del shared
        gc.collect()
        assert copy.pixmap(QSize(20, 20), 1.0).toImage() == before

    def test_an_unknown_name_is_refused_at_once(self) -> None:
        with pytest.raises(FileNotFoundError):
            icon("no-such-icon", colour="#FFFFFF")


class TestFocusRing:
    @pytest.fixture
    def window(self, themed: Callable[[Theme], None], qtbot: QtBot, qapp: QApplication) -> QWidget:
        themed(DARK)
        window = QWidget()
        qtbot.addWidget(window)
        layout = QVBoxLayout(window)
        layout.setContentsMargins(20, 20, 20, 20)
        for control in (QLineEdit(), QPushButton("One"), QPushButton("Two")):
            layout.addWidget(control)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(lambda: qapp.focusWidget() is not None)
        return window

    def rings(self, window: QWidget) -> list[FocusRing]:
        return [ring for ring in window.findChildren(FocusRing) if ring.isVisible()]

    def test_it_surrounds_the_button_reached_by_tab(self, window: QWidget) -> None:
        first, second = window.findChildren(QPushButton)
        first.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(first, Qt.Key.Key_Tab)
        assert second.hasFocus()
        (ring,) = self.rings(window)
        assert ring.geometry() == second.geometry().adjusted(-3, -3, 3, 3)

    def test_it_follows_a_button_that_moves(self, window: QWidget, qtbot: QtBot) -> None:
        button = window.findChildren(QPushButton)[1]
        button.setFocus(Qt.FocusReason.TabFocusReason)
        window.resize(window.width() + 90, window.height() + 60)
        qtbot.waitUntil(
            lambda: self.rings(window)[0].geometry() == button.geometry().adjusted(-3, -3, 3, 3)
        )

    def test_a_field_has_none(self, window: QWidget) -> None:
        window.findChildren(QPushButton)[0].setFocus(Qt.FocusReason.TabFocusReason)
        window.findChildren(QLineEdit)[0].setFocus(Qt.FocusReason.TabFocusReason)
        assert not self.rings(window)

    def test_it_goes_with_a_button_that_is_deleted(self, window: QWidget, qtbot: QtBot) -> None:
        button = window.findChildren(QPushButton)[0]
        button.setFocus(Qt.FocusReason.TabFocusReason)
        button.deleteLater()
        qtbot.waitUntil(lambda: len(window.findChildren(QPushButton)) == 1)
        assert len(self.rings(window)) <= 1

    def test_there_is_one_after_the_theme_has_changed(
        self, window: QWidget, themed: Callable[[Theme], None]
    ) -> None:
        themed(LIGHT)
        window.findChildren(QPushButton)[1].setFocus(Qt.FocusReason.TabFocusReason)
        (ring,) = self.rings(window)
        colours = {ring.grab().toImage().pixelColor(x, ring.height() // 2).name() for x in range(3)}
        assert LIGHT.acc.lower() in colours
