"""From the first slice of a case that is still being read to what there is to draw: the image."""

from dataclasses import replace

import numpy as np

from core.domain.volume import Volume
from gui.shell.open_preview import OpenPreview
from gui.shell.session import Session
from gui.shell.view_state import Display, Shown, resolve
from gui.viewer.drawn.picture import Masks, Picture, make_picture


def draw_preview(session: Session, preview: OpenPreview) -> tuple[Display, Picture]:
    """Return what is drawn of a preview: its slice as it will look, nothing laid over it."""
    place, plane, shape = session.place, preview.plane, preview.geometry.shape
    numbers = [*range(1, shape[0] + 1)]
    numbers[preview.at[0]] = preview.number
    # All slices of the plane are the one that is there, which takes no memory; no other is shown.
    slices = np.broadcast_to(preview.image, (shape[plane.axis], *preview.image.shape))
    volume = Volume(
        plane.undo(slices)[np.newaxis],
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
    view = replace(session.view, at=preview.at, window_levels=()).working_in(plane, large=True)
    display = resolve(view, what)
    return display, make_picture(volume, Masks(), display.picture)
