"""Typed settings of this reader on this computer; the file holds only what differs from here."""

import getpass
import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import platformdirs

from core.io.atomic import make_private_folder, sweep, write_bytes
from core.io.json_file import decode_json

HOME_VARIABLE = "OVERREAD_HOME"
MOST_RECENT = 10
"""How many datasets are remembered."""


class WindowPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """Size of a window and the place of its frame in the free area of a screen, in pixels."""

    width: int
    height: int
    x: int = 0
    y: int = 0
    maximised: bool = False


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who reads, what that reader has set, the window on each screen, the dataset open last."""

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
    last_dataset: str = ""
    recent: tuple[str, ...] = ()
    windows: dict[str, WindowPlace] = {}
    last_screen: str = ""
    keys: dict[str, tuple[str, ...]] = {}
    start_from: Literal["prediction", "truth", "version", "nothing"] = "prediction"
    swap_buttons: bool = False


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
    try:
        return decode_json(path.read_bytes(), Settings)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Settings()


def save_settings(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults; atomic, and for this reader alone."""
    with suppress(OSError):  # told by the write
        make_private_folder(path.parent)
    write_bytes(
        path, msgspec.json.format(msgspec.json.encode(settings), indent=2) + b"\n", private=True
    )
