"""Typed settings of this reader on this computer; the file holds only what differs from here."""

import getpass
import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, get_type_hints

import msgspec
import platformdirs

from core.domain.errors import reason
from core.io.atomic import make_private_folder, sweep
from core.io.json_file import decode_json, write_json

HOME_VARIABLE = "OVERREAD_HOME"
MOST_RECENT = 10
"""How many datasets are remembered."""


_Side = Annotated[int, msgspec.Meta(ge=1, le=50_000)]
_Place = Annotated[int, msgspec.Meta(ge=-50_000, le=50_000)]


class WindowPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """Size of a window and the place of its frame in the free area of a screen, in pixels."""

    width: _Side
    height: _Side
    x: _Place = 0
    y: _Place = 0
    maximised: bool = False


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who reads, what that reader has set, the window on each screen, the dataset open last.

    `patient_names` lets the name of a patient be copied from the images into DICOM segmentations.
    """

    reader: str = ""
    small_voxels: Annotated[int, msgspec.Meta(ge=1)] = 10
    small_ml: Annotated[float, msgspec.Meta(gt=0)] = 0.1
    theme: Literal["dark", "light"] = "dark"
    overlay_colours: Literal["default", "safe"] = "default"
    device: str = "auto"
    engine: str = "auto"
    flips: bool = False
    memory_gib: Annotated[float, msgspec.Meta(gt=0, le=64)] = 1.0
    exact_voxels: bool = False
    tour_seen: bool = False
    neurological: bool = False
    interpolate_slices: bool = True
    last_dataset: str = ""
    recent: tuple[str, ...] = ()
    windows: dict[str, WindowPlace] = {}
    last_screen: str = ""
    keys: dict[str, tuple[str, ...]] = {}
    start_from: Literal["prediction", "truth", "version", "nothing"] = "prediction"
    swap_buttons: bool = False
    patient_names: bool = False


def login_name() -> str:
    """Return the name this reader is logged in with, or a plain word where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "reader"


def reader_name(settings: Settings) -> str:
    """Return who reads: the name that was given, else that of the login."""
    return settings.reader or login_name()


def home() -> Path:
    """Return the folder for everything Overread writes; `OVERREAD_HOME` moves it."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("Overread", "Overread"))


def patient_names_wanted() -> bool:
    """Tell whether the reader asked for the patient's name in the DICOM files that are written."""
    return load_settings(settings_path()).patient_names


def prepare_home() -> None:
    """Make the folder for this reader alone; what killed writers left in it goes."""
    with suppress(OSError):  # told where something is to be written
        make_private_folder(home())
        sweep(home(), deep=False)
        sweep(home() / "models")


def settings_path() -> Path:
    """Return the file of the reader's settings."""
    return home() / "settings.json"


def load_settings(path: Path) -> Settings:
    """Return the settings in `path`; a file that is missing or damaged counts as no difference."""
    return read_settings(path)[0]


def read_settings(path: Path) -> tuple[Settings, str]:
    """Return the settings in `path` that can be read, and a sentence about those that cannot."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), _unread(path, reason(error), "All settings are")
    try:
        return decode_json(content, Settings), ""
    except msgspec.DecodeError as error:
        return _salvaged(path, content, error)


def _salvaged(path: Path, content: bytes, error: Exception) -> tuple[Settings, str]:
    """Return what can be used of a file with something wrong in it."""
    try:
        given = decode_json(content, dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return Settings(), _unread(path, str(error), "All settings are")
    kept: dict[str, object] = {}
    lost: list[str] = []
    for name, kind in get_type_hints(Settings, include_extras=True).items():
        try:
            if name in given:
                kept[name] = decode_json(bytes(given[name]), kind)
        except msgspec.DecodeError:
            lost.append(name)
    verb = "is" if len(lost) == 1 else "are"
    return Settings(**kept), _unread(path, str(error), f"{', '.join(lost)} {verb}")  # type: ignore[arg-type]


def _unread(path: Path, found: str, what: str) -> str:
    return (
        f"{path.name}: expected the settings of Overread, found: {found}. {what} as at the first "
        "start; the others hold."
    )


def save_settings(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults; atomic, and for this reader alone."""
    with suppress(OSError):  # told by the write
        make_private_folder(path.parent)
    write_json(path, settings, private=True)
