"""Who made a mask that is written, and whether the patient's name may go with it."""

from core.io.writers import Maker
from core.workspace.settings import patient_names_wanted


def mask_maker(*, algorithm: str = "", version: str = "", author: str = "") -> Maker:
    """Return the maker of a mask; the patient is named where the reader's settings ask for it."""
    return Maker(algorithm, version, author, patient_name=patient_names_wanted())
