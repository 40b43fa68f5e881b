"""Every setting that changed a mask, as the summaries of evaluations and comparisons tell it."""

from collections.abc import Sequence

import msgspec

from core.domain.protocol import Protocol
from core.io.cases.case import Case
from core.models.preprocessing import Preprocessing
from core.models.registry import Model, View

_REFERENCE_THRESHOLD = 0.5


class MaskSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the masks of one model came to be, beside its weights, which `made` names by their hash.

    `threshold`, the share of components that are kept, and holes are those of the protocol.
    `skip_below` is the probability of a lesion below which triage left a slice out. `region`,
    `channels` and `given_spacing_mm` are what was said of the cases, left empty where nothing was.
    """

    threshold: float
    largest_component: bool
    smallest_share: float
    fill_holes: bool
    logit_offset: float
    flips: bool
    view: View = "plain"
    engine: str
    precision: str
    members: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    skip_below: float = 0.0
    region: str = ""
    channels: tuple[int, ...] = ()
    given_spacing_mm: tuple[float, float, float] | None = None


def mask_settings(
    model: Model,
    cases: Sequence[Case] = (),
    *,
    protocol: Protocol = "native",
    skip_below: float = 0.0,
) -> MaskSettings:
    """Return the settings of a model on cases of which the same was said."""
    spec, post, native = model.spec, model.spec.postprocessing, protocol == "native"
    first = cases[0] if cases else None
    engine = (model.members[0] if model.members else model).engine
    return MaskSettings(
        threshold=post.threshold if native else _REFERENCE_THRESHOLD,
        largest_component=post.largest_component or not native,
        smallest_share=post.smallest_share if native else 0.0,
        fill_holes=post.fill_holes and native,
        logit_offset=spec.logit_offset,
        flips=spec.flips,
        view=spec.view,
        engine=engine.engine,
        precision=engine.precision,
        members=spec.members,
        preprocessing=None if spec.members else spec.preprocessing,
        skip_below=skip_below,
        region="" if first is None else first.region,
        channels=() if first is None else tuple(first.channels or ()),
        given_spacing_mm=None if first is None else first.given_spacing_mm,
    )
