"""What answers a robot reader's clicks: the bump, a trained guide, or both together."""

from collections.abc import Callable
from pathlib import Path

from core.annotation.bump import Bump
from core.domain.guide import Guide, PairedGuide
from core.domain.volume import Volume
from core.inference.engines import open_network
from core.inference.guide_network import NetworkGuide
from core.models.guide_choice import answering_guide
from core.models.guides import GuideModel, Guides
from core.workspace.settings import home
from core.workspace.workspace_folder import registry

GuideOf = Callable[[Volume], Guide]


def guide_of(name: str, workspace: Path, *, together: bool) -> GuideOf | None:
    """Return what makes the guide of a volume; None for the bump alone.

    `name` is `bump`, the id of a trained guide, or `auto` for the one that answers in the window.
    `together` lets the bump answer with it. Raises `ModelError` for an id there is not.
    """
    if name == "bump":
        return None
    roots = registry(home(), workspace).roots
    found = answering_guide(roots) if name == "auto" else Guides(roots).find(name)
    return None if found is None else guide_over(found, together=together)


def guide_over(model: GuideModel, *, together: bool = True) -> GuideOf:
    """Return what makes of a trained guide that of a volume, alone or together with the bump."""
    network, spec = open_network(model), model.spec
    network.place("auto")

    def make(volume: Volume) -> Guide:
        order = spec.order(volume.channels, volume.roles)
        taught = NetworkGuide(spec, order, network.logits)
        return PairedGuide(Bump(), taught, planes=spec.planes) if together else taught

    return make
