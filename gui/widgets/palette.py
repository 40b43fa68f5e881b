"""The colours of the window and of the overlays, as data."""

from dataclasses import dataclass, fields

CONTOUR_WIDTH = 1.5
HALO_WIDTH = 0.8
HALO_ALPHA = 0.47
FALSE_NEGATIVE_ALPHA = 0.33
FALSE_POSITIVE_ALPHA = 0.17
HATCH_SPACING = 7.0

Dash = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """One colour a token, `#RRGGBB`; the style sheet refers to them as `$token`.

    `bg0` to `bg4`: window, panels, controls, hover, pressed. `line` to `line3`: hairline, button
    border, field border. `t1` to `t4`: text, secondary, captions, disabled.
    """

    canvas: str
    bg0: str
    bg1: str
    bg2: str
    bg3: str
    bg4: str
    line: str
    line2: str
    line3: str
    t1: str
    t2: str
    t3: str
    t4: str
    acc: str
    accfill: str
    accfill_hover: str
    accfill_pressed: str
    accsoft: str
    accline: str
    onacc: str
    knob: str
    ok: str
    warn: str
    bad: str
    oksoft: str
    warnsoft: str
    badsoft: str

    def tokens(self) -> dict[str, str]:
        """Return every token by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


DARK = Theme(
    canvas="#000000",
    bg0="#0C0E11",
    bg1="#131619",
    bg2="#1B1F24",
    bg3="#242930",
    bg4="#2F363F",
    line="#23282E",
    line2="#3A424C",
    line3="#626C77",
    t1="#E8EBEE",
    t2="#A9B1BB",
    t3="#838D98",
    t4="#4A525C",
    acc="#9B8CFF",
    accfill="#6554DB",
    accfill_hover="#7060E2",
    accfill_pressed="#5747C4",
    accsoft="#241F3F",
    accline="#6557CF",
    onacc="#FFFFFF",
    knob="#F4F6F8",
    ok="#46D483",
    warn="#FFB224",
    bad="#FF6363",
    oksoft="#1A3127",
    warnsoft="#33270F",
    badsoft="#3A1A1D",
)

LIGHT = Theme(
    canvas="#000000",
    bg0="#E6E9ED",
    bg1="#F7F8FA",
    bg2="#FFFFFF",
    bg3="#EBEEF2",
    bg4="#DCE1E7",
    line="#DDE1E7",
    line2="#BFC7D0",
    line3="#7B8691",
    t1="#15181C",
    t2="#434C56",
    t3="#5F6974",
    t4="#A7AFB8",
    acc="#5B48D0",
    accfill="#6554DB",
    accfill_hover="#5747C4",
    accfill_pressed="#483AA8",
    accsoft="#E9E6FC",
    accline="#8476E0",
    onacc="#FFFFFF",
    knob="#4A5460",
    ok="#14743F",
    warn="#8A5200",
    bad="#C62B34",
    oksoft="#DBF2E4",
    warnsoft="#FBEBCF",
    badsoft="#FCE6E6",
)


UNCERTAINTY = (
    "#440154",
    "#48186A",
    "#472D7B",
    "#424086",
    "#3B528B",
    "#33638D",
    "#2C728E",
    "#26828E",
    "#21918C",
    "#1F9F88",
    "#27AD81",
    "#3DBC74",
    "#5CC863",
    "#81D34D",
    "#AADC32",
    "#D5E21A",
    "#FDE725",
)
"""Even steps of viridis (van der Walt and Smith 2015), from 0 to 1 bit; even to the eye too."""


@dataclass(frozen=True, slots=True)
class OverlayColours:
    """Colours of what is drawn over the image, `#RRGGBB`, the same in both themes.

    A dash is line and gap in screen pixels, empty for a solid line; QPen wants it divided by the
    width of the pen. A false-positive region is hatched at 45 degrees, a false negative filled, a
    wrong label hatched both ways.
    """

    truth: str
    prediction: str
    correction: str
    false_positive: str
    false_negative: str
    true_positive: str
    wrong_label: str = "#F4F6F8"
    truth_dash: Dash = ()
    prediction_dash: Dash = ()
    correction_dash: Dash = ()


DEFAULT_OVERLAYS = OverlayColours(
    truth="#3FD67A",
    prediction="#FF5C5C",
    correction="#FFFFFF",
    false_positive="#FFB224",
    false_negative="#3EA0FF",
    true_positive="#2E6B4A",
)

# In each region the hue of the contour that owns it, so that two hues suffice.
SAFE_OVERLAYS = OverlayColours(
    truth="#56C7FF",
    prediction="#FF9F0A",
    correction="#FFFFFF",
    false_positive="#FF9F0A",
    false_negative="#56C7FF",
    true_positive="#4E5A66",
    prediction_dash=(4.2, 2.2),
)
