"""The picture on screen for another program: with what it shows, and what it is not for."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QWidget

from core.domain.plane import Cut
from core.domain.volume import Volume
from gui.shell.session import Session
from gui.shell.view_state import RGB, plane_title, shown_channel
from gui.widgets.theme import app_font

NOT_CLINICAL = "Not for clinical use"
_BAND, _INSET, _GAP = 26.0, 12.0, 16.0
_GROUND, _INK, _WARNING = "#131619", "#E8EBEE", "#FFB224"


def picture_of(view: QWidget, caption: str) -> QImage:
    """Return what `view` shows over a band with a caption and the words that never go missing."""
    shown = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ratio = shown.devicePixelRatio()
    width, height = shown.width() / ratio, shown.height() / ratio
    made = QImage(shown.width(), round((height + _BAND) * ratio), QImage.Format.Format_RGB32)
    made.setDevicePixelRatio(ratio)
    made.fill(QColor(_GROUND))
    painter = QPainter(made)
    painter.drawImage(0, 0, shown)
    band = QRectF(_INSET, height, width - 2 * _INSET, _BAND)
    font = app_font(size_px=12, weight=500)
    painter.setFont(font)
    room = QFontMetricsF(font).horizontalAdvance(NOT_CLINICAL) + _GAP
    painter.setPen(QColor(_WARNING))
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(band, middle | Qt.AlignmentFlag.AlignRight, NOT_CLINICAL)
    said = QFontMetricsF(font).elidedText(caption, Qt.TextElideMode.ElideRight, band.width() - room)
    painter.setPen(QColor(_INK))
    painter.drawText(band, middle | Qt.AlignmentFlag.AlignLeft, said)
    painter.end()
    return made


def caption_of(session: Session) -> str:
    """Say which case, slice and mask a picture shows, and how right that mask is."""
    opened = session.open_case
    if opened is None:
        return ""
    volume, view = opened.loaded.volume, session.view
    cut = view.cut_in(view.main)
    channel = shown_channel(session.view, volume)
    parts = [
        opened.loaded.case.id,
        "synthetic" if session.place is not None and session.place.synthetic else "",
        _slice_words(cut, volume),
        "Pre, FLAIR, Post as RGB" if channel == RGB else channel,
        *_mask_words(session),
    ]
    return " · ".join(part for part in parts if part)


def _slice_words(cut: Cut, volume: Volume) -> str:
    said = f"slice {cut.index + 1} of {volume.geometry.shape[cut.plane.axis]}"
    if not cut.plane.axis:
        return said
    return f"{plane_title(cut.plane, volume.geometry).lower()} {said}"


def _mask_words(session: Session) -> list[str]:
    correction, result, model = session.correction, session.result, session.models.current
    counts = None if correction is None else correction.truth_counts()
    if correction is not None and session.view.correction.visible:
        return ["correction", "" if counts is None else f"DSC {counts.pooled().dsc:.3f}"]
    if result is None or result.counted is None or model is None:
        return []
    counted = result.counted
    name = f"{model.spec.title} at {session.post.threshold:.2f}"
    return [name, f"DSC {counted.counts.pooled().dsc:.3f}" if counted.has_truth else ""]
