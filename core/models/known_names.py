"""Names that others give to networks and losses, and the ones they have here."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "calc": "bce-dice",
        "calcloss": "bce-dice",
        "bcedice": "bce-dice",
        "bcediceloss": "bce-dice",
        "dicebce": "bce-dice",
        "diceloss": "dice",
        "softdice": "dice",
        "softiou": "soft-iou",
        "softiouloss": "soft-iou",
        "iou": "soft-iou",
        "iouloss": "soft-iou",
        "jaccard": "soft-iou",
        "softjaccard": "soft-iou",
        "focaltversky": "focal-tversky",
        "focaltverskyloss": "focal-tversky",
        "tversky": "focal-tversky",
    }
)
_NETWORKS: Mapping[str, str] = MappingProxyType(
    {
        "attunet": "attention-unet",
        "attentionunet": "attention-unet",
        "unetattention": "attention-unet",
        "resunet": "resunet34",
        "resnetunet": "resunet34",
        "unetresnet34": "resunet34",
        "unetplusplus": "unetpp",
        "unet++": "unetpp",
        "nestedunet": "unetpp",
        "denseunet": "denseunet",
        "densenetunet": "denseunet",
        "sedenseunet": "se-denseunet",
    }
)


def known_loss(name: str) -> str:
    """Return the name that a loss has here; any other name as it is."""
    return _LOSSES.get(_plain(name), name)


def known_network(name: str) -> str:
    """Return the name that an architecture has here; any other name as it is."""
    return _NETWORKS.get(_plain(name), name)


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name.lower())
