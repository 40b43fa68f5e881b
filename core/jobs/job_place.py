"""Where a training's process does its work when that is not this computer: a file of its job."""

from pathlib import Path

import msgspec

from core.domain.errors import WorkspaceError
from core.io.atomic import write_bytes
from core.io.json_file import decode_json

PLACE_FILE = "place.json"


class JobPlace(msgspec.Struct, frozen=True):
    """A cluster of Ray: its address, empty for one of this computer, and the cards of a training.

    `gpus` may be a share of one; None takes one where the device of the training is a card.
    """

    address: str = ""
    gpus: float | None = None


def write_place(folder: Path, place: JobPlace) -> None:
    """Say in a job folder where it is done; raises `WorkspaceError` when it cannot be written."""
    write_bytes(folder / PLACE_FILE, place_content(place))


def place_content(place: JobPlace) -> bytes:
    """Return the content of the file that says where a job is done."""
    return msgspec.json.encode(place) + b"\n"


def read_place(folder: Path) -> JobPlace | None:
    """Return where a job is done, None for here; raises `WorkspaceError` for a damaged file."""
    try:
        return decode_json((folder / PLACE_FILE).read_bytes(), JobPlace)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise WorkspaceError(
            f"{folder / PLACE_FILE}: expected the address of a cluster, found: {error}. Remove it "
            "to train on this computer."
        ) from error
