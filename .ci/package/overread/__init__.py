"""Overread: check, correct and retrain segmentations of brain MRI lesions. Not for clinical use.

What a notebook or a script may use stands here; everything below is free to change.
"""


def _find_rooms() -> None:
    """In a checkout, find our `core` before one in the working folder; installed, it is inside."""
    import sys
    from pathlib import Path

    here = Path(__file__).resolve()
    if not here.with_name("core").is_dir():
        sys.path.insert(0, str(here.parents[3]))


_find_rooms()

from core.api import *  # noqa: E402, F403
from core.api import __all__ as __all__  # noqa: E402
from core.api import __getattr__ as __getattr__  # noqa: E402
