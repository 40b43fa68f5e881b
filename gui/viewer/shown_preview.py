"""From the first slice of a case that is still being read to what there is to draw: the image."""

from dataclasses import replace

import numpy as np

from core.domain.volume import Volume
from gui.shell.session import Session
from gui.shell.session_parts import OpenPreview
from gui.shell.view_state import Display, Shown, resolve
from gui.viewer.picture import Masks, Picture, make_picture


def draw_preview(session: Session, preview: OpenPreview) -> tuple[Display, Picture]:
    """Return what is drawn of a preview: its slice as it will look, nothing laid over it."""
    place, count = session.place, preview.geometry.shape[0]
    numbers = [*range(1, count + 1)]
    numbers[preview.slice_index] = preview.number
    plane = preview.plane
    volume = Volume(
        # All slices are the one that is there, which takes no memory; no other is shown.
        np.broadcast_to(plane, (1, count, *plane.shape)),
        (preview.channel,),
        tuple(numbers),
        preview.geometry,
    )
    what = Shown(
        case_version=session.case_version,
        mask_version=0,
        case_id=preview.case_id,
        volume=volume,
        automatic=((preview.channel, preview.window),),
        synthetic=place is not None and place.synthetic,
        head=preview.head,
    )
    view = replace(session.view, slice_index=preview.slice_index, window_levels=())
    display = resolve(view, what)
    return display, make_picture(volume, Masks(), display.picture)
